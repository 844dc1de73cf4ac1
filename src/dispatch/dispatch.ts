import { ApiError } from '../errors'
import type { JsonObject } from '../json'
import type { Kind } from '../pool/account'
import type { Catalog } from '../pool/catalog'
import type { Candidates } from '../pool/member'
import type { Pool } from '../pool/pool'
import type { Want } from '../pool/select'
import type { Key } from '../store/keys'
import type { LedgerEntry } from '../store/ledger'
import type { Settings } from '../store/settings'
import type { StreamTerms } from '../turn/chat/native-stream'
import type { ChatRequest } from '../turn/chat/schema'
import { estimatedUsage } from '../turn/usage'
import { readLimits } from '../upstream/limits'
import type { Upstream } from '../upstream/upstream'
import { type Books, type ServedBy, servedBy } from './book'
import { type ChatAnswer, createReplyReader } from './chat-reply'
import { conversationOf } from './conversation'
import type { Attempt, Attemptable, FailOver } from './fail-over'
import { held } from './held'

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
  readonly key: Key
  readonly request: JsonObject<ChatRequest>
  /** What the client says in headers about the conversation that the turn belongs to. */
  readonly conversation: string | null
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  readonly settings: Settings
  /** Called once, when the turn is over, which for a stream is long after the answer began. */
  readonly onEnd: (entry: LedgerEntry) => void
}

/** An answer, and who gave it. */
export interface Served {
  readonly answer: ChatAnswer
  /** Unknown while a held stream is still on its way. */
  readonly by: ServedBy | undefined
}

const NOBODY: Candidates = []

/** The heart: takes a turn from lease to ledger, over as many accounts as it needs. */
export function createDispatch(parts: DispatchParts) {
  const { pool, books, failOver, catalog, upstreams, now, newId } = parts
  const readReply = createReplyReader({ pool, books, now })

  /** One account's chance: what this throws may be made good by another. */
  async function attempt(
    turn: ChatTurn,
    { book, want }: Attemptable,
    { lease, abort, deadline }: Attempt,
  ): Promise<ChatAnswer> {
    const { request, settings, key } = turn
    const { account, model } = lease
    const stream = request.value.stream === true
    const wait = stream ? settings.first_byte_timeout_ms : settings.answer_timeout_ms
    deadline.waitFor(wait, 'The upstream did not answer in time.')
    const reply = await upstreams[account.kind].chat({ account, request, model, stream, abort })
    if (reply.form === 'native')
      for (const report of readLimits(reply.response.headers, model, now()))
        pool.report(lease, report)
    return await readReply({
      reply,
      stream,
      terms: termsOf(turn, want.tokens * BYTES_A_TOKEN, now(), newId),
      settings,
      endpoint: want.endpoint,
      rescue: stream && key.rescue === 'buffer',
      abort,
      deadline,
      lease,
      book,
    })
  }

  return {
    /**
     * Answer a chat turn.
     *
     * @throws ApiError when no account could, or the request was refused for what it is
     */
    async chat(turn: ChatTurn): Promise<Served> {
      const { request, settings, signal, requestId, key, onEnd } = turn
      const { model } = request.value
      const stream = request.value.stream === true
      const facts = { requestId, keyId: key.id, endpoint: ENDPOINT, model, stream }
      const book = books.open(facts, onEnd)
      const conversation = conversationOf(request.value, key.id, turn.conversation)
      const run = async () => {
        try {
          const plan = catalog.find(model, conversation) ?? notServed(model, catalog)
          const want: Want = {
            candidates: NOBODY,
            model,
            endpoint: ENDPOINT,
            conversation,
            tokens: Math.ceil(promptBytes(request.text) / BYTES_A_TOKEN),
            tried: [],
          }
          const turns = { plan, want, keyId: key.id, settings, signal, book, repeatable: true }
          return await failOver(turns, (running) => attempt(turn, turns, running))
        } catch (cause) {
          books.fail(book, cause, () => estimatedUsage(promptBytes(request.text), 0))
          throw cause
        }
      }
      const isHeld = stream && key.rescue === 'buffer'
      if (!isHeld) {
        const answer = await run()
        return { answer, by: servedBy(book) }
      }
      const answer = await held(run(), { heartbeatMs: settings.heartbeat_ms, now })
      return { answer, by: servedBy(book) }
    },
  }
}

export type Dispatch = ReturnType<typeof createDispatch>

function termsOf(
  { request: { value }, settings }: ChatTurn,
  promptBytes: number,
  now: number,
  newId: () => string,
): StreamTerms {
  return {
    model: value.model,
    includeUsage: value.stream_options?.include_usage === true,
    choices: value.n ?? 1,
    showThinking: settings.show_thinking && value.reasoning_effort !== 'none',
    promptBytes,
    newId,
    created: Math.floor(now / 1000),
  }
}

/** The endpoint, as the ledger names it. */
export const ENDPOINT = 'chat.completions'
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

const BYTES_A_TOKEN = 4
/** A shorter body holds no picture worth looking for. */
const SHORT = 1_024

/** How much of a body is prompt: pictures and files within it are no text. */
const promptBytes = (body: string): number =>
  body.length < SHORT ? body.length : body.replaceAll(/"data:[^"]{256,}"/g, '').length
