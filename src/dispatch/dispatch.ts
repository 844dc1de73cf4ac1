import { ApiError } from '../errors'
import type { JsonObject } from '../json'
import type { Kind } from '../pool/account'
import type { Catalog } from '../pool/catalog'
import type { Pool } from '../pool/pool'
import type { LedgerEntry } from '../store/ledger'
import type { Settings } from '../store/settings'
import type { StreamTerms } from '../turn/chat/native-stream'
import type { ChatRequest } from '../turn/chat/schema'
import { estimatedUsage } from '../turn/usage'
import type { Upstream } from '../upstream/upstream'
import type { Books } from './book'
import { type ChatAnswer, createReplyReader } from './chat-reply'
import type { FailOver } from './fail-over'

interface DispatchParts {
  readonly pool: Pool
  readonly books: Books
  readonly failOver: FailOver
  readonly catalog: Catalog
  readonly upstreams: Readonly<Record<Kind, Upstream>>
  readonly now: () => number
  readonly newId: () => string
}

/** One chat turn as the public surface hands it over. */
export interface ChatTurn {
  readonly requestId: string
  readonly keyId: string
  readonly request: JsonObject<ChatRequest>
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  readonly settings: Settings
  /** Called once, when the turn is over, which for a stream is long after the answer began. */
  readonly onEnd: (entry: LedgerEntry) => void
}

/** The heart: takes a turn from lease to ledger, over as many accounts as it needs. */
export function createDispatch(parts: DispatchParts) {
  const { pool, books, failOver, catalog, upstreams, now, newId } = parts
  const readReply = createReplyReader({ pool, books, now })

  return {
    /**
     * Answer a chat turn.
     *
     * @throws ApiError when no account could, or the request was refused for what it is
     */
    async chat(turn: ChatTurn): Promise<ChatAnswer> {
      const { request, settings, signal, requestId, keyId, onEnd } = turn
      const { model } = request.value
      const stream = request.value.stream === true
      const book = books.open({ requestId, keyId, endpoint: ENDPOINT, model, stream }, onEnd)
      try {
        const { upstreamModel, candidates } = catalog.find(model) ?? notServed(model, catalog)
        const attemptable = { candidates, settings, signal, book, repeatable: true }
        return await failOver(attemptable, async ({ lease, abort, deadline }) => {
          const { account } = lease
          const wait = stream ? settings.first_byte_timeout_ms : settings.total_timeout_ms
          deadline.waitFor(wait, 'The upstream did not answer in time.')
          const call = { account, request, model: upstreamModel, stream, abort }
          const reply = await upstreams[account.kind].chat(call)
          const terms = termsOf(request, settings, now(), newId)
          return await readReply({ reply, stream, terms, settings, abort, deadline, lease, book })
        })
      } catch (cause) {
        books.fail(book, cause, () => estimatedUsage(promptBytes(request.text), 0))
        throw cause
      }
    },
  }
}

export type Dispatch = ReturnType<typeof createDispatch>

function termsOf(
  { value, text }: JsonObject<ChatRequest>,
  settings: Settings,
  now: number,
  newId: () => string,
): StreamTerms {
  return {
    model: value.model,
    includeUsage: value.stream_options?.include_usage === true,
    choices: value.n ?? 1,
    showThinking: settings.show_thinking && value.reasoning_effort !== 'none',
    promptBytes: promptBytes(text),
    newId,
    created: Math.floor(now / 1000),
  }
}

const ENDPOINT = 'chat.completions'
const LISTED = 10

function notServed(model: string, catalog: Catalog): never {
  const known = catalog.list().map(({ id }) => id)
  if (known.length === 0)
    throw new ApiError(
      'no_account',
      'No account can serve any model yet. Add one with `groxy accounts add`.',
    )
  const some = known.slice(0, LISTED).join(', ') + (known.length > LISTED ? ', …' : '')
  throw new ApiError(
    'model_not_found',
    `The model '${model.slice(0, 200)}' does not exist here. GET /v1/models lists what does: ${some}.`,
    { param: 'model' },
  )
}

/** How much of a body is prompt: pictures and files within it are no text. */
const promptBytes = (body: string): number => body.replaceAll(/"data:[^"]{256,}"/g, '').length
