import type { Client, InStatement, InValue } from '@libsql/client/web'
import { getTableColumns } from 'drizzle-orm'
import type { Database } from './database'
import { createLedgerQueries } from './ledger-queries'
import type { LedgerBatch, LedgerContent, LedgerEntry, LedgerRow } from './ledger-row'
import { ledger } from './ledger-schema'
import { additionsOf, createSums } from './ledger-sums'
import { snake } from './rows'

export type { LedgerBatch, LedgerContent, LedgerEntry, LedgerRow }

const { id: _, ...COLUMNS } = getTableColumns(ledger)
const FIELDS = Object.keys(COLUMNS) as (keyof LedgerEntry)[]

/** Where turns are written down. */
export function createLedgerStore(db: Database, client: Client) {
  async function isWritten(id: string): Promise<boolean> {
    try {
      return (await client.execute({ sql: FIND_BATCH, args: [id] })).rows.length > 0
    } catch {
      return false
    }
  }

  return {
    ...createLedgerQueries(db, client),

    /**
     * Write a batch and add it to the sums, all or nothing, and once: a batch whose answer was lost
     * has left its id, so that it may be given again.
     *
     * In SQL of our own: a query builder costs more than the writing, which every turn pays.
     */
    async append({ id, at, entries, sums }: LedgerBatch): Promise<void> {
      const statements: InStatement[] = [{ sql: NOTE_BATCH, args: [id, at] }]
      const added = createSums()
      for (const entry of entries) added.add(entry)
      let from = 0
      while (from < entries.length) {
        const size = SIZES.find((rows) => from + rows <= entries.length) ?? 1
        statements.push({ sql: insertOf(size), args: argumentsOf(entries, from, size) })
        from += size
      }
      statements.push(...additionsOf([...added.take(entries.length), ...sums]))
      try {
        await client.batch(statements, 'write')
      } catch (cause) {
        if (!(await isWritten(id))) throw cause
      }
    },

    /** Keep what turns said; what is kept already stays. */
    async keep(contents: readonly LedgerContent[]): Promise<void> {
      const statements = contents.map(({ requestId, at, request, answer }) => ({
        sql: KEEP,
        args: [requestId, at, request, answer],
      }))
      await client.batch(statements, 'write')
    },
  }
}

export type LedgerStore = ReturnType<typeof createLedgerStore>

const NOTE_BATCH = 'INSERT INTO ledger_batches (id, at) VALUES (?, ?)'
const FIND_BATCH = 'SELECT 1 FROM ledger_batches WHERE id = ?'
const KEEP = `INSERT INTO ledger_content (request_id, at, request, answer) VALUES (?, ?, ?, ?)
  ON CONFLICT DO NOTHING`

/** Rows of one statement: few sizes, so that the database prepares few statements. */
const SIZES = [100, 10, 1] as const

const INTO = `INSERT INTO ledger (${FIELDS.map(snake).join(', ')}) VALUES `
const ROW = `(${FIELDS.map(() => '?').join(', ')})`
const INSERTS = new Map(SIZES.map((size) => [size, INTO + Array(size).fill(ROW).join(', ')]))

const insertOf = (size: (typeof SIZES)[number]): string => INSERTS.get(size) ?? ''

/** A client chooses the name of its model, and may choose a long one. */
const LONGEST_TEXT = 1_000

function argumentsOf(entries: readonly LedgerEntry[], from: number, size: number): InValue[] {
  const values: InValue[] = []
  for (let at = from; at < from + size; at++)
    for (const field of FIELDS) {
      const value = entries[at]?.[field] ?? null
      if (typeof value === 'string') values.push(value.slice(0, LONGEST_TEXT))
      else values.push(typeof value === 'object' ? value && JSON.stringify(value) : value)
    }
  return values
}
