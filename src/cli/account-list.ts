import type { Config } from '../config'
import type { Account } from '../pool/account'
import { environmentAccounts } from '../pool/roster'
import { proxyName } from '../proxy'
import type { AccountQuota } from '../store/account-quotas'
import type { AccountFilter, Standing } from '../store/account-search'
import type { AccountState } from '../store/account-states'
import type { StoredAccount } from '../store/accounts'
import type { Settings } from '../store/settings'
import { filterOf } from './account-choice'
import { age, table, type Values } from './command'
import type { State } from './state'

/** How many accounts are shown unless all are asked for. */
const LIMIT = 100
const LONGEST_NOTE = 30
const LONGEST_TAGS = 40

const HEAD = [
  'KIND',
  'NAME',
  'SECRET',
  'TIER',
  'ADDRESS',
  'LIMITS',
  'STATE',
  'QUOTA',
  'TAGS',
  'NOTE',
] as const
/** Columns that are left out where nobody has anything in them. */
const OPTIONAL: readonly string[] = ['TIER', 'TAGS', 'NOTE']

/** Print accounts, with their limits, what is held against them and what is left of their quotas. */
export async function listAccounts(state: State, config: Config, values: Values): Promise<number> {
  const { accountSearch, settings } = state.stores
  const filter = filterOf(values)
  const current = await settings.all()
  const found = await accountSearch.find(filter ?? {}, values.all ? undefined : LIMIT)
  const environment = await environmentAccounts(config, current)
  const standing = await accountSearch.standing([...environment, ...found].map(({ id }) => id))
  const rows = environment
    .filter((account) => fits(account, standing, filter))
    .map((account) => environmentRow(account, current, standing))
  for (const account of found) rows.push(await storedRow(account, state, current, standing))
  if (rows.length === 0)
    console.info(
      filter
        ? 'No account fits.'
        : 'No accounts yet, so the demo account answers. Add one with: groxy accounts add xai xai-…',
    )
  else console.info(shown(rows))
  if (found.length === LIMIT && !values.all) await tellRest(state, filter ?? {})
  return 0
}

async function tellRest({ stores }: State, filter: AccountFilter): Promise<void> {
  const total = await stores.accountSearch.count(filter)
  if (total > LIMIT)
    console.info(
      `\nThe first ${LIMIT} of ${total} accounts. --all shows all, --kind, --tag and --state pick some.`,
    )
}

/** `groxy accounts tags` */
export async function listTags({ stores }: State): Promise<number> {
  const tags = await stores.accountSearch.tags()
  if (tags.length === 0)
    console.info('No account has a tag. Give some: groxy accounts set NAME --tags a,b')
  else
    console.info(
      table(
        ['TAG', 'ACCOUNTS'],
        tags.map(({ tag, accounts }) => [tag, String(accounts)]),
      ),
    )
  return 0
}

function shown(rows: readonly (readonly string[])[]): string {
  const columns = HEAD.keys().filter(
    (column) => !OPTIONAL.includes(HEAD[column] ?? '') || rows.some((row) => row[column]),
  )
  const kept = [...columns]
  const pick = (row: readonly string[]) => kept.map((column) => row[column] ?? '')
  return table(pick(HEAD), rows.map(pick))
}

/** The accounts of the environment have no row in the database that could be searched. */
function fits({ id, kind }: Account, standing: Standing, filter: AccountFilter = {}): boolean {
  if (filter.tag !== undefined || (filter.kind && filter.kind !== kind)) return false
  const { state } = filter
  if (state === undefined || state === 'on') return true
  const states = holding(standing.states.get(id))
  if (state === 'ready') return states.every(({ scope }) => scope !== '')
  return states.some((one) => one.state === state)
}

function environmentRow(account: Account, settings: Settings, standing: Standing): string[] {
  const { id, kind, name, baseUrl } = account
  const address = baseUrl + via(kind === 'demo' ? '' : settings[`proxy_${kind}`])
  return [kind, name, '(environment)', '', address, '', ...known(id, true, standing), '', '']
}

async function storedRow(
  account: StoredAccount,
  { vault }: State,
  settings: Settings,
  standing: Standing,
): Promise<string[]> {
  const { id, kind, name, hint, tier, baseUrl, enabled, proxy, tags, note } = account
  const way = proxy ? await vault.open(proxy) : settings[`proxy_${kind}`]
  return [
    ...[kind, name, `…${hint}`, tier ?? '', baseUrl + via(way), limits(account)],
    ...known(id, enabled, standing),
    ...[short(tags?.join(',') ?? '', LONGEST_TAGS), short(note ?? '', LONGEST_NOTE)],
  ]
}

const short = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`

const via = (proxy: string): string => (proxy ? ` via ${proxyName(proxy)}` : '')

const known = (id: string, enabled: boolean, { states, quotas }: Standing): string[] => [
  [enabled ? 'on' : 'off', ...holding(states.get(id)).map(told)].join('; '),
  left(quotas.get(id)),
]

const limits = ({ weight, maxInFlight, requestsPerMinute, models, api }: StoredAccount): string =>
  [
    weight !== 1 && `weight ${weight}`,
    maxInFlight !== null && `${maxInFlight} at once`,
    requestsPerMinute !== null && `${requestsPerMinute}/min`,
    models && `models ${models.join(',')}`,
    api && `api ${api}`,
  ]
    .filter(Boolean)
    .join(', ')

/** What still holds. */
function holding(states: readonly AccountState[] = []): AccountState[] {
  const now = Date.now()
  return states.filter(({ until, faults }) => faults > 0 && (until === null || until > now))
}

/** `cooling grok-4 (quota, 40 s left)` */
function told({ state, scope, reason, until }: AccountState): string {
  const rest = until === null ? 'until cleared' : `${age(until - Date.now())} left`
  return `${state}${scope && ` ${scope}`} (${reason}, ${rest})`
}

/** What is left, as far as it was said for a window that has not ended: `units grok-4 79/80 (reported 3 s ago)`. */
function left(quotas: readonly AccountQuota[] = []): string {
  const now = Date.now()
  const open = quotas.filter(({ resetAt }) => resetAt > now)
  // Of those that were said at one time the source is named once.
  const together = Map.groupBy(
    open,
    ({ source, updatedAt }) => `${source} ${age(now - updatedAt)} ago`,
  )
  return [...together]
    .map(([source, all]) => {
      const each = all.map(({ bucket, remaining, limit }) => `${bucket} ${remaining}/${limit}`)
      return `${each.join(', ')} (${source})`
    })
    .join('; ')
}
