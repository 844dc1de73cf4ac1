import { ApiError, SetupError } from '../../errors'
import { NO_EXTRAS } from '../../extras'
import type { Batch } from '../../jobs/batches'
import { openExtras } from '../../operator/account-extras'
import type { AccountFinding } from '../../operator/account-finding'
import { type ImportReport, type ImportWishes, takeIn } from '../../operator/account-import'
import { testAccount } from '../../operator/account-test'
import type { PastedForm } from '../../operator/pasted'
import { environmentAccounts, isOfEnvironment } from '../../pool/roster'
import { AccountTaken, type CalledAccount, type StoredAccount } from '../../store/accounts'
import { difference } from '../audit'
import { type BatchName, tellPool } from '../batches/kinds'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import { wantedOf } from './changes'
import { described, subjectOf } from './described'
import { type ExportFormat, exportAnswer, type Selection } from './exporting'
import type { AccountFields, NewAccountFields } from './fields'
import { look, lookThrough, unread } from './look'
import { newAccount } from './new-account'

export type { AccountFields, AccountFinding, ImportReport, NewAccountFields }

/** An account that was added, and what its upstream says of it. */
export interface Added {
  readonly account: StoredAccount
  readonly finding: AccountFinding
  /** What the text was taken for; undefined where fields said it all. */
  readonly form: PastedForm | undefined
  /** Cookies and headers that could not be taken over. */
  readonly leftOut: readonly string[]
}

/** How many accounts one call may name. */
export const MOST_IDS = 20_000

type Parts = Pick<
  AdminParts,
  'config' | 'stores' | 'vault' | 'pool' | 'settings' | 'now' | 'audit' | 'refresh' | 'canProxy'
> &
  Pick<AdminParts, 'batches' | 'accountLookup' | 'asking'>

