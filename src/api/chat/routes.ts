import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth'
import type { BodyReaders } from '../../http/body'
import { requestIdOf } from '../../http/context'
import { answers, operation, turnFailures } from '../../http/operation'
import { ChatCompletion, ChatCompletionChunk, ChatRequest } from '../../turn/chat/schema'
import type { Chat } from './service'

interface ChatRouteParts {
  readonly chat: Chat
  readonly auth: Auth
  readonly readers: BodyReaders
  /** For callers who bring a key of their own. */
  readonly forwardOwn: (request: Request, secret: string) => Promise<Response>
}

/** `POST /v1/chat/completions` */
export const chatRoutes = ({ chat, auth, readers, forwardOwn }: ChatRouteParts) => {
  const read = readers(ChatRequest)
  return new Elysia({ prefix: '/v1/chat', tags: ['Chat'] }).post(
    '/completions',
    async ({ request }) => {
      const caller = await auth(request)
      if (caller.kind === 'own') return forwardOwn(request, caller.secret)
      const body = await read(request)
      const requestId = requestIdOf(request)
      return await chat.complete(body, {
        key: caller.key,
        requestId,
        conversation: request.headers.get('x-grok-conv-id'),
        signal: request.signal,
      })
    },
    {
      parse: 'none',
      detail: operation({
        operationId: 'createChatCompletion',
        summary: 'Answer a conversation',
        description:
          'Send `stream: true` to receive the answer as server-sent events, the last of them `[DONE]`. Fields that are not described here pass to the upstream as they are.',
        body: ChatRequest,
        answers: {
          200: answers('The answer, at once or in pieces.', ChatCompletion, ChatCompletionChunk),
          ...turnFailures,
        },
      }),
    },
  )
}
