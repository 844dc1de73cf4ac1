import { UpstreamFault } from '../../errors'
import { type MutableJson, parseObject } from '../../json-value'
import { asFault, type Call, type Http, readText } from '../../net/http'
import type { Account } from '../../pool/account'
import { readInBandFault } from '../../turn/chat/in-band-fault'
import { readFault } from '../fault'

interface CallerParts {
  readonly http: Http
  readonly now: () => number
}

/** A call of a server in the name of an account. */
export interface AccountCall {
  readonly account: Account
  /** Below the account's base URL. */
  readonly path: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly accept: 'application/json' | 'text/event-stream' | '*/*'
  /** A compressed stream would wait for its compressor. */
  readonly plain?: boolean
  readonly body?: Call['body']
  /** What the body is, and how long where it comes in pieces. */
  readonly type?: string
  readonly length?: number
  readonly abort: AbortController
}

/** Calls servers that take a credential as OpenAI's do, and read refusals as theirs are. */
export function createCaller({ http, now }: CallerParts) {
  /** @throws UpstreamFault when there is no answer, or one that refuses */
  return async function call(asked: AccountCall): Promise<Response> {
    const { account, path, method, accept, plain, body, type, length, abort } = asked
    const sealed = account.secret()
    const secret = typeof sealed === 'string' ? sealed : await sealed
    const way = account.proxy()
    const proxy = way instanceof Promise ? await way : way
    const headers: Record<string, string> = { authorization: `Bearer ${secret}`, accept }
    if (plain) headers['accept-encoding'] = 'identity'
    if (type) headers['content-type'] = type
    if (length !== undefined) headers['content-length'] = String(length)
    const response = await http.send({
      url: account.baseUrl + path,
      method,
      headers,
      body,
      proxy,
      abort,
    })
    if (!response.ok) throw await readFault(response, secret, now())
    return response
  }
}

export type Caller = ReturnType<typeof createCaller>

/** Ten large pictures in base64, or the vectors of two thousand texts. */
const MOST_BYTES = 256 * 1024 * 1024

/**
 * An answer that is whole.
 *
 * @throws UpstreamFault when it breaks off, is no JSON object, or an error with status 200
 */
export async function readAnswer(response: Response, abort: AbortController): Promise<MutableJson> {
  const text = await readText(response, MOST_BYTES).catch((cause) => {
    throw asFault(cause, abort.signal)
  })
  const answer = parseObject(text)
  // In our own words: what an upstream sends instead of JSON is often a whole page.
  if (!answer)
    throw new UpstreamFault('malformed', 'The upstream answered something that is not JSON.')
  const fault = readInBandFault(answer)
  if (fault) throw fault
  return answer
}
