import { UpstreamFault } from '../../errors'
import { isObject, isText, type Json } from '../../json-value'

/**
 * The error that an event of a stream, or a JSON answer with status 200, carries instead of an
 * answer: `{"error":{…}}`, xAI's `{"code","error":"text"}`, and `{"type":"error","code":529,…}`, flat
 * or nested (xAI's API, mid-stream errors).
 */
export function readInBandFault(body: Json, eventName?: string): UpstreamFault | undefined {
  const { error, type } = body
  if (!error && type !== 'error' && eventName !== 'error') return
  const nested = isObject(error) ? error : undefined
  const holder = nested ?? body
  const message = [nested?.message, error, body.message].find(isText)
  const number = [body.status, holder.status, holder.code, body.code].map(Number).find(isStatus)
  const code = [holder.code, body.code].find(isText)
  const kind = nested?.type
  return new UpstreamFault(
    'refused',
    message ?? 'The upstream reported an error without a message.',
    {
      status: number ?? statusOf(code ?? kind ?? message),
      code,
      type: isText(kind) ? kind : undefined,
      param: isText(holder.param) ? holder.param : undefined,
    },
  )
}

/** In-band errors often name what a status line would number. */
const WORDS: readonly (readonly [pattern: RegExp, status: number])[] = [
  [/rate.?limit|quota|too many|exhausted/i, 429],
  [/overload|unavailable|capacity/i, 503],
  [/invalid.?argument|invalid_request|bad.?request/i, 400],
]

const statusOf = (text: unknown): number =>
  WORDS.find(([pattern]) => pattern.test(String(text)))?.[1] ?? 502

const isStatus = (value: number): boolean => Number.isInteger(value) && value >= 400 && value <= 599
