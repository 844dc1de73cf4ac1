import type { InStatement } from '@libsql/client/web'
import type { Patient } from './patient'
import { forget } from './said-deletes'
import {
  bodyInserts,
  itemAppends,
  itemDeletes,
  itemInserts,
  itemsQuestion,
  type KeptItem,
  type NewItem,
  readItems,
} from './said-items'
import { type Page, type PageAsk, pageQuestion, readPage } from './said-page'

export type Metadata = Readonly<Record<string, string>>

/** A conversation without its items. */
export interface Conversation {
  readonly id: string
  readonly metadata: Metadata
  readonly createdAt: number
}

/** Which conversation of whom, and since when it must have been used to be there still. */
export interface ConversationName {
  readonly keyId: string
  readonly id: string
  readonly usedSince: number
}

const LIVING = 'id = ?1 AND key_id = ?2 AND used_at > ?3'
const IS_THERE = `EXISTS (SELECT 1 FROM conversations WHERE ${LIVING})`
const GET = `SELECT id, metadata, created_at FROM conversations WHERE ${LIVING}`
const CREATE = `INSERT INTO conversations (id, key_id, metadata, created_at, used_at)
  VALUES (?1, ?2, ?3, ?4, ?4)`
const UPDATE = `UPDATE conversations SET metadata = ?4, used_at = ?5 WHERE ${LIVING}
  RETURNING id, metadata, created_at`
const USE = `UPDATE conversations SET used_at = max(used_at, ?4) WHERE ${LIVING} RETURNING id`
const END = `SELECT (SELECT coalesce(max(position), -1) + 1 FROM said_items WHERE owner_id = ?1) AS "end"
  FROM conversations WHERE ${LIVING}`
const LISTED = 'WITH listed AS (SELECT position AS n, id, hash FROM said_items WHERE owner_id = ?1)'
const ALL = itemsQuestion(`WITH wanted AS (
  SELECT position AS n, id, hash FROM said_items WHERE owner_id = ?1 AND ${IS_THERE})`)
const ONE = itemsQuestion(`WITH wanted AS (
  SELECT position AS n, id, hash FROM said_items
  WHERE id = ?4 AND owner_id = ?1 AND ${IS_THERE} ORDER BY position DESC LIMIT 1)`)

/** Conversations and what was said in them. */
export function createConversations(client: Patient) {
  const argumentsOf = ({ id, keyId, usedSince }: ConversationName) => [id, keyId, usedSince]

  async function get(name: ConversationName): Promise<Conversation | undefined> {
    const { rows } = await client.execute({ sql: GET, args: argumentsOf(name) })
    return rows[0] && conversation(rows[0])
  }

  return {
    get,

    async create(keyId: string, made: Conversation, items: readonly NewItem[]): Promise<void> {
      const { id, metadata, createdAt } = made
      await client.batch(
        [
          { sql: CREATE, args: [id, keyId, JSON.stringify(metadata), createdAt] },
          ...bodyInserts(items),
          itemInserts(id, items),
        ],
        'write',
      )
    },

    async update(
      name: ConversationName,
      metadata: Metadata,
      now: number,
    ): Promise<Conversation | undefined> {
      const args = [...argumentsOf(name), JSON.stringify(metadata), now]
      const { rows } = await client.execute({ sql: UPDATE, args })
      return rows[0] && conversation(rows[0])
    },

    /** With its items; responses that were made in it keep their own. Says whether it was there. */
    async remove(name: ConversationName): Promise<boolean> {
      if (!(await get(name))) return false
      await forget(client, 'conversations', [name.id])
      return true
    },

    /** All of its items, and the position that comes next. */
    async context(
      name: ConversationName,
    ): Promise<{ readonly items: readonly KeptItem[]; readonly end: number } | undefined> {
      const args = argumentsOf(name)
      const [ends, items] = await client.batch(
        [
          { sql: END, args },
          { sql: ALL, args },
        ],
        'read',
      )
      const end = ends?.rows[0]?.end
      if (end === undefined) return
      return { items: await readItems(client, items?.rows ?? []), end: Number(end) }
    },

    async items(name: ConversationName, ask: PageAsk): Promise<Page | undefined> {
      const args = argumentsOf(name)
      const [found, items] = await client.batch(
        [{ sql: GET, args }, pageQuestion(LISTED, ask, args.slice(0, 1))],
        'read',
      )
      if (!items || !found?.rows[0]) return
      return readPage(client, items, ask)
    },

    /** Add items behind those that it has. Says whether it is there. */
    async add(name: ConversationName, items: readonly NewItem[], now: number): Promise<boolean> {
      const args = argumentsOf(name)
      const guard = {
        sql: 'EXISTS (SELECT 1 FROM conversations WHERE id = ? AND key_id = ? AND used_at > ?)',
        args,
      }
      const statements = [...bodyInserts(items, guard), itemAppends(name.id, items, guard)]
      const results = await client.batch(
        [...statements, { sql: USE, args: [...args, now] }],
        'write',
      )
      return (results.at(-1)?.rows.length ?? 0) > 0
    },

    /** Statements that add items like that, once however often they are run, by the last one's id. */
    addition(name: ConversationName, items: readonly NewItem[], now: number): InStatement[] {
      const args = argumentsOf(name)
      const guard = {
        sql: `EXISTS (SELECT 1 FROM conversations WHERE id = ? AND key_id = ? AND used_at > ?)
          AND NOT EXISTS (SELECT 1 FROM said_items WHERE owner_id = ? AND id = ?)`,
        args: [...args, name.id, items.at(-1)?.id ?? null],
      }
      return [
        ...bodyInserts(items, guard),
        itemAppends(name.id, items, guard),
        { sql: USE, args: [...args, now] },
      ]
    },

    async item(name: ConversationName, itemId: string): Promise<KeptItem | undefined> {
      const { rows } = await client.execute({ sql: ONE, args: [...argumentsOf(name), itemId] })
      return (await readItems(client, rows))[0]
    },

    /** Gives the conversation that the item was removed from, if it was there. */
    async removeItem(
      name: ConversationName,
      itemId: string,
      now: number,
    ): Promise<Conversation | undefined> {
      const which = (row: string) => `${row}.owner_id = ?1 AND ${row}.id = ?4 AND ${IS_THERE}`
      const args = argumentsOf(name)
      const [found, , removed] = await client.batch(
        [
          { sql: GET, args },
          ...itemDeletes(which, [...args, itemId]),
          { sql: USE, args: [...args, now] },
        ],
        'write',
      )
      return removed?.rowsAffected && found?.rows[0] ? conversation(found.rows[0]) : undefined
    },
  }
}

export type Conversations = ReturnType<typeof createConversations>

const conversation = (row: Readonly<Record<string, unknown>>): Conversation => ({
  id: String(row.id),
  metadata: JSON.parse(String(row.metadata)),
  createdAt: Number(row.created_at),
})
