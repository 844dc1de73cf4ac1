import type { ledger, ledgerContent, ledgerHours } from './ledger-schema'

/** One finished turn. */
export type LedgerEntry = Readonly<Omit<typeof ledger.$inferInsert, 'id'>>
export type LedgerRow = typeof ledger.$inferSelect

/** One sum of an hour, key, account and model. */
export type LedgerSum = Readonly<typeof ledgerHours.$inferSelect>

/** What a turn said. */
export type LedgerContent = Readonly<typeof ledgerContent.$inferSelect>

/** What is written at once, or not at all. */
export interface LedgerBatch {
  /** The same at every try, so that what was written is known for it. */
  readonly id: string
  readonly at: number
  readonly entries: readonly LedgerEntry[]
  /** Of entries that were dropped. */
  readonly sums: readonly LedgerSum[]
}
