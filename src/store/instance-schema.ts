import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

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
