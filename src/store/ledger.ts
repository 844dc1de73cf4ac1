import type { Client, InStatement, InValue } from '@libsql/client/web'
import { desc, getTableColumns } from 'drizzle-orm'
import type { Database } from './database'
import { ledger, ledgerHours } from './schema'

/** One finished turn. */
export type LedgerEntry = Readonly<Omit<typeof ledger.$inferInsert, 'id'>>
export type LedgerRow = typeof ledger.$inferSelect

const { id: _, ...COLUMNS } = getTableColumns(ledger)
const FIELDS = Object.keys(COLUMNS) as (keyof LedgerEntry)[]

/** Where turns are written down. */
export function createLedgerStore(db: Database, client: Client) {
  return {
    /**
     * Write entries and add them to their keys' counters, all or nothing.
     *
     * In SQL of our own: a query builder costs more than the writing, which every turn pays.
     */
    async append(entries: readonly LedgerEntry[]): Promise<void> {
      const statements: InStatement[] = []
      let at = 0
      while (at < entries.length) {
        const size = SIZES.find((rows) => at + rows <= entries.length) ?? 1
        statements.push({ sql: insertOf(size), args: argumentsOf(entries, at, size) })
        at += size
      }
      await client.batch([...statements, ...additionsOf(entries)], 'write')
    },

    /** The newest entries first. */
    recent: (limit: number): Promise<LedgerRow[]> =>
      db.select().from(ledger).orderBy(desc(ledger.id)).limit(limit),

    /** The sums of each hour, key, account and model. */
    hours: () => db.select().from(ledgerHours),
  }
}

/** Rows of one statement: few sizes, so that the database prepares few statements. */
const SIZES = [100, 10, 1] as const

const snake = (name: string): string => name.replace(/[A-Z]/g, (sign) => `_${sign.toLowerCase()}`)
const INTO = `INSERT INTO ledger (${FIELDS.map(snake).join(', ')}) VALUES `
const ROW = `(${FIELDS.map(() => '?').join(', ')})`
const INSERTS = new Map(SIZES.map((size) => [size, INTO + Array(size).fill(ROW).join(', ')]))

const insertOf = (size: (typeof SIZES)[number]): string => INSERTS.get(size) ?? ''

function argumentsOf(entries: readonly LedgerEntry[], from: number, size: number): InValue[] {
  const values: InValue[] = []
  for (let at = from; at < from + size; at++)
    for (const field of FIELDS) {
      const value = entries[at]?.[field] ?? null
      values.push(typeof value === 'object' ? value && JSON.stringify(value) : value)
    }
  return values
}

/** One sum of an hour, key, account and model. */
export type LedgerSum = typeof ledgerHours.$inferSelect

const HOUR_MS = 3_600_000

const SUMMED = [
  'turns',
  'failures',
  'gone',
  'inputTokens',
  'cachedTokens',
  'outputTokens',
  'reasoningTokens',
  'costTicks',
  'totalMs',
] as const satisfies readonly (keyof LedgerSum)[]

const ADD = `INSERT INTO ledger_hours (hour, key_id, account_id, model, ${SUMMED.map(snake).join(', ')})
  VALUES (?, ?, ?, ?, ${SUMMED.map(() => '?').join(', ')})
  ON CONFLICT DO UPDATE SET ${SUMMED.map(snake)
    .map((name) => `${name} = ${name} + excluded.${name}`)
    .join(', ')}`

/** One addition for each hour, key, account and model among the entries. */
function additionsOf(entries: readonly LedgerEntry[]): InStatement[] {
  const sums = new Map<string, { -readonly [K in keyof LedgerSum]: LedgerSum[K] }>()
  for (const entry of entries) {
    const { at, keyId, model } = entry
    const accountId = entry.accountId ?? ''
    const hour = Math.floor(at / HOUR_MS)
    const name = `${hour} ${keyId} ${accountId} ${model}`
    let sum = sums.get(name)
    if (!sum) {
      sum = { ...NOTHING, hour, keyId, accountId, model }
      sums.set(name, sum)
    }
    sum.turns++
    if (entry.outcome === 'failed' || entry.outcome === 'broken') sum.failures++
    if (entry.outcome === 'gone') sum.gone++
    sum.inputTokens += entry.inputTokens
    sum.cachedTokens += entry.cachedTokens
    sum.outputTokens += entry.outputTokens
    sum.reasoningTokens += entry.reasoningTokens
    sum.costTicks += entry.costTicks ?? 0
    sum.totalMs += entry.totalMs
  }
  return [...sums.values()].map((sum) => ({
    sql: ADD,
    args: [sum.hour, sum.keyId, sum.accountId, sum.model, ...SUMMED.map((name) => sum[name])],
  }))
}

const NOTHING = {
  turns: 0,
  failures: 0,
  gone: 0,
  inputTokens: 0,
  cachedTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costTicks: 0,
  totalMs: 0,
}
