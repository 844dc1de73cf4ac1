import { ApiError, UpstreamFault } from '../../errors'
import type { Settings } from '../../store/settings'
import type { TurnRequest } from '../../turn/request'
import { readVideoConfig, type VideoConfig } from '../../turn/video-config'
import type { UpstreamCall } from '../upstream'
import type { Attachable } from './attached'
import { flatten } from './flatten'
import { type Manner, readManner } from './manner'
import { type RequestForm, WEB_MODELS, type WebModel, type WebWork } from './models'
import { unsaidOf } from './video'

/** What one turn comes to: everything that is known before anything is sent. */
export interface Task {
  readonly model: WebModel
  readonly form: RequestForm
  readonly temporary: boolean
  readonly work: Exclude<WebWork, 'imagine'>
  readonly turn: TurnRequest
  readonly manner: Manner
  /** The whole conversation. */
  readonly message: string
  /** What the user wants now. */
  readonly wish: string
  readonly attachables: readonly Attachable[]
  readonly video: VideoConfig
  /** What of the request grok.com is not told. */
  readonly dropped: readonly string[]
}

/**
 * Read a turn as grok.com can do it.
 *
 * @throws ApiError for what is missing or cannot be, UpstreamFault for what grok.com has not
 */
export function readTask({ ask, model: id }: UpstreamCall, settings: Settings): Task {
  const { web_request: form, web_temporary: temporary } = settings
  const model = WEB_MODELS.get(id) ?? unknownModel(id)
  const turn = ask.turn()
  const manner = readManner(ask, turn, model, form)
  const needsPicture = model.work === 'edit'
  const { message, wish, attachables, dropped } = flatten(turn.items, {
    needsPicture,
    prefix: model.work === 'image' || model.work === 'imagine' ? DRAW : '',
  })
  const hasPicture = attachables.some(({ type }) => type === 'image')
  const work = workOf(model, hasPicture, turn.video !== undefined)
  const field = ask.dialect === 'chat' ? 'messages' : 'input'
  if (work === 'edit' && !hasPicture) throw missing('a picture to be changed', field)
  if (work === 'edit' && wish === '') throw missing('words that say what is to be changed', field)
  if (work === 'video' && !hasPicture && wish === '')
    throw missing('words or a picture to make a video of', field)
  const isVideo = work === 'video'
  const video = readVideoConfig(isVideo ? turn.video : undefined)
  const unsaid = isVideo ? unsaidOf(video, form) : turn.video ? ['video_config'] : []
  return {
    model,
    form,
    temporary,
    work,
    turn,
    manner,
    message,
    wish,
    attachables,
    video,
    dropped: [...manner.dropped, ...dropped, ...unsaid],
  }
}

/** How the web app has a model that chats draw. */
export const DRAW = 'Image Generation: '

/** @throws UpstreamFault for a model that grok.com has not */
export const unknownModel = (id: string): never => {
  throw new UpstreamFault('refused', `grok.com has no model '${id}' that Groxy knows.`, {
    status: 404,
    code: 'model_not_found',
    param: 'model',
  })
}

function workOf({ work }: WebModel, hasPicture: boolean, isFilm: boolean): Task['work'] {
  if (work === 'imagine') return hasPicture || isFilm ? 'video' : 'image'
  return work === 'image' && hasPicture ? 'edit' : work
}

const missing = (what: string, param: string): ApiError =>
  new ApiError('invalid_value', `The last message of the user lacks ${what}.`, { param })
