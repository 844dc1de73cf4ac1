import type { LedgerEntry } from '../store/ledger'

interface QueueParts {
  readonly append: (entries: readonly LedgerEntry[]) => Promise<void>
  readonly now: () => number
  /** Finish work after the response: a tracked promise on a machine, `waitUntil` on Workers. */
  readonly later: (work: Promise<unknown>) => void
  readonly onFault: (cause: unknown, waiting: number, dropped: number) => void
}

/** Entries are written this long after the first of them, or when there are so many. */
const DELAY_MS = 250
const BATCH = 200
/** One write takes so many at most; more only wait when the database does not keep up. */
const LARGEST_BATCH = 2_000
/** What waits while the database is away; beyond it entries are dropped, and counted. */
const CAPACITY = 50_000
const RETRY_MS = 1_000
/** A Worker may be stopped with its timer; then the next turn sets another. */
const STALE_MS = 5_000
/** A Worker may be stopped within a write, too; after so long that write is given up. */
const LONGEST_WRITE_MS = 60_000

/**
 * The ledger is written behind: no turn waits for the database, and none fails with it.
 */
export function createLedgerQueue({ append, now, later, onFault }: QueueParts) {
  let waiting: LedgerEntry[] = []
  let dropped = 0
  let scheduledAt = Number.NEGATIVE_INFINITY
  let writingSince = Number.NEGATIVE_INFINITY

  const isWriting = () => now() - writingSince < LONGEST_WRITE_MS

  async function flush(): Promise<void> {
    if (isWriting()) return
    writingSince = now()
    try {
      while (waiting.length > 0) {
        const batch = waiting.slice(0, LARGEST_BATCH)
        await append(batch)
        waiting = waiting.slice(batch.length)
      }
      scheduledAt = Number.NEGATIVE_INFINITY
    } catch (cause) {
      onFault(cause, waiting.length, dropped)
      schedule(RETRY_MS)
    } finally {
      writingSince = Number.NEGATIVE_INFINITY
    }
  }

  function schedule(ms: number) {
    scheduledAt = now()
    later(sleep(ms).then(flush))
  }

  return {
    /** Note a finished turn. */
    push(entry: LedgerEntry): void {
      if (waiting.length >= CAPACITY) {
        dropped++
        return
      }
      waiting.push(entry)
      if (now() - scheduledAt > STALE_MS) schedule(DELAY_MS)
      else if (waiting.length === BATCH && !isWriting()) later(flush())
    },

    /** Write what waits, now. */
    flush,

    waiting: (): number => waiting.length,
    dropped: (): number => dropped,
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
