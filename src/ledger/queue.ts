import { sleep } from '../sleep'
import type { LedgerBatch, LedgerContent, LedgerEntry } from '../store/ledger'
import { createSums } from '../store/ledger-sums'

interface QueueParts {
  readonly append: (batch: LedgerBatch) => Promise<void>
  readonly keep: (contents: readonly LedgerContent[]) => Promise<void>
  readonly now: () => number
  readonly newId: () => string
  /** Finish work after the response: a tracked promise on a machine, `waitUntil` on Workers. */
  readonly later: (work: Promise<unknown>) => void
  readonly onFault: (cause: unknown, waiting: number, dropped: number) => void
}

/** Entries are written this long after the first of them, or when there are so many. */
const DELAY_MS = 250
const BATCH = 200
/** One write takes so many at most; more only wait when the database does not keep up. */
const LARGEST_BATCH = 2_000
const MOST_SUMS = 500
/** What waits while the database is away; of entries beyond it only the sums are kept. */
const CAPACITY = 50_000
/** Contents are weighed in characters; they wait only as long as there is room. */
const CONTENT_CAPACITY = 32 * 1024 * 1024
const LARGEST_CONTENT = 2 * 1024 * 1024
const RETRY_MS = 1_000
/** A Worker may be stopped with its timer; then the next turn sets another. */
const STALE_MS = 5_000
/** A Worker may be stopped within a write, too; after so long that write is given up. */
const LONGEST_WRITE_MS = 60_000

/**
 * The ledger is written behind: no turn waits for the database, and none fails with it.
 *
 * The sums are exact whatever happens to the database: entries that there is no room for are added up
 * here, and a batch keeps its id and its rows until it is known to be written.
 */
export function createLedgerQueue(parts: QueueParts) {
  const { append, keep, now, newId, later, onFault } = parts
  let waiting: LedgerEntry[] = []
  let batch: LedgerBatch | undefined
  let contents: LedgerContent[] = []
  let contentSize = 0
  let dropped = 0
  const overflow = createSums()
  let scheduledAt = Number.NEGATIVE_INFINITY
  let writingSince = Number.NEGATIVE_INFINITY
  /** Which flush is in charge: one that was given up may come back, and finds that it is not. */
  let charge = 0

  const isWriting = () => now() - writingSince < LONGEST_WRITE_MS
  const held = () => waiting.length + (batch?.entries.length ?? 0)

  function nextBatch(): LedgerBatch | undefined {
    if (waiting.length === 0 && overflow.size() === 0) return
    const entries = waiting.slice(0, LARGEST_BATCH)
    waiting = waiting.slice(entries.length)
    return { id: newId(), at: now(), entries, sums: overflow.take(MOST_SUMS) }
  }

  async function writeBatches(own: number): Promise<void> {
    while (own === charge) {
      batch ??= nextBatch()
      if (!batch) return
      const written = batch
      await append(written)
      if (batch === written) batch = undefined
    }
  }

  async function writeContents(own: number): Promise<void> {
    while (own === charge && contents.length > 0) {
      let [count, size] = [0, 0]
      for (const content of contents) {
        if (count > 0 && size + sizeOf(content) > LARGEST_CONTENT) break
        size += sizeOf(content)
        count++
      }
      await keep(contents.slice(0, count))
      if (own !== charge) return
      contents = contents.slice(count)
      contentSize -= size
    }
  }

  async function flush(): Promise<void> {
    if (isWriting()) return
    const own = ++charge
    writingSince = now()
    try {
      await writeBatches(own)
      await writeContents(own)
      if (own === charge) scheduledAt = Number.NEGATIVE_INFINITY
    } catch (cause) {
      onFault(cause, held(), dropped)
      if (own === charge) schedule(RETRY_MS)
    } finally {
      if (own === charge) writingSince = Number.NEGATIVE_INFINITY
    }
  }

  function schedule(ms: number) {
    scheduledAt = now()
    later(sleep(ms).then(flush))
  }

  return {
    /** Note a finished turn. */
    push(entry: LedgerEntry): void {
      if (held() < CAPACITY) waiting.push(entry)
      else {
        dropped++
        overflow.add(entry)
      }
      if (now() - scheduledAt > STALE_MS) schedule(DELAY_MS)
      else if (waiting.length === BATCH && !isWriting()) later(flush())
    },

    /** Keep what a turn said, as far as there is room. */
    keep(content: LedgerContent): void {
      if (contentSize + sizeOf(content) > CONTENT_CAPACITY) return
      contents.push(content)
      contentSize += sizeOf(content)
      if (now() - scheduledAt > STALE_MS) schedule(DELAY_MS)
    },

    /** Write what waits, now. */
    flush,

    waiting: held,
    /** Turns that are in the sums only. */
    dropped: (): number => dropped,
  }
}

export type LedgerQueue = ReturnType<typeof createLedgerQueue>

const sizeOf = ({ request, answer }: LedgerContent): number => request.length + answer.length
