import { ApiError } from '../errors'
import { createGuardedOpen, type GuardParts, type Refuse } from './guarded-open'
import { TimeUp } from './http'

export interface FetchLimits {
  readonly maxBytes: number
  /** For everything together, from the first look-up of a name to the last byte. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** The field of the request that holds the address. */
  readonly param: string
}

/** Fetches all that a client's address leads to, where a stranger's address may lead. */
export function createFetchGuard(parts: GuardParts) {
  const open = createGuardedOpen(parts)

  /**
   * @throws ApiError 400 whatever is wrong: it is the client's address, and no account's fault
   */
  return (url: string, limits: FetchLimits): Promise<Bytes> =>
    withinLimits(limits, async (signal) => {
      const refuse = refusals(limits.param)
      return readBody(await open(url, { signal, refuse }), limits.maxBytes, refuse)
    })
}

export type FetchGuard = ReturnType<typeof createFetchGuard>

/**
 * Load what a client's address leads to, until its time is up or nobody waits for it any more.
 *
 * @throws ApiError that says so
 */
export async function withinLimits<T>(
  { signal, timeoutMs, param }: Omit<FetchLimits, 'maxBytes'>,
  load: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw givenUp(signal, param)
  const abort = new AbortController()
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const end = (why: ApiError) => {
    reject(why)
    abort.abort(why)
  }
  const leave = () => end(givenUp(signal, param))
  const timer = setTimeout(() => end(late(param)), timeoutMs)
  signal.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([ended, load(abort.signal)])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
    abort.abort()
  }
}

type Bytes = Uint8Array<ArrayBuffer>

const refusals =
  (param: string): Refuse =>
  (upstreamCode, says, cause) =>
    new ApiError('invalid_value', `The address in '${param}' ${says}.`, {
      ...{ param, upstreamCode, cause },
    })

const late = (param: string): ApiError =>
  refusals(param)('url_not_reachable', 'took too long to answer')

/** When the whole turn's time is up meanwhile, it is still the address that kept us waiting. */
const givenUp = ({ reason }: AbortSignal, param: string): ApiError =>
  reason instanceof TimeUp
    ? late(param)
    : new ApiError('client_gone', 'The client left before its files were fetched.')

async function readBody(response: Response, maxBytes: number, refuse: Refuse): Promise<Bytes> {
  const { headers, body } = response
  const tooLarge = () => refuse('file_too_large', `leads to more than ${maxBytes} bytes`)
  const announced = Number(headers.get('content-length'))
  if (announced > maxBytes) throw tooLarge()
  let bytes: Bytes = new Uint8Array(announced || FIRST_ROOM)
  let size = 0
  const reader = body?.getReader()
  for (;;) {
    const read = await reader?.read().catch((cause) => {
      throw refuse('url_not_reachable', 'broke off its answer', cause)
    })
    if (!read || read.done) break
    const end = size + read.value.length
    // Unpacked bytes count too, where a server packs them unasked.
    if (end > maxBytes) throw tooLarge()
    if (end > bytes.length) bytes = widened(bytes, Math.max(end, bytes.length * 2))
    bytes.set(read.value, size)
    size = end
  }
  if (size === 0) throw refuse('empty_file', 'leads to nothing: the answer is empty')
  return size === bytes.length ? bytes : bytes.slice(0, size)
}

const FIRST_ROOM = 64 * 1024

function widened(bytes: Bytes, length: number): Bytes {
  const wider = new Uint8Array(length)
  wider.set(bytes)
  return wider
}
