import type { Config } from '../config'
import { joinExtras, NO_EXTRAS } from '../extras'
import { usualAddress } from '../operator/account-address'
import { openExtras, orNull } from '../operator/account-extras'
import { environmentAccounts } from '../pool/roster'
import { proxyName } from '../proxy'
import { readSession, type Session } from '../session-text'
import { fingerprintOf, generatedName } from '../store/account-columns'
import type { AccountChanges, StoredAccount } from '../store/accounts'
import { ACCOUNT_KINDS } from '../store/schema'
import { choose, counted, labelOf, only, preview } from './account-choice'
import {
  changesOf,
  extrasChange,
  type Lists,
  readName,
  readSecret,
  refuseForeign,
} from './account-options'
import { noteOnWorkers, UsageError, type Values } from './command'
import { filePath } from './paths'
import type { State } from './state'
import { withState } from './with-state'

/** What was given to one action of `groxy accounts`. */
export interface ActionCall {
  readonly subjects: readonly string[]
  readonly values: Values
  readonly lists: Lists
}

/** `groxy accounts add` */
export function addAccount({ subjects, values, lists }: ActionCall): Promise<number> {
  const [kind, given, ...more] = subjects
  if (more.length > 0)
    throw new UsageError(
      `accounts add: there is a word too many, "${more[0]}".`,
      'Say the name with --name, and put what holds spaces in quotes.',
    )
  const known = ACCOUNT_KINDS.find((name) => name === kind)
  if (!known || !given)
    throw new UsageError(
      'accounts add: say which kind of account and its secret.',
      `The kinds are ${ACCOUNT_KINDS.join(', ')}. Example: groxy accounts add xai xai-…`,
    )
  refuseForeign(known, values)
  const wanted = changesOf(values)
  const named = readName(values.name)
  const session = secretOf(known, given)
  const extras = extrasChange(values, lists)?.(session.extras) ?? session.extras
  return withState(async ({ stores }, config) => {
    const secret = session.token
    const ownName =
      known === 'web' ? generatedName(known, await fingerprintOf(known, secret)) : known
    const account = await stores.accounts.add({
      ...wanted,
      kind: known,
      name: named ?? ownName,
      baseUrl: wanted.baseUrl ?? usualAddress(config, known),
      secret,
      ...(orNull(extras) && { extras }),
    })
    console.info(
      `Added the ${known} account "${account.name}" (…${account.hint}) at ${account.baseUrl}.`,
    )
    tellLeftOut(session)
    tellProxy(config, wanted.proxy)
    console.info(`Try it with: groxy accounts test ${known}/${account.name}`)
    return 0
  })
}

const secretOf = (kind: StoredAccount['kind'], given: string): Session => {
  const secret = readSecret(given)
  return kind === 'web' ? readSession(secret) : { token: secret, extras: NO_EXTRAS, leftOut: [] }
}

/** `groxy accounts set` */
export async function changeAccounts(call: ActionCall): Promise<number> {
  const { subjects, values, lists } = call
  const { rename, secret } = values
  const changes = changesOf(values)
  const change = extrasChange(values, lists)
  const name = readName(rename)
  if (!change && [...Object.values(changes), name, secret].every((one) => one === undefined))
    throw new UsageError('accounts set: say what to change.', 'See: groxy accounts --help')
  return withState(async (state, config) => {
    const { accounts, isMany } = await choose(state, subjects[0], values)
    if (isMany && (name !== undefined || secret !== undefined))
      throw new UsageError(
        'accounts set: a name and a secret are those of one account.',
        'Leave --rename and --secret out, or name the account.',
      )
    for (const { kind } of accounts) refuseForeign(kind, values)
    const extrasFor = async (account: StoredAccount, more = NO_EXTRAS) => {
      if (!change && more === NO_EXTRAS) return {}
      const joined = joinExtras(await openExtras(state.vault, account), more)
      return { extras: orNull(change?.(joined) ?? joined) }
    }
    const [account] = accounts
    if (!isMany && account) {
      const session = secret === undefined ? undefined : secretOf(account.kind, String(secret))
      const extras = await extrasFor(account, session?.extras)
      const wanted: AccountChanges = { ...changes, ...extras, name, secret: session?.token }
      await state.stores.accounts.update(account, wanted)
      console.info(`Changed ${labelOf({ ...account, name: name ?? account.name })}.`)
      if (session) tellLeftOut(session)
      tellProxy(config, changes.proxy)
      return 0
    }
    const work = async () => {
      const each = accounts.map(async (one) => ({
        account: one,
        changes: { ...changes, ...(await extrasFor(one)) },
      }))
      await state.stores.accounts.updateAll(await Promise.all(each))
    }
    return many(call, accounts, { verb: 'changes', done: 'Changed', work })
  })
}

