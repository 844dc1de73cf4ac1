import { ApiError } from '../../errors'
import type { PictureRequest, PictureSize } from '../../turn/picture'
import { RATIOS } from '../../turn/picture-shape'
import type { ImageGeneration } from './schema'

/** Pictures as a client wants them, but for those that are to be changed. */
export interface Order {
  readonly model: string | undefined
  readonly n: number
  readonly stream: boolean
  readonly format: 'url' | 'b64_json'
  /** The client asked for addresses in so many words. */
  readonly wantsAddress: boolean
  /** How many calls may run side by side. */
  readonly atOnce: number
  readonly wanted: Omit<PictureRequest, 'pictures' | 'mask'>
}

const AT_ONCE = 3

/** Fields that an order says in words of its own. */
const READ: ReadonlySet<string> = new Set([
  'prompt',
  'model',
  'n',
  'size',
  'aspect_ratio',
  'resolution',
  'quality',
  'response_format',
  'image_format',
  'output_format',
  'stream',
  'partial_images',
  'concurrency',
  'deferred',
  'image',
  'images',
  'image_url',
  'mask',
])

/** @throws ApiError 400 for what its schema allows and nobody can make anything of */
export function readOrder(fields: ImageGeneration, work: PictureRequest['work']): Order {
  const { prompt, model, stream, quality, output_format: format } = fields
  if (prompt.trim() === '') throw refused("'prompt' says nothing.", 'prompt')
  refuseUnclear(fields)
  const said = fields.response_format ?? fields.image_format ?? undefined
  const { size, ratio } = shapeOf(fields)
  const others = Object.entries(fields).filter(
    ([name, value]) => !READ.has(name) && value !== null && value !== undefined,
  )
  return {
    model: model || undefined,
    n: fields.n ?? 1,
    stream: stream === true,
    format: said ? (said === 'url' ? 'url' : 'b64_json') : usualFormat(model ?? ''),
    wantsAddress: said === 'url',
    atOnce: fields.concurrency ?? AT_ONCE,
    wanted: {
      work,
      prompt,
      size,
      ratio,
      resolution: fields.resolution ?? undefined,
      quality: quality ?? undefined,
      outputFormat: format ?? undefined,
      partials: stream === true ? (fields.partial_images ?? 0) : 0,
      others: Object.fromEntries(others),
    },
  }
}

/** OpenAI's newer models always answer in base64, and whoever asks for them counts on it. */
const usualFormat = (model: string): Order['format'] =>
  /^(?:chat)?gpt-image/.test(model) ? 'b64_json' : 'url'

function refuseUnclear(fields: ImageGeneration): void {
  if (fields.deferred === true)
    throw new ApiError(
      'unsupported_parameter',
      "Pictures are not made behind the request here: leave 'deferred' out and wait for the answer.",
      { param: 'deferred' },
    )
  if ((fields.partial_images ?? 0) > 0 && fields.stream !== true)
    throw refused("'partial_images' is only allowed when 'stream' is true.", 'partial_images')
  if (fields.background === 'transparent' && fields.output_format === 'jpeg')
    throw refused('A jpeg has no transparent background: ask for png or webp.', 'output_format')
}

function shapeOf({ size: text, aspect_ratio: said }: ImageGeneration): {
  readonly size: PictureSize | undefined
  readonly ratio: string | undefined
} {
  const wanted = said === 'auto' ? undefined : (said ?? undefined)
  if (!text || text === 'auto') return { size: undefined, ratio: wanted }
  const ratio = RATIOS.find((one) => one === text)
  if (ratio) return { size: undefined, ratio: wanted ?? ratio }
  return { size: readSize(text), ratio: wanted }
}

const SHORTEST = 16
const LONGEST = 8192

function readSize(text: string): PictureSize {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/i.exec(text) ?? []
  const size = { width: Number(width), height: Number(height) }
  const isFine = [size.width, size.height].every((side) => side >= SHORTEST && side <= LONGEST)
  if (isFine) return size
  throw refused(
    `'size' must be auto, a width and a height from ${SHORTEST} to ${LONGEST} such as 1536x1024, or a shape such as 16:9.`,
    'size',
  )
}

const refused = (message: string, param: string): ApiError =>
  new ApiError('invalid_value', message, { param })
