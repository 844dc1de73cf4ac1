import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Who shares the database now. A row that is not kept is that of an instance which is gone. */
export const instances = sqliteTable(
  'instances',
  {
    name: text().primaryKey(),
    /** The machine that it runs on, or what the platform calls the place; null where nobody tells. */
    host: text(),
    /** What it runs in, with its version. */
    runtime: text().notNull(),
    version: text().notNull(),
    /** Its number among the processes of its machine; null where it is the only one. */
    process: integer(),
    state: text({ enum: ['serving', 'draining'] }).notNull(),
    startedAt: integer().notNull(),
    /** When it said that it lives. */
    seenAt: integer().notNull(),
    /** When it is taken to be gone unless it says so again. */
    expiresAt: integer().notNull(),
  },
  (table) => [index('instances_by_expiry').on(table.expiresAt)],
)

/** What upstreams were asked about accounts, and by whom, so that no other instance asks it too. */
export const asks = sqliteTable(
  'asks',
  {
    kind: text({ enum: ['models', 'quota', 'use', 'check'] }).notNull(),
    /** The account. */
    subject: text().notNull(),
    instance: text().notNull(),
    askedAt: integer().notNull(),
    /** When its instance is taken to have died over it; 0 when it is done. */
    expiresAt: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.kind, table.subject] }),
    index('asks_by_time').on(table.askedAt),
    index('asks_open').on(table.expiresAt).where(sql`expires_at > 0`),
  ],
)
