import { ApiError, UpstreamFault } from '../errors'
import { createDeadline, type Deadline } from '../net/deadline'
import { asFault, TimeUp } from '../net/http'
import type { Account, Kind } from '../pool/account'
import type { Catalog } from '../pool/catalog'
import type { Lease } from '../pool/lease'
import type { Pool } from '../pool/pool'
import type { Want } from '../pool/select'
import type { Key } from '../store/keys'
import type { LedgerEntry } from '../store/ledger'
import type { Settings } from '../store/settings'
import type { Usage } from '../turn/usage'
import { redactFault } from '../upstream/fault'
import type { Upstream, WorkCall } from '../upstream/upstream'
import { type Book, type Books, type ServedBy, servedBy } from './book'
import { type Attempt, type Attemptable, blame, type FailOver } from './fail-over'
import { judge, placeOf } from './judge'
import { brokenOff } from './reply'
import { createPlanner, type Plannable } from './work-plan'

interface WorksParts {
  readonly pool: Pool
  readonly books: Books
  readonly failOver: FailOver
  readonly catalog: Catalog
  readonly upstreams: Readonly<Record<Kind, Upstream>>
  readonly now: () => number
}

/** What an account is to do that is no turn of a conversation: pictures, a video, vectors. */
export interface Work<E extends WorkEvent> extends Plannable {
  readonly requestId: string
  readonly key: Key
  /** As the ledger names it. */
  readonly endpoint: string
  readonly stream: boolean
  /** Aborts when nobody wants it any more. */
  readonly signal: AbortSignal
  readonly settings: Settings
  /** Called once, when it is over. */
  readonly onEnd: (entry: LedgerEntry) => void
  /** Begin it: what this throws before its first event may be made good by another account. */
  readonly begin: (upstream: Upstream, call: WorkCall) => AsyncIterable<E>
}

/** An event `usage` says what it took; the last one counts. */
export interface WorkEvent {
  readonly type: string
  readonly usage?: Usage
}

/** Work that has begun: nothing of it is tried again. */
export interface RunningWork<E> {
  readonly account: Account
  readonly by: ServedBy | undefined
  /**
   * What becomes of it, to be read to its end or given up with `return`, as `for await` does: until then
   * it holds its account. Throws an `ApiError` that tells the client.
   */
  readonly events: AsyncIterableIterator<E>
}

/** Who is asked to do what. */
interface Asked {
  readonly work: { readonly endpoint: string }
  readonly account: Account
  /** As the upstream knows it. */
  readonly model: string
  /** Undefined where it goes on with what an account has already begun. */
  readonly lease: Lease | undefined
}

/** What one account does of a work. */
interface Doing<E extends WorkEvent> extends Asked {
  readonly work: Work<E>
  readonly book: Book
  readonly abort: AbortController
  readonly deadline: Deadline
  readonly iterator: AsyncIterator<E>
}

