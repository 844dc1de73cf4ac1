/** A shorter body holds no picture worth looking for. */
const SHORT = 1_024

/** How much of a body is prompt, about in bytes: pictures and files within it are no text. */
export const promptBytes = (body: string): number =>
  body.length < SHORT ? body.length : body.replaceAll(/"data:[^"]{256,}"/g, '').length
