import type { Head, Source } from './source'

/** How a streamed answer ended. */
export type StreamEnd = 'whole' | 'broken' | 'gone'

interface BodyParts {
  readonly source: Source
  readonly head: Head
  /** After this much silence, in milliseconds, a comment keeps proxies from closing the stream. */
  readonly heartbeatMs: number
  readonly now: () => number
  /** What a client is told when the answer breaks off. */
  readonly farewell: (cause: unknown) => Uint8Array
  /** The farewell is a proper end: the connection need not be cut. */
  readonly endsBroken?: boolean
  /** Called exactly once, however the stream ends. */
  readonly onEnd: (end: StreamEnd, cause?: unknown) => void
}

/**
 * How long a client has to read the last event, once it has left us, before its connection is cut.
 * Bun's `fetch` forgets what it was not asked for by then, however busy its program is.
 */
const CUT_AFTER_MS = 250

/** A comment, which every reader of server-sent events must ignore. */
const HEARTBEAT = new TextEncoder().encode(': ping\n\n')

/**
 * The body of a streamed answer.
 *
 * A broken answer never looks like a complete one: the client gets an error event, and where its
 * dialect has no proper end for one, the connection is cut instead of closed. Between the two lies
 * some time: what a client has not read when its connection is reset is lost to it.
 */
export function streamBody(parts: BodyParts) {
  const { source, head, heartbeatMs, now, farewell, onEnd } = parts
  let first: Uint8Array | undefined = head.bytes
  let pending = head.pending
  let ended = false
  let waiting = false
  let lastSent = now()
  let timer: ReturnType<typeof setTimeout> | undefined

  const finish = (end: StreamEnd, cause?: unknown) => {
    if (ended) return
    ended = true
    clearTimeout(timer)
    onEnd(end, cause)
  }

  /** One timer a stream, set again only when it fires: a chunk costs no timer. */
  const watch = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const due = lastSent + heartbeatMs - now()
    timer = setTimeout(
      () => {
        if (ended) return
        if (waiting && now() - lastSent >= heartbeatMs) {
          lastSent = now()
          controller.enqueue(HEARTBEAT)
        }
        watch(controller)
      },
      due > 0 ? due : heartbeatMs,
    )
  }

  return new ReadableStream<Uint8Array>(
    {
      start: watch,
      async pull(controller) {
        if (first) {
          controller.enqueue(first)
          first = undefined
          return
        }
        if (ended) return void setTimeout(() => controller.error(), CUT_AFTER_MS)
        waiting = true
        const next = pending ?? source.next()
        pending = undefined
        try {
          const bytes = await next
          waiting = false
          if (ended) return
          lastSent = now()
          if (bytes) return controller.enqueue(bytes)
          finish('whole')
          controller.close()
        } catch (cause) {
          waiting = false
          if (ended) return
          // First, since whoever learns of the end may want to know what was said last.
          const last = farewell(cause)
          finish('broken', cause)
          controller.enqueue(last)
          if (parts.endsBroken) controller.close()
        }
      },
      cancel() {
        finish('gone')
      },
    },
    { highWaterMark: 0 },
  )
}
