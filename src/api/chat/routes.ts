import { Elysia } from 'elysia'
import type { BodyReaders } from '../../http/body'
import type { KeyHandlers } from '../../http/key-handlers'
import { answers, operation, turnFailures } from '../../http/operation'
import { ChatCompletion, ChatCompletionChunk, ChatRequest } from '../../turn/chat/schema'
import type { Chat } from './service'

interface ChatRouteParts {
  readonly chat: Chat
  readonly handlers: KeyHandlers
  readonly readers: BodyReaders
}

/** `POST /v1/chat/completions` */
export const chatRoutes = ({ chat, handlers, readers }: ChatRouteParts) => {
  const read = readers(ChatRequest)
  return new Elysia({ prefix: '/v1/chat', tags: ['Chat'] }).post(
    '/completions',
    handlers(async (request, caller) => chat.complete(await read(request), caller)),
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
