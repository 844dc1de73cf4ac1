import type { PictureRequest } from '../../turn/picture'

/** The shapes that the page Imagine of grok.com has. */
const RATIOS = ['1:1', '2:3', '3:2', '16:9', '9:16'] as const

type Ratio = (typeof RATIOS)[number]

/** What the page has chosen at first. */
const USUAL: Ratio = '2:3'

/** The shape that comes nearest to what is wanted. */
export function nearestRatio({ size, ratio }: Pick<PictureRequest, 'size' | 'ratio'>): Ratio {
  const wanted = size ? size.width / size.height : quotient(ratio ?? '')
  // Nothing that can be measured, such as `auto`.
  if (!(wanted > 0 && wanted < Number.POSITIVE_INFINITY)) return USUAL
  const distance = (one: Ratio) => Math.abs(Math.log(quotient(one) / wanted))
  return RATIOS.reduce((best, one) => (distance(one) < distance(best) ? one : best))
}

function quotient(ratio: string): number {
  const [width, height] = ratio.split(':').map(Number)
  return (width ?? Number.NaN) / (height ?? Number.NaN)
}