interface Plan {
  /** `removes`, for what is about to be done. */
  readonly verb: string
  /** `Removed`, for what was done. */
  readonly done: string
  readonly work: (ids: readonly string[]) => Promise<void>
}

/** Do something to all that were picked, once somebody has seen who they are. */
async function many(
  { values }: ActionCall,
  accounts: readonly StoredAccount[],
  { verb, done, work }: Plan,
): Promise<number> {
  if (accounts.length === 0) {
    console.info('No account fits.')
    return 0
  }
  if (!values.yes)
    throw new UsageError(
      `This ${verb} ${counted(accounts.length)}: ${preview(accounts)}.`,
      `Say --yes if you mean it.${verb === 'removes' ? ' To keep a copy: groxy accounts export, with the same options.' : ''}`,
    )
  await work(accounts.map(({ id }) => id))
  console.info(`${done} ${counted(accounts.length)}: ${preview(accounts)}.`)
  return 0
}

/** `groxy accounts enable` and `disable` */
export const switchAccounts =
  (enabled: boolean) =>
  (call: ActionCall): Promise<number> =>
    withState(async (state) => {
      const { accounts, isMany } = await choose(state, call.subjects[0], call.values)
      const work = (ids: readonly string[]) => state.stores.accounts.setEnabled(ids, enabled)
      if (isMany)
        return many(call, accounts, {
          verb: enabled ? 'switches on' : 'switches off',
          done: enabled ? 'Switched on' : 'Switched off',
          work,
        })
      await work(accounts.map(({ id }) => id))
      for (const account of accounts)
        console.info(
          enabled
            ? `${labelOf(account)} is on.`
            : `${labelOf(account)} is off: its turns in progress go on, new ones go elsewhere.`,
        )
      return 0
    })

/** `groxy accounts remove` */
export const removeAccounts = (call: ActionCall): Promise<number> =>
  withState(async (state) => {
    const { accounts, isMany } = await choose(state, call.subjects[0], call.values)
    const work = (ids: readonly string[]) => state.stores.accounts.remove(ids)
    if (isMany) return many(call, accounts, { verb: 'removes', done: 'Removed', work })
    for (const account of accounts) {
      if (!call.values.yes)
        throw new UsageError(
          `This removes ${labelOf(account)} (…${account.hint}) and its secret.`,
          'Say --yes if you mean it, or switch it off: groxy accounts disable NAME',
        )
      await work([account.id])
      console.info(`${labelOf(account)} is removed. The ledger keeps what it did.`)
    }
    return 0
  })

/** `groxy accounts clear`: accounts of the environment have no row of their own, but what is held against them does. */
export const clearAccounts = (call: ActionCall): Promise<number> =>
  withState(async (state, config) => {
    const { stores } = state
    const [name] = call.subjects
    const environment = await environmentAccounts(config, await stores.settings.all())
    const own = environment.filter((one) => one.name === name || `${one.kind}/${one.name}` === name)
    if (own.length > 0) {
      const account = only([...own, ...(await stores.accountSearch.find({ name }))], name ?? '')
      return cleared(state, account)
    }
    const { accounts, isMany } = await choose(state, name, call.values)
    const work = (ids: readonly string[]) => stores.accountStates.clear(ids)
    if (isMany) return many(call, accounts, { verb: 'clears', done: 'Cleared', work })
    return cleared(state, only(accounts, name ?? ''))
  })

async function cleared(
  { stores }: State,
  account: { readonly id: string; readonly kind: string; readonly name: string },
): Promise<number> {
  await stores.accountStates.clear(account.id)
  console.info(`Nothing is held against ${labelOf(account)} any more.`)
  return 0
}

function tellLeftOut({ leftOut }: Session): void {
  if (leftOut.length > 0)
    console.info(`Left out what no program could send: ${leftOut.join(', ')}.`)
}

function tellProxy(config: Config, proxy: string | null | undefined): void {
  if (!proxy) return
  console.info(`Its calls go through ${proxyName(proxy)}.`)
  noteOnWorkers(filePath(config) === undefined)
}
