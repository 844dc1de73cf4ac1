import { integer, primaryKey, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core'

const time = () => integer({ mode: 'timestamp_ms' })

/** Where an account comes from: which protocol its upstream speaks. */
export const ACCOUNT_KINDS = ['xai', 'openai'] as const

/** Upstream credentials. The secret is sealed under `GROXY_SECRET`; `hint` is its last four signs. */
export const accounts = sqliteTable(
  'accounts',
  {
    id: text().primaryKey(),
    kind: text({ enum: ACCOUNT_KINDS }).notNull(),
    name: text().notNull(),
    baseUrl: text().notNull(),
    secret: text().notNull(),
    hint: text().notNull(),
    enabled: integer({ mode: 'boolean' }).notNull().default(true),
    /** How much of the traffic it takes beside accounts of the same priority. */
    weight: integer().notNull().default(1),
    /** Turns at once; null for no limit. */
    maxInFlight: integer(),
    /** Model ids it serves, when they are not to be asked from the upstream. */
    models: text({ mode: 'json' }).$type<readonly string[]>(),
    createdAt: time().notNull(),
  },
  (table) => [unique('accounts_by_name').on(table.kind, table.name)],
)

/** The last model list that an account's upstream gave; outlives outages and restarts. */
export const modelLists = sqliteTable('model_lists', {
  accountId: text().primaryKey(),
  /** Belongs to the list: another upstream behind the same account makes it void. */
  baseUrl: text().notNull(),
  models: text({ mode: 'json' }).$type<readonly UpstreamModel[]>().notNull(),
  fetchedAt: time().notNull(),
})

/** A model as its upstream describes it; unknown fields are kept. */
export interface UpstreamModel {
  readonly id: string
  readonly created?: number
  readonly owned_by?: string
  readonly aliases?: readonly string[]
  readonly [field: string]: unknown
}

/** What programs present. Only a SHA-256 hash of the 256 random bits is kept. */
export const keys = sqliteTable('keys', {
  id: text().primaryKey(),
  name: text().notNull(),
  secretHash: text().notNull().unique(),
  hint: text().notNull(),
  /** Model ids it may ask for; null for all. */
  models: text({ mode: 'json' }).$type<readonly string[]>(),
  /** Turns a minute; null for no limit. */
  requestsPerMinute: integer(),
  /** Turns at once; null for no limit. */
  concurrency: integer(),
  expiresAt: time(),
  createdAt: time().notNull(),
  revokedAt: time(),
})

/** Values of the settings that were changed, and marks of our own (`revision`, `secret_check`). */
export const settings = sqliteTable('settings', {
  name: text().primaryKey(),
  value: text({ mode: 'json' }).$type<unknown>().notNull(),
})

/** Public names for models. */
export const aliases = sqliteTable('aliases', {
  name: text().primaryKey(),
  model: text().notNull(),
})

/**
 * One row a turn, written behind. It has no index: ids follow time, and every turn would pay for one.
 */
export const ledger = sqliteTable('ledger', {
  id: integer().primaryKey(),
  at: integer().notNull(),
  requestId: text().notNull(),
  keyId: text().notNull(),
  endpoint: text().notNull(),
  model: text().notNull(),
  accountId: text(),
  attempts: integer().notNull(),
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
  /** What the upstream says it costs: 10^10 ticks are one US dollar. */
  costTicks: integer(),
})

/** Counters that stay when ledger rows are dropped or pruned: one row a key and UTC day. */
export const keyUsage = sqliteTable(
  'key_usage',
  {
    keyId: text().notNull(),
    day: text().notNull(),
    turns: integer().notNull(),
    failures: integer().notNull(),
    inputTokens: integer().notNull(),
    outputTokens: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.day] })],
)
