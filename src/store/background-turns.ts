import type { InStatement, InValue } from '@libsql/client/web'
import type { Lease } from './lease'
import type { Patient } from './patient'
import { conversationAppends, type NewResponse, responseInserts } from './responses'
import {
  bodyInserts,
  itemAppends,
  itemDeletes,
  itemsQuestion,
  type KeptItem,
  readItems,
} from './said-items'

/** A background turn that was left behind, and is now ours. */
export interface ClaimedTurn {
  readonly keyId: string
  readonly responseId: string
  /** How often it was begun, this time included. */
  readonly tries: number
  /** Whether its client wants it no more: it has only to be ended. */
  readonly cancelled: boolean
  /** When its client asked for it. */
  readonly createdAt: number
  /** What it takes to begin it again, under the id of the response. */
  readonly request: KeptItem | undefined
}

/** A response whose turn is over, or has come further. */
export type Progress = Pick<
  NewResponse,
  'id' | 'keyId' | 'status' | 'body' | 'tape' | 'items' | 'conversation' | 'createdAt'
>

const OPEN = "status IN ('queued', 'in_progress')"

const BEGIN = `INSERT INTO background_turns (response_id, key_id, instance, expires_at, tries)
  VALUES (?, ?, ?, ?, 1)`
const RENEW = `UPDATE background_turns SET expires_at = ?
  WHERE instance = ? AND response_id IN (SELECT value FROM json_each(?))
  RETURNING response_id, cancelled`
const CLAIM = `UPDATE background_turns SET instance = ?, expires_at = ?, tries = tries + 1
  WHERE response_id IN
    (SELECT response_id FROM background_turns WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
  RETURNING response_id, key_id, tries, cancelled,
    (SELECT created_at FROM responses WHERE id = response_id) AS created_at`
// Nobody has failed with it: that it was begun here does not count.
const RELEASE = `UPDATE background_turns SET instance = '', expires_at = 0, tries = tries - 1
  WHERE instance = ? AND response_id IN (SELECT value FROM json_each(?))`
const REQUEST = itemsQuestion(`WITH wanted AS (
  SELECT 0 AS n, id, hash FROM said_items WHERE owner_id = ? AND side = 'request')`)
const CANCEL = `UPDATE responses SET status = 'cancelled', body = json_set(body, '$.status', 'cancelled')
  WHERE id = ? AND key_id = ? AND expires_at > ? AND ${OPEN} RETURNING id`
const STOP = 'UPDATE background_turns SET cancelled = 1 WHERE response_id = ? AND key_id = ?'
const ADVANCE = `UPDATE responses SET status = ?1, body = ?2, tape = ?3,
    bytes = octet_length(?2) + coalesce(octet_length(?3), 0)
  WHERE id = ?4 AND ${OPEN}
  AND EXISTS (SELECT 1 FROM background_turns WHERE response_id = ?4 AND instance = ?5)`
const END = 'DELETE FROM background_turns WHERE response_id = ? AND instance = ?'

/** Statements that forget an instance's turn, and what it would take to begin it again. */
const ended = (id: string, instance: string): InStatement[] => [
  ...itemDeletes(
    (name) => `${name}.owner_id = ?1 AND ${name}.side = 'request'
      AND EXISTS (SELECT 1 FROM background_turns WHERE response_id = ?1 AND instance = ?2)`,
    [id, instance],
  ),
  { sql: END, args: [id, instance] },
]

/** Turns that go on after their request was answered, each with one instance that runs it. */
export function createBackgroundTurns(client: Patient) {
  return {
    /** Store a response that is yet to come, and that it is being worked on. */
    async begin(row: NewResponse, { instance, expiresAt }: Lease): Promise<void> {
      // Its conversation gets what was asked together with what was answered.
      await client.batch(
        [...responseInserts(row), { sql: BEGIN, args: [row.id, row.keyId, instance, expiresAt] }],
        'write',
      )
    },

    /**
     * Keep turns for longer. Those that are lost were taken over by another instance, or are over;
     * those that are cancelled are to be ended.
     */
    async renew(
      { instance, expiresAt }: Lease,
      ids: readonly string[],
    ): Promise<{ readonly cancelled: readonly string[]; readonly lost: readonly string[] }> {
      const args = [expiresAt, instance, JSON.stringify(ids)]
      const { rows } = await client.execute({ sql: RENEW, args })
      const held = new Set(rows.map((row) => String(row.response_id)))
      return {
        cancelled: rows.filter((row) => row.cancelled === 1).map((row) => String(row.response_id)),
        lost: ids.filter((id) => !held.has(id)),
      }
    },

    /** Give turns up that this instance has, for another to take over at once. */
    async release(instance: string, ids: readonly string[]): Promise<void> {
      await client.execute({ sql: RELEASE, args: [instance, JSON.stringify(ids)] })
    },

    /** End a turn that this instance has, for good. */
    async drop(
      keyId: string,
      id: string,
      { instance, now }: { readonly instance: string; readonly now: number },
    ): Promise<void> {
      await client.batch([{ sql: CANCEL, args: [id, keyId, now] }, ...ended(id, instance)], 'write')
    },

    /** Take over turns whose instance has not kept them. */
    async claim(
      { instance, expiresAt }: Lease,
      now: number,
      most: number,
    ): Promise<readonly ClaimedTurn[]> {
      const claimed = await client.execute({ sql: CLAIM, args: [instance, expiresAt, now, most] })
      const turns: ClaimedTurn[] = []
      for (const row of claimed.rows) {
        const responseId = String(row.response_id)
        const { rows } = await client.execute({ sql: REQUEST, args: [responseId] })
        turns.push({
          keyId: String(row.key_id),
          responseId,
          tries: Number(row.tries),
          cancelled: row.cancelled === 1,
          createdAt: Number(row.created_at),
          request: (await readItems(client, rows))[0],
        })
      }
      return turns
    },

    /** End a turn for its client, and ask the instance that runs it to stop. Says whether it was running. */
    async cancel(keyId: string, id: string, now: number): Promise<boolean> {
      const [cancelled] = await client.batch(
        [
          { sql: CANCEL, args: [id, keyId, now] },
          { sql: STOP, args: [id, keyId] },
        ],
        'write',
      )
      return (cancelled?.rows.length ?? 0) > 0
    },

    /**
     * Statements that note how far a turn has come, if it is still this instance's and was neither
     * cancelled nor deleted. With an end they add its output, to its conversation too, and forget what
     * it would take to begin it again.
     */
    advance(row: Progress, instance: string, isOver: boolean): InStatement[] {
      const { id, status, body, tape } = row
      const change = { sql: ADVANCE, args: [status, body, tape, id, instance] }
      if (!isOver) return [change]
      const guard = {
        sql: `EXISTS (SELECT 1 FROM responses r JOIN background_turns b ON b.response_id = r.id
          WHERE r.id = ? AND r.${OPEN} AND b.instance = ?)`,
        args: [id, instance] as InValue[],
      }
      const output = row.items.filter(({ side }) => side === 'output')
      return [
        ...bodyInserts(row.items, guard),
        ...conversationAppends(row, guard),
        itemAppends(id, output, guard),
        change,
        ...ended(id, instance),
      ]
    },
  }
}

export type BackgroundTurns = ReturnType<typeof createBackgroundTurns>
