import type { Item } from '../../turn/responses/schema'

interface Kept {
  readonly items: readonly Item[]
  readonly weight: number
}

/** Chains may fork, but hardly from far back. */
const MOST_RESPONSES = 16

/**
 * What all that is kept may weigh together, in characters: about as much as one request may. What a
 * chain shares is counted for each of its responses.
 */
const MOST_WEIGHT = 64 * 1024 * 1024

/**
 * Responses that were not to be stored, for as long as their socket is open. The latest is among them,
 * so that its chain can go on, unless the chain is too much for one socket.
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

    /** @param weighs all of the items together */
    keep(id: string, items: readonly Item[], weighs: number): void {
      forget(id)
      if (weighs > MOST_WEIGHT) return
      kept.set(id, { items, weight: weighs })
      weight += weighs
      for (const oldest of kept.keys()) {
        if (kept.size <= MOST_RESPONSES && weight <= MOST_WEIGHT) return
        forget(oldest)
      }
    },

    forget,
  }
}
