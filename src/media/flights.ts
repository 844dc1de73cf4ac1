import { ApiError } from '../errors'
import { faultFields, type Log } from '../log'
import { sleep } from '../sleep'
import type { MediaRow, MediaRows } from '../store/media'
import type { Settings } from '../store/settings'
import { type Arrival, fly, RETRY_S, unavailable } from './flight'
import type { Hasher } from './hasher'
import type { ObjectStore } from './object-store'

/** Where something is, for whoever knows how to ask there. */
export interface Origin {
  readonly accountId: string | null
  readonly url: string
}

/**
 * Asks for what an upstream has made, or for a part of it (as the header `Range` says it).
 *
 * @throws ApiError that says why it cannot be had
 */
export type FetchSource = (
  origin: Origin,
  abort: AbortController,
  range?: string,
) => Promise<Response>

export interface FlightsParts {
  readonly index: MediaRows
  readonly objects: ObjectStore
  readonly hasher: () => Hasher
  readonly fetchSource: FetchSource
  readonly settings: () => Settings
  readonly now: () => number
  readonly newId: () => string
  readonly later: (work: Promise<unknown>) => void
  /** Whether requests may wait for each other's promises: nowhere on Workers. */
  readonly sharesWork: boolean
  /** Turns failures of the database into what a client can understand. */
  readonly reach: <T>(question: Promise<T>) => Promise<T>
  /** Told of what was kept, which may be more than there is room for. */
  readonly onStored: (bytes: number) => void
  readonly log: Log
}

/** How something that was asked for stands. */
export type Standing =
  | { readonly is: 'kept'; readonly row: KeptRow }
  | { readonly is: 'coming'; readonly row: MediaRow; readonly arrival: Arrival }
  | {
      /** It cannot be kept: each reader is handed what comes. */
      readonly is: 'passing'
      readonly row: MediaRow
      readonly origin: Origin
      readonly mime: string
      readonly bytes: number | undefined
    }

export type KeptRow = MediaRow & {
  readonly mime: string
  readonly bytes: number
  readonly hash: string
}

/** On the way to something: how it stands as soon as that is known, and at last. */
export interface Approach {
  readonly first: Promise<Standing>
  readonly last: Promise<Exclude<Standing, { is: 'coming' }>>
}

type Passing = Extract<Standing, { is: 'passing' }>

/** A fetcher that says nothing for so long is dead; it says something three times as often. */
const LEASE_MS = 15_000
const FIRST_LOOK_MS = 250
const LAST_LOOK_MS = 2_000
/** So long nobody finds out again that something is too large to be kept. */
const LARGE_MS = 600_000
const MOST_REMEMBERED = 1_000
export const MEGABYTE = 1024 * 1024

export const isKept = (row: MediaRow): row is KeptRow => row.bytes !== null && row.hash !== null

/**
 * Fetches everything once, however many ask for it: within one process by promises that they share,
 * where they may, and among instances by a claim in the database that whoever fetches renews.
 */
