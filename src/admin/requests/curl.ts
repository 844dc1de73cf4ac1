import { isObject, parseObject } from '../../json-value'
import type { LedgerRow } from '../../store/ledger'

/** A request with a longer body is not for a command line. */
const LONGEST = 16 * 1024

const PATHS: ReadonlyMap<string, string> = new Map([
  ['chat.completions', '/v1/chat/completions'],
  ['responses', '/v1/responses'],
  ['embeddings', '/v1/embeddings'],
  ['images.generations', '/v1/images/generations'],
  ['images.edits', '/v1/images/edits'],
  ['videos', '/v1/videos'],
])

/**
 * The same request as a command for a shell, without any secret: the key is taken from `$GROXY_KEY`. What
 * was said is in it where it was kept; else a place for it.
 */
export function curlOf(
  { endpoint, model, stream }: Pick<LedgerRow, 'endpoint' | 'model' | 'stream'>,
  origin: string,
  request: string | undefined,
): string {
  const [method = 'POST', path = ''] = endpoint.includes(' ')
    ? endpoint.split(' ', 2)
    : ['POST', PATHS.get(endpoint) ?? `/v1/${endpoint}`]
  const address = `${origin}${path.startsWith('/v1') ? path : `/v1${path}`}`
  const lines = [
    `curl ${quoted(address)}`,
    ...(method === 'POST' || method === 'GET' ? [] : [`-X ${quoted(method)}`]),
    '-H "Authorization: Bearer $GROXY_KEY"',
  ]
  if (method !== 'GET')
    lines.push(
      "-H 'Content-Type: application/json'",
      `-d ${quoted(kept(request) ?? JSON.stringify(placeFor(endpoint, model, stream)))}`,
    )
  return lines.join(' \\\n  ')
}

function kept(request: string | undefined): string | undefined {
  if (!request || request.length > LONGEST) return
  return isObject(parseObject(request)) ? request : undefined
}

function placeFor(endpoint: string, model: string, stream: boolean): object {
  const asked = { model, ...(stream && { stream }) }
  if (endpoint === 'chat.completions')
    return { ...asked, messages: [{ role: 'user', content: '…' }] }
  if (endpoint === 'responses' || endpoint === 'embeddings') return { ...asked, input: '…' }
  return { ...asked, prompt: '…' }
}

/** In single quotes nothing means anything to a shell but their end. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
