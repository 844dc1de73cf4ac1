import { GUARDING } from './answers'

const HEARTBEAT_MS = 15_000
const HEARTBEAT = new TextEncoder().encode(': still here\n\n')

/** A server-sent event; without a name htmx puts its text into the page. */
export const eventOf = (data: string, name?: string): string =>
  `${name ? `event: ${name}\n` : ''}${data
    .split('\n')
    .map((line) => `data: ${line}\n`)
    .join('')}\n`

/** Sends events as they come, and a comment now and then; who leaves ends what they come from. */
export function eventStream(events: AsyncIterable<string>, abort: AbortController): Response {
  const encoder = new TextEncoder()
  const source = events[Symbol.asyncIterator]()
  let timer: ReturnType<typeof setInterval> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      timer = setInterval(() => controller.enqueue(HEARTBEAT), HEARTBEAT_MS)
    },
    async pull(controller) {
      try {
        const { done, value } = await source.next()
        if (!done) return controller.enqueue(encoder.encode(value))
        clearInterval(timer)
        controller.close()
      } catch (cause) {
        clearInterval(timer)
        controller.error(cause)
      }
    },
    cancel() {
      clearInterval(timer)
      abort.abort()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream', ...GUARDING } })
}
