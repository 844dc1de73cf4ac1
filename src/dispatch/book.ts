import { ApiError, UpstreamFault } from '../errors'
import type { LedgerEntry } from '../store/ledger'
import type { Usage } from '../turn/usage'

/** What is known of a turn before anyone was asked. */
export interface TurnFacts {
  readonly requestId: string
  readonly keyId: string
  readonly endpoint: string
  readonly model: string
  readonly stream: boolean
}

interface BookParts {
  readonly facts: TurnFacts
  readonly now: () => number
  /** Takes what the turn came to, exactly once. */
  readonly record: (entry: LedgerEntry) => void
  /** Called right after. */
  readonly onEnd: () => void
}

/** Keeps the account of one turn and closes it exactly once, however the turn ends. */
export function openBook({ facts, now, record, onEnd }: BookParts) {
  const startedAt = now()
  let attempts = 0
  let accountId: string | null = null
  let firstByteAt: number | undefined
  let closed = false

  /**
   * @param status what the client was told in the status line
   * @param error what went wrong, if anything
   */
  function close(
    outcome: LedgerEntry['outcome'],
    { status, usage, error }: { status: number; usage?: Usage | undefined; error?: unknown },
  ): void {
    if (closed) return
    closed = true
    record({
      ...facts,
      at: startedAt,
      accountId,
      attempts,
      status,
      outcome,
      errorCode: codeOf(error),
      firstByteMs: firstByteAt === undefined ? null : firstByteAt - startedAt,
      totalMs: now() - startedAt,
      inputTokens: usage?.input ?? 0,
      cachedTokens: usage?.cached ?? 0,
      outputTokens: usage?.output ?? 0,
      reasoningTokens: usage?.reasoning ?? 0,
      usageSource: usage?.source ?? 'none',
      costTicks: usage?.costTicks ?? null,
    })
    onEnd()
  }

  return {
    attempt(id: string): void {
      attempts++
      accountId = id
    },

    firstByte(): void {
      firstByteAt ??= now()
    },

    close,

    /** The turn ended before an answer began. What a client that left had used up is an estimate. */
    fail(cause: unknown, usage?: () => Usage): void {
      const gone = cause instanceof ApiError && cause.code === 'client_gone'
      close(gone ? 'gone' : 'failed', {
        status: cause instanceof ApiError ? cause.status : 500,
        error: cause,
        usage: gone && attempts > 0 ? usage?.() : undefined,
      })
    },
  }
}

export type Book = ReturnType<typeof openBook>

function codeOf(error: unknown): string | null {
  if (error === undefined) return null
  if (error instanceof UpstreamFault) return error.details.code ?? `upstream_${error.kind}`
  return (error as Partial<ApiError>).code ?? 'internal_error'
}
