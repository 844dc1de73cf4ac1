import { readFileSync } from 'node:fs'
import type { Config } from '../config'
import { UpstreamFault } from '../errors'
import { createHttp } from '../net/http'
import type { Account, Kind } from '../pool/account'
import { environmentAccounts, fromStore } from '../pool/roster'
import { ACCOUNT_KINDS } from '../store/schema'
import { createOpenAi } from '../upstream/openai/openai'
import { type Command, list, parse, table, UsageError, wholeNumber } from './command'
import type { State } from './state'
import { withState } from './with-state'

const usage =
  'accounts add KIND SECRET|- [--name NAME] [--base-url URL] [--models a,b] [--weight N] [--max N] | list | test [NAME]'

const OPTIONS = {
  name: { type: 'string' },
  'base-url': { type: 'string' },
  models: { type: 'string' },
  weight: { type: 'string' },
  max: { type: 'string' },
} as const

/** `groxy accounts` */
export const accountsCommand: Command = {
  usage,
  help: `KIND is xai (an API key for api.x.ai) or openai (any OpenAI-compatible server, with --base-url).
A secret of "-" is read from standard input, so that it stays out of the shell's history.

  --name NAME        what to call it (default: the kind)
  --base-url URL     where the server is, up to and including /v1
  --models a,b       its models, for a server that does not list them
  --weight N         its share beside other accounts (default 1)
  --max N            turns at once (default: no limit)

XAI_API_KEY and OPENAI_API_KEY in the environment each make an account named "env".`,
  run(args) {
    const { values, words } = parse(args, OPTIONS, usage)
    const [action, ...subjects] = words
    if (action === 'add') return add(subjects, values)
    if (action === 'list') return withState(showAll)
    if (action === 'test') return withState((state, config) => testAll(state, config, subjects[0]))
    throw new UsageError('accounts: say what to do.', `Usage: groxy ${usage}`)
  },
}

function add(
  [kind, given]: readonly string[],
  values: Readonly<Record<string, string | boolean | undefined>>,
): Promise<number> {
  const known = ACCOUNT_KINDS.find((name) => name === kind)
  if (!known || !given)
    throw new UsageError(
      'accounts add: say which kind of account and its secret.',
      `The kinds are ${ACCOUNT_KINDS.join(' and ')}. Example: groxy accounts add xai xai-…`,
    )
  const secret = given === '-' ? readFileSync(0, 'utf8').trim() : given
  if (!secret) throw new UsageError('The secret is empty.', 'Pipe it in, or pass it as a word.')
  const options = {
    weight: wholeNumber('weight', values.weight),
    maxInFlight: wholeNumber('max', values.max),
    models: list(values.models),
  }
  return withState(async ({ stores }, config) => {
    const fallback = known === 'xai' ? config.XAI_BASE_URL : config.OPENAI_BASE_URL
    const baseUrl = String(values['base-url'] ?? fallback)
    if (!/^https?:\/\/\S+$/.test(baseUrl))
      throw new UsageError(
        `"${baseUrl}" is no web address.`,
        '--base-url starts with https:// or http://',
      )
    const name = String(values.name ?? known)
    const account = await stores.accounts.add({ kind: known, name, baseUrl, secret, ...options })
    console.info(`Added the ${known} account "${name}" (…${account.hint}) at ${account.baseUrl}.`)
    console.info('Try it with: groxy accounts test')
    return 0
  })
}

async function showAll({ stores }: State, config: Config): Promise<number> {
  const stored = await stores.accounts.list()
  const rows = [
    ...environmentAccounts(config).map(({ kind, name, baseUrl }) => [
      kind,
      name,
      '(environment)',
      baseUrl,
      'on',
    ]),
    ...stored.map(({ kind, name, hint, baseUrl, enabled }) => [
      kind,
      name,
      `…${hint}`,
      baseUrl,
      enabled ? 'on' : 'off',
    ]),
  ]
  if (rows.length === 0)
    console.info(
      'No accounts yet, so the demo account answers. Add one with: groxy accounts add xai xai-…',
    )
  else console.info(table(['KIND', 'NAME', 'SECRET', 'ADDRESS', 'STATE'], rows))
  return 0
}

async function testAll({ stores, vault }: State, config: Config, only?: string): Promise<number> {
  const stored = await stores.accounts.list()
  const all = [
    ...environmentAccounts(config),
    ...stored.map((account) => fromStore(account, vault)),
  ]
  const chosen = all.filter(({ name }) => !only || name === only)
  if (chosen.length === 0) {
    console.info(only ? `There is no account named "${only}".` : 'There are no accounts to test.')
    return only ? 1 : 0
  }
  const results = await Promise.all(chosen.map(testAccount))
  for (const { line } of results) console.info(line)
  return results.every(({ ok }) => ok) ? 0 : 1
}

const TEST_TIMEOUT_MS = 15_000

/** Ask an account's upstream for its models, which costs nothing. */
export async function testAccount(account: Account): Promise<{ ok: boolean; line: string }> {
  const label = `${account.kind as Kind} "${account.name}"`
  const upstream = createOpenAi({ http: createHttp(fetch), now: Date.now })
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), TEST_TIMEOUT_MS)
  try {
    const models = await upstream.models(account, abort)
    return { ok: true, line: `✓ ${label}: ${models.length} models` }
  } catch (cause) {
    return { ok: false, line: `✗ ${label}: ${explain(cause)}` }
  } finally {
    clearTimeout(timer)
  }
}

function explain(cause: unknown): string {
  if (!(cause instanceof UpstreamFault))
    return cause instanceof Error ? cause.message : String(cause)
  const { status } = cause.details
  if (status === 401 || status === 403) return `its key is refused (${status}): ${cause.message}`
  return status ? `status ${status}: ${cause.message}` : cause.message
}
