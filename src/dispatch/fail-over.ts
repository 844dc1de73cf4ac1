import { ApiError, type FaultKind, messageOf, SetupError, UpstreamFault } from '../errors'
import { createDeadline, type Deadline } from '../net/deadline'
import type { Plan } from '../pool/catalog'
import type { Lease } from '../pool/lease'
import type { Member } from '../pool/member'
import type { Pool } from '../pool/pool'
import type { Want } from '../pool/select'
import type { Waiting } from '../pool/waiting'
import type { Settings } from '../store/settings'
import { redactFault } from '../upstream/fault'
import type { Book, Books } from './book'
import { judge, limited, placeOf, type Verdict } from './judge'

/** One account's chance to answer a turn. */
export interface Attempt {
  readonly lease: Lease
  /** Aborting it ends the call; it is aborted when the client leaves or the time is up. */
  readonly abort: AbortController
  readonly deadline: Deadline
}

interface FailOverParts {
  readonly pool: Pool
  readonly waiting: Waiting
  readonly books: Books
  readonly now: () => number
}

/** A turn that may be given to several accounts, one after another. */
export interface Attemptable {
  /** The models that may answer, best first. */
  readonly plan: Plan
  readonly want: Want
  readonly keyId: string
  readonly settings: Settings
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  readonly book: Book
  /** The request can be sent again; a body that was streamed cannot. */
  readonly repeatable: boolean
  /** A limit that the upstream does not explain holds for this endpoint only. */
  readonly narrow?: boolean
}

/** When every account is only busy, one is free again about now. */
const SOON_MS = 1_000

/** Where one turn stands. */
interface Course {
  readonly endsAt: number
  attempts: number
  /** There is no other model to go on to, so that waiting makes sense. */
  isPatient: boolean
  /** Accounts that may be asked once more when the time that they gave is over. */
  readonly again: Member[]
  last: Verdict | undefined
}

/**
 * Try accounts until one begins to answer, and where a route says so, models. Once `run` returns, its
 * answer has begun and nothing is tried again; until then any fault that another may cure leads on.
 */
export function createFailOver({ pool, waiting, books, now }: FailOverParts) {
  /** Give the lease back as the attempt deserves, and say what it means for the turn. */
  function settle(cause: unknown, lease: Lease, { want, narrow }: Attemptable): Verdict {
    try {
      if (isUnsent(cause)) pool.giveBack(lease)
      else if (isRefusal(cause)) pool.refund(lease)
      const verdict = judge(cause, placeOf(lease, want.endpoint, now()))
      if (!verdict.host && isAnswer(cause)) pool.answered(lease)
      blame(pool, lease, verdict, cause, narrow ? scopeOf(want) : '')
      return verdict
    } finally {
      pool.release(lease)
    }
  }

  /** Give the lease back of an attempt that ended for a reason of the turn's own. */
  function blameless(why: ApiError, lease: Lease, book: Book): ApiError {
    pool.release(lease)
    books.failed(book, { lease, fault: why, effect: 'none', says: undefined })
    return why
  }

  /** An account for the next attempt: at once, or when waiting for it makes sense. */
  function next(
    { want, keyId, settings, signal }: Attemptable,
    { last, endsAt, isPatient }: Course,
  ): Lease | undefined | Promise<Lease | undefined> {
    // Those who wait come first.
    waiting.offer()
    const lease = pool.lease(want)
    if (lease) return lease
    const { busy, returnMs = Number.POSITIVE_INFINITY } = pool.outlook(want)
    const isBack = last?.again === true && returnMs <= settings.retry_wait_ms
    if (!isPatient || !(busy || isBack)) return
    const patience = busy ? settings.queue_timeout_ms : returnMs + SOON_MS
    const timeoutMs = Math.min(patience, endsAt - now())
    return waiting.wait({ want, keyId, timeoutMs, longest: settings.queue_length, signal })
  }

  /** Ask accounts for one model; undefined when none gave an answer, `course.last` says why. */
  async function overAccounts<T>(
    turn: Attemptable,
    course: Course,
    run: (attempt: Attempt) => Promise<T>,
  ): Promise<{ readonly answer: T } | undefined> {
    const { want, settings, signal, book, repeatable } = turn
    while (course.attempts < settings.max_attempts && now() < course.endsAt) {
      if (signal.aborted) throw gone()
      const found = next(turn, course)
      const lease = found instanceof Promise ? await found : found
      if (!lease) {
        if (signal.aborted) throw gone()
        break
      }
      course.attempts++
      books.attempt(book, lease)
      const abort = new AbortController()
      const leave = () => abort.abort(gone())
      signal.addEventListener('abort', leave, { once: true })
      const deadline = createDeadline({ abort, now, totalMs: course.endsAt - now() })
      try {
        return { answer: await run({ lease, abort, deadline }) }
      } catch (cause) {
        deadline.end()
        signal.removeEventListener('abort', leave)
        abort.abort()
        const fault = redactFault(cause, await secretOf(lease))
        if (signal.aborted) throw blameless(gone(), lease, book)
        if (fault instanceof ApiError) {
          if (lease.reachedAt < 0) pool.giveBack(lease)
          throw blameless(fault, lease, book)
        }
        const verdict = settle(fault, lease, turn)
        const says = verdict.culprit === 'client' ? undefined : reasonOf(fault)
        books.failed(book, { lease, fault, effect: verdict.effect, says })
        course.last = verdict
        const mayRepeat = verdict.again && (verdict.saidMs ?? 0) <= settings.retry_wait_ms
        if (mayRepeat && !course.again.includes(lease.member)) course.again.push(lease.member)
        else want.tried.push(lease.member)
        if (!verdict.elsewhere || !repeatable) return
      }
    }
    return
  }

  /** Why nobody answered. */
  function failure({ want }: Attemptable, { last }: Course): ApiError {
    if (last && last.culprit !== 'quota') return last.error
    if (pool.isDown(want.candidates))
      return new ApiError('upstream_error', 'The upstream cannot be reached at the moment.', {
        retryAfter: 1,
      })
    const { busy, returnMs } = pool.outlook(want)
    if (!busy && returnMs === undefined && !last) return nobodyLeft()
    return limited(returnMs ?? SOON_MS, last?.error)
  }

  /** @throws ApiError when no account could, or the request was refused for what it is */
  return async function failOver<T>(
    turn: Attemptable,
    run: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    const { plan, want, settings, repeatable } = turn
    const endsAt = now() + settings.total_timeout_ms
    const course: Course = { endsAt, attempts: 0, isPatient: false, again: [], last: undefined }
    for (const target of plan.targets) {
      const { candidates, upstreamModel } = target
      course.isPatient = target === plan.targets.at(-1)
      want.candidates = candidates
      want.model = upstreamModel
      want.tried.length = 0
      const before = course.last
      course.attempts = 0
      course.last = undefined
      const found = await overAccounts(turn, course, run)
      if (found) return found.answer
      if (course.last && !leadsOn(course.last, plan, repeatable)) break
      course.last ??= before
    }
    throw failure(turn, course)
  }
}

