import { inParallel } from '../parallel'
import type { Hasher } from './hasher'
import type { ObjectStore } from './object-store'

/** A store that tells how long its objects are. */
export interface MeasuredStore extends ObjectStore {
  /** How many bytes these have; of what is not there nothing. */
  lengths(ids: readonly string[]): Promise<ReadonlyMap<string, number>>
}

interface Wanted {
  readonly id: string
  readonly bytes: number
  readonly hash: string
}

/** What became of objects. */
export interface ObjectTally {
  /** Looked at, and of them sent now. */
  readonly seen: number
  readonly sent: number
  readonly sentBytes: number
}

interface ObjectCopy<T extends Wanted> {
  readonly source: Pick<MeasuredStore, 'open' | 'lengths'>
  readonly target: MeasuredStore
  readonly hasher: () => Hasher
  /** Nothing is written, and everything is read. */
  readonly isOnlyCompared: boolean
  readonly onProgress: (tally: ObjectTally) => void
  /** What is at neither end, or at the target not as it should be. */
  readonly onMissing: (object: T) => void
  /** Bytes that are not what their row says, at the source too: they are copied as they are. */
  readonly onOther: (object: T) => void
  /** @throws when there is to be no more of it */
  readonly check: () => void
}

/** As many at once: most are small, and the way may be long. */
const AT_ONCE = 4

/**
 * Makes sure that objects of one store are in another, whole and with the bytes that they should have. What
 * is there is not sent again.
 */
export function createObjectCopy<T extends Wanted>(copy: ObjectCopy<T>) {
  const { source, target, hasher, isOnlyCompared, onProgress, check } = copy
  let [seen, sent, sentBytes] = [0, 0, 0]

  /** SHA-256 of an object, written into another store on the way; undefined where it is not there. */
  async function digestOf(
    store: Pick<ObjectStore, 'open'>,
    { id, bytes }: Wanted,
    write?: (piece: Uint8Array) => Promise<void>,
  ): Promise<string | undefined> {
    const stream = await store.open(id, 0, bytes)
    if (!stream) return
    const hash = hasher()
    for await (const piece of stream) {
      check()
      await hash.update(piece)
      await write?.(piece)
    }
    return hash.digest()
  }

  /** @returns whether it was there to be sent */
  async function send(object: T): Promise<boolean> {
    const writer = await target.create(object.id)
    try {
      const read = await digestOf(source, object, (piece) => writer.write(piece))
      if (read === undefined) {
        await writer.abort()
        return false
      }
      await writer.commit()
      if ((await digestOf(target, object)) !== read)
        throw new Error(`${object.id} has arrived with other bytes.`)
      if (read !== object.hash) copy.onOther(object)
    } catch (cause) {
      await writer.abort()
      throw cause
    }
    sent++
    sentBytes += object.bytes
    return true
  }

  async function settle(object: T, length: number | undefined, isKnown: boolean): Promise<void> {
    check()
    const fits = length === object.bytes
    if (isOnlyCompared) {
      const isEven =
        length === undefined ? !(await isAtSource(object)) : fits && (await isSame(object))
      if (!isEven) copy.onMissing(object)
    } else if (!(fits && (isKnown || (await digestOf(target, object)) === object.hash))) {
      if (!(await send(object))) copy.onMissing(object)
    }
    seen++
    onProgress({ seen, sent, sentBytes })
  }

  const isAtSource = async ({ id }: T): Promise<boolean> => (await source.lengths([id])).has(id)

  /** What the source itself has otherwise than its row says is the same all the same. */
  async function isSame(object: T): Promise<boolean> {
    const there = await digestOf(target, object)
    if (there === object.hash) return true
    const isCopied = there !== undefined && there === (await digestOf(source, object))
    if (isCopied) copy.onOther(object)
    return isCopied
  }

  return {
    /**
     * See to some of them.
     *
     * @param known those whose rows are at the target already, which came behind them
     */
    async settle(objects: readonly T[], known: ReadonlySet<string>): Promise<void> {
      const lengths = await target.lengths(objects.map(({ id }) => id))
      await inParallel(objects, AT_ONCE, (object) =>
        settle(object, lengths.get(object.id), known.has(object.id)),
      )
    },

    tally: (): ObjectTally => ({ seen, sent, sentBytes }),
  }
}
