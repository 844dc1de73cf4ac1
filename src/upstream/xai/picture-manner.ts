import type { PictureRequest } from '../../turn/picture'
import { distance, nearest, RATIOS, shapeOf } from '../../turn/picture-shape'

/** From here on the next resolution is nearer, in pixels. */
const MOST_1K = 1024 * 1536
const MOST_1_5K = 1536 * 2048

/** Models from `grok-imagine-image-2.0` on can be asked for a quality; those without a number refuse one. */
const HAS_QUALITY = /imagine-image-\d/

/** Qualities of OpenAI's API in xAI's words, which know nothing above medium. */
const QUALITIES: Readonly<Record<string, string>> = {
  low: 'low',
  medium: 'medium',
  auto: 'auto',
  high: 'medium',
  hd: 'medium',
  standard: 'auto',
}

/** Size and quality of a picture as xAI can be told: by shape, resolution and its own qualities. */
export function mannerFor(
  model: string,
  {
    size,
    ratio,
    resolution,
    quality,
  }: Pick<PictureRequest, 'size' | 'ratio' | 'resolution' | 'quality'>,
) {
  const shape = ratio ?? (size && `${size.width}:${size.height}`)
  const isGraded = quality !== undefined && HAS_QUALITY.test(model)
  return {
    aspect_ratio: shape === undefined ? undefined : ratioFor(shape),
    resolution: resolution ?? (size && resolutionFor(size.width * size.height)),
    quality: isGraded ? QUALITIES[quality] : undefined,
  }
}

function ratioFor(given: string): string {
  const shape = shapeOf(given)
  if (shape === undefined) return 'auto'
  return nearest(RATIOS, (ratio) => distance(shapeOf(ratio) ?? 1, shape))
}

function resolutionFor(pixels: number): '1k' | '1.5k' | '2k' {
  if (pixels <= MOST_1K) return '1k'
  return pixels <= MOST_1_5K ? '1.5k' : '2k'
}
