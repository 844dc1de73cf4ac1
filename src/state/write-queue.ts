import { ApiError } from '../errors'
import { atMost, sleep } from '../sleep'
import { isOutage } from '../store/fault'
import type { Statements } from '../store/stores'

/** Something that is to be written. */
export interface Writing {
  /** Whom it concerns: what is read about these has to wait, or to look here first. */
  readonly owners: readonly string[]
  /** In characters. */
  readonly size: number
  readonly statements: () => Statements | Promise<Statements>
}

interface QueueParts {
  readonly write: (statements: Statements) => Promise<void>
  readonly now: () => number
  /** Finish work after the response: a tracked promise on a machine, `waitUntil` on Workers. */
  readonly later: (work: Promise<unknown>) => void
  readonly onFault: (cause: unknown, waiting: number, dropped: number) => void
  /** What the database does not take, while it takes others. */
  readonly onLost: (cause: unknown, lost: Writing) => void
}

/** What waits while the database is away; beyond it the oldest is dropped. */
const CAPACITY = 64 * 1024 * 1024
/** One write takes so much at most, or one writing. */
const LARGEST_WRITE = 2 * 1024 * 1024
/** And so many: a server that is busy with others takes seconds for thousands. */
const MOST_AT_ONCE = 256
const RETRY_MS = 1_000
/** So often the database may refuse one while it takes another. */
const TRIES = 3
/** The same where it did not answer: that is not for the sake of this one, as a rule. */
const UNHEARD_TRIES = 30
/** A Worker may be stopped with its timer; then the next writing sets another. */
const STALE_MS = 5_000
/** A Worker may be stopped within a write, too; after so long that write is given up. */
const LONGEST_WRITE_MS = 60_000
/** How long a reader waits for what is being written. */
const PATIENCE_MS = 5_000
/** How long the end of an answer waits for that. */
const WRITTEN_MS = 2_000
const POLL_MS = 5

/**
 * What clients may come back to is written behind the answers, in the order that it came in. No answer
 * waits for the database or fails with it.
 */
export function createWriteQueue<W extends Writing>(parts: QueueParts) {
  const { write, now, later, onFault, onLost } = parts
  const waiting = new Set<W>()
  const byOwner = new Map<string, Set<W>>()
  let size = 0
  let dropped = 0
  let inFlight: readonly W[] = []
  /** Half as many after a write that the database did not take, until one is found that it takes never. */
  let most = MOST_AT_ONCE
  const refusals = new WeakMap<W, number>()
  let scheduledAt = Number.NEGATIVE_INFINITY
  let writingSince = Number.NEGATIVE_INFINITY
  /** Which flush is in charge: one that was given up may come back, and finds that it is not. */
  let charge = 0

  const isWriting = () => now() - writingSince < LONGEST_WRITE_MS

  function remove(writing: W): void {
    if (!waiting.delete(writing)) return
    size -= writing.size
    for (const owner of writing.owners) {
      const theirs = byOwner.get(owner)
      theirs?.delete(writing)
      if (theirs?.size === 0) byOwner.delete(owner)
    }
  }

  function makeRoom(): void {
    for (const writing of waiting) {
      if (size <= CAPACITY) return
      if (inFlight.includes(writing)) continue
      remove(writing)
      dropped++
    }
  }

  function next(): readonly W[] {
    const some: W[] = []
    let weight = 0
    for (const writing of waiting) {
      weight += writing.size
      if (some.length === most || (some.length > 0 && weight > LARGEST_WRITE)) break
      some.push(writing)
    }
    return some
  }

  async function writeAll(some: readonly W[]): Promise<void> {
    const statements: Statements[] = []
    for (const writing of some) statements.push(await writing.statements())
    await write(statements.flat())
  }

  /** Whether it is not the database that is at fault, but the one that it did not take. */
  async function passesOver(refused: W, cause: unknown): Promise<boolean> {
    const isApart = ({ owners }: W) => !owners.some((owner) => refused.owners.includes(owner))
    const other = waiting.values().find(isApart)
    if (!other) return false
    try {
      await writeAll([other])
    } catch {
      return false
    }
    remove(other)
    const times = (refusals.get(refused) ?? 0) + 1
    refusals.set(refused, times)
    if (times < (isOutage(cause) ? UNHEARD_TRIES : TRIES)) return true
    remove(refused)
    dropped++
    onLost(cause, refused)
    return true
  }

  async function writeWaiting(own: number): Promise<void> {
    while (own === charge && waiting.size > 0) {
      const some = next()
      inFlight = some
      try {
        await writeAll(some)
      } catch (cause) {
        if (own !== charge) return
        most = Math.ceil(some.length / 2)
        const [refused] = some
        if (some.length > 1) {
          if (isOutage(cause)) throw cause
          continue
        }
        if (!refused || !(await passesOver(refused, cause))) throw cause
        continue
      }
      if (own !== charge) return
      for (const writing of some) remove(writing)
      most = Math.min(MOST_AT_ONCE, most * 2)
    }
  }

  async function flush(): Promise<void> {
    if (isWriting()) return
    const own = ++charge
    writingSince = now()
    try {
      await writeWaiting(own)
      if (own === charge) scheduledAt = Number.NEGATIVE_INFINITY
      // One that came when the last look was over.
      if (own === charge && waiting.size > 0) schedule(0)
    } catch (cause) {
      onFault(cause, waiting.size, dropped)
      if (own === charge) schedule(RETRY_MS)
    } finally {
      if (own === charge) {
        inFlight = []
        writingSince = Number.NEGATIVE_INFINITY
      }
    }
  }

  function schedule(ms: number): void {
    scheduledAt = now()
    later(sleep(ms).then(flush))
  }

  return {
    push(writing: W): void {
      waiting.add(writing)
      size += writing.size
      for (const owner of writing.owners) {
        const theirs = byOwner.get(owner)
        if (theirs) theirs.add(writing)
        else byOwner.set(owner, new Set([writing]))
      }
      makeRoom()
      if (now() - scheduledAt > STALE_MS && !isWriting()) schedule(0)
    },

    /** What waits to be written about somebody, oldest first. */
    about: (owner: string): readonly W[] => [...(byOwner.get(owner) ?? [])],

    /** Everything that waits, oldest first. */
    all: (): readonly W[] => [...waiting],

    /**
     * Wait until everything about somebody is written. No promise of another request is waited for:
     * on Workers none comes true.
     *
     * @throws ApiError when the database does not take it
     */
    async settled(owner: string): Promise<void> {
      for (let waited = 0; byOwner.has(owner) && waited < PATIENCE_MS; waited += POLL_MS) {
        if (isWriting()) {
          await sleep(POLL_MS)
          continue
        }
        await atMost(PATIENCE_MS, flush())
        break
      }
      if (byOwner.has(owner))
        throw new ApiError('not_ready', 'What was said before is not written yet.', {
          retryAfter: 1,
        })
    },

    /** Wait for a while until everything about somebody is written, if it comes to that. */
    async written(owner: string): Promise<void> {
      for (let waited = 0; byOwner.has(owner) && waited < WRITTEN_MS; waited += POLL_MS)
        await sleep(POLL_MS)
    },

    /** Write what waits, now, or see it written by whoever is at it. */
    async flush(): Promise<void> {
      await flush()
      while (isWriting() && waiting.size > 0) await sleep(POLL_MS)
    },

    waiting: (): number => waiting.size,
    /** What was given up: there was no room for it, or the database did not take it. */
    dropped: (): number => dropped,
  }
}

export type WriteQueue<W extends Writing> = ReturnType<typeof createWriteQueue<W>>
