import { UpstreamFault } from '../../errors'
import { isObject, isText } from '../../json-value'

/** What the codes of gRPC would be as an HTTP status. */
const STATUS: Readonly<Record<number, number>> = { 3: 400, 7: 403, 8: 429, 14: 503, 16: 401 }

/** An error that stands within an answer: `{code, message}` of gRPC's codes, or a text. */
export function inBandFault(error: unknown): UpstreamFault {
  const code = isObject(error) ? error.code : undefined
  const said = isObject(error) ? error.message : error
  const message = isText(said) ? said : 'grok.com reported an error without a message.'
  if (/usage limit|heavy usage|too many requests/i.test(message))
    return new UpstreamFault('refused', message, { status: 429, code: 'usage_limit' })
  if (/content.moderated/i.test(message))
    return new UpstreamFault('refused', message, { status: 400, code: 'content_moderated' })
  const status = typeof code === 'number' ? STATUS[code] : undefined
  return new UpstreamFault('refused', message, { status: status ?? 502 })
}