/** Takes works from lease to ledger, as `dispatch` does turns. */
export function createWorks(parts: WorksParts) {
  const { pool, books, failOver, upstreams, now } = parts
  const planner = createPlanner(parts)

  const placeIn = ({ work, account, model, lease }: Asked) =>
    lease
      ? placeOf(lease, work.endpoint, now())
      : { kind: account.kind, model, endpoint: work.endpoint }

  /** Wait for the first event of what an account was asked for. */
  async function begin<E extends WorkEvent>(
    doing: Omit<Doing<E>, 'iterator'>,
  ): Promise<RunningWork<E>> {
    const { work, account, model, lease, book, abort, deadline } = doing
    const step = () =>
      deadline.waitFor(work.settings.answer_timeout_ms, 'The upstream did not answer in time.')
    step()
    const call: WorkCall = { account, model, abort, step }
    const iterator = work.begin(upstreams[account.kind], call)[Symbol.asyncIterator]()
    const first = await iterator.next().catch((cause) => {
      throw lateOr(cause, abort.signal)
    })
    deadline.pause()
    if (lease) pool.reached(lease)
    books.answered(book, { account, model })
    return { account, by: servedBy(book), events: follow(first, { ...doing, iterator }) }
  }

  /** Hands events on, and gives everything back when they end, however they do. */
  function follow<E extends WorkEvent>(
    first: IteratorResult<E>,
    doing: Doing<E>,
  ): AsyncIterableIterator<E> {
    const { work, account, lease, book, abort, deadline, iterator } = doing
    let waiting: IteratorResult<E> | undefined = first
    let usage: Usage | undefined
    let isOver = false

    function end(outcome: LedgerEntry['outcome'], status: number, cause?: unknown) {
      if (isOver) return
      isOver = true
      deadline.end()
      if (outcome !== 'done') abort.abort()
      if (lease) {
        if (outcome === 'done') pool.succeed(lease)
        if (outcome !== 'gone' && cause instanceof UpstreamFault)
          blame(pool, lease, judge(cause, placeOf(lease, work.endpoint, now())), cause)
        pool.release(lease)
      }
      books.close(book, outcome, { status, usage, error: cause })
    }

    /** Nobody waits for it any more. */
    const leave = () => end('gone', work.stream ? 200 : GONE.status, GONE)

    async function failed(cause: unknown): Promise<ApiError> {
      const fault = redactFault(lateOr(cause, abort.signal), await secretOf(account))
      const why = clientErrorOf(fault, placeIn(doing))
      if (work.signal.aborted) leave()
      // What was streamed so far has gone out under a status that said that all is well.
      else if (work.stream) end('broken', 200, fault)
      else end('failed', why.status, fault)
      return why
    }

    return {
      async next() {
        if (isOver) return { done: true, value: undefined }
        const given = waiting
        waiting = undefined
        try {
          if (!given) deadline.waitFor(work.settings.idle_timeout_ms, 'The upstream fell silent.')
          const found = given ?? (await iterator.next())
          deadline.pause()
          if (found.done) end('done', 200)
          else if (found.value.type === 'usage') usage = found.value.usage
          return found
        } catch (cause) {
          throw await failed(cause)
        }
      },

      async return() {
        if (!isOver) {
          leave()
          await iterator.return?.().catch(() => {})
        }
        return { done: true, value: undefined }
      },

      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  return {
    kindsFor: planner.kindsFor,
    ableFor: planner.ableFor,

    /**
     * Have it done by one account, after as many as it takes until one begins.
     *
     * @throws ApiError when no account could, or the request was refused for what it is
     */
    async run<E extends WorkEvent>(work: Work<E>): Promise<RunningWork<E>> {
      const { requestId, key, endpoint, model, stream, settings, signal } = work
      const book = books.open({ requestId, keyId: key.id, endpoint, model, stream }, work.onEnd)
      try {
        const want: Want = {
          candidates: [],
          model,
          endpoint,
          conversation: undefined,
          tokens: 0,
          prefers: undefined,
          tried: [],
        }
        const plan = planner.planOf(work)
        const turn: Attemptable = {
          ...{ plan, want, keyId: key.id, settings, signal, book },
          repeatable: true,
        }
        return await failOver(turn, ({ lease, ...attempt }: Attempt) =>
          begin({ work, account: lease.account, model: lease.model, lease, book, ...attempt }),
        )
      } catch (cause) {
        books.fail(book, cause)
        throw cause
      }
    },

    /**
     * Go on with what an account has begun before: nothing is leased, nobody else is asked.
     *
     * @throws ApiError when the account is not in the pool any more, or refuses
     */
    async resume<E extends WorkEvent>(work: Work<E>, accountId: string): Promise<RunningWork<E>> {
      const { requestId, key, endpoint, model, stream, settings, signal } = work
      const book = books.open({ requestId, keyId: key.id, endpoint, model, stream }, work.onEnd)
      const abort = new AbortController()
      const deadline = createDeadline({ abort, now, totalMs: settings.total_timeout_ms })
      try {
        const member = pool.member(accountId)
        if (!member)
          throw new ApiError('no_account', 'The account that began it is not in the pool any more.')
        if (signal.aborted) throw GONE
        signal.addEventListener('abort', () => abort.abort(GONE), {
          once: true,
          signal: abort.signal,
        })
        const { account } = member
        const doing = {
          work,
          account,
          model: planner.modelOf(member, work.model),
          lease: undefined,
        }
        books.attempt(book, doing)
        return await begin({ ...doing, book, abort, deadline }).catch(async (cause) => {
          const fault = redactFault(cause, await secretOf(account))
          throw signal.aborted ? GONE : clientErrorOf(fault, placeIn(doing))
        })
      } catch (cause) {
        deadline.end()
        abort.abort()
        books.fail(book, cause)
        throw cause
      }
    },
  }
}

export type Works = ReturnType<typeof createWorks>

/** What a client learns of a fault. */
const clientErrorOf = (fault: unknown, place: Parameters<typeof judge>[1]): ApiError =>
  fault instanceof UpstreamFault ? judge(fault, place).error : brokenOff(fault)

/** Whatever came of a call that was ended since it took too long, that is why. */
const lateOr = (cause: unknown, signal: AbortSignal): unknown =>
  signal.reason instanceof TimeUp && !(cause instanceof ApiError) ? asFault(cause, signal) : cause

const GONE = new ApiError('client_gone', 'Nobody waits for it any more.')

/** Nothing to hide when it cannot be opened. */
async function secretOf(account: Account): Promise<string> {
  try {
    return await account.secret()
  } catch {
    return ''
  }
}
