/** The shapes of pictures, as xAI calls them. */
export const RATIOS = [
  '1:1',
  '3:4',
  '4:3',
  '9:16',
  '16:9',
  '2:3',
  '3:2',
  '9:19.5',
  '19.5:9',
  '9:20',
  '20:9',
  '1:2',
  '2:1',
  '21:9',
  '5:2',
] as const

/** The resolutions of pictures, as xAI calls them. */
export const RESOLUTIONS = ['1k', '1.5k', '2k'] as const

/** What a ratio such as `16:9` comes to; undefined for `auto`. */
export function shapeOf(ratio: string): number | undefined {
  const [width, height] = ratio.split(':').map(Number)
  const shape = (width ?? Number.NaN) / (height ?? Number.NaN)
  return Number.isFinite(shape) && shape > 0 ? shape : undefined
}

/** How far two shapes are from one another, whichever of them is the wider. */
export const distance = (one: number, other: number): number => Math.abs(Math.log(one / other))

/** The one of some that is the least away. */
export const nearest = <T>(some: readonly T[], away: (one: T) => number): T =>
  some.reduce((best, one) => (away(one) < away(best) ? one : best))
