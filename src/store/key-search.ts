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

interface Filter {
  readonly state?: keyof typeof CONDITIONS | undefined
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
const LONG_LIMITS = [
  ['chat', 'daily_chat'],
  ['heavy', 'daily_heavy'],
  ['image', 'daily_image'],
  ['video', 'daily_video'],
  ['cost', 'daily_cost_ticks'],
  ['cost-month', 'monthly_cost_ticks'],
] as const satisfies readonly (readonly [Bucket, string])[]

/** Only limits that a key has are looked at. */
const IS_SPENT = LONG_LIMITS.map(
  ([bucket, limit]) => `${limit} > 0 AND ${limit} <= (SELECT sum(used) FROM allowances
    WHERE key_id = keys.id AND bucket = '${bucket}' AND "window" = ?)`,
).join(' OR ')

const CONDITIONS: Readonly<Record<KeyState | 'all' | 'usual', string>> = {
  in_force: IN_FORCE,
  off: 'revoked_at IS NULL AND enabled = 0',
  expired: 'revoked_at IS NULL AND enabled = 1 AND expires_at <= ?',
  revoked: 'revoked_at IS NOT NULL',
  at_limit: `${IN_FORCE} AND (${IS_SPENT})`,
  all: '1',
  usual: 'revoked_at IS NULL',
}

const COUNTS = `SELECT ${KEY_STATES.map((state) => `sum(${CONDITIONS[state]}) AS ${state}`).join(', ')}
  FROM keys`

const BEHIND = '(created_at, id) < (SELECT created_at, id FROM keys AS last WHERE last.id = ?)'

/** Finds keys among many. */
export function createKeySearch(client: Client) {
  const read = createReader(client, keys)
  const asker = gathered(client)

  const argsOf = (state: keyof typeof CONDITIONS, { now, windows }: KeyTime): InValue[] => {
    if (state === 'in_force' || state === 'expired') return [now]
    if (state !== 'at_limit') return []
    const numbers = new Map(windows)
    return [now, ...LONG_LIMITS.map(([bucket]) => numbers.get(bucket) ?? null)]
  }

  const where = ({ state = 'usual', search }: Filter, time: KeyTime): [string, InValue[]] => {
    const condition = `(${CONDITIONS[state]})`
    const args = argsOf(state, time)
    if (!search) return [condition, args]
    const part = `%${search.replace(/[\\%_]/g, '\\$&')}%`
    const sql = `${condition} AND (name LIKE ? ESCAPE '\\' OR hint = ? OR id = ?)`
    return [sql, [...args, part, search.replace(/^…/, ''), search]]
  }

  async function total(filter: Filter, time: KeyTime): Promise<number> {
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
      const args = KEY_STATES.flatMap((state) => argsOf(state, time))
      const { rows } = await asker.execute({ sql: COUNTS, args })
      const counts = KEY_STATES.map((state) => [state, Number(rows[0]?.[state] ?? 0)])
      return Object.fromEntries(counts) as Record<KeyState, number>
    },
  }
}

export type KeySearch = ReturnType<typeof createKeySearch>
