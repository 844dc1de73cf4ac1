import type { PictureSize } from './picture'

/** The shapes that xAI draws in. */
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

export type Ratio = (typeof RATIOS)[number]

/** The resolutions that xAI draws in. */
export const RESOLUTIONS = ['1k', '1.5k', '2k'] as const

export type Resolution = (typeof RESOLUTIONS)[number]

/** The side of a square of each, in pixels. */
const SIDES: Readonly<Record<Resolution, number>> = { '1k': 1024, '1.5k': 1536, '2k': 2048 }

/** The shape that comes nearest to a size: what is twice as wide is as far off as what is half as wide. */
export const ratioFor = ({ width, height }: PictureSize): Ratio =>
  nearest(RATIOS, width / height, (ratio) => {
    const [across = 1, down = 1] = ratio.split(':').map(Number)
    return across / down
  })

/** The resolution that comes nearest to the pixels of a size; the smaller one between two. */
export const resolutionFor = ({ width, height }: PictureSize): Resolution =>
  nearest(RESOLUTIONS, Math.sqrt(width * height), (resolution) => SIDES[resolution])

function nearest<T>(all: readonly [T, ...T[]], wanted: number, measure: (one: T) => number): T {
  const away = (one: T) => Math.abs(Math.log(measure(one) / wanted))
  return all.reduce((best, one) => (away(one) < away(best) - TINY ? one : best))
}

/** Less than any difference that is meant. */
const TINY = 1e-9
