import { Elysia } from 'elysia'
import { type Auth, authenticated } from '../../http/auth'
import { requestIdOf } from '../../http/context'
import { turnFailures } from '../../http/errors-doc'
import { bodyOf, type jsonBody } from '../../http/json-body'
import { documented } from '../../http/standard'
import { ChatCompletion, ChatRequest } from '../../turn/chat/schema'
import type { Chat } from './service'

interface ChatRouteParts {
  readonly chat: Chat
  readonly auth: Auth
  readonly json: ReturnType<typeof jsonBody>
  /** For callers who bring a key of their own. */
  readonly forwardOwn: (request: Request, secret: string) => Promise<Response>
}

/** `POST /v1/chat/completions` */
export const chatRoutes = ({ chat, auth, json, forwardOwn }: ChatRouteParts) =>
  new Elysia({ prefix: '/v1/chat', tags: ['Chat'] })
    .use(authenticated(auth))
    .use(json)
    .post(
      '/completions',
      ({ body, caller, request }) =>
        caller.kind === 'own'
          ? forwardOwn(request, caller.secret)
          : chat.complete(body, {
              key: caller.key,
              requestId: requestIdOf(request),
              signal: request.signal,
            }),
      {
        parse: 'none',
        body: bodyOf(ChatRequest),
        response: { 200: documented(ChatCompletion), ...turnFailures },
        detail: {
          operationId: 'createChatCompletion',
          summary: 'Answer a conversation',
          description:
            'Send `stream: true` to receive the answer as server-sent events, each a `ChatCompletionChunk`, the last `[DONE]`. Fields that are not described here pass to the upstream as they are.',
        },
      },
    )
