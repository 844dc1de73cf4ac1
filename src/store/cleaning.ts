import type { Client, InValue } from '@libsql/client/web'
import type { LedgerStore } from './ledger'
import { ENDS } from './ledger-ids'
import { KEYS_OF_DAYS } from './ledger-rollups'
import { saidSweeps } from './said-cleaning'
import type { Settings } from './settings'

/** Removes the rows of one table that are too old, a few at a time. */
export interface Sweep {
  /** About how many there are, where that can be known cheaply. */
  readonly expected: number
  readonly step: () => Promise<{ readonly rows: number; readonly more: boolean }>
}

interface CleaningStoreParts {
  readonly client: Client
  readonly ledger: Pick<LedgerStore, 'firstSince'>
  readonly now: () => number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const HOURS_KEPT = 400 * 24
const MINUTES_KEPT = 120
const DAYS_KEPT = 40
const MONTHS_KEPT = 14
/** How long operators may look at what became of work on many accounts. */
const BATCH_DAYS = 30
const FAILURES_KEPT = 30
/** Nothing is asked more seldom by itself. */
const ASK_DAYS = 30

/** So few at once that the database is not locked for long. */
const ROWS = 1_000
/** Contents are large. */
const CONTENTS = 50

/** Knows what is too old, and removes it. */
export function createCleaningStore({ client, ledger, now }: CleaningStoreParts) {
  /** @param sql whose last parameter is the number of rows */
  const sweep = (sql: string, args: readonly InValue[], size = ROWS): Sweep => ({
    expected: 0,
    async step() {
      const { rowsAffected: rows } = await client.execute({ sql, args: [...args, size] })
      return { rows, more: rows === size }
    },
  })

  /** By ids, which follow time: the table has no index on it. */
  async function ledgerSweep({ ledger_days, ledger_rows }: Settings): Promise<Sweep> {
    const { rows } = await client.execute(ENDS)
    const [first, last] = [Number(rows[0]?.first ?? 1), Number(rows[0]?.last ?? 0)]
    const byAge = (await ledger.firstSince(now() - ledger_days * DAY_MS)) - 1
    const end = Math.max(byAge, last - ledger_rows)
    let next = first
    return {
      expected: Math.max(0, end - first + 1),
      async step() {
        if (next > end) return { rows: 0, more: false }
        const upTo = Math.min(end, next + ROWS - 1)
        next = upTo + 1
        const sql = 'DELETE FROM ledger WHERE id <= ?'
        const { rowsAffected } = await client.execute({ sql, args: [upTo] })
        return { rows: rowsAffected, more: next <= end }
      },
    }
  }

  return {
    /** What is to be removed under these settings. */
    async sweeps(settings: Settings): Promise<readonly Sweep[]> {
      const at = now()
      const [minute, day] = [Math.floor(at / MINUTE_MS), Math.floor(at / DAY_MS)]
      return [
        await ledgerSweep(settings),
        sweep(oldest('ledger_content'), [at - settings.keep_content_days * DAY_MS], CONTENTS),
        sweep(oldest('ledger_batches'), [at - DAY_MS]),
        sweep(any('ledger_hours', 'hour < ?'), [Math.floor(at / HOUR_MS) - HOURS_KEPT]),
        sweep(ROLLUPS, [Math.floor(at / HOUR_MS) - HOURS_KEPT]),
        sweep(DAYS, [day - HOURS_KEPT / 24]),
        sweep(windows('BETWEEN 1000000 AND ?'), [minute - MINUTES_KEPT - 1]),
        sweep(windows('BETWEEN 5000 AND ?'), [day - DAYS_KEPT - 1]),
        sweep(windows('< ?'), [monthOf(at) - MONTHS_KEPT]),
        sweep(oldest('audit_log'), [at - settings.audit_days * DAY_MS]),
        sweep(AUDIT_ACCOUNTS, []),
        // Strangers make these, as many as they like.
        sweep(any('audit_log', "action = 'session.fail' AND at < ?"), [
          at - FAILURES_KEPT * DAY_MS,
        ]),
        sweep(any('admin_sessions', 'expires_at <= ?'), [at]),
        sweep(any('login_failures', 'reset_at <= ?'), [at]),
        sweep(any('batches', 'created_at < ?'), [at - BATCH_DAYS * DAY_MS]),
        sweep(any('asks', 'asked_at < ?'), [at - ASK_DAYS * DAY_MS]),
        sweep(any('instances', 'expires_at < ?'), [at - HOUR_MS]),
        // Of those that were never ended.
        sweep(BATCH_SUBJECTS, []),
        ...saidSweeps(client, settings, at),
      ]
    },
  }
}

export type CleaningStore = ReturnType<typeof createCleaningStore>

/** Rows follow each other in time, so only the first ones need to be looked at. */
const oldest = (table: string) =>
  `DELETE FROM ${table} WHERE at < ? AND rowid IN (SELECT rowid FROM ${table} ORDER BY rowid LIMIT ?)`

const any = (table: string, condition: string) =>
  `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${condition} LIMIT ?)`

/** By its key, for it has no rowid; and by each `by`, for the key begins with it. */
const ROLLUPS = `DELETE FROM ledger_rollups WHERE ("by", hour, name) IN (
  SELECT "by", hour, name FROM ledger_rollups WHERE "by" IN ('all', 'key', 'model') AND hour < ? LIMIT ?)`

/** From key to key, for the days of each stand together. */
const DAYS = `WITH RECURSIVE ${KEYS_OF_DAYS}
  DELETE FROM ledger_days WHERE (key_id, day) IN (SELECT old.key_id, old.day
    FROM one CROSS JOIN ledger_days AS old ON old.key_id = one.name AND old.day < ? LIMIT ?)`

/** Of changes that were made before all that are still known. */
const AUDIT_ACCOUNTS = `DELETE FROM audit_accounts
  WHERE audit_id < coalesce((SELECT min(id) FROM audit_log), 9223372036854775807)
    AND rowid IN (SELECT rowid FROM audit_accounts ORDER BY rowid LIMIT ?)`

const BATCH_SUBJECTS = any('batch_subjects', 'batch_id NOT IN (SELECT id FROM batches)')

/** Their numbers tell them apart: of minutes there are millions, of days tens of thousands. */
const windows = (range: string) => any('allowances', `"window" ${range}`)

/** Months since 1970. */
function monthOf(at: number): number {
  const date = new Date(at)
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}
