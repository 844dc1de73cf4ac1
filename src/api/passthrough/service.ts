import type { Forwarding, ForwardTurn } from '../../dispatch/forward'
import { ApiError, UpstreamFault } from '../../errors'
import type { Admission } from '../../http/admission'
import { requestIdOf } from '../../http/context'
import { unknownPath } from '../../http/failures'
import type { Intake, IntakeLimits } from '../../http/intake'
import { servedHeaders } from '../../http/served'
import { readObject } from '../../json'
import type { Log } from '../../log'
import { createDeadline } from '../../net/deadline'
import type { Key } from '../../store/keys'
import type { Settings } from '../../store/settings'
import type { XaiForward } from '../../upstream/xai/forward'
import { demandOf } from './demand'
import { pooledHeaders, requestHeaders, responseHeaders } from './headers'

interface PassthroughParts {
  readonly forward: XaiForward
  readonly forwarding: Forwarding
  readonly admission: Admission
  readonly intake: Intake
  readonly limits: () => IntakeLimits
  readonly settings: () => Settings
  /** Where callers with a key of their own are forwarded to. */
  readonly xaiBaseUrl: string
  readonly now: () => number
  readonly log: Log
}

interface KeyCaller {
  readonly key: Key
  readonly requestId: string
}

/** Every `/v1` path that xAI has and Groxy does not model. */
export function createPassthrough(parts: PassthroughParts) {
  const { forward, forwarding, admission, intake, limits, settings } = parts

  return {
    /** The caller's own key: the call goes to xAI as it is, and its answer comes back as it is. */
    async own(request: Request, secret: string): Promise<Response> {
      const abort = new AbortController()
      request.signal.addEventListener('abort', () => abort.abort(), { once: true })
      const { total_timeout_ms: totalMs } = settings()
      const deadline = createDeadline({ abort, now: parts.now, totalMs })
      deadline.waitFor(totalMs, 'xAI did not answer in time.')
      try {
        const response = await forward.own({
          baseUrl: parts.xaiBaseUrl,
          path: pathOf(request),
          method: request.method,
          headers: requestHeaders(request.headers, secret),
          body: request.body,
          abort,
        })
        const { status, headers, body } = response
        const { pathname: path } = new URL(request.url)
        parts.log.info('pass_through', { request: requestIdOf(request), path, status })
        return new Response(body, { status, headers: responseHeaders(headers) })
      } catch (cause) {
        if (cause instanceof UpstreamFault)
          throw new ApiError(
            cause.kind === 'timeout' ? 'upstream_timeout' : 'upstream_error',
            cause.message,
            { cause },
          )
        throw cause
      } finally {
        deadline.end()
      }
    },

    /** One of our keys: the call is made with an xAI account of the pool. */
    async pooled(request: Request, { key, requestId }: KeyCaller): Promise<Response> {
      if (!forwarding.isPossible()) throw unknownPath(new URL(request.url).pathname)
      const path = pathOf(request)
      const { method } = request
      const { body, fields, isHidden, release } = await readBody(request)
      try {
        const demand = demandOf({
          requestId,
          method,
          path,
          text: typeof body === 'string' ? body : '',
          fields,
        })
        if (isHidden && key.models) admission.refuse(key, demand, hiddenModel())
        const ticket = await admission.enter(key, demand)
        const turn: ForwardTurn = {
          requestId,
          keyId: key.id,
          path,
          method,
          endpoint: demand.endpoint,
          headers: (secret) => requestHeaders(request.headers, secret),
          body,
          model: demand.model,
          signal: request.signal,
          settings: settings(),
          onEnd: ticket.settle,
        }
        const { response, by } = await forwarding.send(turn)
        const headers = pooledHeaders(response.headers)
        for (const [name, value] of Object.entries(by ? servedHeaders(by) : {}))
          headers.set(name, value)
        return new Response(response.body, { status: response.status, headers })
      } finally {
        release()
      }
    },
  }

  /** JSON is read, so that a key's models hold here too; anything else streams through. */
  async function readBody(request: Request) {
    const isJson = /json/i.test(request.headers.get('content-type') ?? '')
    if (request.body && isJson) {
      const { body: text, release } = await intake.read(request, limits())
      try {
        return { body: text, fields: readObject(text).value, isHidden: false, release }
      } catch (cause) {
        release()
        throw cause
      }
    }
    const { body } = request
    return { body, fields: {}, isHidden: body !== null, release: () => {} }
  }
}

export type Passthrough = ReturnType<typeof createPassthrough>

const hiddenModel = () =>
  new ApiError(
    'model_not_allowed',
    'This API key is limited to certain models, which cannot be checked in this kind of body.',
  )

/** After `/v1`, with the query. */
function pathOf(request: Request): string {
  const { pathname, search } = new URL(request.url)
  return pathname.slice('/v1'.length) + search
}
