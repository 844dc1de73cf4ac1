import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

// What was said, for clients that come back to it. Every row belongs to the key that made it.

/**
 * Answers of the Responses API. The context of one is that of `previousId`, then its own items; a row
 * that was deleted stays for as long as a later one goes on from it.
 */
export const responses = sqliteTable(
  'responses',
  {
    id: text().primaryKey(),
    keyId: text().notNull(),
    previousId: text(),
    conversationId: text(),
    status: text({
      enum: ['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled'],
    }).notNull(),
    /** The Response as clients get it, but for its `output`. */
    body: text({ mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
    /** How the stream was cut, so that it can be sent again in the same pieces; null if it was not. */
    tape: text(),
    /** Turns of one chain meet the same account: what the first one was placed by. */
    affinity: integer().notNull(),
    bytes: integer().notNull(),
    createdAt: integer().notNull(),
    expiresAt: integer().notNull(),
    deletedAt: integer(),
  },
  (table) => [
    index('responses_by_previous').on(table.previousId),
    index('responses_by_expiry').on(table.expiresAt),
  ],
)

/** What a response was given and what it gave: its own, without those of the responses before it. */
export const responseItems = sqliteTable(
  'response_items',
  {
    responseId: text().notNull(),
    position: integer().notNull(),
    side: text({ enum: ['input', 'output'] }).notNull(),
    /** The item's id, which clients refer to. */
    id: text().notNull(),
    /** Which of `item_bodies` it is. */
    hash: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.responseId, table.position] }),
    index('response_items_by_id').on(table.id),
    index('response_items_by_hash').on(table.hash),
  ],
)

/** Items without their ids, each once for a key however often it is said again. */
export const itemBodies = sqliteTable('item_bodies', {
  /** SHA-256 over the key's id and the body. */
  hash: text().primaryKey(),
  body: text().notNull(),
})

/** Background turns that are not over: a row that has expired was left behind by its instance. */
export const backgroundTurns = sqliteTable(
  'background_turns',
  {
    responseId: text().primaryKey(),
    keyId: text().notNull(),
    /** The request's body, to begin it again. */
    request: text().notNull(),
    instance: text().notNull(),
    expiresAt: integer().notNull(),
    tries: integer().notNull(),
    /** Asks the instance that runs it to stop. */
    cancelled: integer({ mode: 'boolean' }).notNull().default(false),
  },
  (table) => [index('background_turns_by_expiry').on(table.expiresAt)],
)

export const conversations = sqliteTable(
  'conversations',
  {
    id: text().primaryKey(),
    keyId: text().notNull(),
    metadata: text({ mode: 'json' }).$type<Readonly<Record<string, string>>>().notNull(),
    createdAt: integer().notNull(),
    /** The last time that it was used: it expires as responses do. */
    usedAt: integer().notNull(),
  },
  (table) => [index('conversations_by_use').on(table.usedAt)],
)

export const conversationItems = sqliteTable(
  'conversation_items',
  {
    conversationId: text().notNull(),
    position: integer().notNull(),
    id: text().notNull(),
    hash: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.conversationId, table.position] }),
    index('conversation_items_by_id').on(table.id),
    index('conversation_items_by_hash').on(table.hash),
  ],
)

/** Chat completions that their clients asked to store. */
export const completions = sqliteTable(
  'completions',
  {
    id: text().primaryKey(),
    keyId: text().notNull(),
    model: text().notNull(),
    metadata: text({ mode: 'json' }).$type<Readonly<Record<string, string>>>().notNull(),
    /** The completion, and the messages it answers, as JSON. */
    body: text().notNull(),
    messages: text().notNull(),
    createdAt: integer().notNull(),
    expiresAt: integer().notNull(),
  },
  (table) => [
    index('completions_by_key').on(table.keyId, table.createdAt),
    index('completions_by_expiry').on(table.expiresAt),
  ],
)
