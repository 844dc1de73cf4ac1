import { judge } from '../../dispatch/judge'
import { brokenOff } from '../../dispatch/reply'
import { type ApiError, UpstreamFault } from '../../errors'
import type { VideoEnd } from '../../store/videos'

/** How a video ended that could not be made, with what its client learns of that. */
export function failedEnd(cause: unknown): VideoEnd {
  const why = brokenOff(cause)
  const { code: said, message } = why.toBody().error
  const code = isModerated(why) ? 'content_policy_violation' : said
  // xAI's own codes are whole sentences at times.
  const error = { code: code && /^[\w.-]{1,100}$/.test(code) ? code : why.code, message }
  const nothing = { video: null, thumbnail: null, seconds: null, usage: null, completedAt: null }
  return { status: 'failed', error, ...nothing }
}

/** Whether an upstream's rules forbid it. */
const isModerated = ({ cause }: ApiError): boolean =>
  cause instanceof UpstreamFault &&
  (cause.details.code === 'content_moderated' || judge(cause, PLACE).refusal === 'moderation')

/** Where it was refused makes no difference to that. */
const PLACE = { kind: 'xai', model: '', endpoint: 'videos' } as const
