import type { Client, InValue } from '@libsql/client/web'
import type { Bucket } from './allowances'
import { gathered } from './gather'
import type { Key } from './keys'
import { createReader } from './rows'
import { keys } from './schema'

/** By what keys are picked. A key that is at a limit is in force. */
export const KEY_STATES = ['in_force', 'off', 'expired', 'revoked', 'at_limit'] as const
export type KeyState = (typeof KEY_STATES)[number]

/** Which keys are looked for. */
export interface KeyFilter {
  /** All but the revoked ones when absent. */
  readonly state?: KeyState | 'all' | undefined
  /** A part of the name, the last four signs of the secret, or the id. */
  readonly search?: string | undefined
}

interface KeyPage {
  readonly limit: number
  /** How many to leave out, or behind which key to begin. */
  readonly offset?: number | undefined
  readonly after?: string | undefined
}

/** When it is, and which days and months that is in. */
export interface KeyTime {
  readonly now: number
  readonly windows: readonly (readonly [bucket: Bucket, window: number])[]
}

const IN_FORCE = 'revoked_at IS NULL AND enabled = 1 AND (expires_at IS NULL OR expires_at > ?)'

/** What of a key each bucket of a day or month counts. */
const LIMIT_OF = `CASE held.bucket
  WHEN 'chat' THEN daily_chat WHEN 'heavy' THEN daily_heavy WHEN 'image' THEN daily_image
  WHEN 'video' THEN daily_video WHEN 'cost' THEN daily_cost_ticks
  WHEN 'cost-month' THEN monthly_cost_ticks END`

const AT_LIMIT = `${IN_FORCE} AND EXISTS (
  SELECT 1 FROM allowances AS held WHERE held.key_id = keys.id
    AND (held.bucket, held."window") IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))
  GROUP BY held.bucket HAVING sum(held.used) >= ${LIMIT_OF})`

const BEHIND = '(created_at, id) < (SELECT created_at, id FROM keys AS last WHERE last.id = ?)'

/** Finds keys among many. */
export function createKeySearch(client: Client) {
  const read = createReader(client, keys)
  const asker = gathered(client)

  const stateOf = (state: KeyFilter['state'], { now, windows }: KeyTime): [string, InValue[]] => {
    if (state === 'in_force') return [IN_FORCE, [now]]
    if (state === 'off') return ['revoked_at IS NULL AND enabled = 0', []]
    if (state === 'expired')
      return ['revoked_at IS NULL AND enabled = 1 AND expires_at <= ?', [now]]
    if (state === 'revoked') return ['revoked_at IS NOT NULL', []]
    if (state === 'at_limit') return [AT_LIMIT, [now, JSON.stringify(windows)]]
    return [state === 'all' ? '1' : 'revoked_at IS NULL', []]
  }

  const where = ({ state, search }: KeyFilter, time: KeyTime): [string, InValue[]] => {
    const [condition, args] = stateOf(state, time)
    if (!search) return [condition, args]
    const part = `%${search.replace(/[\\%_]/g, '\\$&')}%`
    const sql = `${condition} AND (name LIKE ? ESCAPE '\\' OR hint = ? OR id = ?)`
    return [sql, [...args, part, search.replace(/^…/, ''), search]]
  }

  async function total(filter: KeyFilter, time: KeyTime): Promise<number> {
    const [condition, args] = where(filter, time)
    const sql = `SELECT count(*) AS found FROM keys WHERE ${condition}`
    const { rows } = await asker.execute({ sql, args })
    return Number(rows[0]?.found)
  }

  return {
    /** Those that fit, the newest first, and how many fit altogether. */
    async find(
      filter: KeyFilter,
      time: KeyTime,
      { limit, offset = 0, after }: KeyPage,
    ): Promise<{ readonly keys: readonly Key[]; readonly total: number }> {
      const [condition, args] = where(filter, time)
      const [rows, found] = await Promise.all([
        read(
          `WHERE ${condition}${after ? ` AND ${BEHIND}` : ''} ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?`,
          [...args, ...(after ? [after] : []), limit, offset],
        ),
        total(filter, time),
      ])
      return { keys: rows.map(({ secretHash: _, ...key }) => key), total: found }
    },

    /** How many there are in each state. */
    async counts(time: KeyTime): Promise<Readonly<Record<KeyState, number>>> {
      const found = await Promise.all(
        KEY_STATES.map(async (state) => [state, await total({ state }, time)] as const),
      )
      return Object.fromEntries(found) as Record<KeyState, number>
    },
  }
}

export type KeySearch = ReturnType<typeof createKeySearch>
