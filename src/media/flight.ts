import { ApiError } from '../errors'
import { createDeadline } from '../net/deadline'
import { TimeUp } from '../net/http'
import { letGo } from '../stream/bytes'
import { createGrowth, follow } from './growth'
import type { Hasher } from './hasher'
import { type MediaKind, mediaKind } from './kind'
import type { ObjectStore, ObjectWriter } from './object-store'
import { readFirst } from './taking-in'

/** Something whose bytes begin to come. */
export interface Arrival {
  readonly mime: string
  /** How many bytes it has, where its upstream says so. */
  readonly bytes: number | undefined
  /** Read what has come and what is to come; absent where the store shows nothing before all is there. */
  readonly follow?: (from: number, to: number | undefined) => ReadableStream<Uint8Array>
}

/** What became of it: kept, or not, as it is too large or the store takes nothing now. */
export type Landing =
  | { readonly isKept: true; readonly mime: string; readonly bytes: number; readonly hash: string }
  | {
      readonly isKept: false
      readonly mime: string
      readonly bytes: number | undefined
      /** What the store says; undefined for what is too large. */
      readonly fault: unknown
    }

interface FlightParts {
  readonly name: string
  readonly sort: MediaKind['sort']
  readonly objects: ObjectStore
  readonly hasher: () => Hasher
  readonly now: () => number
  /** Asks its upstream for it. */
  readonly fetch: (abort: AbortController) => Promise<Response>
  readonly mostBytes: number
  readonly totalMs: number
  readonly idleMs: number
  /** Called once, when what comes is known to be what it should, and can be kept. */
  readonly onArrival: (arrival: Arrival) => void
  /** Called before it is made last; throws where somebody else is at it by now. */
  readonly confirm: () => Promise<void>
}

/**
 * Fetch something and keep it: as fast as the store takes it, whoever reads along. What breaks off, has
 * another length than was announced, or is no picture or video leaves nothing behind.
 *
 * @throws ApiError that says why it cannot be had
 */
export async function fly(parts: FlightParts): Promise<Landing> {
  const { sort, objects, hasher, now, mostBytes, totalMs, idleMs, onArrival } = parts
  const abort = new AbortController()
  const deadline = createDeadline({ abort, now, totalMs })
  const growing = createGrowth()
  let writer: ObjectWriter | undefined
  let arrived: Pick<Arrival, 'mime' | 'bytes'> | undefined

  async function awaited<T>(work: Promise<T>): Promise<T> {
    deadline.waitFor(idleMs, 'The upstream fell silent.')
    const value = await work
    // A store that takes its time is not the upstream's fault.
    deadline.pause()
    return value
  }

  try {
    const response = await awaited(parts.fetch(abort))
    refusePacked(response)
    const bytes = announcedBy(response)
    const reader = response.body?.getReader()
    const next = async () => (reader ? (await awaited(reader.read())).value : undefined)
    const first = await readFirst(next)
    const { mime, sort: found } = mediaKind(first)
    if (found !== sort) throw unavailable(`What came is a ${NAMES[found]} and no ${NAMES[sort]}.`)
    if ((bytes ?? first.length) > mostBytes) return { isKept: false, mime, bytes, fault: undefined }
    arrived = { mime, bytes }
    writer = await storing(objects.create(parts.name))
    const { read } = writer
    onArrival({
      ...arrived,
      ...(read && { follow: (from, to) => follow({ growth: growing.growth, read, from, to }) }),
    })
    const hash = hasher()
    let size = 0
    for (let piece: Uint8Array | undefined = first; piece; piece = await next()) {
      size += piece.length
      if (size > Math.min(bytes ?? mostBytes, mostBytes)) break
      await hash.update(piece)
      await storing(writer.write(piece))
      const { length } = piece
      letGo(piece)
      growing.grow(length)
    }
    if (bytes !== undefined && size !== bytes)
      throw unavailable(`The upstream announced ${bytes} bytes and sent ${size} or more.`)
    if (size > mostBytes) {
      growing.fail(unavailable('It is larger than what is kept: ask again.'))
      return { isKept: false, ...arrived, fault: undefined }
    }
    const sum = await hash.digest()
    await parts.confirm()
    await storing(writer.commit())
    writer = undefined
    growing.end()
    return { isKept: true, mime, bytes: size, hash: sum }
  } catch (cause) {
    const why = explained(cause, abort.signal)
    growing.fail(why)
    if (arrived && cause instanceof StoreFault)
      return { isKept: false, ...arrived, fault: cause.cause }
    throw why
  } finally {
    deadline.end()
    abort.abort()
    await writer?.abort().catch(() => {})
  }
}

/** The store failed, of which the upstream knows nothing. */
class StoreFault extends Error {}

async function storing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw new StoreFault('It cannot be kept.', { cause })
  }
}

const NAMES = { image: 'picture', video: 'video' } as const

export const unavailable = (message: string, cause?: unknown): ApiError =>
  new ApiError('media_unavailable', message, { cause, retryAfter: RETRY_S })

/** Seconds after which it is tried again. */
export const RETRY_S = 5

/** What is packed could unpack to anything, and pictures and videos gain nothing by it. */
export function refusePacked({ headers }: Response): void {
  const packed = headers.get('content-encoding') ?? 'identity'
  if (packed.toLowerCase() !== 'identity')
    throw unavailable('The upstream sent it packed, although it was asked not to.')
}

/** How many bytes an answer says it has. */
function announcedBy({ headers }: Response): number | undefined {
  const length = headers.get('content-length')
  if (length === null) return
  const bytes = Number(length)
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined
}

/** A failure as whoever waits for the bytes may learn of it. */
function explained(cause: unknown, { aborted, reason }: AbortSignal): ApiError {
  if (aborted && reason instanceof TimeUp) return unavailable(reason.message, cause)
  if (cause instanceof ApiError) return cause
  if (cause instanceof StoreFault) return unavailable('It cannot be kept just now: ask again.')
  return unavailable('The upstream broke off what it sent.', cause)
}
