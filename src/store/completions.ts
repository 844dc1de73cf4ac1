import type { InStatement, InValue } from '@libsql/client/web'
import type { Metadata } from './conversations'
import type { Patient } from './patient'
import { forget } from './said-deletes'
import {
  bodyInserts,
  itemInserts,
  itemsQuestion,
  type KeptItem,
  type NewItem,
  readItems,
} from './said-items'
import { cutPage, type Page, type PageAsk, pageQuestion, readPage } from './said-page'

/** A completion as it is written: its messages are `input`, itself is the one `output`. */
export interface NewCompletion {
  readonly id: string
  readonly keyId: string
  readonly model: string
  readonly metadata: Metadata
  readonly createdAt: number
  readonly expiresAt: number
  readonly items: readonly NewItem[]
}

/** A completion as its client got it, with the metadata that it has now. */
export type StoredCompletion = KeptItem & { readonly metadata: Metadata }

/** Which completions a client wants to see. */
export interface CompletionsAsk extends PageAsk {
  readonly model: string | undefined
  /** Pairs that their metadata must have. */
  readonly metadata: Metadata
}

const LIVING = 'id = ?1 AND key_id = ?2 AND expires_at > ?3'
const INSERT = `INSERT INTO completions (id, key_id, model, metadata, created_at, expires_at)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const GET = `SELECT id, metadata FROM completions WHERE ${LIVING}`
const MESSAGES = `WITH listed AS (
  SELECT position AS n, id, hash FROM said_items WHERE owner_id = ?1 AND side = 'input')`
const BODIES = itemsQuestion(`WITH wanted AS (
  SELECT asked.key AS n, i.id, i.hash
  FROM json_each(?1) asked JOIN said_items i ON i.owner_id = asked.value AND i.side = 'output')`)
const UPDATE = `UPDATE completions SET metadata = ?4 WHERE ${LIVING} RETURNING id`
const PAIRS = `NOT EXISTS (SELECT 1 FROM json_each(?) asked WHERE asked.value IS NOT
  (SELECT own.value FROM json_each(completions.metadata) own WHERE own.key = asked.key))`

/** Chat completions that their clients asked to store. */
export function createCompletions(client: Patient) {
  async function bodiesOf(
    rows: readonly Readonly<Record<string, unknown>>[],
  ): Promise<StoredCompletion[]> {
    if (rows.length === 0) return []
    const args = [JSON.stringify(rows.map(({ id }) => id))]
    const found = await readItems(client, (await client.execute({ sql: BODIES, args })).rows)
    const metadata = new Map(rows.map((row) => [row.id, JSON.parse(String(row.metadata))]))
    return found.map((completion) => ({ ...completion, metadata: metadata.get(completion.id) }))
  }

  async function get(
    keyId: string,
    id: string,
    now: number,
  ): Promise<StoredCompletion | undefined> {
    const { rows } = await client.execute({ sql: GET, args: [id, keyId, now] })
    return (await bodiesOf(rows))[0]
  }

  return {
    /** Statements that store a completion, once however often they are run. */
    insertion: ({ items, ...row }: NewCompletion): InStatement[] => [
      ...bodyInserts(items),
      {
        sql: INSERT,
        args: [
          row.id,
          row.keyId,
          row.model,
          JSON.stringify(row.metadata),
          row.createdAt,
          row.expiresAt,
        ],
      },
      itemInserts(row.id, items),
    ],

    get,

    /** Whether there is one of that id, whosever it is, and be it expired. */
    async isKnown(id: string): Promise<boolean> {
      const sql = 'SELECT 1 FROM completions WHERE id = ?'
      return (await client.execute({ sql, args: [id] })).rows.length > 0
    },

    async list(keyId: string, ask: CompletionsAsk, now: number): Promise<Page<StoredCompletion>> {
      const { order, after, limit, model, metadata } = ask
      const [sign, way] = order === 'asc' ? ['>=', 'ASC'] : ['<=', 'DESC']
      const conditions = ['key_id = ?', 'expires_at > ?']
      const args: InValue[] = [keyId, now]
      if (model !== undefined) {
        conditions.push('model = ?')
        args.push(model)
      }
      if (Object.keys(metadata).length > 0) {
        conditions.push(PAIRS)
        args.push(JSON.stringify(metadata))
      }
      if (after !== undefined) {
        conditions.push(
          `(created_at, id) ${sign} (SELECT created_at, id FROM completions WHERE id = ? AND key_id = ?)`,
        )
        args.push(after, keyId)
      }
      const { rows } = await client.execute({
        sql: `SELECT id, metadata FROM completions WHERE ${conditions.join(' AND ')}
          ORDER BY created_at ${way}, id ${way} LIMIT ?`,
        args: [...args, limit + (after === undefined ? 1 : 2)],
      })
      const { data, hasMore } = cutPage(rows, ask)
      return { data: await bodiesOf(data), hasMore }
    },

    /** The messages that it answers. */
    async messages(
      [keyId, id, now]: readonly [keyId: string, id: string, now: number],
      ask: PageAsk,
    ): Promise<Page | undefined> {
      const [found, messages] = await client.batch(
        [{ sql: GET, args: [id, keyId, now] }, pageQuestion(MESSAGES, ask, [id])],
        'read',
      )
      if (!messages || !found?.rows[0]) return
      return readPage(client, messages, ask)
    },

    async update(
      [keyId, id, now]: readonly [keyId: string, id: string, now: number],
      metadata: Metadata,
    ): Promise<StoredCompletion | undefined> {
      const args = [id, keyId, now, JSON.stringify(metadata)]
      const { rows } = await client.execute({ sql: UPDATE, args })
      return rows[0] && get(keyId, id, now)
    },

    /** Says whether it was there. */
    async remove(keyId: string, id: string, now: number): Promise<boolean> {
      const { rows } = await client.execute({ sql: GET, args: [id, keyId, now] })
      if (!rows[0]) return false
      await forget(client, 'completions', [id])
      return true
    },
  }
}

export type Completions = ReturnType<typeof createCompletions>
