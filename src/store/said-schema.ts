import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

// What was said, for clients that come back to it. Every row belongs to the key that made it.

/**
 * Answers of the Responses API. The context of one is that of `previousId` or of its conversation, then
 * its own items. A deleted one is an empty one that has expired: it stays for as long as a later one
 * goes on from it.
 */
export const responses = sqliteTable(
  'responses',
  {
    id: text().primaryKey(),
    keyId: text().notNull(),
    previousId: text(),
    conversationId: text(),
    /** What its conversation held before it: the items at lower positions. */
    conversationEnd: integer(),
    status: text({
      enum: ['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled'],
    }).notNull(),
    /** The Response as clients get it, but for its `output` and its terms. */
    body: text({ mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
    /** How the stream was cut, so that it can be sent again in the same pieces; null if it was not. */
    tape: text(),
    /** Turns of one chain meet the same account: what the first one was placed by. */
    affinity: integer().notNull(),
    bytes: integer().notNull(),
    createdAt: integer().notNull(),
    expiresAt: integer().notNull(),
  },
  (table) => [
    index('responses_by_previous').on(table.previousId),
    index('responses_by_expiry').on(table.expiresAt, table.bytes),
  ],
)

/**
 * What a response, a conversation or a stored completion consists of. Of a response these are its own
 * items, without those of the responses before it.
 */
export const saidItems = sqliteTable(
  'said_items',
  {
    ownerId: text().notNull(),
    position: integer().notNull(),
    /**
     * `terms` are what a Response says of its request and turns have in common; `request` is what it
     * takes to begin a background turn again. Both have positions below 0.
     */
    side: text({ enum: ['request', 'terms', 'input', 'output'] }).notNull(),
    /** The item's id, which clients refer to. */
    id: text().notNull(),
    /** Which of `item_bodies` it is. */
    hash: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.position] }),
    index('said_items_by_id').on(table.id),
    index('said_items_by_hash').on(table.hash),
  ],
)

/** Items without their ids, each once for a key however often it is said again. */
export const itemBodies = sqliteTable(
  'item_bodies',
  {
    /** SHA-256 over the key's id and the body. */
    hash: text().notNull(),
    /** A libSQL server takes no value above four megabytes: pictures come in parts. */
    part: integer().notNull(),
    bytes: integer().notNull(),
    body: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.hash, table.part] }),
    index('item_bodies_by_bytes').on(table.bytes),
  ],
)

/** Background turns that are not over: a row that has expired was left behind by its instance. */
export const backgroundTurns = sqliteTable(
  'background_turns',
  {
    responseId: text().primaryKey(),
    keyId: text().notNull(),
    instance: text().notNull(),
    expiresAt: integer().notNull(),
    tries: integer().notNull(),
    /** Asks the instance that runs it to stop. */
    cancelled: integer({ mode: 'boolean' }).notNull().default(false),
  },
  (table) => [
    index('background_turns_by_expiry').on(table.expiresAt),
    index('background_turns_cancelled').on(table.instance).where(sql`cancelled = 1`),
  ],
)

export const conversations = sqliteTable(
  'conversations',
  {
    id: text().primaryKey(),
    keyId: text().notNull(),
    metadata: text({ mode: 'json' }).$type<Readonly<Record<string, string>>>().notNull(),
    createdAt: integer().notNull(),
    /** The last time that it was changed: it expires by this. */
    usedAt: integer().notNull(),
  },
  (table) => [index('conversations_by_use').on(table.usedAt)],
)

/** Chat completions that their clients asked to store; their `input` are messages, their `output` is one item. */
export const completions = sqliteTable(
  'completions',
  {
    id: text().primaryKey(),
    keyId: text().notNull(),
    model: text().notNull(),
    metadata: text({ mode: 'json' }).$type<Readonly<Record<string, string>>>().notNull(),
    createdAt: integer().notNull(),
    expiresAt: integer().notNull(),
  },
  (table) => [
    index('completions_by_key').on(table.keyId, table.createdAt),
    index('completions_by_expiry').on(table.expiresAt),
  ],
)
