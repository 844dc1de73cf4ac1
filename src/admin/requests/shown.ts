import type { LedgerRow } from '../../store/ledger'
import type { AttemptRecord } from '../../store/ledger-schema'
import type { RequestObject } from './schema'
import type { RequestNames } from './service'

/** A request as the API shows it. */
export const requestObject = (row: LedgerRow, names: RequestNames): RequestObject => ({
  id: row.requestId,
  object: 'request',
  row: row.id,
  created_at: Math.floor(row.at / 1000),
  outcome: row.outcome,
  status: row.status,
  error_code: row.errorCode,
  key: { id: row.keyId, name: names.key(row.keyId) ?? null },
  endpoint: row.endpoint,
  stream: row.stream,
  model: row.model,
  model_used: row.modelUsed,
  kind: row.kind,
  account: row.accountId === null ? null : accountOf(row.accountId, names),
  attempts: row.attempts,
  attempt_log: (row.attemptLog ?? []).map((attempt) => attemptObject(attempt, names)),
  first_byte_ms: row.firstByteMs,
  total_ms: row.totalMs,
  usage: {
    input_tokens: row.inputTokens,
    cached_tokens: row.cachedTokens,
    output_tokens: row.outputTokens,
    reasoning_tokens: row.reasoningTokens,
    source: row.usageSource,
  },
  cost_usd_ticks: row.costTicks,
  cost_source: row.costSource,
})

const attemptObject = (
  { account, model, ms, fault, status, code, effect, says }: AttemptRecord,
  names: RequestNames,
) => ({
  account: accountOf(account, names),
  model,
  duration_ms: ms,
  fault: fault ?? null,
  status: status ?? null,
  code: code ?? null,
  effect: effect ?? null,
  says: says ?? null,
})

function accountOf(id: string, names: RequestNames) {
  const known = names.account(id)
  return { id, name: known ? `${known.kind}/${known.name}` : null }
}
