import type { Client, InValue, ResultSet } from '@libsql/client/web'
import { type AccountFilter, conditionsOf, HOLDS } from './account-filter'
import { NESTED_COLUMNS, nestedOf } from './account-nested'
import type { AccountQuota } from './account-quotas'
import type { AccountState } from './account-states'
import type { StoredAccount } from './accounts'
import { createRowReader } from './rows'
import { accounts, REST_STATES, TIERS } from './schema'

/** In which order lists of accounts are shown. */
export const ACCOUNT_SORTS = ['name', 'newest', 'oldest', 'state'] as const
export type AccountSort = (typeof ACCOUNT_SORTS)[number]

/** What a row is sorted by: from here the next page goes on. */
export type AccountPlace = readonly (string | number)[]

/** Which accounts are wanted, and where. */
export interface AccountWant {
  readonly filter: AccountFilter
  readonly sort: AccountSort
  readonly limit: number
  /** Behind this place, or before it. */
  readonly after?: AccountPlace | undefined
  readonly before?: AccountPlace | undefined
  /** Whether accounts are to be counted and tags to be listed, too. */
  readonly counts?: boolean | undefined
}

/** An account with what the database knows of it. */
export interface ListedAccount {
  readonly account: StoredAccount
  readonly states: readonly AccountState[]
  readonly quotas: readonly AccountQuota[]
  readonly place: AccountPlace
}

export interface AccountPage {
  readonly accounts: readonly ListedAccount[]
  /** How many fit the filter. */
  readonly total: number
  readonly hasBefore: boolean
  readonly hasAfter: boolean
  readonly counts?: AccountCounts | undefined
  readonly tags?: readonly TagCount[] | undefined
}

/** How many accounts there are, and of which kinds. */
export interface AccountCounts {
  readonly total: number
  readonly kinds: Readonly<Record<string, number>>
  readonly tiers: Readonly<Record<string, number>>
  /** An account that rests in several ways is counted for each. */
  readonly states: Readonly<Record<string, number>>
}

export interface TagCount {
  readonly tag: string
  readonly accounts: number
}

/** How many tags a page offers. */
const MOST_TAGS = 500

/** The gravest first; those that are switched off are nobody's worry. */
const GRADES = ['expired', 'disabled', 'suspect', 'exhausted', 'cooling'] as const
const READY = GRADES.length
const OFF = READY + 1

const WHOLE = `SELECT held.account_id,
  CASE held.state ${GRADES.map((state, at) => `WHEN '${state}' THEN ${at}`).join(' ')} END AS grade
  FROM account_states AS held WHERE held.scope = '' AND ${HOLDS}`

const GRADE = `CASE WHEN enabled = 0 THEN ${OFF} ELSE coalesce(held.grade, ${READY}) END`

interface Order {
  readonly columns: readonly string[]
  readonly isDescending: boolean
}

const ORDERS: Readonly<Record<AccountSort, Order>> = {
  name: { columns: ['kind', 'name'], isDescending: false },
  newest: { columns: ['created_at', 'id'], isDescending: true },
  oldest: { columns: ['created_at', 'id'], isDescending: false },
  state: { columns: ['grade', 'kind', 'name'], isDescending: false },
}

const LISTS = ' INDEXED BY accounts_for_lists'

const COUNTS = [
  'count(*) AS total, sum(enabled) AS "on"',
  "sum(kind = 'xai') AS xai, sum(kind = 'openai') AS openai, sum(kind = 'web') AS web",
  ...TIERS.map((tier) => `sum(tier IS '${tier}') AS ${tier}`),
  "sum(kind = 'web' AND tier IS NULL) AS unknown",
].join(', ')

const COUNT_ALL = `SELECT ${COUNTS} FROM accounts${LISTS}`

/** Few are switched off: of these only it is looked up one by one whether they rest, too. */
const COUNT_OFF = `SELECT count(*) AS found FROM accounts${LISTS} WHERE enabled = 0 AND EXISTS
  (SELECT 1 FROM account_states AS held WHERE held.account_id = accounts.id AND held.scope = '' AND ${HOLDS})`

/** Accounts of the environment have states, too, and no row. */
const COUNT_STATES = `SELECT held.state, count(DISTINCT held.account_id) AS found, sum(held.scope = '') AS whole
  FROM account_states AS held WHERE ${HOLDS} AND held.account_id NOT LIKE 'env-%' GROUP BY held.state`

/** Many have the same tags. */
const TAGS = `SELECT one.value AS tag, sum(alike.found) AS found
  FROM (SELECT tags, count(*) AS found FROM accounts${LISTS} WHERE tags IS NOT NULL GROUP BY tags) AS alike,
    json_each(alike.tags) AS one GROUP BY one.value ORDER BY one.value LIMIT ?`

