import { UpstreamFault } from '../../errors'
import { isText } from '../../json-value'
import { asFault, type Http, readText, TimeUp } from '../../net/http'
import type { FilmEvent, FilmRequest } from '../../turn/film'
import { readRetryAfter, UNFINISHED, withBegun } from '../fault'
import { linkedAbort } from '../linked-abort'
import { createCaller, readAnswer } from '../openai/call'
import type { FilmCall, Upstream } from '../upstream'
import { type FilmState, readFilmState } from './film-state'
import { type PictureMember, withPictures } from './picture-body'

interface FilmParts {
  readonly http: Http
  readonly now: () => number
}

/** What a question came to, and when to ask again. */
interface Seen extends FilmState {
  readonly waitMs: number | undefined
}

const PATHS = {
  generate: '/videos/generations',
  edit: '/videos/edits',
  extend: '/videos/extensions',
} as const

/** An answer of xAI's about videos is short. */
const MOST_BYTES = 256 * 1024
/** How often xAI is asked how far it is: seldomer with time. */
const FIRST_WAIT_MS = 1_000
const LAST_WAIT_MS = 5_000
const GROWTH = 1.3
/** It may ask us to wait, and no longer than this. */
const LONGEST_WAIT_MS = 60_000
/** So often there is a word at least: who waits would take silence for an end. */
const SILENCE_MS = 5_000
/** How long one question may take. */
const ANSWER_MS = 30_000
/** For so long questions may fail in a row before the video is given up. */
const PATIENCE_MS = 300_000

/** xAI's videos: begun, and then asked for until they are done. */
export function createXaiFilms({ http, now }: FilmParts): NonNullable<Upstream['films']> {
  const call = createCaller({ http, now })
  const accept = 'application/json'

  /** Have it begun, and learn what xAI calls it. */
  async function begin({ account, model, request, abort }: FilmCall): Promise<string> {
    const response = await call({
      ...{ account, path: PATHS[request.work], method: 'POST', accept, type: accept, abort },
      ...withPictures(fieldsOf(request, model), picturesOf(request)),
    })
    const { request_id: id } = await readAnswer(response, abort)
    if (isText(id)) return id
    throw new UpstreamFault('malformed', 'xAI did not say what it calls the video.')
  }

  /** Ask how far it is. */
  async function ask({ account, abort }: FilmCall, id: string): Promise<Seen> {
    const own = linkedAbort(abort.signal)
    const late = new TimeUp('xAI did not say in time how far the video is.')
    const timer = setTimeout(() => own.abort(late), ANSWER_MS)
    try {
      const path = `/videos/${encodeURIComponent(id)}`
      const response = await call({ account, path, method: 'GET', accept, abort: own })
      const text = await readText(response, MOST_BYTES)
      const waitMs = readRetryAfter(response.headers, now())
      return { ...readFilmState(response.status, text), waitMs }
    } catch (cause) {
      throw asFault(cause, own.signal)
    } finally {
      clearTimeout(timer)
      // Else it would hang on the signal of the whole.
      own.abort()
    }
  }

  return {
    can: (model) => /video/i.test(model),

    async *film(filming) {
      const { upstreamId, abort } = filming
      const id = upstreamId ?? (await begin(filming))
      yield { type: 'accepted', upstreamId: id }
      let usualMs = FIRST_WAIT_MS
      let waitMs = upstreamId === undefined ? usualMs : 0
      let told: FilmEvent = { type: 'progress', percent: 0 }
      let faultySince: number | undefined
      for (;;) {
        for (let left = waitMs; left > 0; left -= SILENCE_MS) {
          await pause(Math.min(left, SILENCE_MS), abort.signal)
          yield told
        }
        usualMs = Math.min(usualMs * GROWTH, LAST_WAIT_MS)
        try {
          const seen = await ask(filming, id)
          faultySince = undefined
          waitMs = Math.min(Math.max(usualMs, seen.waitMs ?? 0), LONGEST_WAIT_MS)
          for (const event of seen.events) {
            if (event.type === 'progress') told = event
            yield event
          }
          if (seen.isDone) return
        } catch (cause) {
          if (faultySince === undefined && isTimeUp(abort.signal)) throw unfinished()
          faultySince ??= now()
          const isOver = abort.signal.aborted || now() - faultySince >= PATIENCE_MS
          if (isOver || !isPassing(cause)) throw withBegun(cause, true)
          const saidMs = cause.details.retryAfterMs ?? 0
          waitMs = Math.min(Math.max(usualMs, saidMs), LONGEST_WAIT_MS)
        }
      }
    },
  }
}

const isTimeUp = ({ reason }: AbortSignal): boolean => reason instanceof TimeUp

/** Its account has answered all the time: it can do everything else. */
const unfinished = (): UpstreamFault =>
  new UpstreamFault('timeout', 'The video is not made yet, and takes too long.', {
    code: UNFINISHED,
    begun: true,
  })

/** Whether the next question may be answered: the video is being made all the same. */
const isPassing = (cause: unknown): cause is UpstreamFault => {
  if (!(cause instanceof UpstreamFault)) return false
  const { kind, details } = cause
  if (kind !== 'refused') return kind !== 'unfit' && kind !== 'redirect'
  const { status = 0 } = details
  return status === 408 || status === 429 || status >= 500
}

/** Wait, for as long as anybody wants to. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })

function fieldsOf(request: FilmRequest, model: string) {
  const { work, prompt, video, seconds, ratio, resolution, others } = request
  return {
    ...others,
    model,
    prompt: prompt || undefined,
    video: video === undefined ? undefined : { url: video },
    duration: work === 'edit' ? undefined : seconds,
    ...(work === 'generate' && { aspect_ratio: ratio, resolution }),
  }
}

function picturesOf({ work, first, references }: FilmRequest): readonly PictureMember[] {
  const members: PictureMember[] = []
  if (work !== 'generate') return members
  if (first) members.push(['image', first])
  if (references.length > 0) members.push(['reference_images', references])
  return members
}
