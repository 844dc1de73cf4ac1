import type { Client, InStatement, InValue } from '@libsql/client/web'
import { desc, getTableColumns } from 'drizzle-orm'
import type { Database } from './database'
import { keyUsage, ledger } from './schema'

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
      await client.batch([...statements, ...countersOf(entries)], 'write')
    },

    /** The newest entries first. */
    recent: (limit: number): Promise<LedgerRow[]> =>
      db.select().from(ledger).orderBy(desc(ledger.id)).limit(limit),

    /** Turns and tokens of each key and UTC day. */
    counters: () => db.select().from(keyUsage),
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
    for (const field of FIELDS) values.push(entries[at]?.[field] ?? null)
  return values
}

const ADD = `INSERT INTO key_usage (key_id, day, turns, failures, input_tokens, output_tokens)
  VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET turns = turns + excluded.turns, failures = failures + excluded.failures,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens`

const DAY_MS = 86_400_000

/** One addition for each key and day among the entries. */
function countersOf(entries: readonly LedgerEntry[]): InStatement[] {
  const groups = Map.groupBy(entries, ({ keyId, at }) => `${Math.floor(at / DAY_MS)} ${keyId}`)
  return [...groups.values()].map((group) => {
    const sum = (count: (entry: LedgerEntry) => number) =>
      group.reduce((total, entry) => total + count(entry), 0)
    const { keyId, at } = group[0] as LedgerEntry
    return {
      sql: ADD,
      args: [
        keyId,
        new Date(at).toISOString().slice(0, 10),
        group.length,
        sum(({ outcome }) => Number(outcome === 'failed' || outcome === 'broken')),
        sum(({ inputTokens }) => inputTokens),
        sum(({ outputTokens }) => outputTokens),
      ],
    }
  })
}
