import type { Client } from '@libsql/client/web'
import { and, desc, eq, gte, inArray, type SQL } from 'drizzle-orm'
import type { Database } from './database'
import { FIRST_SINCE } from './ledger-ids'
import { type NamedSums, toNamed } from './ledger-rollups'
import type { LedgerContent, LedgerRow, LedgerSum } from './ledger-row'
import { ledger, ledgerContent, ledgerHours } from './ledger-schema'

/** Which turns are looked for; what is absent does not matter. */
export interface LedgerSearch {
  readonly requestId?: string | undefined
  readonly keyId?: string | undefined
  readonly accountId?: string | undefined
  readonly outcomes?: readonly LedgerRow['outcome'][] | undefined
  /** Milliseconds since 1970. */
  readonly since?: number | undefined
  readonly limit: number
}

/** What hourly sums are added up by. */
export const USAGE_BY = ['key', 'account', 'model'] as const

/** The sums of one key, account or model. */
export type LedgerUsage = NamedSums

/** Rows follow each other in time but for turns that took long, and outages of their instance. */
const DISORDER_MS = 86_400_000

/** Questions to the ledger. */
export function createLedgerQueries(db: Database, client: Client) {
  /** About the first row since a time. */
  async function firstSince(time: number): Promise<number> {
    const { rows } = await client.execute({ sql: FIRST_SINCE, args: [time] })
    return Number(rows[0]?.first ?? 1)
  }

  return {
    firstSince,

    /** The newest entries first. */
    recent: (limit: number): Promise<LedgerRow[]> =>
      db.select().from(ledger).orderBy(desc(ledger.id)).limit(limit),

    /** The turns that fit, the newest first. */
    async find({ limit, ...wanted }: LedgerSearch): Promise<LedgerRow[]> {
      const { requestId, keyId, accountId, outcomes, since } = wanted
      const conditions: SQL[] = []
      if (since !== undefined) {
        conditions.push(gte(ledger.id, await firstSince(since - DISORDER_MS)))
        conditions.push(gte(ledger.at, since))
      }
      if (requestId) conditions.push(eq(ledger.requestId, requestId))
      if (keyId) conditions.push(eq(ledger.keyId, keyId))
      if (accountId) conditions.push(eq(ledger.accountId, accountId))
      if (outcomes) conditions.push(inArray(ledger.outcome, [...outcomes]))
      return db
        .select()
        .from(ledger)
        .where(and(...conditions))
        .orderBy(desc(ledger.id))
        .limit(limit)
    },

    /** What a turn said, if it was kept. */
    async content(requestId: string): Promise<LedgerContent | undefined> {
      const [content] = await db
        .select()
        .from(ledgerContent)
        .where(eq(ledgerContent.requestId, requestId))
      return content
    },

    /** The sums of each hour, key, account and model, from an hour on. */
    hours: (from = 0): Promise<LedgerSum[]> =>
      db.select().from(ledgerHours).where(gte(ledgerHours.hour, from)),

    /** What was used from an hour on, the most expensive first. */
    async usage(by: (typeof USAGE_BY)[number], from: number): Promise<LedgerUsage[]> {
      const { rows } = await client.execute({ sql: USAGE[by], args: [from] })
      return rows.map(toNamed)
    },
  }
}

const usageBy = (column: string) => `SELECT ${column} AS name, sum(turns) AS turns,
  sum(failures) AS failures, sum(gone) AS gone, sum(input_tokens) AS input_tokens,
  sum(cached_tokens) AS cached_tokens, sum(output_tokens) AS output_tokens,
  sum(reasoning_tokens) AS reasoning_tokens, sum(cost_ticks) AS cost_ticks, sum(total_ms) AS total_ms
  FROM ledger_hours WHERE hour >= ? GROUP BY ${column} ORDER BY cost_ticks DESC, turns DESC`

const USAGE = { key: usageBy('key_id'), account: usageBy('account_id'), model: usageBy('model') }
