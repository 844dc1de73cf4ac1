/** Something with a place on the ring: a greater weight brings more conversations. */
interface Place {
  readonly id: string
  readonly weight: number
}

/** More probes keep the fullest nearer to the mean, and cost more. */
const PROBES = 21
/** With one point each, two that come to stand side by side would share as if they were one. */
const POINTS = 8
/** Among more than so many that matters little, and more points take long to sort. */
const MANY = 8_192
/** The heaviest account counts for so many of weight 1. */
const HEAVIEST = 64
const CIRCLE = 2 ** 32
const SLOTS = 2 ** 21

/**
 * A consistent hash with many probes and few points (Appleton and O'Reilly, 2015): each name has its
 * points on a circle, a conversation looks from several places and takes whoever stands nearest.
 *
 * Whoever comes or goes moves only conversations of its own, memory grows with the names alone, and a
 * look-up costs the same for 2 or 50,000.
 */
export function createRing(places: readonly Place[]) {
  const weights = places.map(({ weight }) => Math.min(weight, HEAVIEST))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const points = total > MANY ? 1 : POINTS
  const owners = new Uint32Array(total * points)
  const sorted = new Float64Array(total * points)
  let next = 0
  for (const [index, { id }] of places.entries()) {
    const name = hashText(id)
    for (let point = 0; point < (weights[index] ?? 0) * points; point++) {
      sorted[next] = mix(name + Math.imul(point, GOLDEN)) * SLOTS + next
      owners[next++] = index
    }
  }
  sorted.sort()
  const size = sorted.length
  const hashes = new Uint32Array(size)
  const ownerAt = new Uint32Array(size)
  /** Where the points of each part of the circle begin: as many parts as points. */
  const starts = new Uint32Array(size + 1)
  let part = 0
  for (const [at, key] of sorted.entries()) {
    const hash = Math.floor(key / SLOTS)
    hashes[at] = hash
    ownerAt[at] = owners[key % SLOTS] ?? 0
    while (part <= (hash * size) / CIRCLE) starts[part++] = at
  }
  while (part <= size) starts[part++] = size

  return {
    /**
     * The nearest place that is fit and closer than `within`; undefined when there is none. Distances are as of
     * one point each, so that they can be told against those of other rings.
     */
    find(
      hash: number,
      within: number,
      isFit: (index: number) => boolean,
    ): { readonly index: number; readonly distance: number } | undefined {
      let index = -1
      let nearest = within
      for (let probe = 0; probe < PROBES && size > 0; probe++) {
        const from = mix(hash + Math.imul(probe, GOLDEN))
        let at = starts[Math.floor((from * size) / CIRCLE)] ?? 0
        while (at < size && (hashes[at] ?? 0) < from) at++
        const point = at === size ? 0 : at
        const distance = (((hashes[point] ?? 0) - from + CIRCLE) % CIRCLE) * points
        if (distance >= nearest) continue
        const owner = ownerAt[point] ?? 0
        if (!isFit(owner)) continue
        nearest = distance
        index = owner
      }
      return index < 0 ? undefined : { index, distance: nearest }
    },
  }
}

export type Ring = ReturnType<typeof createRing>

const GOLDEN = 0x9e3779b9

/** Spread a number over 32 bits (the finisher of MurmurHash3). */
export function mix(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** FNV-1a over the first UTF-16 units of a text, goes on from `from`; 32 bits. */
export function hashText(text: string, from = 0x811c9dc5, most = text.length): number {
  const end = Math.min(text.length, most)
  let hash = from
  for (let at = 0; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
