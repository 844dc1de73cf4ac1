import { GUARDING } from './answers'

const HEARTBEAT_MS = 15_000
const HEARTBEAT = new TextEncoder().encode(': still here\n\n')

/** A server-sent event; without a name htmx puts its text into the page. */
export const eventOf = (data: string, name?: string): string =>
  `${name ? `event: ${name}\n` : ''}${data
    .split('\n')
    .map((line) => `data: ${line}\n`)
    .join('')}\n`

interface Audience {
  /** What the events come from ends with it. */
  readonly abort: AbortController
  /** Whether who looks on is still let in: a session may end meanwhile. */
  readonly isLetIn: () => Promise<boolean>
  readonly heartbeatMs?: number
}

/** Sends events as they come, and a comment now and then; who leaves ends what they come from. */
export function eventStream(
  events: AsyncIterable<string>,
  { abort, isLetIn, heartbeatMs = HEARTBEAT_MS }: Audience,
): Response {
  const encoder = new TextEncoder()
  const source = events[Symbol.asyncIterator]()
  let timer: ReturnType<typeof setInterval> | undefined
  let isOver = false
  const end = () => {
    isOver = true
    clearInterval(timer)
  }

  async function beat(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    // While the database does not answer, who looks on stays.
    const stays = await isLetIn().catch(() => true)
    if (isOver) return
    if (stays) return controller.enqueue(HEARTBEAT)
    end()
    abort.abort()
    controller.close()
  }

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      timer = setInterval(() => void beat(controller), heartbeatMs)
    },
    async pull(controller) {
      try {
        const { done, value } = await source.next()
        if (isOver) return
        if (!done) return controller.enqueue(encoder.encode(value))
        end()
        controller.close()
      } catch (cause) {
        end()
        controller.error(cause)
      }
    },
    cancel() {
      end()
      abort.abort()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream', ...GUARDING } })
}
