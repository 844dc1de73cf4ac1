import Type from 'typebox'
import { ApiError } from '../errors'
import { isText, type Json } from '../json-value'
import { optional } from './optional'
import { shapeOf } from './picture-shape'

/** How a video is to be, as far as the client says. */
export interface VideoConfig {
  readonly aspectRatio: string | undefined
  /** How long, in seconds. */
  readonly seconds: number | undefined
  readonly resolution: '480p' | '720p' | undefined
  readonly preset: 'normal' | 'fun' | 'custom' | undefined
}

/** The member of a request that says how a video is to be: models that make none take no notice. */
export const VideoConfigField = optional(
  Type.Record(Type.String(), Type.Unknown(), {
    description:
      'For models that make videos: `aspect_ratio` (or `size`), `video_length` (or `seconds`, 1 to 15), `resolution` (or `resolution_name`: SD, HD, 480p, 720p) and `preset` (normal, fun, custom).',
  }),
)

/**
 * Read how a video is to be.
 *
 * @throws ApiError for what no video can be
 */
export function readVideoConfig(config: Json = {}): VideoConfig {
  return {
    aspectRatio: readRatio(pick(config, 'aspect_ratio', 'size')),
    seconds: readSeconds(pick(config, 'video_length', 'seconds')),
    resolution: readWord(pick(config, 'resolution', 'resolution_name'), RESOLUTIONS),
    preset: readWord(pick(config, 'preset'), PRESETS),
  }
}

/** A field under whichever of its names it was given. */
export interface Given {
  /** Where it stands in the request. */
  readonly param: string
  readonly value: unknown
}

/** Find what was given under one of several names; null is nothing. */
export function given(fields: Json, place: string, names: readonly string[]): Given | undefined {
  const name = names.find((one) => fields[one] !== undefined && fields[one] !== null)
  return name === undefined ? undefined : { param: place + name, value: fields[name] }
}

const pick = (config: Json, ...names: readonly string[]): Given | undefined =>
  given(config, 'video_config.', names)

const RATIOS = ['16:9', '4:3', '3:2', '1:1', '2:3', '3:4', '9:16'] as const

const RATIO = /^(\d{1,5})\s*[:x×]\s*(\d{1,5})$/i
/** Sizes are rounded: 1792x1024 is meant to be 16:9. */
const NEAR = 1.03

/**
 * A ratio as it is called, or a size in pixels.
 *
 * @throws ApiError for one that no video has
 */
export function readRatio(given: Given | undefined): string | undefined {
  if (!given) return
  const [, width = '', height = ''] = RATIO.exec(wordOf(given)) ?? []
  const found = RATIOS.find((ratio) => isNear(Number(width) / Number(height), ratio))
  if (found) return found
  throw refusal(given, `one of ${RATIOS.join(', ')}, or a size such as 1280x720`)
}

function isNear(shape: number, ratio: string): boolean {
  const factor = shape / (shapeOf(ratio) ?? 1)
  return factor <= NEAR && factor >= 1 / NEAR
}

const SHORTEST_SECONDS = 1
const LONGEST_SECONDS = 15

/**
 * How long a video is to be. The Sora API writes seconds as a text.
 *
 * @throws ApiError for what is too short or too long
 */
export function readSeconds(
  given: Given | undefined,
  least = SHORTEST_SECONDS,
  most = LONGEST_SECONDS,
): number | undefined {
  if (!given) return
  const { value } = given
  const seconds = isText(value) ? Number(value) : value
  if (typeof seconds === 'number' && Number.isInteger(seconds))
    if (seconds >= least && seconds <= most) return seconds
  throw refusal(given, `a whole number of seconds from ${least} to ${most}`)
}

/** What grok.com and xAI both make, in the words of clients. */
export const RESOLUTIONS = { sd: '480p', hd: '720p', '480p': '480p', '720p': '720p' } as const
/** How grok.com is told what a video is to be like. */
export const PRESETS = { normal: 'normal', fun: 'fun', custom: 'custom' } as const

/** One of several words. @throws ApiError for any other */
export function readWord<T>(
  given: Given | undefined,
  words: Readonly<Record<string, T>>,
): T | undefined {
  if (!given) return
  const word = wordOf(given).toLowerCase()
  const found = Object.hasOwn(words, word) ? words[word] : undefined
  if (found !== undefined) return found
  throw refusal(given, `one of ${Object.keys(words).join(', ')}`)
}

/** Not every object can be made a text. */
const wordOf = ({ value }: Given): string => (isText(value) ? value : '')

const refusal = ({ param }: Given, wanted: string): ApiError =>
  new ApiError('invalid_value', `'${param}' must be ${wanted}.`, { param })
