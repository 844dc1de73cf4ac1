import type { Client } from '@libsql/client/web'
import type { Vault } from '#src/crypto'

/** How much a database is to hold. */
export interface Amount {
  readonly accounts: number
  readonly keys: number
  readonly turns: number
}

export const DAYS = 30
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Numbers from 1 to the first value. */
const NUMBERS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)'

/**
 * Fill an empty database as a month of a busy team would have: accounts of all kinds, some resting, with
 * quotas; keys with limits; turns that mostly went well, more by day than by night, most by few keys and of
 * few models; and their sums. Made within the database, as a million calls would take hours.
 */
export async function fill(
  client: Client,
  vault: Vault,
  { accounts, keys, turns }: Amount,
  now: number,
): Promise<void> {
  const sealed = await vault.seal('sso=a-session-of-nobody')
  await client.execute({
    sql: `${NUMBERS}
      INSERT INTO accounts (id, kind, name, base_url, secret, hint, enabled, weight, models, tier, tags, note, version, created_at)
      SELECT printf('a%06d', i), iif(i % 40 = 0, 'xai', iif(i % 41 = 0, 'openai', 'web')),
        printf('account-%06d', i), iif(i % 40 = 0, 'http://127.0.0.1:9/xai', iif(i % 41 = 0, 'http://127.0.0.1:9/openai', 'http://127.0.0.1:9')),
        ?, printf('%04x', i % 65536), i % 50 <> 0, 1 + i % 3, iif(i % 40 = 0 OR i % 41 = 0, '["grok-4","grok-3"]', NULL),
        iif(i % 40 = 0 OR i % 41 = 0, NULL, iif(i % 20 = 0, 'super', iif(i % 200 = 1, 'heavy', 'basic'))),
        iif(i % 7 = 0, '["team-' || (i % 9) || '"]', NULL), iif(i % 11 = 0, 'bought in batch ' || (i / 500), NULL), 0, ? - i * 60000
      FROM n`,
    args: [accounts, sealed, now],
  })
  await client.execute({
    sql: `${NUMBERS}
      INSERT INTO account_states (account_id, scope, state, reason, until, faults, updated_at)
      SELECT printf('a%06d', i * 13), '', CASE i % 4 WHEN 0 THEN 'expired' WHEN 1 THEN 'cooling' ELSE 'exhausted' END,
        'The upstream answered 429: Too many requests', iif(i % 4 = 0, NULL, ? + i * 1000), 1, ?
      FROM n WHERE i * 13 <= ?`,
    args: [Math.ceil(accounts / 13), now, now, accounts],
  })
  await client.execute({
    sql: `${NUMBERS}
      INSERT INTO account_quotas (account_id, bucket, "limit", remaining, reset_at, source, updated_at)
      SELECT printf('a%06d', i), 'units grok-4', 80, i % 81, ? + i * 1000, 'reported', ? FROM n WHERE i % 40 <> 0 AND i % 41 <> 0`,
    args: [accounts, now, now],
  })
  await client.execute({
    sql: `${NUMBERS}
      INSERT INTO keys (id, name, secret_hash, hint, enabled, requests_per_minute, daily_chat, monthly_cost_ticks, rescue, version, created_at, revoked_at)
      SELECT printf('k%04d', i), printf('key-%04d', i), lower(hex(randomblob(32))), printf('%04x', i), i % 25 <> 0,
        iif(i % 3 = 0, 60, NULL), iif(i % 4 = 0, 500, NULL), iif(i % 5 = 0, 500000000000, NULL), 'off', 0, ? - i * 3600000,
        iif(i % 33 = 0, ?, NULL)
      FROM n`,
    args: [keys, now, now],
  })
  // i * i spreads a share of all evenly chosen numbers towards the low ones: few keys ask most.
  await client.execute({
    sql: `${NUMBERS}
      INSERT INTO ledger (id, at, request_id, key_id, endpoint, model, model_used, kind, account_id, attempts, attempt_log, stream,
        status, outcome, error_code, first_byte_ms, total_ms, input_tokens, cached_tokens, output_tokens, reasoning_tokens,
        usage_source, cost_ticks, cost_source)
      SELECT i, at, 'req_' || printf('%012x', at) || lower(hex(randomblob(10))), printf('k%04d', 1 + r * r * ${keys} / 1000000),
        iif(i % 9 = 0, 'responses', 'chat.completions'), 'grok-' || (r * r * 12 / 1000000), 'grok-' || (r * r * 12 / 1000000), 'web',
        printf('a%06d', 1 + i * 7919 % ${accounts}), iif(i % 20 = 0, 2, 1),
        iif(i % 20 = 0, '[{"account":"a000001","model":"grok-4","ms":120,"fault":"refused","status":429,"code":"rate_limit","effect":"cooling","says":"Too many requests, try again later."},{"account":"a000002","model":"grok-4","ms":500}]', NULL),
        i % 2, iif(i % 50 = 0, 502, 200), iif(i % 50 = 0, 'failed', iif(i % 97 = 0, 'gone', 'done')), iif(i % 50 = 0, 'upstream_error', NULL),
        200 + i % 900, 900 + i % 9000, 1000 + i % 500, 0, 200 + i % 300, 0, 'reported', 12000000, 'reported'
      FROM (SELECT i, i * 7919 % 1000 AS r, ? - CAST((? - i) * 1.0 / ? * ${DAYS * DAY_MS} AS INTEGER) AS at FROM n)`,
    args: [turns, now, turns, turns],
  })
  await client.execute(
    `INSERT INTO ledger_hours SELECT at / ${HOUR_MS}, key_id, account_id, model, count(*), sum(outcome = 'failed'), sum(outcome = 'gone'),
      sum(input_tokens), 0, sum(output_tokens), 0, sum(cost_ticks), sum(total_ms) FROM ledger GROUP BY 1, 2, 3, 4`,
  )
  for (const [by, name] of [
    ['all', "''"],
    ['key', 'key_id'],
    ['model', 'model'],
  ])
    await client.execute(
      `INSERT INTO ledger_rollups SELECT '${by}', hour, ${name} AS name, sum(turns), sum(failures), sum(gone), sum(input_tokens), 0,
        sum(output_tokens), 0, sum(cost_ticks), sum(total_ms) FROM ledger_hours GROUP BY hour, ${name}`,
    )
  await client.execute(
    `INSERT INTO ledger_days SELECT key_id, hour / 24, sum(turns), sum(failures), sum(gone), sum(input_tokens), 0,
      sum(output_tokens), 0, sum(cost_ticks), sum(total_ms) FROM ledger_hours GROUP BY key_id, hour / 24`,
  )
  await client.execute({
    sql: `${NUMBERS}
      INSERT INTO audit_log (at, actor, action, subject, before, after)
      SELECT ? - (? - i) * 60000, 'session ' || (i % 9), iif(i % 3 = 0, 'key.change', 'account.change'), 'web/account-' || i, '{"weight":1}', '{"weight":2}' FROM n`,
    args: [Math.min(turns, 20_000), now, Math.min(turns, 20_000)],
  })
}
