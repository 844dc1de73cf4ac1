import { ACCOUNT_STATES, type AccountFilter } from '../store/account-search'
import type { StoredAccount } from '../store/accounts'
import { ACCOUNT_KINDS } from '../store/schema'
import { UsageError, type Values } from './command'
import type { State } from './state'

/** The options that pick accounts by what they have in common. */
export const FILTERS = ['kind', 'tag', 'state'] as const

/** What the options pick by; undefined when none is given. */
export function filterOf(values: Values): AccountFilter | undefined {
  if (FILTERS.every((name) => values[name] === undefined)) return
  return {
    kind: oneOf(ACCOUNT_KINDS, 'kind', values.kind),
    tag: values.tag === undefined ? undefined : String(values.tag),
    state: oneOf(ACCOUNT_STATES, 'state', values.state),
  }
}

function oneOf<T extends string>(known: readonly T[], name: string, given: Values[string]) {
  if (given === undefined) return
  const found = known.find((one) => one === given)
  if (found) return found
  throw new UsageError(`"${given}" is no ${name} of accounts.`, `--${name} is ${known.join(', ')}`)
}

/** What names an account to people. */
export const labelOf = ({ kind, name }: Pick<StoredAccount, 'name'> & { readonly kind: string }) =>
  `${kind} "${name}"`

interface Choice {
  readonly accounts: readonly StoredAccount[]
  /** Picked by what they have in common, so that nobody has named them one by one. */
  readonly isMany: boolean
}

/** The account that a command names, or those that its options pick. */
export async function choose(
  { stores }: State,
  name: string | undefined,
  values: Values,
): Promise<Choice> {
  const filter = filterOf(values)
  if (!filter === !name)
    throw new UsageError(
      'accounts: say which.',
      'Either NAME, or any of --kind, --tag and --state for all that fit.',
    )
  if (filter) return { accounts: await stores.accountSearch.find(filter), isMany: true }
  const found = await stores.accountSearch.find({ name })
  return { accounts: [only(found, name ?? '')], isMany: false }
}

/** The one account that an operator means by `NAME` or `KIND/NAME`. */
export function only<T extends { readonly kind: string; readonly name: string }>(
  found: readonly T[],
  meant: string,
): T {
  const [account, other] = found
  if (!account)
    throw new UsageError(
      `There is no account named "${meant}" in the database.`,
      'See: groxy accounts list. An account of the environment is changed there; it can only be cleared.',
    )
  if (other)
    throw new UsageError(
      `Several accounts are named "${meant}".`,
      `Say which: ${found.map(({ kind, name }) => `${kind}/${name}`).join(', ')}`,
    )
  return account
}

const SHOWN = 10

/** The first of many by name, and how many more there are. */
export function preview(accounts: readonly StoredAccount[]): string {
  const names = accounts.slice(0, SHOWN).map(({ kind, name }) => `${kind}/${name}`)
  const more = accounts.length - names.length
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** `1 account`, `2 accounts`. */
export const counted = (count: number, what = 'account'): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`
