import { ApiError } from '../../errors'
import { isObject, isText, type Json } from '../../json-value'
import type { PictureField } from '../../media/inputs'
import type { FilmRequest } from '../../turn/film'
import {
  type Given,
  given,
  PRESETS,
  RESOLUTIONS,
  readRatio,
  readSeconds,
  readWord,
} from '../../turn/video-config'
import { readPicture, readPictures, readVideo, type VideoSource } from './sources'

/** A video as a client wants it, before anything was loaded that goes into it. */
export interface VideoWish {
  readonly model: string | undefined
  /** All of it that is no picture and no video. */
  readonly film: Omit<FilmRequest, 'first' | 'references' | 'video'>
  /** As the client wrote it. */
  readonly size: string | undefined
  readonly first: PictureField | undefined
  readonly references: readonly PictureField[]
  readonly frames: readonly KeyFrame[]
  readonly video: VideoSource | undefined
  /** Fields that nobody is told of. */
  readonly dropped: readonly string[]
}

/** A picture that is to be seen at a time. */
interface KeyFrame {
  readonly picture: PictureField
  /** In seconds from the beginning. */
  readonly at: number
}

interface WishTerms {
  readonly work: FilmRequest['work']
  /** How long it is where the client does not say. */
  readonly usualSeconds: number | undefined
}

const NAMES = {
  ratio: ['aspect_ratio', 'size'],
  seconds: ['seconds', 'duration', 'video_length'],
  resolution: ['resolution', 'resolution_name'],
  preset: ['preset'],
} as const

const PICTURES = ['image', 'images', 'input_reference', 'reference_images', 'keyframes'] as const

const READ: ReadonlySet<string> = new Set([
  ...['model', 'prompt', 'video', 'video_config', 'user', 'reference_audios'],
  ...Object.values(NAMES).flat(),
  ...PICTURES,
])

/** What xAI has and nobody here could hand out. */
const REFUSED = ['output', 'storage_options'] as const

/** xAI makes larger ones, too. */
const ALL_RESOLUTIONS = { ...RESOLUTIONS, '1080p': '1080p' } as const

/** What xAI takes to go on with a video. */
const EXTENSION = { least: 2, most: 10 } as const

/**
 * Read what video a client wants, in OpenAI's words, in xAI's or in those of the chat.
 *
 * @throws ApiError that names the field that no video can be made by
 */
export function readWish(body: Json, { work, usualSeconds }: WishTerms): VideoWish {
  const prompt = isText(body.prompt) ? body.prompt.trim() : ''
  for (const param of REFUSED) if (isGiven(body[param])) throw refused(param)
  const { first, references, frames } = picturesOf(body)
  const isBlank = first === undefined && references.length === 0 && frames.length === 0
  if (prompt === '' && (work !== 'generate' || isBlank)) throw missing('prompt')
  const isNew = work === 'generate'
  const size = isNew ? saidOf(body, NAMES.ratio) : undefined
  const resolution = readWord(saidOf(body, NAMES.resolution), ALL_RESOLUTIONS)
  const seconds = saidOf(body, NAMES.seconds)
  const length = work === 'extend' ? EXTENSION : { least: undefined, most: undefined }
  return {
    model: isText(body.model) ? body.model : undefined,
    film: {
      work,
      prompt,
      ratio: readRatio(size),
      seconds:
        work === 'edit'
          ? undefined
          : (readSeconds(seconds, length.least, length.most) ?? usualSeconds),
      resolution: isNew ? (resolution ?? resolutionOf(size)) : undefined,
      preset: isNew ? readWord(saidOf(body, NAMES.preset), PRESETS) : undefined,
      others: othersOf(body),
    },
    size: size && String(size.value),
    first,
    references,
    frames,
    video: isNew ? undefined : readVideo(body.video),
    dropped: Object.keys(body).filter((name) => !READ.has(name) && isGiven(body[name])),
  }
}

/** What was said, in the request itself or in its `video_config`. */
function saidOf(body: Json, names: readonly string[]): Given | undefined {
  const { video_config: config } = body
  return (
    given(body, '', names) ?? (isObject(config) ? given(config, 'video_config.', names) : undefined)
  )
}

/** Pixels that are as good as each resolution, along the shorter side. */
const FULL_HD = 1080
const HD = 600

function resolutionOf(size: Given | undefined): FilmRequest['resolution'] {
  const [, width, height] = /^(\d{3,5})\s*[x×]\s*(\d{3,5})$/i.exec(String(size?.value)) ?? []
  if (width === undefined || height === undefined) return
  const side = Math.min(Number(width), Number(height))
  if (side >= FULL_HD) return '1080p'
  return side >= HD ? '720p' : '480p'
}

/** More pictures than this no upstream takes. */
const MOST_PICTURES = 7
const MOST_FRAMES = 4

/** One picture is what the video begins with; several are what is to be seen in it. */
function picturesOf(body: Json): Pick<VideoWish, 'first' | 'references' | 'frames'> {
  const starts = (['image', 'images', 'input_reference'] as const).flatMap((name) =>
    readPictures(body[name], name),
  )
  const seen = readPictures(body.reference_images, 'reference_images')
  const isOne = starts.length === 1
  const references = isOne ? seen : [...starts, ...seen]
  const frames = framesOf(body.keyframes)
  if (references.length > MOST_PICTURES)
    throw new ApiError('invalid_value', `A video is made of ${MOST_PICTURES} pictures at most.`, {
      param: references.at(-1)?.param.replace(/\.\d+$/, ''),
    })
  return { first: isOne ? starts[0] : undefined, references, frames }
}

function framesOf(frames: unknown): readonly KeyFrame[] {
  if (!isGiven(frames)) return []
  if (!Array.isArray(frames) || frames.length > MOST_FRAMES)
    throw wrong('keyframes', `must be a list of ${MOST_FRAMES} at most`)
  return frames.map((frame: unknown, index) => {
    const { image, timestamp_s: at }: Json = isObject(frame) ? frame : {}
    if (typeof at !== 'number' || at < 0)
      throw wrong(`keyframes.${index}.timestamp_s`, 'must be a number of seconds')
    return { picture: readPicture(image, `keyframes.${index}.image`), at }
  })
}

/** How long a list of sounds may be, as JSON, and a name: both stand in the row of the job. */
const MOST_SOUNDS = 16 * 1024
const LONGEST_USER = 512

/** What goes to xAI as it is. */
function othersOf({ user, reference_audios: sounds }: Json): Json {
  const isFine =
    !isGiven(sounds) ||
    (Array.isArray(sounds) && sounds.every(isSound) && JSON.stringify(sounds).length < MOST_SOUNDS)
  if (!isFine) throw wrong('reference_audios', 'must be a list of addresses or voices')
  if (isText(user) && user.length > LONGEST_USER)
    throw wrong('user', `must not be longer than ${LONGEST_USER} characters`)
  return {
    ...(isText(user) && { user }),
    ...(isGiven(sounds) && { reference_audios: sounds }),
  }
}

const isSound = (sound: unknown): boolean =>
  isObject(sound) &&
  (isText(sound.voice_id) || (isText(sound.url) && /^https?:\/\//i.test(sound.url)))

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

const refused = (param: string): ApiError =>
  new ApiError(
    'unsupported_parameter',
    `'${param}' is not supported: the video is kept here, and its address is in the answer.`,
    { param },
  )

const missing = (param: string): ApiError =>
  new ApiError('invalid_value', `'${param}' is missing: say what is to be seen.`, { param })

const wrong = (param: string, what: string): ApiError =>
  new ApiError('invalid_value', `'${param}' ${what}.`, { param })
