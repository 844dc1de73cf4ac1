import type { InValue } from '@libsql/client/web'
import type { AccountKind } from './accounts'
import { REST_STATES, TIERS } from './schema'

/** By what accounts are picked: switched on or off, at rest or not, or why they rest. */
export const ACCOUNT_STATES = ['on', 'off', 'ready', ...REST_STATES] as const

/** By what sessions are picked: what their owners pay for, or that nobody knows it. */
export const TIER_FILTERS = [...TIERS, 'unknown'] as const

/** What accounts have in common that somebody looks for. */
export interface AccountFilter {
  readonly kind?: AccountKind | undefined
  readonly tier?: (typeof TIER_FILTERS)[number] | undefined
  readonly tag?: string | undefined
  readonly state?: (typeof ACCOUNT_STATES)[number] | undefined
  /** `NAME` or `KIND/NAME`. */
  readonly name?: string | undefined
  /** Words that name, note, tags, address or the end of the secret hold, all of them. */
  readonly text?: string | undefined
}

/** What a state that still holds looks like; takes the present time. */
export const HOLDS = 'held.faults > 0 AND (held.until IS NULL OR held.until > ?)'

/** Whoever holds something against an account; listed once, however many accounts are looked at. */
const HELD = `SELECT held.account_id FROM account_states AS held WHERE ${HOLDS}`

const LIKE = `kind || '/' || name LIKE ? ESCAPE '\\' OR note LIKE ? ESCAPE '\\'
  OR tags LIKE ? ESCAPE '\\' OR base_url LIKE ? ESCAPE '\\' OR hint LIKE ? ESCAPE '\\'`

const MOST_WORDS = 8

/** The words of a search; of a secret people see `…abcd`. */
export const wordsOf = (text: string): string[] =>
  text
    .split(/\s+/)
    .map((word) => word.replace(/^…/, ''))
    .filter(Boolean)
    .slice(0, MOST_WORDS)

/** The conditions that a filter puts to rows of accounts, and their values. */
export function conditionsOf(filter: AccountFilter, now: number) {
  const { kind, tier, tag, state, name, text = '' } = filter
  const conditions: string[] = []
  const args: InValue[] = []
  const need = (sql: string, ...values: InValue[]) => {
    conditions.push(`(${sql})`)
    args.push(...values)
  }
  if (kind !== undefined) need('kind = ?', kind)
  if (tier === 'unknown') need("kind = 'web' AND tier IS NULL")
  else if (tier !== undefined) need('tier = ?', tier)
  if (name !== undefined) need("name = ? OR kind || '/' || name = ?", name, name)
  if (tag !== undefined) need('EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)', tag)
  if (state === 'on' || state === 'off') need('enabled = ?', Number(state === 'on'))
  else if (state === 'ready')
    need(`enabled = 1 AND +accounts.id NOT IN (${HELD} AND held.scope = '')`, now)
  else if (state !== undefined) need(`+accounts.id IN (${HELD} AND held.state = ?)`, now, state)
  for (const word of wordsOf(text)) {
    const pattern = `%${word.replace(/[\\%_]/g, '\\$&')}%`
    need(LIKE, pattern, pattern, pattern, pattern, pattern)
  }
  return { conditions, args }
}