export function createFlights(parts: FlightsParts) {
  const { index, objects, settings, now, later, reach, log } = parts
  const approaches = new Map<string, Approach>()
  const failures = remembered<ApiError>(now)
  const passings = remembered<Passing>(now)

  async function fetchClaimed(
    row: MediaRow,
    origin: Origin,
    fetcher: string,
    onArrival: (arrival: Arrival) => void,
  ): Promise<KeptRow | Passing> {
    const { name, sort } = row
    const hold = () => index.claim(name, fetcher, now() + LEASE_MS)
    const renewal = setInterval(() => hold().catch(() => {}), LEASE_MS / 3)
    try {
      const { media_object_max_mb, media_fetch_timeout_ms, idle_timeout_ms } = settings()
      const landing = await fly({
        ...{ name, sort, objects, hasher: parts.hasher, now, onArrival },
        fetch: (abort) => parts.fetchSource(origin, abort),
        mostBytes: media_object_max_mb * MEGABYTE,
        totalMs: media_fetch_timeout_ms,
        idleMs: idle_timeout_ms,
        async confirm() {
          if (!(await reach(hold())))
            throw unavailable('It was removed, or another has fetched it.')
        },
      })
      if (!landing.isKept) {
        const { mime, bytes, fault } = landing
        const passing: Passing = { is: 'passing', row, origin, mime, bytes }
        if (fault !== undefined)
          log.error('media_not_kept', { name: hintOf(name), ...faultFields(fault) })
        passings.keep(name, passing, fault === undefined ? LARGE_MS : RETRY_S * 1000)
        await index.release(name, fetcher, now()).catch(() => {})
        return passing
      }
      const { mime, bytes, hash } = landing
      await reach(index.stored(name, fetcher, { mime, bytes, hash }))
      parts.onStored(bytes)
      return { ...row, mime, bytes, hash }
    } catch (cause) {
      const restMs = RETRY_S * 1000
      if (cause instanceof ApiError) failures.keep(name, cause, restMs)
      await index.release(name, fetcher, now() + restMs).catch(() => {})
      throw cause
    } finally {
      clearInterval(renewal)
    }
  }

  /** Fetch it, or wait until another one has. */
  async function obtain(known: MediaRow, onArrival: (row: MediaRow, arrival: Arrival) => void) {
    const { name } = known
    const until = now() + settings().media_fetch_timeout_ms
    let row: MediaRow | undefined = known
    for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, LAST_LOOK_MS)) {
      if (!row) throw notThere(name)
      if (isKept(row)) return row
      const failure = failures.get(name)
      if (failure) throw failure
      const passing = passings.get(name)
      if (passing) return passing
      const { source, accountId } = row
      if (source === null)
        throw unavailable('Its bytes are lost, and there is nowhere to ask again.')
      const fetcher = parts.newId()
      if (await reach(index.claim(name, fetcher, now() + LEASE_MS))) {
        const claimed: MediaRow = row
        return await fetchClaimed(claimed, { accountId, url: source }, fetcher, (arrival) =>
          onArrival(claimed, arrival),
        )
      }
      if (now() >= until) throw unavailable('Another instance fetches it, and takes too long.')
      await sleep(wait)
      row = await reach(index.find(name))
    }
  }

  return {
    /** The approach that is under way, if there is one that may be joined. */
    known: (name: string): Approach | undefined => approaches.get(name),

    /** Begin to fetch something, or join those who did. */
    approach(row: MediaRow): Approach {
      const known = approaches.get(row.name)
      if (known) return known
      const { promise: first, resolve, reject } = Promise.withResolvers<Standing>()
      const last = obtain(row, (claimed, arrival) =>
        resolve({ is: 'coming', row: claimed, arrival }),
      ).then((found): Approach['last'] extends Promise<infer T> ? T : never =>
        'is' in found ? found : { is: 'kept', row: found },
      )
      const approach = { first, last }
      if (parts.sharesWork) approaches.set(row.name, approach)
      later(last.then(resolve, reject).finally(() => approaches.delete(row.name)))
      // Who asked may have left.
      first.catch(() => {})
      return approach
    },
  }
}

export type Flights = ReturnType<typeof createFlights>

/** What a log may say of a name: whoever knows all of it may open it. */
export const hintOf = (name: string): string => `${name.slice(0, 8)}…`

export const notThere = (name: string): ApiError =>
  new ApiError(
    'not_found',
    `There is no picture or video '${name.slice(0, 100)}': it may have been removed.`,
  )

/** What is worth to be remembered for a while, but not without end. */
function remembered<T>(now: () => number) {
  const known = new Map<string, { readonly value: T; readonly until: number }>()
  return {
    get(name: string): T | undefined {
      const found = known.get(name)
      if (found && found.until > now()) return found.value
      known.delete(name)
      return
    },

    keep(name: string, value: T, ms: number): void {
      known.delete(name)
      known.set(name, { value, until: now() + ms })
      for (const oldest of known.keys()) {
        if (known.size <= MOST_REMEMBERED) break
        known.delete(oldest)
      }
    },
  }
}
