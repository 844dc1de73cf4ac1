import { blob, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

// What is kept of pictures, videos and files. Their bytes are objects of an object store; these rows say
// what there is, and whose it is.

/** Pictures and videos that have an address of ours, whether or not they were fetched already. */
export const media = sqliteTable(
  'media',
  {
    /** 128 random bits in hexadecimal and an extension; the id of the object, and what its address ends with. */
    name: text().primaryKey(),
    sort: text({ enum: ['image', 'video'] }).notNull(),
    /** The account that made it, with which it is fetched; null for what a client uploaded. */
    accountId: text(),
    /** The key that it was made for. */
    keyId: text(),
    /** Where it is at its upstream; null when there is nowhere to fetch it from. */
    source: text(),
    /** SHA-256 over the account and the source: the same thing has one name. */
    sourceHash: text().unique(),
    /** What its bytes show; null until it is stored. */
    mime: text(),
    /** How many bytes it has; null until it is stored. */
    bytes: integer(),
    /** SHA-256 of them, which its `ETag` is made of. */
    hash: text(),
    /** Who fetches it, and until when the others leave it alone. */
    fetcher: text(),
    fetchUntil: integer(),
    createdAt: integer().notNull(),
    /** When it was last asked for, to the hour. */
    usedAt: integer().notNull(),
    /** The model that made it, as its client called it; null for what a client uploaded. */
    model: text(),
  },
  (table) => [index('media_by_use').on(table.sort, table.usedAt, table.bytes)],
)

/** Objects that are kept in the database: where no directory and no bucket is there to keep them. */
export const objects = sqliteTable(
  'objects',
  {
    /** While it is being written, or removed, it is called as its parts are. */
    id: text().primaryKey(),
    /** What its parts are filed under, which no other object ever has. */
    parts: text().notNull(),
    bytes: integer().notNull(),
    /** While it is being written nobody sees it. */
    whole: integer({ mode: 'boolean' }).notNull(),
    /** When something was last written. */
    writtenAt: integer().notNull(),
  },
  (table) => [index('objects_by_time').on(table.writtenAt)],
)

/** Their bytes, in parts of equal size but for the last: a libSQL server takes no large values. */
export const objectParts = sqliteTable(
  'object_parts',
  {
    /** `parts` of their object. */
    objectId: text().notNull(),
    part: integer().notNull(),
    bytes: blob({ mode: 'buffer' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.objectId, table.part] })],
)

/** Files of clients. The id is the object's, too. */
export const files = sqliteTable(
  'files',
  {
    id: text().primaryKey(),
    /** Whose it is; empty for what a video job holds until it is done. */
    keyId: text().notNull(),
    filename: text().notNull(),
    purpose: text().notNull(),
    mime: text().notNull(),
    bytes: integer().notNull(),
    /** SHA-256 of its bytes. */
    hash: text().notNull(),
    createdAt: integer().notNull(),
    /** Milliseconds since 1970; null for as long as nobody deletes it. */
    expiresAt: integer(),
  },
  (table) => [
    index('files_by_key').on(table.keyId, table.createdAt),
    index('files_by_expiry').on(table.expiresAt),
  ],
)

/** What accounts call files that were passed on to their upstreams. */
export const fileCopies = sqliteTable(
  'file_copies',
  {
    fileId: text().notNull(),
    accountId: text().notNull(),
    upstreamId: text().notNull(),
    createdAt: integer().notNull(),
    /** When the upstream clears it away. */
    expiresAt: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.fileId, table.accountId] })],
)

export const VIDEO_STATES = ['queued', 'in_progress', 'completed', 'failed'] as const

/** Videos that clients asked for, and how far they are. A lease that has expired was left behind. */
export const videos = sqliteTable(
  'videos',
  {
    id: text().primaryKey(),
    keyId: text().notNull(),
    /** In whose shape its client speaks of it. */
    shape: text({ enum: ['openai', 'xai'] }).notNull(),
    model: text().notNull(),
    status: text({ enum: VIDEO_STATES }).notNull(),
    /** From 0 to 100. */
    progress: integer().notNull(),
    /** What it takes to make it, as `FilmRequest`, with its pictures as ids of files. */
    request: text({ mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
    /** Where media addresses of its answers begin, as its client called us. */
    origin: text().notNull(),
    /** The account that makes it, and what that account's upstream calls it: its polling can go on. */
    accountId: text(),
    upstreamId: text(),
    /** Of `media`. */
    video: text(),
    thumbnail: text(),
    seconds: integer(),
    error: text({ mode: 'json' }).$type<{ readonly code: string; readonly message: string }>(),
    usage: text({ mode: 'json' }).$type<Readonly<Record<string, unknown>>>(),
    instance: text(),
    leaseUntil: integer().notNull(),
    tries: integer().notNull(),
    createdAt: integer().notNull(),
    completedAt: integer(),
    expiresAt: integer().notNull(),
  },
  (table) => [
    index('videos_by_key').on(table.keyId, table.createdAt),
    index('videos_by_lease').on(table.status, table.leaseUntil),
    index('videos_by_expiry').on(table.expiresAt),
  ],
)
