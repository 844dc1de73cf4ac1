import { joinBytes } from './bytes'

/** A running answer, as bytes for the client. */
export interface Source {
  /**
   * The next bytes; undefined when the answer is whole.
   *
   * @throws UpstreamFault when it breaks off
   */
  next(): Promise<Uint8Array | undefined>
}

/** What is here already, without waiting for more. */
export interface Head {
  readonly bytes: Uint8Array
  /** The answer is whole: nothing more is to come. */
  readonly whole: boolean
  /** Bytes that are on their way, when it is not. */
  readonly pending?: Promise<Uint8Array | undefined>
}

/** How much may be gathered before a stream is opened for it. */
const MOST_BYTES = 256 * 1024

/** A read that is going to settle by itself settles within these many turns of the microtask queue. */
const TURNS = 8

/**
 * Read until the source has to wait. A short answer that arrived in one piece is whole before the
 * first byte was sent: it needs no stream, and if it is broken it can still be made elsewhere.
 */
export async function readHead(source: Source): Promise<Head> {
  const parts: Uint8Array[] = []
  let size = 0
  const first = await source.next()
  if (!first) return { bytes: joinBytes(parts), whole: true }
  parts.push(first)
  size += first.length
  while (size < MOST_BYTES) {
    const pending = source.next()
    const settled = await settledSoon(pending)
    if (!settled) return { bytes: joinBytes(parts), whole: false, pending }
    const bytes = await pending
    if (!bytes) return { bytes: joinBytes(parts), whole: true }
    parts.push(bytes)
    size += bytes.length
  }
  return { bytes: joinBytes(parts), whole: false, pending: source.next() }
}

/** Read until the source ends, with nothing gone out yet. @throws when it grows beyond `mostBytes` */
export async function readWhole(source: Source, mostBytes: number): Promise<Head> {
  const parts: Uint8Array[] = []
  let size = 0
  for (let bytes = await source.next(); bytes; bytes = await source.next()) {
    parts.push(bytes)
    size += bytes.length
    if (size > mostBytes) throw new RangeError(`The answer is larger than ${mostBytes} bytes.`)
  }
  return { bytes: joinBytes(parts), whole: true }
}

async function settledSoon(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = () => {
    settled = true
  }
  promise.then(note, note)
  for (let turn = 0; turn < TURNS && !settled; turn++) await null
  return settled
}
