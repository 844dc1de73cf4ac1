import { ApiError } from '../errors'
import type { Kind } from '../pool/account'
import type { Catalog } from '../pool/catalog'
import type { Candidates } from '../pool/member'
import type { Pool } from '../pool/pool'
import type { Want } from '../pool/select'
import { estimatedUsage } from '../turn/usage'
import { readLimits } from '../upstream/limits'
import type { Upstream } from '../upstream/upstream'
import { type Book, type Books, servedBy } from './book'
import type { ContentKeeper } from './content'
import type { Attempt, Attemptable, FailOver } from './fail-over'
import { held } from './held'
import { preferenceOf } from './hosted'
import { brokenOff, createReplyReader } from './reply'
import type { Answer, Served, Turn } from './turn'

interface DispatchParts {
  readonly pool: Pool
  readonly books: Books
  readonly failOver: FailOver
  readonly catalog: Catalog
  readonly upstreams: Readonly<Record<Kind, Upstream>>
  readonly now: () => number
  readonly newId: () => string
  /** Takes what turns say, while the settings ask for it. */
  readonly content: ContentKeeper
}

const NOBODY: Candidates = []
const utf8 = new TextEncoder()

/** The heart: takes a turn from lease to ledger, over as many accounts as it needs. */
export function createDispatch(parts: DispatchParts) {
  const { pool, books, failOver, catalog, upstreams, now, newId, content } = parts
  const readReply = createReplyReader({ pool, books, now, newId })

  /** One account's chance: what this throws may be made good by another. */
  async function attempt(
    turn: Turn,
    { book }: Attemptable,
    { lease, abort, deadline }: Attempt,
  ): Promise<Answer> {
    const { ask, settings, key, stream, origin } = turn
    const { account, model } = lease
    const wait = stream ? settings.first_byte_timeout_ms : settings.answer_timeout_ms
    const step = () => deadline.waitFor(wait, 'The upstream did not answer in time.')
    step()
    const listed = () => catalog.model(model)
    const reply = await upstreams[account.kind].ask({
      account,
      ask,
      model,
      listed,
      stream,
      keyId: key.id,
      origin,
      abort,
      step,
    })
    pool.reached(lease)
    if (reply.form === 'bytes')
      for (const report of readLimits(reply.response.headers, model, now()))
        pool.report(lease, report)
    const rescue = stream && key.rescue === 'buffer'
    return await readReply({ reply, turn, rescue, abort, deadline, lease, book })
  }

  async function run(turn: Turn, book: Book): Promise<Answer> {
    const { settings, signal, key, model, endpoint, conversation } = turn
    try {
      const plan = catalog.find(model, conversation) ?? notServed(model, catalog)
      const want: Want = {
        candidates: NOBODY,
        model,
        endpoint,
        conversation,
        tokens: Math.ceil(turn.promptBytes / BYTES_A_TOKEN),
        prefers: preferenceOf(turn.ask, upstreams),
        tried: [],
      }
      const turns = { plan, want, keyId: key.id, settings, signal, book, repeatable: true }
      return await failOver(turns, (running) => attempt(turn, turns, running))
    } catch (cause) {
      books.fail(book, cause, () => estimatedUsage(turn.promptBytes, 0))
      throw cause
    }
  }

  async function answer(turn: Turn): Promise<Served> {
    const { settings, requestId, key, onEnd, model, endpoint, stream, dialect } = turn
    const facts = { requestId, keyId: key.id, endpoint, model, stream }
    const book = books.open(facts, onEnd)
    if (!stream || key.rescue !== 'buffer') {
      const answer = await run(turn, book)
      return { answer, by: servedBy(book) }
    }
    const answer = await held(run(turn, book), {
      heartbeatMs: settings.heartbeat_ms,
      now,
      farewell: (cause) => utf8.encode(dialect.failure(brokenOff(cause))),
      endsBroken: dialect.endsBroken,
    })
    return { answer, by: servedBy(book) }
  }

  /** The same, and a copy of what was said. */
  async function answerKept(turn: Turn): Promise<Served> {
    const asked = { requestId: turn.requestId, at: now(), request: turn.text }
    try {
      const served = await answer(turn)
      return { answer: content.answered(asked, served.answer), by: served.by }
    } catch (cause) {
      content.failed(asked, cause)
      throw cause
    }
  }

  return {
    /**
     * Answer a turn.
     *
     * @throws ApiError when no account could, or the request was refused for what it is
     */
    answer: (turn: Turn): Promise<Served> =>
      turn.settings.keep_content_days > 0 ? answerKept(turn) : answer(turn),
  }
}

export type Dispatch = ReturnType<typeof createDispatch>

const LISTED = 10

/** @throws ApiError always: nobody has the model */
export function notServed(model: string, catalog: Catalog): never {
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
