import { UpstreamFault } from '../errors'
import type { Account } from '../pool/account'
import { proxyName } from '../proxy'
import type { Settings } from '../store/settings'
import type { QuotaFinding } from '../upstream/upstream'
import { webOffers } from '../upstream/web/models'
import { type AccountFinding, codeOf, explain, hintOf, NoProxies } from './account-finding'
import { type Asking, inTime } from './asking'

/** Models that are named to somebody who wants to try an account. */
const EXAMPLES = 20

/** Ask an account's upstream what costs nothing, the way its turns go: for quotas, or else its models. */
export async function testAccount(
  { upstreams, settings, signal, canProxy = true }: Asking,
  account: Account,
): Promise<AccountFinding> {
  const upstream = upstreams[account.kind]
  let proxy: string | undefined
  try {
    const address = await account.proxy()
    proxy = address && proxyName(address)
    // Its calls must not go out without.
    if (proxy && !canProxy) return failedFinding(account, new NoProxies(), proxy)
    const quotas = upstream.quotas
    if (account.kind !== 'web' || !quotas) {
      const models = await inTime((abort) => upstream.models(account, abort), signal)
      return {
        ...{ ok: true, code: 'models', reason: foundModels(account, models), hint: '', proxy },
        ...{ models: models.length, examples: models.slice(0, EXAMPLES).map(({ id }) => id) },
      }
    }
    const some = bucketsOf(account, settings).slice(0, 1)
    const finding = await inTime((abort) => quotas(account, some, abort), signal)
    return {
      ...{ ok: true, code: 'quotas', reason: foundQuotas(account, finding), hint: '', proxy },
      ...{ quotas: finding.reports, tier: finding.tier ?? account.tier },
    }
  } catch (cause) {
    if (account.models && listsNone(cause))
      return {
        ok: true,
        code: 'unlisted',
        reason: `answers, lists no models; ${account.models.length} named by you, its key is unchecked`,
        hint: hintOf('unlisted', account.kind),
        proxy,
      }
    return failedFinding(account, cause, proxy)
  }
}

/** What a fault says of an account. */
export function failedFinding(
  { kind }: Account,
  cause: unknown,
  proxy: string | undefined,
): AccountFinding {
  const code = codeOf(cause)
  return {
    ...{ ok: false, code, reason: explain(cause, kind), hint: hintOf(code, kind), proxy },
    fault: cause instanceof UpstreamFault ? cause : undefined,
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
  // A page is no API: then its address is wrong.
  if (cause.kind === 'malformed') return !(cause.cause instanceof SyntaxError)
  return [404, 405, 501].includes(cause.details.status ?? 0)
}
