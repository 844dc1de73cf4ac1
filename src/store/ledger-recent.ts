import type { Client, Row } from '@libsql/client/web'
import { gathered } from './gather'
import { FIRST_SINCE } from './ledger-ids'
import type { AttemptRecord } from './ledger-schema'

/** How long the last turns that went well took, in milliseconds. */
export interface Latencies {
  readonly total: readonly number[]
  readonly firstByte: readonly number[]
}

/** Turns of one error code. */
export interface RecentError {
  readonly code: string
  readonly turns: number
  /** The last of them, and what its upstream said. */
  readonly requestId: string
  readonly says: string | undefined
}

/** Upstreams that refused the way to them, and not the account. */
export interface RecentEgress {
  readonly what: 'challenge' | 'anti_bot' | 'proxy'
  readonly turns: number
  readonly requestId: string
}

/** Turns of which latencies are told. */
const MEASURED = 1_000
/** Turns of the last hour that are looked at, at most. */
const LOOKED_AT = 20_000
const MOST_CODES = 8

const BEFORE_LAST = (rows: number) => `(SELECT max(id) FROM ledger) - ${rows}`

/** A row may be written up to so long after its turn began. */
const DISORDER_MS = 3_600_000

/** Takes the time less the disorder, and the time. */
const SINCE = `id >= max(${BEFORE_LAST(LOOKED_AT)}, (${FIRST_SINCE})) AND at >= ?2`

const LATENCIES = `SELECT json_group_array(total_ms) AS total, json_group_array(first_byte_ms) AS first_byte
  FROM (SELECT total_ms, first_byte_ms FROM ledger WHERE id > ${BEFORE_LAST(MEASURED)} AND outcome = 'done')`

/** With `max(id)` the other columns are those of the newest row. */
const ERRORS = `SELECT coalesce(error_code, '') AS code, count(*) AS turns, max(id), request_id, attempt_log
  FROM ledger WHERE ${SINCE} AND outcome IN ('failed', 'broken')
  GROUP BY 1 ORDER BY turns DESC, code LIMIT ${MOST_CODES}`

const ASKED = `SELECT count(*) AS turns FROM ledger WHERE ${SINCE} AND outcome <> 'gone'`

const EGRESS = `SELECT CASE WHEN instr(attempt_log, '"code":"challenge"') THEN 'challenge'
    WHEN instr(attempt_log, '"code":"anti_bot"') THEN 'anti_bot'
    WHEN instr(attempt_log, '"fault":"egress"') THEN 'proxy' END AS what,
  count(*) AS turns, max(id), request_id
  FROM ledger WHERE ${SINCE} AND attempt_log IS NOT NULL
  GROUP BY what HAVING what IS NOT NULL`

/** What the last turns say of how the gateway does: a bounded number of rows at the end of the ledger. */
export function createRecent(client: Client) {
  const asker = gathered(client)

  return {
    async latencies(): Promise<Latencies> {
      const { rows } = await asker.execute({ sql: LATENCIES, args: [] })
      return { total: sorted(rows[0]?.total), firstByte: sorted(rows[0]?.first_byte) }
    },

    /** Turns that went wrong since a time, by code, the most frequent first. */
    async errors(since: number): Promise<readonly RecentError[]> {
      const { rows } = await asker.execute({ sql: ERRORS, args: [since - DISORDER_MS, since] })
      return rows.map((row) => ({
        code: String(row.code),
        turns: Number(row.turns),
        requestId: String(row.request_id),
        says: wordsOf(row),
      }))
    },

    /** How many turns there were since a time, of clients that did not leave. */
    async turns(since: number): Promise<number> {
      const { rows } = await asker.execute({ sql: ASKED, args: [since - DISORDER_MS, since] })
      return Number(rows[0]?.turns ?? 0)
    },

    /** Turns since a time that met a barred way, also where another account answered them. */
    async egress(since: number): Promise<readonly RecentEgress[]> {
      const { rows } = await asker.execute({ sql: EGRESS, args: [since - DISORDER_MS, since] })
      return rows.map((row) => ({
        what: String(row.what) as RecentEgress['what'],
        turns: Number(row.turns),
        requestId: String(row.request_id),
      }))
    },
  }
}

const sorted = (json: unknown): readonly number[] =>
  (JSON.parse(String(json ?? '[]')) as (number | null)[])
    .filter((value) => value !== null)
    .sort((one, other) => one - other)

function wordsOf({ attempt_log: log }: Row): string | undefined {
  const attempts = JSON.parse(String(log ?? '[]')) as readonly AttemptRecord[]
  return attempts.findLast(({ says }) => says)?.says
}