/** Shows accounts page by page, each with what is known of it, by one question to the database. */
export function createAccountPages(client: Pick<Client, 'batch'>, now: () => number) {
  const { select, read } = createRowReader(accounts)

  function pageQuery({ filter, sort, limit, after, before }: AccountWant, at: number) {
    const { columns, isDescending } = ORDERS[sort]
    const { conditions, args } = conditionsOf(filter, at)
    const isBackwards = before !== undefined
    const from = before ?? after
    const isDown = isDescending !== isBackwards
    const direction = isDown ? ' DESC' : ''
    const byGrade = sort === 'state'
    // Whoever looks for few among many looks at all of them: at what is short of each.
    const source = `accounts${byGrade || conditions.length > 0 ? LISTS : ''}`
    const keys = columns.map((name) => (name === 'grade' ? GRADE : name))
    if (from) conditions.push(`(${keys.join(', ')}) ${isDown ? '<' : '>'} (${from.map(() => '?')})`)
    const sql = `WITH ${byGrade ? `held AS MATERIALIZED (${WHOLE}), ` : ''}page AS MATERIALIZED (
      SELECT accounts.id AS page_id, ${byGrade ? GRADE : '0'} AS grade FROM ${source}
        ${byGrade ? 'LEFT JOIN held ON held.account_id = accounts.id' : ''}
        WHERE ${['1', ...conditions].join(' AND ')}
        ORDER BY ${keys.map((key) => key + direction).join(', ')} LIMIT ?)
      SELECT ${select}, page.grade AS grade, ${NESTED_COLUMNS}
        FROM page JOIN accounts ON accounts.id = page_id
        ORDER BY ${columns.map((name) => (name === 'grade' ? 'page.grade' : `accounts.${name}`) + direction).join(', ')}`
    const values: InValue[] = [...(byGrade ? [at] : []), ...args, ...(from ?? []), limit + 1]
    return { sql, args: values }
  }

  function countQuery(filter: AccountFilter, at: number) {
    const { conditions, args } = conditionsOf(filter, at)
    return {
      sql: `SELECT count(*) AS found FROM accounts${conditions.length > 0 ? LISTS : ''}
        WHERE ${['1', ...conditions].join(' AND ')}`,
      args,
    }
  }

  function listed(row: ResultSet['rows'][number], sort: AccountSort): ListedAccount {
    const account = read(row)
    const { id, kind, name, createdAt } = account
    return {
      account,
      ...nestedOf(id, row),
      place: {
        name: [kind, name],
        newest: [createdAt.getTime(), id],
        oldest: [createdAt.getTime(), id],
        state: [Number(row.grade), kind, name],
      }[sort],
    }
  }

  const countQueries = (at: number) => [
    { sql: COUNT_ALL, args: [] },
    { sql: COUNT_OFF, args: [at] },
    { sql: COUNT_STATES, args: [at] },
  ]

  return {
    async page(want: AccountWant): Promise<AccountPage> {
      const { filter, sort, limit, before, after, counts } = want
      const at = now()
      const [rows, count, ...rest] = await client.batch(
        [
          pageQuery(want, at),
          countQuery(filter, at),
          ...(counts ? [...countQueries(at), { sql: TAGS, args: [MOST_TAGS] }] : []),
        ],
        'read',
      )
      const found = (rows?.rows ?? []).map((row) => listed(row, sort))
      const hasMore = found.length > limit
      const shown = found.slice(0, limit)
      const [all, off, states, tags] = rest
      return {
        accounts: before ? shown.reverse() : shown,
        total: Number(count?.rows[0]?.found),
        hasBefore: before ? hasMore : after !== undefined,
        hasAfter: before ? true : hasMore,
        counts: all && off && states && countsOf(all, off, states),
        tags: tags?.rows.map(({ tag, found }) => ({ tag: String(tag), accounts: Number(found) })),
      }
    },

    /** What all that fit are called, by their ids, in the order of kind and name. */
    async names(filter: AccountFilter): Promise<ReadonlyMap<string, string>> {
      const { conditions, args } = conditionsOf(filter, now())
      const [found] = await client.batch(
        [
          {
            sql: `SELECT id, kind || '/' || name AS label FROM accounts${LISTS}
              WHERE ${['1', ...conditions].join(' AND ')} ORDER BY kind, name`,
            args,
          },
        ],
        'read',
      )
      return new Map(found?.rows.map(({ id, label }) => [String(id), String(label)]))
    },

    /** How many there are of each kind and tier, and in each state. */
    async counts(): Promise<AccountCounts> {
      const [all, off, states] = await client.batch(countQueries(now()), 'read')
      if (!all || !off || !states)
        throw new Error('The database left a question without an answer.')
      return countsOf(all, off, states)
    },
  }
}

function countsOf(all: ResultSet, off: ResultSet, states: ResultSet): AccountCounts {
  const row = all.rows[0]
  const pick = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, Number(row?.[name] ?? 0)]))
  const resting = new Map(states.rows.map(({ state, found }) => [state, Number(found)]))
  const whole = states.rows.reduce((sum, { whole }) => sum + Number(whole), 0)
  const total = Number(row?.total)
  const on = Number(row?.on ?? 0)
  return {
    total,
    kinds: pick(['xai', 'openai', 'web']),
    tiers: pick([...TIERS, 'unknown']),
    states: {
      ...{ on, off: total - on },
      ready: Math.max(on - whole + Number(off.rows[0]?.found), 0),
      ...Object.fromEntries(REST_STATES.map((state) => [state, resting.get(state) ?? 0])),
    },
  }
}

export type AccountPages = ReturnType<typeof createAccountPages>