/** What operators do to accounts. Every change is in the audit log, and known here at once. */
export function createAccountActions(parts: Parts) {
  const {
    config,
    stores,
    vault,
    audit,
    refresh,
    canProxy,
    batches,
    accountLookup,
    asking,
    settings,
  } = parts

  async function found(id: string): Promise<StoredAccount> {
    const account = await stores.accounts.find(id)
    if (account) return account
    throw new ApiError('not_found', `There is no account "${id}" in the database.`)
  }

  /** Ask the upstream of an account that is there. */
  async function ask(id: string): Promise<AccountFinding> {
    const account = (await accountLookup([id])).get(id)
    if (!account) throw new ApiError('not_found', `There is no account "${id}".`)
    const finding = await testAccount(asking(), account)
    tellPool(parts, account, finding)
    return finding
  }

  async function store<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw told(cause)
    }
  }

  /** Those that are meant, as far as there are such. */
  async function pick({ ids, filter }: Selection): Promise<readonly CalledAccount[]> {
    if (!ids) return stores.accountSearch.called(filter ?? {})
    const wanted = new Set(ids)
    const environment = await environmentAccounts(config, settings())
    const own = environment.filter(({ id }) => wanted.has(id))
    return [...own, ...(await stores.accounts.called([...wanted]))]
  }

  /** Do something to many, and tell of it once. */
  async function toMany(
    operator: Operator,
    ids: readonly string[],
    action: string,
    work: (ids: readonly string[]) => Promise<void>,
  ): Promise<number> {
    const all = await pick({ ids })
    // What the environment says is not ours to change; what is held against it is.
    const accounts = action === 'account.clear' ? all : all.filter(({ id }) => !isOfEnvironment(id))
    if (accounts.length === 0) return 0
    const done = accounts.map(({ id }) => id)
    await work(done)
    const subject = subjectOf(accounts)
    const after = { accounts: accounts.length }
    await audit(operator, { action, subject, after, accounts: done })
    await refresh()
    return accounts.length
  }

  const actions = {
    /** What a text would be taken for. */
    look,

    /** Add an account, by its fields or as it was pasted, and test it at once. */
    async add(operator: Operator, wanted: NewAccountFields): Promise<Added> {
      const { account: given, form, leftOut } = await newAccount(parts, wanted)
      const account = await store(() => stores.accounts.add(given))
      const finding = await ask(account.id)
      if (!finding.ok && wanted.keep === false) {
        await stores.accounts.remove(account.id)
        throw new ApiError(
          'invalid_value',
          `It was not added, as its test failed: ${finding.reason} ${finding.hint}`.trim(),
          { param: wanted.text === undefined ? 'secret' : 'text' },
        )
      }
      await audit(operator, {
        action: 'account.add',
        subject: subjectOf([account]),
        after: await described(account, vault),
        accounts: [account.id],
      })
      await refresh()
      return { account, finding, form, leftOut }
    },

    /** Change an account that was seen at a version; what is not named stays. */
    async change(
      operator: Operator,
      id: string,
      version: number,
      fields: AccountFields,
    ): Promise<StoredAccount> {
      const before = await found(id)
      if (before.version !== version) throw conflict(before)
      const { changes, extras } = wantedOf(before.kind, fields, canProxy)
      const old = extras && (await openExtras(vault, before).catch(() => NO_EXTRAS))
      const wanted = { ...changes, ...(extras && old && { extras: extras(old) }) }
      const isChanged = await store(() => stores.accounts.update(before, wanted, version))
      const after = await found(id)
      if (!isChanged) throw conflict(after)
      await audit(operator, {
        action: 'account.change',
        subject: subjectOf([after]),
        ...difference(await described(before, vault), await described(after, vault)),
        accounts: [id],
      })
      await refresh()
      return after
    },

    /** Each of these says to how many accounts it was done. */
    remove: (operator: Operator, ids: readonly string[]): Promise<number> =>
      toMany(operator, ids, 'account.remove', (known) => stores.accounts.remove(known)),

    setEnabled: (operator: Operator, ids: readonly string[], enabled: boolean): Promise<number> =>
      toMany(operator, ids, enabled ? 'account.enable' : 'account.disable', (known) =>
        stores.accounts.setEnabled(known, enabled),
      ),

    /** Forget what is held against accounts, those of the environment too. */
    clear: (operator: Operator, ids: readonly string[]): Promise<number> =>
      toMany(operator, ids, 'account.clear', (known) => stores.accountStates.clear(known)),

    test: (_operator: Operator, id: string): Promise<AccountFinding> => ask(id),

    /** Take in all accounts of a text. */
    async import(
      operator: Operator,
      text: string,
      wishes: ImportWishes & { readonly dryRun?: boolean } = {},
    ): Promise<ImportReport> {
      const { places, form } = await lookThrough(text)
      if (places.length === 0) throw unread({ places })
      const report = await store(() =>
        takeIn({ accountImport: stores.accountImport, config, canProxy }, places, wishes),
      )
      if (report.isDryRun) return report
      const { added, known, twice, unusable } = report
      await audit(operator, {
        action: 'account.import',
        subject: `${added} ${added === 1 ? 'account' : 'accounts'}`,
        after: { form, added, known, twice, unusable },
        accounts: report.ids,
      })
      if (added > 0) await refresh()
      return report
    },

    /** Those that are meant, as far as they are in the database. */
    pick,

    /**
     * A file of accounts: without secrets a list for spreadsheets. Whoever lets secrets out has made sure
     * before that it is the operator who wants it.
     */
    async export(
      operator: Operator,
      selection: Selection,
      format: ExportFormat,
      withSecrets: boolean,
    ): Promise<Response> {
      const accounts = await pick(selection)
      await audit(operator, {
        action: 'account.export',
        subject: `${accounts.length} ${accounts.length === 1 ? 'account' : 'accounts'}`,
        after: { format, with_secrets: withSecrets },
      })
      return exportAnswer(parts, accounts, format, withSecrets)
    },

    /** Have many accounts tested, or asked for their models and quotas. */
    async begin(operator: Operator, kind: BatchName, ids: readonly string[]): Promise<Batch> {
      const subjects = (await pick({ ids })).map(({ id }) => id)
      if (subjects.length === 0) throw new ApiError('invalid_value', 'There is no account to ask.')
      const batch = await batches.begin({ kind, actor: operator.name, subjects })
      await audit(operator, {
        action: `account.${kind}`,
        subject: `${subjects.length} ${subjects.length === 1 ? 'account' : 'accounts'}`,
        after: { batch: batch.id },
      })
      return batch
    },
  }
  return actions
}

export type AccountActions = ReturnType<typeof createAccountActions>

/** What the store has against a change, said as the page would. */
function told(cause: unknown): unknown {
  if (!(cause instanceof SetupError)) return cause
  if (!(cause instanceof AccountTaken))
    return new ApiError('invalid_value', `${cause.message} ${cause.remedy}`.trim())
  const remedy = cause.what === 'name' ? 'Choose another name.' : 'Change that one instead.'
  return new ApiError('already_exists', `${cause.message} ${remedy}`, { param: cause.what })
}

const conflict = ({ version }: StoredAccount) =>
  new ApiError(
    'revision_conflict',
    `The account was changed meanwhile: it is at revision ${version} now. Read it again, and send the change with that revision if you still want it.`,
    { param: 'revision' },
  )