export type FailOver = ReturnType<typeof createFailOver>

/** Whether a route goes on to its next model after this. */
const leadsOn = ({ elsewhere, refusal }: Verdict, { also }: Plan, repeatable: boolean): boolean =>
  repeatable && (elsewhere || (refusal !== undefined && also.includes(refusal)))

/**
 * Hold against the account what the verdict says.
 *
 * @param quotaScope what a limit holds for that the upstream does not explain; empty for everything
 */
export function blame(
  pool: Pool,
  lease: Lease,
  verdict: Verdict,
  cause: unknown,
  quotaScope = '',
): void {
  const { effect, saidMs, restMs: usualMs, host, culprit } = verdict
  if (effect === 'none') return
  const isLimit = culprit === 'quota' && effect === 'cooling'
  const scope = verdict.scope || (isLimit ? quotaScope : '')
  pool.blame(lease, { state: effect, reason: reasonOf(cause), scope, saidMs, usualMs, host })
}

const scopeOf = ({ model, endpoint }: Want): string => `${model} ${endpoint}`

/** Whether the upstream cannot have counted it. */
const isUnsent = (cause: unknown): boolean =>
  cause instanceof SetupError || (cause instanceof UpstreamFault && UNSENT.has(cause.kind))

const UNSENT: ReadonlySet<FaultKind> = new Set(['unreachable', 'egress', 'unable'])

/** Whether the upstream has looked at it, and counts none of it. */
const isRefusal = (cause: unknown): boolean =>
  cause instanceof UpstreamFault && cause.kind === 'refused' && !cause.details.begun

/** Whether somebody answered there, however little it was worth. */
const isAnswer = (cause: unknown): boolean =>
  cause instanceof UpstreamFault && ANSWERED.has(cause.kind)

const ANSWERED: ReadonlySet<FaultKind> = new Set(['refused', 'malformed', 'redirect', 'unfit'])

const LONGEST_REASON = 300

/** What an operator reads about it; redacted before it comes here. */
function reasonOf(cause: unknown): string {
  const status = cause instanceof UpstreamFault ? cause.details.status : undefined
  const message = messageOf(cause)
  return `${status ? `${status}: ` : ''}${message}`.slice(0, LONGEST_REASON)
}

/** Nothing to hide when it cannot be opened. */
async function secretOf({ account }: Lease): Promise<string> {
  try {
    return await account.secret()
  } catch {
    return ''
  }
}

const nobodyLeft = () =>
  new ApiError(
    'no_account',
    'Every account that has this model was refused by its upstream: its operator finds why with `groxy accounts list`.',
  )

const gone = () => new ApiError('client_gone', 'The client left before the answer began.')
