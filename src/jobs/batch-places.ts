import { jittered } from './jitter'

/** Things that are asked about at the same place at once, at most. */
const MOST_AT_PLACE = 8
/** After so many failures in a row it is the way there that is barred, and asking on makes it worse. */
const GIVE_UP_AFTER = 20
/** How long a place is left alone that was asked too often and did not say for how long. */
const REST_MS = 5_000
const LONGEST_REST_MS = 60_000
/** A place that says so again and again is believed in the end. */
const MOST_TRIES = 4

/** Something that is asked about at a place. */
export interface PlacedItem {
  readonly position: number
  /** What is asked, such as `https://api.x.ai`: who is asked there together must be patient together. */
  readonly place: string
}

/** What became of asking: nothing to say, or a problem. */
export interface Problem {
  readonly reason: string
  /** What the reason comes down to. */
  readonly code?: string | undefined
  /** It was the way there, or the place itself, and not what was asked about. */
  readonly isOfPlace?: boolean
  /** It was asked too often: how long it wants to be left alone, where it says so. */
  readonly restMs?: number | undefined
  readonly isTooOften?: boolean
}

interface Place<T> {
  readonly waiting: { readonly item: T; readonly tries: number }[]
  busy: number
  restUntil: number
  /** Failures since it last answered. */
  inVain: number
  said: string
}

/** What to do next: ask about something, wait a little, or go, as the others can do with the rest. */
type Next<T> =
  | { readonly item: T; readonly tries: number }
  | { readonly waitMs: number }
  | undefined

/**
 * What waits to be asked about, by where it is asked: each place is asked by a few at once, is left alone
 * when it says so, and given up when it cannot be reached.
 */
export function createPlaces<T extends PlacedItem>(now: () => number, random: () => number) {
  const places = new Map<string, Place<T>>()
  let waiting = 0

  function placeOf(name: string): Place<T> {
    const known = places.get(name)
    if (known) return known
    const place: Place<T> = { waiting: [], busy: 0, restUntil: 0, inVain: 0, said: '' }
    places.set(name, place)
    return place
  }

  return {
    waiting: (): number => waiting,

    add(item: T): void {
      waiting++
      placeOf(item.place).waiting.push({ item, tries: 0 })
    },

    next(): Next<T> {
      let best: Place<T> | undefined
      let returns = Number.POSITIVE_INFINITY
      for (const place of places.values()) {
        if (place.waiting.length === 0 || place.busy >= MOST_AT_PLACE) continue
        if (place.restUntil > now()) returns = Math.min(returns, place.restUntil)
        else if (!best || place.busy < best.busy) best = place
      }
      const found = best?.waiting.shift()
      if (best && found) {
        best.busy++
        waiting--
        return found
      }
      return Number.isFinite(returns) ? { waitMs: returns - now() } : undefined
    },

    /** Why nobody asks there any more; undefined while it is worth it. */
    barred({ place }: T): string | undefined {
      const { inVain, said } = placeOf(place)
      if (inVain < GIVE_UP_AFTER) return undefined
      return `Not asked: ${GIVE_UP_AFTER} calls before it failed. ${said}`
    },

    /** Says whether it is to be asked again later, and is not done with. */
    settle({ item, tries }: { item: T; tries: number }, problem: Problem | undefined): boolean {
      const place = placeOf(item.place)
      place.busy--
      if (problem?.isOfPlace) {
        // What is said of those that were not asked is no news.
        if (place.inVain++ < GIVE_UP_AFTER) place.said = problem.reason
      } else place.inVain = 0
      if (!problem?.isTooOften || tries + 1 >= MOST_TRIES) return false
      const restMs = Math.min(problem.restMs ?? REST_MS, LONGEST_REST_MS)
      place.restUntil = Math.max(place.restUntil, now() + jittered(restMs, random))
      place.waiting.unshift({ item, tries: tries + 1 })
      waiting++
      return true
    },
  }
}
