import { desc, getTableColumns, sql } from 'drizzle-orm'
import type { Database } from './database'
import { keyUsage, ledger } from './schema'

/** One finished turn. */
export type LedgerEntry = Readonly<Omit<typeof ledger.$inferInsert, 'id'>>
export type LedgerRow = typeof ledger.$inferSelect

const { id: _, ...COLUMNS } = getTableColumns(ledger)
const FIELDS = Object.keys(COLUMNS) as (keyof LedgerEntry)[]

/** Where turns are written down. */
export function createLedgerStore(db: Database) {
  return {
    /**
     * Write entries and add them to their keys' counters, all or nothing.
     *
     * The rows travel as one JSON parameter: one short statement however many there are, and a
     * single round trip to a remote database.
     */
    async append(entries: readonly LedgerEntry[]): Promise<void> {
      const rows = JSON.stringify(entries.map((entry) => FIELDS.map((field) => entry[field] ?? null)))
      await db.batch([db.run(insertRows(rows)), db.run(addCounters(rows))])
    },

    /** The newest entries first. */
    recent: (limit: number): Promise<LedgerRow[]> =>
      db.select().from(ledger).orderBy(desc(ledger.id)).limit(limit),

    /** Turns and tokens of each key and UTC day. */
    counters: () => db.select().from(keyUsage),
  }
}

const snake = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const names = sql.raw(FIELDS.map(snake).join(', '))
const positions = sql.raw(FIELDS.map((_, index) => `value ->> ${index}`).join(', '))
const field = (name: keyof LedgerEntry) => sql.raw(`value ->> ${FIELDS.indexOf(name)}`)

const insertRows = (rows: string) =>
  sql`INSERT INTO ${ledger} (${names}) SELECT ${positions} FROM json_each(${rows})`

const addCounters = (rows: string) => sql`
  INSERT INTO ${keyUsage} (key_id, day, turns, failures, input_tokens, output_tokens)
  SELECT ${field('keyId')}, date(${field('at')} / 1000, 'unixepoch'), count(*),
    sum(${field('outcome')} IN ('failed', 'broken')),
    sum(${field('inputTokens')}), sum(${field('outputTokens')})
  FROM json_each(${rows}) WHERE true GROUP BY 1, 2
  ON CONFLICT DO UPDATE SET turns = turns + excluded.turns, failures = failures + excluded.failures,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens`

export type LedgerStore = ReturnType<typeof createLedgerStore>
