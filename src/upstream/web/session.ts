import { UpstreamFault } from '../../errors'
import type { Extras } from '../../extras'
import { isObject, type Json, parseObject } from '../../json-value'
import { asFault, type Http, readText } from '../../net/http'
import type { Connect, Line } from '../../net/line'
import type { Account } from '../../pool/account'
import { redact } from '../fault'
import type { AssetCall } from '../upstream'
import { type Hide, readWebFault } from './faults'
import { sessionHeaders, socketHeaders } from './headers'
import type { createSupplied } from './supplied'

interface SessionParts {
  readonly http: Http
  readonly connect: Connect
  readonly supplied: ReturnType<typeof createSupplied>
  readonly now: () => number
  /** Where pictures, videos and files are. */
  readonly assetsUrl: string
}

/** The calls of one account within one attempt; they end when the attempt does. */
export interface Session {
  readonly account: Account
  readonly signal: AbortSignal
  /** Takes all that it is sent with out of a text that others may see. */
  readonly hide: Hide
  /**
   * Post JSON, and give the answer while it is on its way.
   *
   * @throws UpstreamFault when it is no success
   */
  post(path: string, body: string, manner?: Manner): Promise<Response>
  /**
   * Open a WebSocket.
   *
   * @throws UpstreamFault when there is none to be had
   */
  connect(path: string): Promise<Line>
  /**
   * Get a file of the asset host, or a part of it.
   *
   * @throws UpstreamFault when it is not to be had
   */
  asset(url: string, call: AssetCall): Promise<Response>
}

interface Manner {
  /** The page of the site that it seems to come from. */
  readonly referer?: string
  readonly contentType?: string
}

/**
 * Opens sessions: reads what their calls are sent with.
 *
 * A session's cookies go to its own site and to the asset host, and nowhere else. Each post is a step on
 * the way to an answer: a picture that takes its time to be uploaded takes none from the answer.
 */
export function createSessions({ http, connect, supplied, now, assetsUrl }: SessionParts) {
  const assets = new URL(assetsUrl).origin

  return async (account: Account, abort: AbortController, step?: () => void): Promise<Session> => {
    const token = await account.secret()
    const proxy = await account.proxy()
    const extras = supplied().extrasOf(await account.extras())
    const { origin } = new URL(account.baseUrl)
    const hide: Hide = (text) => secretsIn(extras).reduce(redact, redact(text, token))

    return {
      account,
      signal: abort.signal,
      hide,

      async post(path, body, { referer = '/', contentType = 'application/json' } = {}) {
        if (abort.signal.aborted) throw asFault(abort.signal.reason, abort.signal)
        step?.()
        const headers = sessionHeaders({ token, extras, origin, referer, contentType })
        const url = account.baseUrl + path
        const response = await http.send({ url, method: 'POST', headers, body, proxy, abort })
        if (!response.ok || isPage(response)) throw await readWebFault(response, hide, now())
        return response
      },

      async connect(path) {
        if (abort.signal.aborted) throw asFault(abort.signal.reason, abort.signal)
        step?.()
        const headers = socketHeaders({ token, extras, origin })
        const url = account.baseUrl.replace(/^http/, 'ws') + path
        const answer = await connect(url, { headers, proxy, signal: abort.signal })
        if (answer instanceof Response) throw await readWebFault(answer, hide, now())
        return answer
      },

      async asset(url, { abort, range }) {
        if (new URL(url).origin !== assets)
          throw new UpstreamFault('malformed', 'That is no address of the asset host.')
        const headers = sessionHeaders({ token, extras, origin, referer: '/' })
        if (range !== undefined) headers.range = range
        const response = await http.send({ url, method: 'GET', headers, proxy, abort })
        if (!response.ok) throw await readWebFault(response, hide, now())
        return response
      },
    }
  }
}

/** Shorter values are words that stand in many texts. */
const SHORTEST_SECRET = 8

/** The values of headers and cookies that an owner supplied. */
function secretsIn({ headers, cookies }: Extras): readonly string[] {
  const values = cookies.split('; ').map((cookie) => cookie.slice(cookie.indexOf('=') + 1))
  return [...values, ...Object.values(headers)].filter(({ length }) => length >= SHORTEST_SECRET)
}

/** grok.com's edge may show a page in its place, whatever the status. */
const isPage = ({ headers }: Response): boolean =>
  headers.get('content-type')?.includes('text/html') === true

/** A JSON answer of grok.com is short. */
const MOST_BYTES = 256 * 1024

/**
 * Read an answer that is a JSON object.
 *
 * @throws UpstreamFault when it is none, or breaks off
 */
export async function readAnswer(response: Response, signal: AbortSignal): Promise<Json> {
  const text = await readText(response, MOST_BYTES).catch((cause) => {
    throw asFault(cause, signal)
  })
  const body = parseObject(text)
  if (isObject(body)) return body
  throw new UpstreamFault('malformed', 'grok.com answered something that is no JSON object.')
}
