import type { Config } from '../config'
import { UpstreamFault } from '../errors'
import { createLog } from '../log'
import { TimeUp } from '../net/http'
import { inParallel } from '../parallel'
import type { Account, Kind } from '../pool/account'
import { environmentAccounts, fromStore } from '../pool/roster'
import { proxyName } from '../proxy'
import type { AccountFilter } from '../store/account-search'
import type { Settings } from '../store/settings'
import { ANTI_BOT, CHALLENGE } from '../upstream/fault'
import type { QuotaFinding, Upstream } from '../upstream/upstream'
import { webOffers } from '../upstream/web/models'
import { createUpstreams } from '../upstreams'
import { counted, filterOf, labelOf } from './account-choice'
import { UsageError, type Values } from './command'
import { createPlatform } from './platform'
import type { State } from './state'

const TIMEOUT_MS = 15_000
/** Accounts that are tested at the same time. */
const PARALLEL = 16
/** More are only asked when that is meant: each is a call of its upstream. */
const LIMIT = 200
/** Of more findings only those that are bad are shown. */
const SHOWN = 50

interface Finding {
  readonly ok: boolean
  readonly line: string
}

/** What accounts are asked through, and by which settings. */
export interface Asking {
  readonly upstreams: Readonly<Record<Kind, Upstream>>
  readonly settings: Settings
}

/** Accounts are only asked here for what costs nothing. */
const show = () => Promise.reject(new Error('Nothing is made here.'))

/** The upstreams of all kinds, as a server would ask them. */
export async function createAsking(state: State, config: Config): Promise<Asking> {
  const settings = await state.stores.settings.all()
  const log = createLog({ level: 'silent', write: () => {}, readable: false, now: Date.now })
  return {
    settings,
    upstreams: createUpstreams(createPlatform(config, state, log), () => settings, {
      ...{ cache: { show }, readOwn: async () => undefined },
    }),
  }
}

/** The accounts of the environment and of the database that fit, those that are switched off too. */
export async function findAccounts(
  { stores, vault }: State,
  config: Config,
  filter: AccountFilter,
  most?: number,
): Promise<Account[]> {
  const settings = await stores.settings.all()
  const stored = await stores.accountSearch.find(filter, most)
  const { kind, name, tag, state } = filter
  const isPicked = tag !== undefined || state !== undefined
  const environment = isPicked ? [] : await environmentAccounts(config, settings)
  return [
    ...environment.filter(
      (one) =>
        (!kind || one.kind === kind) &&
        (!name || one.name === name || `${one.kind}/${one.name}` === name),
    ),
    ...stored.map((account) => fromStore(account, vault, settings)),
  ]
}

/** `groxy accounts test` */
export async function testCommand(
  state: State,
  config: Config,
  name: string | undefined,
  values: Values,
): Promise<number> {
  const filter = { ...filterOf(values), name }
  const chosen = await findAccounts(state, config, filter)
  if (chosen.length === 0) {
    console.info(name ? `There is no account named "${name}".` : 'There are no accounts to test.')
    return name ? 1 : 0
  }
  if (chosen.length > LIMIT && !values.all)
    throw new UsageError(
      `That asks the upstreams of ${chosen.length} accounts.`,
      'Say --all if you mean it, or pick some with --kind, --tag and --state.',
    )
  const findings = await testAccounts(await createAsking(state, config), chosen)
  const bad = findings.filter(({ ok }) => !ok)
  for (const { line } of findings.length > SHOWN ? bad : findings) console.info(line)
  if (findings.length > SHOWN)
    console.info(`${counted(findings.length - bad.length)} passed, ${bad.length} did not.`)
  return bad.length === 0 ? 0 : 1
}

/** Test accounts, and tell what was found in their order. */
export async function testAccounts(
  asking: Asking,
  accounts: readonly Account[],
): Promise<Finding[]> {
  const findings: Finding[] = []
  await inParallel(accounts.entries(), PARALLEL, async ([at, account]) => {
    findings[at] = await testAccount(asking, account)
  })
  return findings
}

/** Ask an account's upstream what costs nothing, the way its turns go: for quotas, or else its models. */
async function testAccount({ upstreams, settings }: Asking, account: Account): Promise<Finding> {
  const upstream = upstreams[account.kind]
  let way = ''
  const told = (ok: boolean, what: string): Finding => ({
    ok,
    line: `${ok ? '✓' : '✗'} ${labelOf(account)}${way}: ${what}`,
  })
  try {
    const proxy = await account.proxy()
    way = proxy ? ` via ${proxyName(proxy)}` : ''
    const quotas = upstream.quotas
    if (account.kind !== 'web' || !quotas)
      return told(
        true,
        foundModels(account, await inTime((abort) => upstream.models(account, abort))),
      )
    const some = bucketsOf(account, settings).slice(0, 1)
    return told(true, foundQuotas(account, await inTime((abort) => quotas(account, some, abort))))
  } catch (cause) {
    if (account.models && listsNone(cause))
      return told(
        true,
        `answers, lists no models; ${account.models.length} named by you, its key is unchecked`,
      )
    return told(false, explain(cause, account.kind))
  }
}

/** Ask an upstream something, but not for ever. */
export async function inTime<T>(ask: (abort: AbortController) => Promise<T>): Promise<T> {
  const abort = new AbortController()
  const late = new TimeUp(`The upstream did not answer within ${TIMEOUT_MS / 1000} s.`)
  const timer = setTimeout(() => abort.abort(late), TIMEOUT_MS)
  try {
    return await ask(abort)
  } finally {
    clearTimeout(timer)
  }
}

/** The quotas that a session's turns take from. */
export const bucketsOf = ({ tier }: Pick<Account, 'tier'>, settings: Settings): string[] => [
  ...new Set(
    [...webOffers(tier, settings.web_request).charges.values()].map(({ bucket }) => bucket),
  ),
]

/** `super; units grok-4 79/80` */
export function foundQuotas(account: Pick<Account, 'tier'>, finding: QuotaFinding): string {
  const { reports, tier = account.tier } = finding
  const each = reports.map(({ bucket, remaining, limit }) => `${bucket} ${remaining}/${limit}`)
  return `${tier ?? 'tier unknown'}; ${each.join(', ') || 'nothing said of its quotas'}`
}

function foundModels({ models }: Account, listed: readonly { readonly id: string }[]): string {
  if (!models) return `${listed.length} models`
  const ids = new Set(listed.map(({ id }) => id))
  const unknown = models.filter((id) => !ids.has(id))
  if (unknown.length === 0) return `${models.length} models, as you named them`
  return `answers, but does not list ${unknown.join(', ')}`
}

/** The server is there, and is one that does not say which models it has. */
function listsNone(cause: unknown): boolean {
  if (!(cause instanceof UpstreamFault)) return false
  return cause.kind === 'malformed' || [404, 405, 501].includes(cause.details.status ?? 0)
}

/** Refusals that are about the machine's address or what it sends, whoever it calls for. */
const OF_EGRESS = [CHALLENGE, ANTI_BOT]

/** What a fault means, in words for an operator. */
export function explain(cause: unknown, kind: Kind): string {
  if (!(cause instanceof UpstreamFault))
    return cause instanceof Error ? cause.message : String(cause)
  const { status, code = '' } = cause.details
  if (cause.kind !== 'refused' || OF_EGRESS.includes(code)) return cause.message
  if (status === 401 || status === 403)
    return `its ${kind === 'web' ? 'session' : 'key'} is refused (${status}): ${cause.message}`
  return `status ${status}: ${cause.message}`
}
