/** Counts of values, by the bounds they do not exceed. */
export interface Histogram {
  readonly bounds: readonly number[]
  /** One for each bound, and one for what exceeds them all. */
  readonly counts: Float64Array
  sum: number
  count: number
}

/** An empty histogram. */
export const newHistogram = (bounds: readonly number[]): Histogram => ({
  bounds,
  counts: new Float64Array(bounds.length + 1),
  sum: 0,
  count: 0,
})

/** Count one value. */
export function observe(histogram: Histogram, value: number): void {
  const { bounds, counts } = histogram
  let at = 0
  while (at < bounds.length && value > (bounds[at] ?? 0)) at++
  counts[at] = (counts[at] ?? 0) + 1
  histogram.sum += value
  histogram.count++
}
