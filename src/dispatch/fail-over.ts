import { ApiError } from '../errors'
import { createDeadline, type Deadline } from '../net/deadline'
import type { Candidates, Lease, Member, Pool } from '../pool/pool'
import type { Settings } from '../store/settings'
import { redactFault } from '../upstream/fault'
import type { Book, Books } from './book'
import { judge, limited, type Verdict } from './judge'

/** One account's chance to answer a turn. */
export interface Attempt {
  readonly lease: Lease
  /** Aborting it ends the call; it is aborted when the client leaves or the time is up. */
  readonly abort: AbortController
  readonly deadline: Deadline
}

interface FailOverParts {
  readonly pool: Pool
  readonly books: Books
  readonly now: () => number
}

/** A turn that may be given to several accounts, one after another. */
export interface Attemptable {
  readonly candidates: Candidates
  readonly settings: Settings
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  readonly book: Book
  /** The request can be sent again; a body that was streamed cannot. */
  readonly repeatable: boolean
}

/** When every account is only busy, one is free again about now. */
const SOON_MS = 1_000

/**
 * Try accounts until one begins to answer. Once `run` returns, its answer has begun and nothing is
 * tried again; until then any fault that another account may cure leads to the next.
 */
export function createFailOver({ pool, books, now }: FailOverParts) {
  /** Give the lease back as the attempt deserves, and say what it means for the turn. */
  function settle(cause: unknown, lease: Lease): Verdict {
    try {
      const verdict = judge(cause, lease.account.kind)
      if (verdict.cooling) pool.cool(lease, verdict.cooling, verdict.retryAfterMs)
      return verdict
    } finally {
      pool.release(lease)
    }
  }

  /** @throws ApiError when no account could, or the request was refused for what it is */
  return async function failOver<T>(
    { candidates, settings, signal, book, repeatable }: Attemptable,
    run: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    const tried: Member[] = []
    const endsAt = now() + settings.total_timeout_ms
    let last: Verdict | undefined
    while (tried.length < settings.max_attempts && now() < endsAt) {
      if (signal.aborted) throw gone()
      const lease = pool.lease(candidates, tried)
      if (!lease) break
      tried.push(lease.member)
      books.attempt(book, lease.account.id)
      const abort = new AbortController()
      const leave = () => abort.abort(gone())
      signal.addEventListener('abort', leave, { once: true })
      const deadline = createDeadline({ abort, now, totalMs: endsAt - now() })
      try {
        return await run({ lease, abort, deadline })
      } catch (cause) {
        deadline.end()
        signal.removeEventListener('abort', leave)
        abort.abort()
        const fault = redactFault(cause, await secretOf(lease))
        last = settle(signal.aborted ? gone() : fault, lease)
        if (!last.elsewhere || !repeatable) break
      }
    }
    if (last && last.cooling !== 'quota') throw last.error
    throw limited(pool.earliestReturn(candidates) ?? SOON_MS)
  }
}

export type FailOver = ReturnType<typeof createFailOver>

/** Nothing to hide when it cannot be opened. */
async function secretOf({ account }: Lease): Promise<string> {
  try {
    return await account.secret()
  } catch {
    return ''
  }
}

const gone = () => new ApiError('client_gone', 'The client left before the answer began.')
