import type { Vault } from '../../crypto'
import { openExtras } from '../../operator/account-extras'
import { proxyName } from '../../proxy'
import type { StoredAccount } from '../../store/accounts'
import type { AuditValues } from '../../store/audit'
import { maskSecret } from '../audit'

/** Of a shorter secret its end would tell too much. */
const LEAST_SHOWN = 12

/** What may be shown of something secret. */
const masked = (value: string): string => (value.length < LEAST_SHOWN ? '…' : maskSecret(value))

/** What an account is, as the audit log tells of it: nothing in it is a secret. */
export async function described(account: StoredAccount, vault: Vault): Promise<AuditValues> {
  const { name, hint, enabled, weight, models, api, tier, tags, note } = account
  // What cannot be opened any more can still be changed.
  const { headers, cookies } = await openExtras(vault, account).catch(() => UNREADABLE)
  const proxy = account.proxy && (await vault.open(account.proxy).catch(() => ''))
  return {
    ...{ name, base_url: shownAddress(account.baseUrl), secret: maskSecret(hint), enabled, weight },
    ...{ max_in_flight: account.maxInFlight, requests_per_minute: account.requestsPerMinute },
    ...{ models, api, tier, tags, note, proxy: proxy && proxyName(proxy) },
    headers: Object.fromEntries(
      Object.entries(headers).map(([header, value]) => [header, masked(value)]),
    ),
    cookies: Object.fromEntries(
      cookies
        .split('; ')
        .filter(Boolean)
        .map((cookie) => {
          const at = cookie.indexOf('=')
          return [cookie.slice(0, at), masked(cookie.slice(at + 1))]
        }),
    ),
  }
}

const UNREADABLE = { headers: {}, cookies: '' }

/** An address that was set by the command line may hold a password. */
export function shownAddress(baseUrl: string): string {
  const url = URL.parse(baseUrl)
  if (!url?.username && !url?.password) return baseUrl
  url.username = ''
  url.password = ''
  return url.href
}

/** What names accounts to people: some, and how many more there are. */
export function subjectOf(
  accounts: readonly { readonly kind: string; readonly name: string }[],
): string {
  const names = accounts.slice(0, MOST_NAMES).map(({ kind, name }) => `${kind}/${name}`)
  const more = accounts.length - names.length
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

const MOST_NAMES = 20
