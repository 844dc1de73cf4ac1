import { Elysia, type ElysiaConfig } from 'elysia'
import {
  createResponsesSocket,
  type SocketRequest,
  type SocketTurn,
} from '#src/api/responses/socket'
import { ApiError } from '#src/errors'
import { type Listener, requestIdOf } from '#src/http/context'
import { createEnvelope } from '#src/http/envelope'
import { failures } from '#src/http/failures'
import { openSocket, type SocketHandler, type Upgrade } from '#src/http/socket'
import { SOCKET_KEY } from './socket-client'

export { connect, SOCKET_KEY } from './socket-client'

interface Parts {
  readonly upgrade: Upgrade
  /** Makes what handles a client's socket, for the request that asked for it. */
  readonly handler: (requestId: string) => SocketHandler
  readonly maxBytes?: number
  readonly adapter?: ElysiaConfig<''>['adapter']
}

/** The smallest app with a WebSocket at `/v1/responses`, behind all that stands before our routes. */
export function socketApp({ upgrade, handler, maxBytes = 1 << 20, adapter }: Parts) {
  const app = new Elysia(adapter ? { adapter } : {})
    .use(failures(() => {}))
    .get('/v1/responses', ({ request }) => {
      if (request.headers.get('authorization') !== `Bearer ${SOCKET_KEY}`)
        throw new ApiError('invalid_api_key', 'Incorrect API key provided.')
      return openSocket(upgrade, request, {
        handler: handler(requestIdOf(request)),
        maxBytes: () => maxBytes,
      })
    })
    .compile()
  return createEnvelope({
    handle: (request) => app.fetch(request),
    now: Date.now,
    onBug: (error) => console.error(error),
    describeLimits: () => {},
    isDraining: () => false,
  }) as (request: Request, listener?: Listener) => Promise<Response>
}

/** What a scripted turn was asked. */
interface Asked {
  readonly request: SocketRequest
  readonly context: readonly unknown[] | undefined
  readonly signal: AbortSignal
}

/**
 * Answers without any model. The input says how: `refuse`, `break`, `throw`, `wait` for the release,
 * `flood` until the client leaves; anything else is repeated.
 */
export function scriptedResponses() {
  const asked: Asked[] = []
  const stored = new Set<string>()
  const released = Promise.withResolvers<void>()
  let count = 0

  async function* events(input: string, id: string, signal: AbortSignal) {
    const frame = (type: string, more: object = {}) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
    const response = (status: string) => ({ response: { id, status } })
    yield frame('response.created', response('in_progress'))
    if (input === 'wait') await released.promise
    while (input === 'flood' && !signal.aborted)
      yield frame('response.output_text.delta', { delta: 'x'.repeat(100_000) })
    if (input === 'throw') throw new Error('a bug')
    if (input === 'break') {
      const error = {
        type: 'server_error',
        code: 'upstream_error',
        message: 'Broken.',
        param: null,
      }
      yield `: ping\n\n${frame('error', { code: 'upstream_error', message: 'Broken.', error })}`
      yield `${frame('response.failed', response('failed'))}data: [DONE]\n\n`
      return
    }
    yield `: ping\n\n${frame('response.output_text.delta', { delta: input })}`
    yield `${frame('response.completed', response('completed'))}data: [DONE]\n\n`
  }

  return {
    asked,
    release: () => released.resolve(),
    async respond(
      request: SocketRequest,
      { context, signal }: Omit<Asked, 'request'>,
    ): Promise<SocketTurn> {
      asked.push({ request, context, signal })
      const { input, previous_response_id: previous } = request
      if (previous && !context && !stored.has(String(previous)))
        throw new ApiError('invalid_value', `There is no response ${previous}.`, {
          param: 'previous_response_id',
          upstreamCode: 'previous_response_not_found',
        })
      if (input === 'refuse') throw new ApiError('rate_limit_exceeded', 'Too many.')
      const id = `resp_${++count}`
      const isStored = request.store !== false
      if (isStored) stored.add(id)
      const items = [
        ...(context ?? []),
        { role: 'user', content: input },
        { role: 'assistant', id },
      ]
      return {
        events: streamOf(events(String(input), id, signal)),
        outcome: Promise.resolve({
          ...{ id, isStored, isFailed: input === 'break', weight: 0 },
          items: items as never,
        }),
      }
    },
  }
}

/** Texts as a stream of bytes, made as they are read. */
function streamOf(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await texts.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      await texts.return(undefined)
    },
  })
}

/** A handler that serves the protocol over such a script. */
export const scriptedSocket = (
  { respond }: ReturnType<typeof scriptedResponses>,
  maxAgeMs?: number,
): SocketHandler =>
  createResponsesSocket({
    respond,
    onBug: () => {},
    ...(maxAgeMs !== undefined && { maxAgeMs }),
  })
