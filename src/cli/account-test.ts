import type { Config } from '../config'
import { UpstreamFault } from '../errors'
import { createHttp, TimeUp } from '../net/http'
import { inParallel } from '../parallel'
import type { Account } from '../pool/account'
import { environmentAccounts, fromStore } from '../pool/roster'
import { proxyName } from '../proxy'
import { createOpenAi } from '../upstream/openai/openai'
import { machineFetch } from './machine-fetch'
import type { State } from './state'

const TIMEOUT_MS = 15_000
/** Accounts that are tested at the same time. */
const PARALLEL = 16

interface Finding {
  readonly ok: boolean
  readonly line: string
}

/** Every account, those that are switched off too. */
export async function allAccounts({ stores, vault }: State, config: Config): Promise<Account[]> {
  const [stored, settings] = [await stores.accounts.list(), await stores.settings.all()]
  return [
    ...(await environmentAccounts(config, settings)),
    ...stored.map((account) => fromStore(account, vault, settings)),
  ]
}

/** Test accounts, and tell what was found in their order. */
export async function testAccounts(accounts: readonly Account[]): Promise<Finding[]> {
  const findings: Finding[] = []
  await inParallel(accounts.entries(), PARALLEL, async ([at, account]) => {
    findings[at] = await testAccount(account)
  })
  return findings
}

/** Ask an account's upstream for its models, which costs nothing, the way its turns go. */
async function testAccount(account: Account): Promise<Finding> {
  const label = `${account.kind} "${account.name}"`
  const upstream = createOpenAi({ http: createHttp(machineFetch()), now: Date.now })
  const abort = new AbortController()
  const late = new TimeUp(`The upstream did not answer within ${TIMEOUT_MS / 1000} s.`)
  const timer = setTimeout(() => abort.abort(late), TIMEOUT_MS)
  let way = ''
  try {
    const proxy = await account.proxy()
    way = proxy ? ` via ${proxyName(proxy)}` : ''
    const listed = await upstream.models(account, abort)
    return { ok: true, line: `✓ ${label}${way}: ${foundModels(account, listed)}` }
  } catch (cause) {
    if (account.models && listsNone(cause))
      return {
        ok: true,
        line: `✓ ${label}${way}: answers, lists no models; ${account.models.length} named by you, its key is unchecked`,
      }
    return { ok: false, line: `✗ ${label}${way}: ${explain(cause)}` }
  } finally {
    clearTimeout(timer)
  }
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

function explain(cause: unknown): string {
  if (!(cause instanceof UpstreamFault))
    return cause instanceof Error ? cause.message : String(cause)
  const { status } = cause.details
  if (cause.kind !== 'refused') return cause.message
  if (status === 401 || status === 403) return `its key is refused (${status}): ${cause.message}`
  return `status ${status}: ${cause.message}`
}
