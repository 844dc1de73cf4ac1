import type { InStatement, InValue } from '@libsql/client/web'
import type { Patient } from './patient'
import {
  bodyInserts,
  type Guard,
  itemAppends,
  itemDeletes,
  itemInserts,
  itemsQuestion,
  type KeptItem,
  type NewItem,
  readItems,
} from './said-items'
import { type Page, type PageAsk, pageQuestion, readPage } from './said-page'
import type { responses } from './said-schema'

export type ResponseStatus = (typeof responses.$inferSelect)['status']

/** A response as it is written. */
export interface NewResponse {
  readonly id: string
  readonly keyId: string
  readonly previousId: string | null
  /** Its conversation, and the first position that the conversation did not have when it was read. */
  readonly conversation: { readonly id: string; readonly end: number } | null
  readonly status: ResponseStatus
  /** JSON without `output`, and without what is among the items as its terms. */
  readonly body: string
  readonly tape: string | null
  readonly affinity: number
  readonly createdAt: number
  readonly expiresAt: number
  readonly items: readonly NewItem[]
}

/** A response as it was stored. */
export interface StoredResponse {
  readonly status: ResponseStatus
  /** The Response without its `output`. */
  readonly body: Readonly<Record<string, unknown>>
  readonly output: readonly KeptItem[]
  readonly tape: string | null
}

/** What a later turn goes on from. */
export interface Context {
  readonly items: readonly KeptItem[]
  readonly affinity: number
  readonly status: ResponseStatus
}

/** The id of what stands for a response's terms among its items. */
export const TERMS = ''

/** A key's living response and those before it, of which it does not matter whether they have expired. */
const CHAIN = `WITH RECURSIVE
  chain(id, previous_id, conversation_id, conversation_end, depth) AS (
    SELECT id, previous_id, conversation_id, conversation_end, 0 FROM responses
    WHERE id = ?1 AND key_id = ?2 AND expires_at > ?3
    UNION ALL
    SELECT r.id, r.previous_id, r.conversation_id, r.conversation_end, chain.depth + 1
    FROM chain JOIN responses r ON r.id = chain.previous_id AND r.key_id = ?2)`

/** Everything that was said up to a response; of a chain's first one what its conversation held. */
const said = (own: string) => `${CHAIN},
  said(depth, own, position, id, hash) AS (
    SELECT chain.depth, 1, i.position, i.id, i.hash
    FROM chain JOIN said_items i ON i.owner_id = chain.id
    WHERE i.side = 'input' OR i.side = 'output' ${own}
    UNION ALL
    SELECT chain.depth, 0, i.position, i.id, i.hash
    FROM chain JOIN said_items i
    ON i.owner_id = chain.conversation_id AND i.position < chain.conversation_end)`

const ORDERED =
  'SELECT row_number() OVER (ORDER BY depth DESC, own, position) AS n, id, hash FROM said'

const HEAD = `${CHAIN}
  SELECT affinity, status,
    (SELECT previous_id FROM chain ORDER BY depth DESC LIMIT 1) AS missing
  FROM responses WHERE id = (SELECT id FROM chain WHERE depth = 0)`
const CONTEXT = itemsQuestion(`${said('')}, wanted AS (${ORDERED})`)
const INPUT = `${said('AND chain.depth > 0')}, listed AS (${ORDERED})`

const LIVING = 'id = ?1 AND key_id = ?2 AND expires_at > ?3'
const ROW = `SELECT status, body, tape FROM responses WHERE ${LIVING}`
const OUTPUT = itemsQuestion(`WITH wanted AS (
  SELECT position AS n, id, hash FROM said_items
  WHERE owner_id = ?1 AND side IN ('terms', 'output')
  AND EXISTS (SELECT 1 FROM responses WHERE ${LIVING}))`)

/** Of items that share an id the one of the latest response, or else of a conversation. */
const REFERENCES = itemsQuestion(`WITH found(n, id, hash) AS (
    SELECT asked.key, asked.value, coalesce(
      (SELECT i.hash FROM said_items i JOIN responses r ON r.id = i.owner_id
        WHERE i.id = asked.value AND i.side IN ('input', 'output')
          AND r.key_id = ?1 AND r.expires_at > ?2
        ORDER BY r.created_at DESC, i.position DESC LIMIT 1),
      (SELECT i.hash FROM said_items i JOIN conversations c ON c.id = i.owner_id
        WHERE i.id = asked.value AND c.key_id = ?1 AND c.used_at > ?3
        ORDER BY c.used_at DESC, i.position DESC LIMIT 1))
    FROM json_each(?4) asked),
  wanted AS (SELECT n, id, hash FROM found WHERE hash IS NOT NULL)`)

const INSERT = `INSERT INTO responses (id, key_id, previous_id, conversation_id, conversation_end, status,
    body, tape, affinity, bytes, created_at, expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?7, ?8, ?, octet_length(?7) + coalesce(octet_length(?8), 0), ?, ?)
  ON CONFLICT DO NOTHING`

const EMPTY = `UPDATE responses SET body = '{}', tape = NULL, bytes = 0, expires_at = ?3,
    status = CASE WHEN status IN ('queued', 'in_progress') THEN 'cancelled' ELSE status END
  WHERE ${LIVING} RETURNING id`
const STOP = 'UPDATE background_turns SET cancelled = 1 WHERE response_id = ?1 AND key_id = ?2'

