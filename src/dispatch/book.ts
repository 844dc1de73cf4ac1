import { ApiError, UpstreamFault } from '../errors'
import type { Pricing } from '../ledger/price'
import type { Account } from '../pool/account'
import type { Lease } from '../pool/lease'
import type { LedgerEntry } from '../store/ledger'
import type { AttemptRecord } from '../store/ledger-schema'
import type { Usage } from '../turn/usage'
import type { Effect } from './rule'

/** What a turn is, before anyone was asked. */
export interface TurnFacts {
  readonly requestId: string
  readonly keyId: string
  readonly endpoint: string
  readonly model: string
  readonly stream: boolean
}

/** How a turn ended. */
interface Ending {
  /** What the client was told in the status line. */
  readonly status: number
  readonly usage?: Usage | undefined
  readonly error?: unknown
}

interface FailedAttempt {
  readonly lease: Lease
  readonly fault: unknown
  readonly effect: Effect
  /** What an operator may read about it. */
  readonly says: string | undefined
}

interface BookParts {
  readonly now: () => number
  readonly pricing: Pricing
  /** Takes what a turn came to, exactly once. */
  readonly record: (entry: LedgerEntry) => void
}

/** Who is asked, and for which model as its upstream knows it. */
type Asked = Pick<Lease, 'account' | 'model'>

/** The account of one turn. */
export interface Book {
  readonly entry: { -readonly [K in keyof LedgerEntry]: LedgerEntry[K] }
  readonly onEnd: (entry: LedgerEntry) => void
  /** Every attempt so far, once there was one that failed. */
  attempts: AttemptRecord[] | undefined
  /** Who is asked now, or was asked last. */
  account: Account | undefined
  /** When the attempt that is under way began. */
  startedAt: number
  /** Milliseconds that were spent waiting for upstreams until the answer began. */
  upstreamMs: number
  closed: boolean
}

export type Books = ReturnType<typeof createBooks>

/** Keeps the accounts of turns: each is closed exactly once, however the turn ends. */
export function createBooks({ now, pricing, record }: BookParts) {
  function note(
    book: Book,
    { account, model }: Asked,
    rest?: Omit<AttemptRecord, 'account' | 'model' | 'ms'>,
  ) {
    const ms = now() - book.startedAt
    book.upstreamMs += ms
    if (!rest && !book.attempts) return
    book.attempts ??= []
    book.attempts.push({ account: account.id, model, ms, ...rest })
  }

  return {
    /** @param onEnd called once, when the turn is over */
    open(facts: TurnFacts, onEnd: (entry: LedgerEntry) => void): Book {
      const entry: Book['entry'] = {
        at: now(),
        requestId: facts.requestId,
        keyId: facts.keyId,
        endpoint: facts.endpoint,
        model: facts.model,
        modelUsed: null,
        kind: null,
        accountId: null,
        attempts: 0,
        attemptLog: null,
        stream: facts.stream,
        status: 0,
        outcome: 'done',
        errorCode: null,
        firstByteMs: null,
        totalMs: 0,
        inputTokens: 0,
        cachedTokens: 0,
        outputTokens: 0,
        reasoningTokens: 0,
        usageSource: 'none',
        costTicks: null,
        costSource: null,
      }
      return {
        entry,
        onEnd,
        account: undefined,
        attempts: undefined,
        startedAt: 0,
        upstreamMs: 0,
        closed: false,
      }
    },

    /** A turn that was not let in is written down, and that is all. */
    refused(facts: TurnFacts, cause: ApiError): void {
      this.fail(
        this.open(facts, () => {}),
        cause,
      )
    },

    /** An account is asked. */
    attempt(book: Book, { account, model }: Asked): void {
      const { entry } = book
      entry.attempts++
      entry.accountId = account.id
      entry.kind = account.kind
      entry.modelUsed = model || null
      book.account = account
      book.startedAt = now()
    },

    /** An attempt came to nothing. */
    failed(book: Book, { lease, fault, effect, says }: FailedAttempt): void {
      const status = fault instanceof UpstreamFault ? fault.details.status : undefined
      const kind = fault instanceof UpstreamFault ? fault.kind : codeOf(fault)
      note(book, lease, {
        fault: kind,
        ...(status && { status }),
        code: codeOf(fault),
        effect,
        ...(says && { says }),
      })
    },

    /** The answer has begun. */
    answered(book: Book, lease: Asked): void {
      note(book, lease)
      book.entry.firstByteMs = now() - book.entry.at
    },

    close(book: Book, outcome: LedgerEntry['outcome'], { status, usage, error }: Ending): void {
      if (book.closed) return
      book.closed = true
      const { entry } = book
      entry.totalMs = now() - entry.at
      entry.status = status
      entry.outcome = outcome
      if (book.attempts) entry.attemptLog = book.attempts
      if (error !== undefined) entry.errorCode = codeOf(error)
      if (usage) {
        entry.inputTokens = usage.input
        entry.cachedTokens = usage.cached
        entry.outputTokens = usage.output
        entry.reasoningTokens = usage.reasoning
        entry.usageSource = usage.source
        entry.costTicks = usage.costTicks ?? pricing.cost(entry.modelUsed ?? entry.model, usage)
        if (entry.costTicks !== null)
          entry.costSource = usage.costTicks === null ? 'computed' : 'reported'
      }
      record(entry)
      book.onEnd(entry)
    },

    /** The turn ended before an answer began. What a client that left had used up is an estimate. */
    fail(book: Book, cause: unknown, usage?: () => Usage): void {
      const gone = cause instanceof ApiError && cause.code === 'client_gone'
      this.close(book, gone ? 'gone' : 'failed', {
        status: cause instanceof ApiError ? cause.status : 500,
        error: cause,
        usage: gone && book.entry.attempts > 0 ? usage?.() : undefined,
      })
    },
  }
}

/** Who gave an answer. */
export interface ServedBy {
  readonly account: string
  /** As the upstream knows it; empty where a call names none. */
  readonly model: string
  readonly attempts: number
  /** Time until the answer began that no upstream took. */
  readonly overheadMs: number
}

/** Who gave the answer of a turn, once it has begun. */
export function servedBy({ entry, account, upstreamMs }: Book): ServedBy | undefined {
  if (entry.firstByteMs === null || account === undefined) return
  return {
    account: account.name,
    model: entry.modelUsed ?? entry.model,
    attempts: entry.attempts,
    overheadMs: Math.max(0, (entry.firstByteMs ?? 0) - upstreamMs),
  }
}

function codeOf(error: unknown): string {
  if (error instanceof UpstreamFault) return error.details.code ?? `upstream_${error.kind}`
  if (!(error instanceof ApiError)) return 'internal_error'
  return error.details.upstreamCode ?? error.code
}
