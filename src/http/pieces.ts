import { ApiError } from '../errors'

const TICK_MS = 1_000
const PATIENCE_MS = 120_000

/** What a body has to bring within the patience for it, so that a trickle is not taken for one. */
const LEAST_BYTES = 64 * 1024

/**
 * Hands the body of a request on as it comes, piece by piece, no faster than they are taken.
 *
 * @throws ApiError 408 when it comes too slowly, 499 when the client leaves within it, and whatever the
 *   taker throws; the rest is not read then
 */
export async function readPieces(
  request: Request,
  take: (bytes: Uint8Array) => Promise<void>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const reader = request.body?.getReader()
  if (!reader) return
  let late: ApiError | undefined
  let waitedMs = 0
  let brought = 0
  let isWaiting = false
  const tick = Math.min(TICK_MS, patienceMs)
  // Time counts only while the client is waited for. On Workers it also keeps the request awake.
  const timer = setInterval(() => {
    if (isWaiting) waitedMs += tick
    if (waitedMs < patienceMs) return
    late = new ApiError('request_timeout', 'The body took too long to arrive.')
    reader.cancel().catch(() => {})
  }, tick)
  try {
    for (;;) {
      isWaiting = true
      const { done, value } = await reader.read().catch(left)
      isWaiting = false
      if (late) throw late
      if (done) return
      brought += value.length
      if (brought >= LEAST_BYTES) {
        brought = 0
        waitedMs = 0
      }
      await take(value)
    }
  } catch (cause) {
    reader.cancel().catch(() => {})
    throw cause
  } finally {
    clearInterval(timer)
  }
}

function left(cause: unknown): never {
  throw new ApiError('client_gone', 'The client left within its request.', { cause })
}
