import { randomUUID } from 'node:crypto'
import { isObject } from '../grok-web/checks'
import type { Call } from '../media/calls'
import { filmOf, mp4, type Source } from '../media/films'
import type { Host } from '../media/host'
import { createPlan } from '../media/plan'
import type { Manner } from '../media/serving'
import {
  COMMON,
  type FindFile,
  maybe,
  misshapen,
  number,
  oneOf,
  takePicture,
  takePictures,
  text,
} from './fields'
import { modelOf } from './images'
import { missing, refuse, unprocessable } from './refusals'

/** How a film is made. */
export interface Filming {
  /** How often it is pending when asked for; 2 by default. */
  readonly pollsUntilDone?: number
  /** Always pending. */
  readonly isNeverDone?: boolean
  /** What it fails with, in the end. */
  readonly fails?: { readonly code: string; readonly message: string }
  readonly expires?: boolean
  readonly moderated?: boolean
  /** Exactly so many bytes, which are not held in memory; a small film by default. */
  readonly size?: number
  readonly content?: Uint8Array<ArrayBuffer> | Source
  /** How the media host serves it. */
  readonly manner?: Manner
}

interface Job {
  readonly account: string
  readonly model: string
  readonly prompt: string
  readonly duration: number
  readonly filming: Filming
  polls: number
  url: string | undefined
}

export const KINDS = ['generations', 'edits', 'extensions'] as const
type Kind = (typeof KINDS)[number]

const anything = () => undefined
/** A number, or one as text. */
const seconds = (value: unknown) =>
  /^\d+$/.test(String(value)) ? undefined : 'must be a whole number'

const GENERATION = {
  ...COMMON,
  ...{ prompt: text, duration: maybe(seconds), seconds: maybe(seconds) },
  aspect_ratio: maybe(oneOf(['1:1', '16:9', '9:16', '4:3', '3:4', '3:2', '2:3'])),
  resolution: maybe(oneOf(['480p', '720p', '1080p'])),
  ...{ image: anything, input_reference: anything, keyframes: anything },
  ...{ reference_images: anything, reference_audios: anything },
}

const SHAPES = {
  generations: { known: GENERATION, required: [] },
  edits: { known: { ...COMMON, prompt: text, video: anything }, required: ['prompt', 'video'] },
  extensions: {
    known: {
      ...COMMON,
      ...{ prompt: text, video: anything, duration: maybe(seconds), seconds: maybe(seconds) },
    },
    required: ['prompt', 'video'],
  },
}

/** Shortest, longest, and what it is when nothing is said. */
const LENGTHS = { generations: [1, 15, 8], edits: [1, 15, 8], extensions: [2, 10, 6] } as const

interface Parts {
  readonly host: Host
  readonly findFile: FindFile
}

/** `/v1/videos/…` */
export function createVideos({ host, findFile }: Parts) {
  const { next, ...plan } = createPlan<Filming>({})
  const jobs = new Map<string, Job>()

  function refusalOfFrames(call: Call): Response | undefined {
    const { keyframes } = call.body
    if (keyframes === undefined || keyframes === null) return undefined
    if (!Array.isArray(keyframes)) return unprocessable('keyframes: expected a sequence')
    if (keyframes.length > 4) return refuse(400, 'At most 4 keyframes are supported.')
    for (const frame of keyframes) {
      const known = { image: anything, timestamp_s: number }
      const wrong =
        misshapen(frame, { known }) ?? takePicture(call, 'keyframes', frame.image, findFile)
      if (wrong) return wrong
    }
    return undefined
  }

  function refusalOfVideo({ account, body: { video } }: Call): Response | undefined {
    const wrong = misshapen(video, {
      known: { url: maybe(text), file_id: maybe(text) },
      required: [],
    })
    if (wrong || !isObject(video)) return wrong
    const { url, file_id: id } = video
    if ((typeof url === 'string') === (typeof id === 'string'))
      return refuse(400, 'video: give either url or file_id.')
    if (typeof id === 'string')
      return findFile(String(account), id) ? undefined : missing(`The file ${id}`)
    const isAddress = /^(https?:\/\/|data:video\/mp4;base64,)/.test(String(url))
    return isAddress ? undefined : refuse(400, 'video: url is no address.')
  }

  function refusalOfInputs(call: Call, kind: Kind): Response | undefined {
    if (kind !== 'generations') return refusalOfVideo(call)
    const { body } = call
    const image = body.image ?? body.input_reference
    const { reference_images: references, reference_audios: audios } = body
    if (Array.isArray(audios) && audios.length > 3)
      return refuse(400, 'At most 3 reference_audios.')
    return (
      (isObject(image) ? takePicture(call, 'image', image, findFile) : undefined) ??
      takePictures(call, 'reference_images', references, findFile) ??
      refusalOfFrames(call)
    )
  }

  function create(call: Call, kind: Kind): Response {
    const { body } = call
    const wrong = misshapen(body, SHAPES[kind])
    if (wrong) return wrong
    const [least, most, standard] = LENGTHS[kind]
    const duration = Number(body.duration ?? body.seconds ?? standard)
    if (duration < least || duration > most)
      return refuse(400, `duration must be between ${least} and ${most} seconds.`)
    const model = modelOf(body, 'grok-imagine-video', 'video-generation')
    if (model instanceof Response) return model
    const hasPicture = body.image ?? body.input_reference ?? body.reference_images ?? body.keyframes
    if (!String(body.prompt ?? '').trim() && !hasPicture)
      return refuse(400, 'A prompt or an image is needed.')
    const refused = refusalOfInputs(call, kind)
    if (refused) return refused
    const id = randomUUID()
    const filming = next()
    const about = { account: String(call.account), model, prompt: String(body.prompt ?? '') }
    jobs.set(id, { ...about, duration, filming, polls: 0, url: undefined })
    return Response.json({ request_id: id })
  }

  /** The address of a finished film, which is put there once. */
  function shown(id: string, job: Job): string {
    const { size, manner, content } = job.filming
    const film =
      content ??
      (size === undefined ? mp4(`${job.prompt} ${id}`, 1000, job.duration) : filmOf(id, size))
    job.url ??= host.put({
      ...{ content: film, type: 'video/mp4', path: `${id}.mp4` },
      ...(manner && { manner }),
    }).url
    return job.url
  }

  /** `GET /v1/videos/{request_id}` */
  function poll({ account }: Call, id: string): Response {
    const job = jobs.get(id)
    if (!job || job.account !== account) return missing(`The request ${id}`)
    const { filming, model, duration, prompt } = job
    const { pollsUntilDone = 2, isNeverDone, fails, expires } = filming
    if (isNeverDone || job.polls < pollsUntilDone) {
      const progress = Math.min(99, Math.round((100 * ++job.polls) / (pollsUntilDone + 1)))
      return Response.json({ status: 'pending', progress, model }, { status: 202 })
    }
    if (fails) return Response.json({ status: 'failed', model, error: fails })
    if (expires) return Response.json({ status: 'expired', model })
    const usage = { cost_in_usd_ticks: 500_000_000 * duration }
    const isRefused = filming.moderated || prompt.includes('forbidden')
    const video = {
      url: isRefused ? null : shown(id, job),
      duration,
      respect_moderation: !isRefused,
    }
    return Response.json({ status: 'done', progress: 100, model, video, usage })
  }

  return { create, poll, ...plan }
}
