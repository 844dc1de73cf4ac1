import { sql } from 'drizzle-orm'
import {
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  unique,
} from 'drizzle-orm/sqlite-core'

const time = () => integer({ mode: 'timestamp_ms' })

/** Where an account comes from: which protocol its upstream speaks. */
export const ACCOUNT_KINDS = ['xai', 'openai', 'web'] as const

/** What a grok.com session's owner pays for; the least first. */
export const TIERS = ['basic', 'super', 'heavy'] as const
export type Tier = (typeof TIERS)[number]

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
    /** Turns a minute; null for no limit of ours. */
    requestsPerMinute: integer(),
    /** Model ids it serves, when they are not to be asked from the upstream. */
    models: text({ mode: 'json' }).$type<readonly string[]>(),
    /** The HTTP(S) proxy that its calls go through, sealed: its address may hold a password. */
    proxy: text(),
    /** What its server speaks: chat completions, the Responses API or both; null as is usual there. */
    api: text({ enum: ['chat', 'responses', 'both'] }),
    /** Of a grok.com session; null while nobody knows. */
    tier: text({ enum: TIERS }),
    /** Headers and cookies that its owner supplies beside its secret, as sealed JSON. */
    extras: text(),
    /** Tells whether an account is already there without unsealing any; null for older ones. */
    fingerprint: text(),
    tags: text({ mode: 'json' }).$type<readonly string[]>(),
    note: text(),
    /** Grows with every change, so that nobody overwrites what he has not seen. */
    version: integer().notNull().default(0),
    createdAt: time().notNull(),
  },
  (table) => [
    unique('accounts_by_name').on(table.kind, table.name),
    index('accounts_by_fingerprint').on(table.fingerprint),
    index('accounts_by_creation').on(table.createdAt, table.id),
    // Holds all that lists are searched and counted by: rows are long, with what is sealed in them.
    index('accounts_for_lists').on(
      table.kind,
      table.name,
      table.tier,
      table.enabled,
      table.hint,
      table.baseUrl,
      table.tags,
      table.note,
      table.createdAt,
      table.id,
    ),
  ],
)

/** Why an account, or one of its models or endpoints, takes no turns. */
export const REST_STATES = ['cooling', 'exhausted', 'suspect', 'expired', 'disabled'] as const

/**
 * What is held against accounts, so that it outlives a restart. A row whose `until` has passed and
 * that counts no faults means nothing any more.
 */
export const accountStates = sqliteTable(
  'account_states',
  {
    accountId: text().notNull(),
    /** Empty for the whole account, else a model, or a model and an endpoint. */
    scope: text().notNull(),
    state: text({ enum: REST_STATES }).notNull(),
    reason: text().notNull(),
    /** Milliseconds since 1970; null until an operator or a test says otherwise. */
    until: integer(),
    faults: integer().notNull(),
    updatedAt: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.scope] }),
    index('account_states_by_time').on(table.updatedAt),
    // Of many rows few hold something: lists and counts look at these only.
    index('account_states_held')
      .on(table.accountId, table.scope, table.state, table.until, table.faults)
      .where(sql`faults > 0`),
  ],
)

/** What is left of an account's quotas, as its upstream said or as we count. */
export const accountQuotas = sqliteTable(
  'account_quotas',
  {
    accountId: text().notNull(),
    /** `requests`, `tokens` or `units`, and the model it holds for where the upstream counts by model. */
    bucket: text().notNull(),
    limit: integer().notNull(),
    remaining: integer().notNull(),
    /** When the window ends, in milliseconds since 1970. */
    resetAt: integer().notNull(),
    source: text({ enum: ['reported', 'estimated'] }).notNull(),
    updatedAt: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.bucket] }),
    index('account_quotas_by_time').on(table.updatedAt),
  ],
)

