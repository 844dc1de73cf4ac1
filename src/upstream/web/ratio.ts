import type { PictureRequest } from '../../turn/picture'
import { distance, nearest, shapeOf } from '../../turn/picture-shape'

/** The shapes that the page Imagine of grok.com has. */
const RATIOS = ['1:1', '2:3', '3:2', '16:9', '9:16'] as const

type Ratio = (typeof RATIOS)[number]

/** What the page has chosen at first. */
const USUAL: Ratio = '2:3'

/** The shape that comes nearest to what is wanted. */
export function nearestRatio({ size, ratio }: Pick<PictureRequest, 'size' | 'ratio'>): Ratio {
  const wanted = shapeOf(size ? `${size.width}:${size.height}` : (ratio ?? ''))
  // Nothing that can be measured, such as `auto`.
  if (wanted === undefined) return USUAL
  return nearest(RATIOS, (one) => distance(shapeOf(one) ?? 1, wanted))
}
