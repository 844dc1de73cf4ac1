import { faultFields, type Log } from '../log'
import type { MediaRow, MediaRows, MediaSort } from '../store/media'
import { hintOf, isKept } from './flights'
import type { MediaView } from './view'

interface AheadParts {
  readonly index: Pick<MediaRows, 'find' | 'waiting'>
  readonly now: () => number
  readonly later: (work: Promise<unknown>) => void
  readonly sharesWork: boolean
  readonly reach: <T>(question: Promise<T>) => Promise<T>
  /** Fetches it, until all that can be known of it is known. */
  readonly obtain: (row: MediaRow) => Promise<MediaView>
  readonly log: Log
}

interface Queue {
  readonly names: Set<string>
  fetchers: number
}

const SORTS = ['image', 'video'] as const
/** So many of a sort are fetched at the same time that nobody has asked for yet. */
const AT_ONCE = 4
/** More of them wait in the database alone. */
const MOST_WAITING = 1_000
const LOOK_MS = 60_000
/** What is older is left to its first reader. */
const FRESH_MS = 3_600_000
/** What failed so often here is left to its first reader, too. */
const MOST_TRIES = 5
const MOST_TRIED = 1_000

/**
 * Fetches what has an address before anybody asks for it, but few at once. What does not fit into its
 * queues, or was left by a process that is gone, it finds in the database.
 */
export function createAhead(parts: AheadParts) {
  const { index, now, later, sharesWork, reach, log } = parts
  // Slow videos hold up no pictures.
  const queues: Readonly<Record<MediaSort, Queue>> = {
    image: { names: new Set(), fetchers: 0 },
    video: { names: new Set(), fetchers: 0 },
  }
  /** How often something was tried that is still not here. */
  const tries = new Map<string, number>()
  let lookedAt = Number.NEGATIVE_INFINITY

  function noteTry(name: string): void {
    const before = tries.get(name) ?? 0
    tries.delete(name)
    tries.set(name, before + 1)
    const [oldest] = tries.keys()
    if (tries.size > MOST_TRIED && oldest !== undefined) tries.delete(oldest)
  }

  async function fetchOne(name: string): Promise<void> {
    try {
      const row = await reach(index.find(name))
      // Whoever waited for another instance would hold up the rest.
      if (!row || isKept(row) || (row.fetchUntil ?? 0) > now()) return
      noteTry(name)
      const { hash } = await parts.obtain(row)
      if (hash !== undefined) tries.delete(name)
    } catch (cause) {
      log.info('media_not_fetched', { name: hintOf(name), ...faultFields(cause) })
    }
  }

  async function work(queue: Queue): Promise<void> {
    queue.fetchers++
    for (const name of queue.names) {
      queue.names.delete(name)
      await fetchOne(name)
    }
    queue.fetchers--
  }

  function soon({ name, sort }: Pick<MediaRow, 'name' | 'sort'>): void {
    // There the work of one request cannot wait for that of another.
    if (!sharesWork) {
      later(fetchOne(name))
      return
    }
    const queue = queues[sort]
    if (queue.names.size < MOST_WAITING) queue.names.add(name)
    if (queue.fetchers < AT_ONCE) later(work(queue))
  }

  return {
    /** Fetch something when it is its turn. */
    soon,

    /** Look from time to time for what was made lately and nobody fetches. */
    async look(): Promise<void> {
      if (now() - lookedAt < LOOK_MS) return
      lookedAt = now()
      const except = [...tries].filter(([, count]) => count >= MOST_TRIES).map(([name]) => name)
      const most = sharesWork ? MOST_WAITING : AT_ONCE
      for (const sort of SORTS) {
        if (queues[sort].names.size >= most) continue
        const ask = { sort, since: now() - FRESH_MS, most, except }
        // A database that is away is asked again next time.
        const names = await reach(index.waiting(ask)).catch(() => [])
        for (const name of names) soon({ name, sort })
      }
    },
  }
}
