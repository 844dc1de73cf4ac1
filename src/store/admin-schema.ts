import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Who is logged in on the admin page. Only a SHA-256 hash of the 256 random bits is kept. */
export const adminSessions = sqliteTable(
  'admin_sessions',
  {
    /** Names the session to people and in the audit log: no secret. */
    id: text().primaryKey(),
    secretHash: text().notNull().unique(),
    /** Of the secret that was given out to take its place: it does so when it is first seen. */
    nextHash: text(),
    /** Of the one before, which holds a little longer for requests that were on their way. */
    previousHash: text(),
    address: text(),
    /** What the browser calls itself. */
    agent: text(),
    /** Milliseconds since 1970, as all times here. */
    createdAt: integer().notNull(),
    /** When the secret became what it is. */
    rotatedAt: integer().notNull(),
    seenAt: integer().notNull(),
    expiresAt: integer().notNull(),
  },
  (table) => [index('admin_sessions_by_expiry').on(table.expiresAt)],
)

/** What programs present to the admin API. Only a hash of the 256 random bits is kept. */
export const adminTokens = sqliteTable('admin_tokens', {
  id: text().primaryKey(),
  name: text().notNull(),
  secretHash: text().notNull().unique(),
  hint: text().notNull(),
  createdAt: integer().notNull(),
  /** Null for never. */
  expiresAt: integer(),
  seenAt: integer(),
})

/** Failed log-ins, counted for all instances together. */
export const loginFailures = sqliteTable('login_failures', {
  /** From where, or `all`. */
  source: text().primaryKey(),
  failures: integer().notNull(),
  /** When the count begins anew. */
  resetAt: integer().notNull(),
})

/** Every change that an operator made. Values never hold a secret. Ids follow time. */
export const auditLog = sqliteTable('audit_log', {
  id: integer().primaryKey(),
  at: integer().notNull(),
  /** `session 3f2a9c01`, `token deploy`, `command line`, `set-up`. */
  actor: text().notNull(),
  address: text(),
  /** A noun and a verb: `account.change`. */
  action: text().notNull(),
  /** What it was done to, as people call it: `xai/main`. */
  subject: text().notNull(),
  before: text({ mode: 'json' }).$type<AuditValues>(),
  after: text({ mode: 'json' }).$type<AuditValues>(),
})

/** Which accounts a change was made to. Their names may change, and many may be changed at once. */
export const auditAccounts = sqliteTable(
  'audit_accounts',
  {
    accountId: text().notNull(),
    auditId: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.auditId] })],
)

/** What changed, by field. */
export type AuditValues = Readonly<Record<string, unknown>>

/** How work on many accounts stands. */
export const BATCH_STATES = ['waiting', 'running', 'paused', 'done', 'failed', 'cancelled'] as const

/**
 * Work on many things that an operator asked for. It is done by one instance at a time; where that one
 * is gone, `expiresAt` passes and another goes on behind what is done.
 */
export const batches = sqliteTable(
  'batches',
  {
    id: text().primaryKey(),
    /** What is done to each: `refresh`, `test`, … */
    kind: text().notNull(),
    state: text({ enum: BATCH_STATES }).notNull(),
    /** Asks the instance that runs it to stop, for a while or for good. */
    wanted: text({ enum: ['pause', 'cancel'] }),
    /** To how many it is done: see `batch_subjects`. */
    total: integer().notNull(),
    done: integer().notNull(),
    /** Positions of those that are done behind one that is not: work goes on at several places at once. */
    ahead: text({ mode: 'json' }).$type<readonly number[]>().notNull(),
    good: integer().notNull(),
    /** What did not work, and why: as many as fit a page. */
    problems: text({ mode: 'json' }).$type<readonly BatchProblem[]>().notNull(),
    actor: text().notNull(),
    instance: text(),
    createdAt: integer().notNull(),
    finishedAt: integer(),
    expiresAt: integer(),
  },
  (table) => [
    index('batches_by_time').on(table.createdAt),
    // Every instance looks all the time for what is still to be done, which is little or nothing.
    index('batches_open').on(table.createdAt, table.id).where(sql`state IN ('waiting', 'running')`),
  ],
)

/** What a batch is done to, so many in a row: what never changes is kept apart from what does. */
export const batchSubjects = sqliteTable(
  'batch_subjects',
  {
    batchId: text().notNull(),
    /** Counts from 0. */
    part: integer().notNull(),
    ids: text({ mode: 'json' }).$type<readonly string[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.batchId, table.part] })],
)

/** One of many for which the work failed. */
export interface BatchProblem {
  readonly id: string
  readonly name: string
  readonly reason: string
  /** Stable: pages say it in their own language by this, where it is known. */
  readonly code?: string | undefined
}