/** Answers of the Responses API, for clients that come back to them. */
export function createResponses(client: Patient) {
  return {
    /** Statements that store a response and its items, once however often they are run. */
    insertion(row: NewResponse): InStatement[] {
      const isNew = { sql: 'NOT EXISTS (SELECT 1 FROM responses WHERE id = ?)', args: [row.id] }
      return [...conversationAppends(row, isNew), ...responseInserts(row)]
    },

    /**
     * What was said up to a response and in it, oldest first. There is none when it has expired, nor
     * when one of the responses before it is gone: part of a conversation would be taken for all of it.
     */
    async context(keyId: string, id: string, livingAt: number): Promise<Context | undefined> {
      const args = [id, keyId, livingAt]
      const [heads, items] = await client.batch(
        [
          { sql: HEAD, args },
          { sql: CONTEXT, args },
        ],
        'read',
      )
      const head = heads?.rows[0]
      if (!head || head.missing !== null) return
      return {
        items: await readItems(client, items?.rows ?? []),
        affinity: Number(head.affinity),
        status: head.status as ResponseStatus,
      }
    },

    /** A page of what a response was an answer to: its context, then its own input. */
    async inputItems(
      [keyId, id, now]: readonly [keyId: string, id: string, now: number],
      ask: PageAsk,
    ): Promise<Page | undefined> {
      const args = [id, keyId, now]
      const [found, items] = await client.batch(
        [{ sql: `SELECT 1 FROM responses WHERE ${LIVING}`, args }, pageQuestion(INPUT, ask, args)],
        'read',
      )
      if (!items || !found?.rows[0]) return
      return readPage(client, items, ask)
    },

    async get(keyId: string, id: string, now: number): Promise<StoredResponse | undefined> {
      const args = [id, keyId, now]
      const [found, items] = await client.batch(
        [
          { sql: ROW, args },
          { sql: OUTPUT, args },
        ],
        'read',
      )
      const row = found?.rows[0]
      if (!row) return
      const output = await readItems(client, items?.rows ?? [])
      const { id: _, ...terms } = output.find((item) => item.id === TERMS) ?? { id: TERMS }
      return {
        status: row.status as ResponseStatus,
        body: { ...JSON.parse(String(row.body)), ...terms },
        output: output.filter((item) => item.id !== TERMS),
        tape: row.tape === null ? null : String(row.tape),
      }
    },

    /** Whether there is a response of that id, whosever it is, and be it deleted or expired. */
    async isKnown(id: string): Promise<boolean> {
      const sql = 'SELECT 1 FROM responses WHERE id = ?'
      return (await client.execute({ sql, args: [id] })).rows.length > 0
    },

    /** Items of a key by their ids, as far as they are found. */
    async references(
      keyId: string,
      ids: readonly string[],
      { now, usedSince }: { readonly now: number; readonly usedSince: number },
    ): Promise<ReadonlyMap<string, KeptItem>> {
      const args = [keyId, now, usedSince, JSON.stringify(ids)]
      const { rows } = await client.execute({ sql: REFERENCES, args })
      return new Map((await readItems(client, rows)).map((item) => [item.id, item]))
    },

    /** Empty a response and let it expire; a background turn is told to stop. Says whether it was there. */
    async remove(keyId: string, id: string, now: number): Promise<boolean> {
      const which = (
        name: string,
      ) => `${name}.owner_id = ?1 AND ${name}.side IN ('request', 'terms')
        AND EXISTS (SELECT 1 FROM responses WHERE id = ?1 AND key_id = ?2 AND expires_at <= ?3)`
      const args = [id, keyId, now]
      const [emptied] = await client.batch(
        [{ sql: EMPTY, args }, { sql: STOP, args: [id, keyId] }, ...itemDeletes(which, args)],
        'write',
      )
      return (emptied?.rows.length ?? 0) > 0
    },
  }
}

export type Responses = ReturnType<typeof createResponses>

/** Statements that store a response and its items, and leave its conversation as it is. */
export const responseInserts = (row: NewResponse): InStatement[] => [
  ...bodyInserts(row.items),
  {
    sql: INSERT,
    args: [
      row.id,
      row.keyId,
      row.previousId,
      row.conversation?.id ?? null,
      row.conversation?.end ?? null,
      row.status,
      row.body,
      row.tape,
      row.affinity,
      row.createdAt,
      row.expiresAt,
    ],
  },
  itemInserts(row.id, row.items),
]

/** What a turn adds to its conversation, if there still is one: what was asked and what was answered. */
export function conversationAppends(
  { keyId, items, createdAt, conversation }: Turn,
  guard: Guard,
): InStatement[] {
  if (!conversation) return []
  const args: InValue[] = [conversation.id, keyId]
  const sql = `${guard.sql} AND EXISTS (SELECT 1 FROM conversations WHERE id = ? AND key_id = ?)`
  const appended = items.filter(({ side }) => side === 'input' || side === 'output')
  return [
    itemAppends(conversation.id, appended, { sql, args: [...guard.args, ...args] }),
    {
      sql: 'UPDATE conversations SET used_at = max(used_at, ?) WHERE id = ? AND key_id = ?',
      args: [createdAt, ...args],
    },
  ]
}

type Turn = Pick<NewResponse, 'keyId' | 'items' | 'createdAt' | 'conversation'>
