import { readFileSync } from 'node:fs'
import type { Config } from '../config'
import type { Account } from '../pool/account'
import { environmentAccounts } from '../pool/roster'
import { proxyName, readProxy } from '../proxy'
import type { AccountChanges, StoredAccount } from '../store/accounts'
import { ACCOUNT_KINDS } from '../store/schema'
import { listAccounts } from './account-list'
import { allAccounts, testAccounts } from './account-test'
import { type Command, list, noteOnWorkers, parse, UsageError, wholeNumber } from './command'
import { filePath, type State } from './state'
import { withState } from './with-state'

const usage =
  'accounts add KIND SECRET|- [OPTIONS] | set NAME [OPTIONS] | enable|disable|clear NAME | remove NAME --yes | list | test [NAME]'

const OPTIONS = {
  name: { type: 'string' },
  rename: { type: 'string' },
  secret: { type: 'string' },
  'base-url': { type: 'string' },
  models: { type: 'string' },
  api: { type: 'string' },
  weight: { type: 'string' },
  max: { type: 'string' },
  rpm: { type: 'string' },
  proxy: { type: 'string' },
  yes: { type: 'boolean' },
} as const

type Values = Readonly<Record<string, string | boolean | undefined>>

/** `groxy accounts` */
export const accountsCommand: Command = {
  usage,
  help: `KIND is xai (an API key for api.x.ai) or openai (any OpenAI-compatible server, with --base-url).
A secret of "-" is read from standard input, so that it stays out of the shell's history.
NAME is KIND/NAME where several kinds have an account of that name. A running server knows of changes within
two seconds.

  --name NAME        add: what to call it (default: the kind)
  --rename NAME      set: what to call it from now on
  --secret -         set: another secret; what was held against the old one is forgotten
  --base-url URL     where the server is, up to and including /v1
  --models a,b       its models, for a server that does not list them; none asks it again
  --api KIND         what the server speaks: chat, responses or both (default: both for xai and api.openai.com,
                     else chat); the other one is translated
  --weight N         its share beside other accounts (default 1)
  --max N            turns at once; none for no limit (default)
  --rpm N            turns a minute; none for no limit (default)
  --proxy URL        the HTTP(S) proxy of its calls, http://USER:PASSWORD@HOST:PORT; none for that of its kind
                     (settings proxy_xai, proxy_openai), if any. Not on Cloudflare Workers

clear forgets what is held against an account: rests, used-up quotas, a refused key. list shows it.
XAI_API_KEY and OPENAI_API_KEY in the environment each make an account named "env".`,
  run(args) {
    const { values, words } = parse(args, OPTIONS, usage)
    const [action = '', ...subjects] = words
    if (action === 'add') return add(subjects, values)
    if (action === 'list') return withState(listAccounts)
    if (action === 'test') return withState((state, config) => test(state, config, subjects[0]))
    const [name] = subjects
    if (action === 'clear' && name) return withState((state, config) => clear(state, config, name))
    const change = CHANGES[action]
    if (!change || !name) throw new UsageError('accounts: say what to do.', `Usage: groxy ${usage}`)
    return withState(async (state, config) => {
      const account = find(await state.stores.accounts.list(), name)
      return change({ state, config, account, values })
    })
  },
}

interface Change {
  readonly state: State
  readonly config: Config
  readonly account: StoredAccount
  readonly values: Values
}

const CHANGES: Readonly<Record<string, (change: Change) => Promise<number>>> = {
  set: change,

  async enable({ state, account }) {
    await state.stores.accounts.setEnabled(account.id, true)
    console.info(`${labelOf(account)} is on.`)
    return 0
  },

  async disable({ state, account }) {
    await state.stores.accounts.setEnabled(account.id, false)
    console.info(`${labelOf(account)} is off: its turns in progress go on, new ones go elsewhere.`)
    return 0
  },

  async remove({ state, account, values }) {
    if (!values.yes)
      throw new UsageError(
        `This removes ${labelOf(account)} (…${account.hint}) and its secret.`,
        'Say --yes if you mean it, or switch it off: groxy accounts disable NAME',
      )
    await state.stores.accounts.remove(account.id)
    console.info(`${labelOf(account)} is removed. The ledger keeps what it did.`)
    return 0
  },
}

/** Accounts of the environment have no row of their own, but what is held against them does. */
async function clear({ stores }: State, config: Config, name: string): Promise<number> {
  const [stored, settings] = [await stores.accounts.list(), await stores.settings.all()]
  const account = find([...(await environmentAccounts(config, settings)), ...stored], name)
  await stores.accountStates.clear(account.id)
  console.info(`Nothing is held against ${labelOf(account)} any more.`)
  return 0
}

