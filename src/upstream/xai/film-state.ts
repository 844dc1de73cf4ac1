import { UpstreamFault } from '../../errors'
import { isObject, isText, type Json, parseObject } from '../../json-value'
import type { FilmEvent } from '../../turn/film'
import { readAnyUsage } from '../../turn/usage'
import { MODERATION } from '../fault'

/** How far a video is, as xAI says it. */
export interface FilmState {
  readonly isDone: boolean
  /** What there is to tell of it. */
  readonly events: readonly FilmEvent[]
}

/**
 * Read what xAI says of a video, which it says with the status 200 even of one that failed.
 *
 * @throws UpstreamFault when there will be no video, or that is no answer
 */
export function readFilmState(status: number, text: string): FilmState {
  const body = parseObject(text)
  if (!body) {
    if (status === 202) return PENDING
    throw new UpstreamFault('malformed', 'xAI did not say how far the video is.')
  }
  if (body.status === 'failed') throw failed(body.error)
  if (body.status === 'expired') throw unmade('xAI does not keep this video any more.', 'expired')
  const events = progressOf(body)
  if (body.status !== 'done') return { isDone: false, events }
  return { isDone: true, events: [...events, ...usageOf(body), videoOf(body)] }
}

const PENDING: FilmState = { isDone: false, events: [] }

function progressOf({ progress }: Json): readonly FilmEvent[] {
  if (typeof progress !== 'number' || !Number.isFinite(progress)) return []
  return [{ type: 'progress', percent: Math.min(100, Math.max(0, Math.trunc(progress))) }]
}

function usageOf({ usage }: Json): readonly FilmEvent[] {
  const found = isObject(usage) ? readAnyUsage(usage) : undefined
  return found ? [{ type: 'usage', usage: found }] : []
}

function videoOf({ video }: Json): FilmEvent {
  const { url, duration, respect_moderation: isFit }: Json = isObject(video) ? video : {}
  if (isFit === false) throw moderated('the video that it made')
  if (!isText(url)) throw unmade('xAI made the video and did not say where it is.')
  const seconds = typeof duration === 'number' && duration > 0 ? Math.round(duration) : undefined
  return { type: 'video', url, thumbnail: undefined, seconds }
}

/** Codes of failures that are about what was asked for. */
const ABOUT_REQUEST: ReadonlySet<unknown> = new Set(['invalid_argument', 'failed_precondition'])

function failed(error: unknown): UpstreamFault {
  const { code, message }: Json = isObject(error) ? error : {}
  const words = isText(message) ? message.slice(0, LONGEST) : 'xAI did not say why.'
  if (MODERATION.test(`${code} ${words}`)) return moderated('this video', words)
  if (ABOUT_REQUEST.has(code))
    return new UpstreamFault('refused', words, { status: 400, code: String(code), begun: true })
  return unmade(`xAI could not make the video: ${words}`, isText(code) ? code : undefined)
}

const LONGEST = 500

const moderated = (what: string, words?: string): UpstreamFault =>
  new UpstreamFault(
    'refused',
    `xAI's moderation refused ${what}.${words === undefined ? '' : ` It says: ${words}`}`,
    { status: 400, code: 'content_moderated', begun: true },
  )

/** It came to nothing, for which the account is not to blame. */
const unmade = (message: string, code?: string): UpstreamFault =>
  new UpstreamFault('unfit', message, { code, begun: true })
