import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** What became of one attempt at a turn. */
export interface AttemptRecord {
  readonly account: string
  readonly model: string
  readonly ms: number
  /** Absent when it gave the answer. */
  readonly fault?: string
  readonly status?: number
  readonly code?: string
  readonly effect?: string
  /** The upstream's words, unless they are about what was asked. */
  readonly says?: string
}

/**
 * One row a turn, written behind. It has no index: ids follow time, and every turn would pay for one.
 */
export const ledger = sqliteTable('ledger', {
  id: integer().primaryKey(),
  at: integer().notNull(),
  requestId: text().notNull(),
  keyId: text().notNull(),
  endpoint: text().notNull(),
  /** As the client asked. */
  model: text().notNull(),
  /** As the upstream was asked. */
  modelUsed: text(),
  kind: text(),
  accountId: text(),
  attempts: integer().notNull(),
  /** Every attempt in order; null when the first one gave the answer. */
  attemptLog: text({ mode: 'json' }).$type<readonly AttemptRecord[]>(),
  stream: integer({ mode: 'boolean' }).notNull(),
  status: integer().notNull(),
  outcome: text({ enum: ['done', 'failed', 'broken', 'gone'] }).notNull(),
  errorCode: text(),
  firstByteMs: integer(),
  totalMs: integer().notNull(),
  inputTokens: integer().notNull(),
  cachedTokens: integer().notNull(),
  outputTokens: integer().notNull(),
  reasoningTokens: integer().notNull(),
  usageSource: text({ enum: ['reported', 'estimated', 'none'] }).notNull(),
  /** 10^10 ticks are one US dollar; null when nobody knows. */
  costTicks: integer(),
  /** Whether the upstream said so, or we worked it out from its prices. */
  costSource: text({ enum: ['reported', 'computed'] }),
})

/** What is added up of turns, whatever it is kept apart by. */
const sums = () => ({
  turns: integer().notNull(),
  failures: integer().notNull(),
  /** Turns whose client left. */
  gone: integer().notNull(),
  inputTokens: integer().notNull(),
  cachedTokens: integer().notNull(),
  outputTokens: integer().notNull(),
  reasoningTokens: integer().notNull(),
  costTicks: integer().notNull(),
  totalMs: integer().notNull(),
})

/** Sums that stay when ledger rows are dropped or pruned: one row an hour, key, account and model. */
export const ledgerHours = sqliteTable(
  'ledger_hours',
  {
    /** Hours since 1970. */
    hour: integer().notNull(),
    keyId: text().notNull(),
    /** Empty when no account was asked. */
    accountId: text().notNull(),
    model: text().notNull(),
    ...sums(),
  },
  (table) => [primaryKey({ columns: [table.hour, table.keyId, table.accountId, table.model] })],
)

/** By what the sums of an hour are kept apart. */
export const ROLLUPS = ['all', 'key', 'model'] as const

/** The same sums by one thing only, so that a page about weeks reads few rows. */
export const ledgerRollups = sqliteTable(
  'ledger_rollups',
  {
    by: text({ enum: ROLLUPS }).notNull(),
    /** Hours since 1970. */
    hour: integer().notNull(),
    /** A key's id or a model; empty for `all`. */
    name: text().notNull(),
    ...sums(),
  },
  (table) => [primaryKey({ columns: [table.by, table.hour, table.name] })],
)

/** The sums of a key by the day, its days together: what it used in a month, and when last, is read from few rows. */
export const ledgerDays = sqliteTable(
  'ledger_days',
  {
    keyId: text().notNull(),
    /** Days since 1970, of UTC. */
    day: integer().notNull(),
    ...sums(),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.day] })],
)

/** Batches that were written, so that one whose answer was lost is not written twice. */
export const ledgerBatches = sqliteTable('ledger_batches', {
  id: text().primaryKey(),
  at: integer().notNull(),
})

/** What turns said, only while the setting `keep_content_days` asks for it. */
export const ledgerContent = sqliteTable('ledger_content', {
  requestId: text().primaryKey(),
  at: integer().notNull(),
  request: text().notNull(),
  answer: text().notNull(),
})