function add([kind, given, ...more]: readonly string[], values: Values): Promise<number> {
  if (more.length > 0)
    throw new UsageError(
      `accounts add: there is a word too many, "${more[0]}".`,
      'Say the name with --name, and put what holds spaces in quotes.',
    )
  const known = ACCOUNT_KINDS.find((name) => name === kind)
  if (!known || !given)
    throw new UsageError(
      'accounts add: say which kind of account and its secret.',
      `The kinds are ${ACCOUNT_KINDS.join(' and ')}. Example: groxy accounts add xai xai-…`,
    )
  const wanted = changesOf(values)
  const name = readName(values.name) ?? known
  const secret = readSecret(given)
  return withState(async ({ stores }, config) => {
    const fallback = known === 'xai' ? config.XAI_BASE_URL : config.OPENAI_BASE_URL
    const account = await stores.accounts.add({
      ...wanted,
      kind: known,
      name,
      baseUrl: wanted.baseUrl ?? fallback,
      secret,
    })
    console.info(
      `Added the ${known} account "${account.name}" (…${account.hint}) at ${account.baseUrl}.`,
    )
    tellProxy(config, wanted.proxy)
    console.info('Try it with: groxy accounts test')
    return 0
  })
}

async function change({ state, config, account, values }: Change): Promise<number> {
  const { rename, secret } = values
  const wanted: AccountChanges = {
    ...changesOf(values),
    name: readName(rename),
    secret: secret === undefined ? undefined : readSecret(String(secret)),
  }
  if (Object.values(wanted).every((value) => value === undefined))
    throw new UsageError('accounts set: say what to change.', `Usage: groxy ${usage}`)
  await state.stores.accounts.update(account, wanted)
  console.info(`Changed ${labelOf({ ...account, name: wanted.name ?? account.name })}.`)
  tellProxy(config, wanted.proxy)
  return 0
}

/** What the options say, checked. */
function changesOf(values: Values): AccountChanges {
  const baseUrl = values['base-url']
  if (baseUrl !== undefined && !/^https?:\/\/\S+$/.test(String(baseUrl)))
    throw new UsageError(
      `"${baseUrl}" is no web address.`,
      '--base-url starts with https:// or http://',
    )
  const orNone = <T>(name: string, read: (value: Values[string]) => T): T | null | undefined =>
    values[name] === 'none' ? null : read(values[name])
  return {
    baseUrl: baseUrl === undefined ? undefined : String(baseUrl),
    weight: wholeNumber('weight', values.weight),
    maxInFlight: orNone('max', (value) => wholeNumber('max', value)),
    requestsPerMinute: orNone('rpm', (value) => wholeNumber('rpm', value)),
    models: orNone('models', list),
    api: readApi(values.api),
    proxy: orNone('proxy', (value) => (value === undefined ? undefined : readProxy(String(value)))),
  }
}

function readApi(given: Values[string]): AccountChanges['api'] {
  if (given === undefined) return
  if (given === 'none') return null
  if (given === 'chat' || given === 'responses' || given === 'both') return given
  throw new UsageError(
    `"${given}" is nothing that a server could speak.`,
    '--api is chat, responses or both',
  )
}

/** A name with a slash would read as KIND/NAME. */
function readName(given: Values[string]): string | undefined {
  if (given === undefined) return
  const name = String(given).trim()
  if (name === '' || name.includes('/'))
    throw new UsageError(
      `"${given}" is no name of an account.`,
      'A name has at least one sign, and no "/".',
    )
  return name
}

function readSecret(given: string): string {
  const secret = given === '-' ? readFileSync(0, 'utf8').trim() : given
  if (!secret) throw new UsageError('The secret is empty.', 'Pipe it in, or pass it as a word.')
  return secret
}

function tellProxy(config: Config, proxy: string | null | undefined): void {
  if (!proxy) return
  console.info(`Its calls go through ${proxyName(proxy)}.`)
  noteOnWorkers(filePath(config) === undefined)
}

type Named = Pick<Account, 'kind' | 'name'>

const labelOf = ({ kind, name }: Named): string => `${kind} "${name}"`

/** The one account that an operator means by `NAME` or `KIND/NAME`. */
function find<T extends Named>(accounts: readonly T[], meant: string): T {
  const found = accounts.filter(({ kind, name }) => name === meant || `${kind}/${name}` === meant)
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

async function test(state: State, config: Config, only?: string): Promise<number> {
  const chosen = (await allAccounts(state, config)).filter(
    ({ kind, name }) => !only || name === only || `${kind}/${name}` === only,
  )
  if (chosen.length === 0) {
    console.info(only ? `There is no account named "${only}".` : 'There are no accounts to test.')
    return only ? 1 : 0
  }
  const findings = await testAccounts(chosen)
  for (const { line } of findings) console.info(line)
  return findings.every(({ ok }) => ok) ? 0 : 1
}
