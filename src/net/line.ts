import { UpstreamFault } from '../errors'

/** A WebSocket to an upstream. */
export interface Line {
  readonly send: (text: string) => void
  /** The texts that come, for one reader, until either side closes; throws an `UpstreamFault` when it breaks. */
  readonly messages: AsyncIterable<string>
  readonly close: () => void
}

/**
 * Opens a WebSocket, `ws:` or `wss:`. Gives what the upstream answers instead where it wants none.
 *
 * @throws UpstreamFault as `Http.send` does
 */
export type Connect = (url: string, terms: LineTerms) => Promise<Line | Response>

export interface LineTerms {
  readonly headers: Readonly<Record<string, string>>
  /** The HTTP(S) proxy that it goes through; it never goes another way. */
  readonly proxy: string | undefined
  /** Aborting it closes the socket at once. */
  readonly signal: AbortSignal
}

/** How the socket below is held back while nobody reads, where that can be done. */
interface Tap {
  readonly pause: () => void
  readonly resume: () => void
}

/** Longer messages than this are no pictures any more; in characters. */
const LONGEST = 32 * 1024 * 1024
/** From so much that nobody has read on, nothing more is taken from the socket. */
const MOST_WAITING = 8 * 1024 * 1024

/** What came over a WebSocket, until it is read. */
export function createInbox(tap?: Tap) {
  const waiting: string[] = []
  let size = 0
  let isPaused = false
  let over: { readonly fault: unknown } | undefined
  let wake: (() => void) | undefined

  function stir() {
    wake?.()
    wake = undefined
  }

  function take(text: string): string {
    size -= text.length
    if (isPaused && size < MOST_WAITING) {
      isPaused = false
      tap?.resume()
    }
    return text
  }

  async function* read(): AsyncGenerator<string> {
    for (;;) {
      const text = waiting.shift()
      if (text !== undefined) yield take(text)
      else if (!over)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      else if (over.fault) throw over.fault
      else return
    }
  }

  return {
    messages: read(),

    /** @throws UpstreamFault for what is no text, or too long */
    push(data: unknown): void {
      if (over) return
      if (typeof data !== 'string')
        throw new UpstreamFault('malformed', 'The upstream sent bytes in place of a text.')
      if (data.length > LONGEST) throw tooLong()
      waiting.push(data)
      size += data.length
      if (size >= MOST_WAITING && tap && !isPaused) {
        isPaused = true
        tap.pause()
      }
      stir()
    },

    /** Nothing more comes: what is still waiting is read before the fault is told. */
    end(fault?: unknown): void {
      over ??= { fault }
      stir()
    },
  }
}

/** The fault of a message that nobody keeps. */
export const tooLong = (): UpstreamFault =>
  new UpstreamFault('malformed', 'The upstream sent a message that is too long.')

/** What the code that a socket was closed with says went wrong; nothing where all was said. */
export function closingFault(code: number): UpstreamFault | undefined {
  if (REGULAR.has(code)) return
  return new UpstreamFault('broken', `The upstream broke the connection (${code}).`)
}

/** All is said, it goes away, or it said nothing about it. */
const REGULAR: ReadonlySet<number> = new Set([1000, 1001, 1005])
