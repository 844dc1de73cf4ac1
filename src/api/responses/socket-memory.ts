import type { Item } from '../../turn/responses/schema'

interface Kept {
  readonly items: readonly Item[]
  readonly weight: number
}

/** Chains may fork, but hardly from far back. */
const MOST_RESPONSES = 16

/** What the requests of all that is kept may weigh together, in characters. */
const MOST_WEIGHT = 64 * 1024 * 1024

/**
 * Responses that were not to be stored, for as long as their socket is open. The latest is always
 * among them, so that its chain can go on.
 */
export function createSocketMemory() {
  const kept = new Map<string, Kept>()
  let weight = 0

  function forget(id: string): void {
    weight -= kept.get(id)?.weight ?? 0
    kept.delete(id)
  }

  return {
    /** All that was said until a response, the response included. */
    recall: (id: string): readonly Item[] | undefined => kept.get(id)?.items,

    keep(id: string, items: readonly Item[], weighs: number): void {
      forget(id)
      kept.set(id, { items, weight: weighs })
      weight += weighs
      for (const oldest of kept.keys()) {
        if (kept.size <= MOST_RESPONSES && weight <= MOST_WEIGHT) return
        if (oldest !== id) forget(oldest)
      }
    },

    forget,
  }
}
