import { type SQL, sql } from 'drizzle-orm'
import { sha256, type Vault } from '../crypto'
import { readProxy } from '../proxy'
import type { AccountChanges, AccountKind, StoredAccount } from './accounts'
import { hintOf } from './keys'

/** An account of which nothing was said yet. */
export const BLANK = {
  name: '',
  baseUrl: '',
  secret: '',
  hint: '',
  enabled: true,
  weight: 1,
  maxInFlight: null,
  requestsPerMinute: null,
  models: null,
  proxy: null,
  api: null,
  tier: null,
  extras: null,
  fingerprint: null,
  tags: null,
  note: null,
  version: 0,
} satisfies Partial<StoredAccount>

/** Tells a secret from others without telling anything of it: what it is made from has entropy enough. */
export const fingerprintOf = (kind: AccountKind, secret: string): Promise<string> =>
  sha256(`groxy account\n${kind}\n${secret}`)

/** What names an account where nobody does. */
export const generatedName = (kind: AccountKind, fingerprint: string, length = 8): string =>
  `${kind}-${fingerprint.slice(0, length)}`

/** Accounts are the same when one secret is used at one server; a session is the same everywhere. */
export const identityOf = (
  kind: AccountKind,
  fingerprint: string | null,
  baseUrl: string,
): string => (kind === 'web' ? `${fingerprint}` : `${fingerprint} ${baseUrl}`)

/** An address as it is stored. */
export const withoutSlash = (baseUrl: string): string => baseUrl.replace(/\/+$/, '')

/** What is to be written of an account: its secret, proxy and extras sealed. */
export async function columnsOf(
  vault: Vault,
  kind: AccountKind,
  changes: AccountChanges,
): Promise<Partial<StoredAccount>> {
  const { name, baseUrl, secret, weight, maxInFlight, requestsPerMinute } = changes
  const { models, api, proxy, tier, extras, tags, note, enabled } = changes
  return {
    ...(name !== undefined && { name }),
    ...(baseUrl !== undefined && { baseUrl: withoutSlash(baseUrl) }),
    ...(secret !== undefined && {
      secret: await vault.seal(secret),
      hint: hintOf(secret),
      fingerprint: await fingerprintOf(kind, secret),
    }),
    ...(enabled !== undefined && { enabled }),
    ...(weight !== undefined && { weight }),
    ...(maxInFlight !== undefined && { maxInFlight }),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(models !== undefined && { models }),
    ...(api !== undefined && { api }),
    ...(proxy !== undefined && { proxy: proxy && (await vault.seal(readProxy(proxy))) }),
    ...(tier !== undefined && { tier }),
    ...(extras !== undefined && {
      extras: extras && (await vault.seal(JSON.stringify(extras))),
    }),
    ...(tags !== undefined && { tags: tags && tags.length > 0 ? tags : null }),
    ...(note !== undefined && { note: note || null }),
  }
}

/** Whether the row of an account has this very secret, as it is sealed. */
export const isSealedAs = (id: string, secret: string): SQL =>
  sql`EXISTS (SELECT 1 FROM accounts AS changed WHERE changed.id = ${id} AND changed.secret = ${secret})`
