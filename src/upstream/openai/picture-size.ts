import type { PictureRequest } from '../../turn/picture'
import { distance, nearest, shapeOf } from '../../turn/picture-shape'

/** Models that draw in some sizes only. */
const SIZES: readonly (readonly [model: RegExp, sizes: readonly (readonly [number, number])[]])[] =
  [
    [
      /dall-e-3/,
      [
        [1024, 1024],
        [1792, 1024],
        [1024, 1792],
      ],
    ],
    [/dall-e-2/, [[1024, 1024]]],
    [
      /gpt-image-1|chatgpt-image/,
      [
        [1024, 1024],
        [1536, 1024],
        [1024, 1536],
      ],
    ],
  ]

const SIDES = { '1k': 1024, '1.5k': 1536, '2k': 2048 } as const

/** OpenAI's newer models draw in steps of so many pixels, and no other minds. */
const STEP = 16

/**
 * The size to ask a model of OpenAI's API for: what the client wrote, or what comes nearest to a shape
 * and a resolution of xAI's API. Undefined where it left that open.
 */
export function sizeFor(
  model: string,
  { size, ratio, resolution }: Pick<PictureRequest, 'size' | 'ratio' | 'resolution'>,
): string | undefined {
  if (size) return `${size.width}x${size.height}`
  const shape = ratio === undefined ? undefined : shapeOf(ratio)
  if (shape === undefined && (ratio !== undefined || resolution === undefined)) return
  const wanted = shape ?? 1
  const sizes = SIZES.find(([pattern]) => pattern.test(model))?.[1]
  if (sizes) {
    const [width, height] = nearest(sizes, ([w, h]) => distance(w / h, wanted))
    return `${width}x${height}`
  }
  const side = SIDES[resolution ?? '1k']
  const root = Math.sqrt(wanted)
  return `${stepped(side * root)}x${stepped(side / root)}`
}

const stepped = (pixels: number): number => Math.round(pixels / STEP) * STEP
