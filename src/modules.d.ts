// Files that are imported as text or as a path, and what a Worker is given.
declare module '*.sql' {
  const text: string
  export default text
}
declare module '*.css' {
  const text: string
  export default text
}
declare module 'cloudflare:workers' {
  export const env: Record<string, unknown>
  export function waitUntil(work: Promise<unknown>): void
}

/** In the Streams standard and in every runtime we target, but not yet in TypeScript's library. */
interface Transformer<I, O> {
  cancel?: (reason: unknown) => void | PromiseLike<void>
}
declare module '*/swagger-init.js' {
  const text: string
  export default text
}
declare module 'swagger-ui-dist/*' {
  const path: string
  export default path
}
declare module '*.sh' {
  const text: string
  export default text
}
declare module '*.py' {
  const text: string
  export default text
}
declare module '*.mjs' {
  const text: string
  export default text
}
declare module '*/playground-chat.js' {
  const text: string
  export default text
}
declare module '*/playground-image.js' {
  const text: string
  export default text
}
declare module '*/playground-parts.js' {
  const text: string
  export default text
}
declare module '*/playground-stream.js' {
  const text: string
  export default text
}
declare module '*/playground-text.js' {
  const text: string
  export default text
}
declare module '*/playground-video.js' {
  const text: string
  export default text
}
declare module '*/try.js' {
  const text: string
  export default text
}
declare module '*/admin.js' {
  const text: string
  export default text
}
declare module 'axe-core/axe.min.js' {
  const text: string
  export default text
}
declare module '*.svg' {
  const text: string
  export default text
}
declare module 'htmx.org/dist/*' {
  const text: string
  export default text
}
