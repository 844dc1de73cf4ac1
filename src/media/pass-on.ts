import { createDeadline } from '../net/deadline'
import { TimeUp } from '../net/http'
import type { Settings } from '../store/settings'
import { refusePacked, unavailable } from './flight'
import type { FetchSource, Origin } from './flights'

interface PassOnParts {
  readonly fetchSource: FetchSource
  readonly settings: () => Settings
  readonly now: () => number
}

/** Hands a part of what is too large to be kept through from its upstream, to one reader. */
export function createPassOn({ fetchSource, settings, now }: PassOnParts) {
  return async (
    origin: Origin,
    from: number,
    to: number | undefined,
  ): Promise<ReadableStream<Uint8Array>> => {
    const { media_fetch_timeout_ms: totalMs, idle_timeout_ms: idleMs } = settings()
    const abort = new AbortController()
    const deadline = createDeadline({ abort, now, totalMs })
    const wait = () => deadline.waitFor(idleMs, 'The upstream fell silent.')
    const end = () => {
      deadline.end()
      abort.abort()
    }
    const isPart = from > 0 || to !== undefined
    const range = isPart ? `bytes=${from}-${to === undefined ? '' : to - 1}` : undefined
    wait()
    try {
      const response = await fetchSource(origin, abort, range)
      refusePacked(response)
      if (response.status === 206 && !startsAt(response, from))
        throw unavailable('The upstream sent another part than it was asked for.')
      const reader = response.body?.getReader()
      /** What its upstream sends although nobody asked for it. */
      let before = response.status === 206 ? 0 : from
      let left = to === undefined ? Number.POSITIVE_INFINITY : to - from
      return new ReadableStream(
        {
          async pull(controller) {
            try {
              for (;;) {
                wait()
                const read = left > 0 ? await reader?.read() : undefined
                deadline.pause()
                if (!read?.value) {
                  if (left > 0 && to !== undefined) throw new Error('It ended too early.')
                  end()
                  return controller.close()
                }
                const bytes = read.value.subarray(before, before + left)
                before = Math.max(before - read.value.length, 0)
                left -= bytes.length
                if (bytes.length > 0) return controller.enqueue(bytes)
              }
            } catch (cause) {
              const { reason } = abort.signal
              const why = reason instanceof TimeUp ? reason.message : 'The upstream broke off.'
              end()
              throw unavailable(why, cause)
            }
          },
          cancel: end,
        },
        { highWaterMark: 0 },
      )
    } catch (cause) {
      end()
      throw cause
    }
  }
}

const startsAt = ({ headers }: Response, from: number): boolean =>
  headers.get('content-range')?.startsWith(`bytes ${from}-`) === true

export type PassOn = ReturnType<typeof createPassOn>
