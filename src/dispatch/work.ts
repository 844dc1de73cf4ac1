import { ApiError, UpstreamFault } from '../errors'
import { createDeadline, type Deadline } from '../net/deadline'
import type { Account, Kind } from '../pool/account'
import type { Catalog, Plan } from '../pool/catalog'
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
import { notServed } from './dispatch'
import { type Attempt, type Attemptable, blame, type FailOver } from './fail-over'
import { judge, placeOf } from './judge'
import { brokenOff } from './reply'

interface WorksParts {
  readonly pool: Pool
  readonly books: Books
  readonly failOver: FailOver
  readonly catalog: Catalog
  readonly upstreams: Readonly<Record<Kind, Upstream>>
  readonly now: () => number
}

/** What an account is to do that is no turn of a conversation: pictures, a video, vectors. */
export interface Work<E extends WorkEvent> {
  readonly requestId: string
  readonly key: Key
  /** As the ledger names it. */
  readonly endpoint: string
  /** As the client asked for it. */
  readonly model: string
  readonly stream: boolean
  /** Aborts when nobody wants it any more. */
  readonly signal: AbortSignal
  readonly settings: Settings
  /** Called once, when it is over. */
  readonly onEnd: (entry: LedgerEntry) => void
  /** Whether accounts of a kind can do it with a model. */
  readonly can: (upstream: Upstream, model: string) => boolean
  /** What a client learns that asks for it with a model that nobody can do it with. */
  readonly lacking: string
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

/** What one account does of a work. */
interface Doing<E extends WorkEvent> {
  readonly work: Work<E>
  readonly account: Account
  /** Undefined where it goes on with what an account has already begun. */
  readonly lease: Lease | undefined
  readonly book: Book
  readonly abort: AbortController
  readonly deadline: Deadline
  readonly iterator: AsyncIterator<E>
}

/** Takes works from lease to ledger, as `dispatch` does turns. */
export function createWorks(parts: WorksParts) {
  const { pool, books, failOver, catalog, upstreams, now } = parts

  /** The models that may do it, best first, with those accounts only whose kind can. */
  function planOf<E extends WorkEvent>({ model, can, lacking }: Work<E>): Plan {
    const plan = catalog.find(model, 0) ?? notServed(model, catalog)
    const targets = plan.targets.flatMap(({ upstreamModel, candidates }) => {
      const able = candidates
        .map((group) => group.filter(({ kind }) => can(upstreams[kind], upstreamModel)))
        .filter(({ length }) => length > 0)
      return able.length > 0 ? [{ upstreamModel, candidates: able }] : []
    })
    if (targets.length > 0) return { ...plan, targets }
    throw new ApiError('invalid_value', lacking, { param: 'model' })
  }

  /** Wait for the first event of what an account was asked for. */
  async function begin<E extends WorkEvent>(
    doing: Omit<Doing<E>, 'iterator'>,
    model: string,
  ): Promise<RunningWork<E>> {
    const { work, account, lease, book, abort, deadline } = doing
    const step = () =>
      deadline.waitFor(work.settings.answer_timeout_ms, 'The upstream did not answer in time.')
    step()
    const call: WorkCall = { account, model, abort, step }
    const iterator = work.begin(upstreams[account.kind], call)[Symbol.asyncIterator]()
    const first = await iterator.next()
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

    function end(outcome: 'done' | 'broken' | 'gone', cause?: unknown) {
      if (isOver) return
      isOver = true
      deadline.end()
      if (outcome !== 'done') abort.abort()
      if (lease) {
        if (outcome === 'done') pool.succeed(lease)
        if (outcome === 'broken' && cause instanceof UpstreamFault)
          blame(pool, lease, judge(cause, placeOf(lease, work.endpoint, now())), cause)
        pool.release(lease)
      }
      books.close(book, outcome, { status: 200, usage, error: cause })
    }

    async function failed(cause: unknown): Promise<ApiError> {
      const fault = redactFault(cause, await secretOf(account))
      const why = clientErrorOf(fault, lease, work.endpoint, now())
      end(work.signal.aborted ? 'gone' : 'broken', fault)
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
          if (found.done) end('done')
          else if (found.value.type === 'usage') usage = found.value.usage
          return found
        } catch (cause) {
          throw await failed(cause)
        }
      },

      async return() {
        if (!isOver) {
          end('gone')
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
    /** The kinds that would be asked to do it, best first. */
    kindsFor<E extends WorkEvent>(work: Work<E>): readonly Kind[] {
      const shelves = planOf(work).targets.flatMap(({ candidates }) => candidates.flat())
      return [...new Set(shelves.map(({ kind }) => kind))]
    },

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
        const plan = planOf(work)
        const turn: Attemptable = {
          ...{ plan, want, keyId: key.id, settings, signal, book },
          repeatable: true,
        }
        return await failOver(turn, ({ lease, abort, deadline }: Attempt) =>
          begin({ work, account: lease.account, lease, book, abort, deadline }, lease.model),
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
        const account = pool.member(accountId)?.account
        if (!account)
          throw new ApiError('no_account', 'The account that began it is not in the pool any more.')
        if (signal.aborted) abort.abort()
        signal.addEventListener('abort', () => abort.abort(), { once: true })
        const upstreamModel = planOf(work).targets[0]?.upstreamModel ?? model
        books.attempt(book, { account, model: upstreamModel })
        return await begin(
          { work, account, lease: undefined, book, abort, deadline },
          upstreamModel,
        ).catch(async (cause) => {
          throw clientErrorOf(
            redactFault(cause, await secretOf(account)),
            undefined,
            endpoint,
            now(),
          )
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
function clientErrorOf(
  fault: unknown,
  lease: Lease | undefined,
  endpoint: string,
  at: number,
): ApiError {
  if (fault instanceof ApiError) return fault
  if (!(fault instanceof UpstreamFault) || !lease) return brokenOff(fault)
  return judge(fault, placeOf(lease, endpoint, at)).error
}

/** Nothing to hide when it cannot be opened. */
async function secretOf(account: Account): Promise<string> {
  try {
    return await account.secret()
  } catch {
    return ''
  }
}
