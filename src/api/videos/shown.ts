import type { VideoRow } from '../../store/videos'
import type { KeptFilm } from './kept'

/** A video in OpenAI's words. */
export function shownVideo(row: VideoRow) {
  const { film, size } = row.request as unknown as KeptFilm
  return {
    id: row.id,
    object: 'video',
    model: row.model,
    status: row.status,
    progress: row.progress,
    created_at: secondsOf(row.createdAt),
    completed_at: row.completedAt === null ? null : secondsOf(row.completedAt),
    expires_at: secondsOf(row.expiresAt),
    prompt: film.prompt,
    size: size ?? 'auto',
    seconds: String(row.seconds ?? film.seconds ?? ''),
    quality: 'standard',
    remixed_from_video_id: null,
    error: row.error,
  }
}

const secondsOf = (ms: number): number => Math.floor(ms / 1000)

/** What xAI's codes of failures are, by ours; what is none of the client's doing is the last. */
const XAI_CODES: Readonly<Record<string, string>> = {
  content_policy_violation: 'invalid_argument',
  invalid_value: 'invalid_argument',
  no_account: 'service_unavailable',
  rate_limit_exceeded: 'service_unavailable',
  upstream_timeout: 'service_unavailable',
}

/**
 * A video in xAI's words, with the status that they come with.
 *
 * @param url where the video is, once it is made
 */
export function shownToXai(row: VideoRow, url: string | undefined) {
  const { status, model, progress, error, usage } = row
  if (status === 'failed') {
    const { code = '', message = '' } = error ?? {}
    const known = XAI_CODES[code] ?? 'internal_error'
    return { httpStatus: 200, body: { status: 'failed', model, error: { code: known, message } } }
  }
  if (status !== 'completed')
    return { httpStatus: 202, body: { status: 'pending', progress, model } }
  const { film } = row.request as unknown as KeptFilm
  const video = { url, duration: row.seconds ?? film.seconds, respect_moderation: true }
  return {
    httpStatus: 200,
    body: { status: 'done', model, progress: 100, video, ...(usage && { usage }) },
  }
}