/** The last model list that an account's upstream gave; outlives outages and restarts. */
export const modelLists = sqliteTable(
  'model_lists',
  {
    accountId: text().primaryKey(),
    /** Belongs to the list: another upstream behind the same account makes it void. */
    baseUrl: text().notNull(),
    models: text({ mode: 'json' }).$type<readonly UpstreamModel[]>().notNull(),
    fetchedAt: time().notNull(),
  },
  (table) => [index('model_lists_by_time').on(table.fetchedAt)],
)

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
  /** A key that is switched off is refused, and can be switched on again. */
  enabled: integer({ mode: 'boolean' }).notNull().default(true),
  /** Model ids it may ask for, `*` standing for any signs; null for all. */
  models: text({ mode: 'json' }).$type<readonly string[]>(),
  /** Turns a minute; null for no limit, as in all limits below; 0 for none at all. */
  requestsPerMinute: integer(),
  tokensPerMinute: integer(),
  /** Turns at once. */
  concurrency: integer(),
  /** What it may ask for on one day of the operator's time zone. */
  dailyChat: integer(),
  dailyHeavy: integer(),
  dailyImage: integer(),
  dailyVideo: integer(),
  /** Money a day and a calendar month: 10^10 ticks are one US dollar. */
  dailyCostTicks: integer(),
  monthlyCostTicks: integer(),
  /** `buffer`: its streams are held until they are whole, so that a broken one is made again. */
  rescue: text({ enum: ['off', 'buffer'] })
    .notNull()
    .default('off'),
  expiresAt: time(),
  /** Grows with every change, so that nobody overwrites what he has not seen. */
  version: integer().notNull().default(0),
  createdAt: time().notNull(),
  revokedAt: time(),
})

/**
 * What instances have taken of the limits of keys: each takes slices for itself, so that a turn needs
 * no database. Of an instance whose row has expired only what it used counts.
 */
export const allowances = sqliteTable(
  'allowances',
  {
    keyId: text().notNull(),
    /** What is limited: `requests`, `tokens`, `chat`, `cost`, … */
    bucket: text().notNull(),
    /** The number of the minute, day or month. */
    window: integer().notNull(),
    instance: text().notNull(),
    granted: integer().notNull(),
    used: integer().notNull(),
    expiresAt: integer().notNull(),
    /** When its instance last said so. */
    spokenAt: integer().notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.keyId, table.bucket, table.window, table.instance] }),
    index('allowances_by_expiry').on(table.expiresAt),
  ],
)

/** Values of the settings that were changed, and marks of our own (`revision`, `secret_check`). */
export const settings = sqliteTable('settings', {
  name: text().primaryKey(),
  value: text({ mode: 'json' }).$type<unknown>().notNull(),
})

/** Where the turns of an alias go. */
export interface Route {
  /** `order`: the first that can answer; `split`: one of them, by weight. */
  readonly mode: 'order' | 'split'
  readonly targets: readonly { readonly model: string; readonly weight?: number }[]
  /** Refusals of a request that the next model may take. */
  readonly also?: readonly ('context_length' | 'moderation')[]
}

/** Public names for models. */
export const aliases = sqliteTable('aliases', {
  name: text().primaryKey(),
  /** The first or only model. */
  model: text().notNull(),
  /** Null for an alias of one model. */
  route: text({ mode: 'json' }).$type<Route>(),
})

/** What models cost where their upstream does not say: US dollars for a million tokens. */
export const prices = sqliteTable('prices', {
  model: text().primaryKey(),
  input: real().notNull(),
  cached: real(),
  output: real().notNull(),
  /** From so many prompt tokens on the long prices hold. */
  longFrom: integer(),
  longInput: real(),
  longCached: real(),
  longOutput: real(),
})

/** Background work, and how far it is. A row that has expired was interrupted. */
export const jobs = sqliteTable(
  'jobs',
  {
    name: text().primaryKey(),
    instance: text().notNull(),
    state: text({ enum: ['running', 'done', 'failed', 'cancelled'] }).notNull(),
    done: integer().notNull(),
    total: integer().notNull(),
    note: text(),
    /** Asks the instance that runs it to stop, or to run it again. */
    wanted: text({ enum: ['run', 'cancel'] }),
    /** How often this run was begun: what was interrupted is begun again where an operator asked for it. */
    tries: integer().notNull().default(1),
    startedAt: integer().notNull(),
    finishedAt: integer(),
    expiresAt: integer().notNull(),
  },
  (table) => [
    // Every instance looks all the time whether an operator wants something.
    index('jobs_wanted').on(table.wanted).where(sql`wanted IS NOT NULL`),
  ],
)
