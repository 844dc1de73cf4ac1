import type { Config } from '../config'
import { sha256, type Vault } from '../crypto'
import { type Extras, NO_EXTRAS } from '../extras'
import type { Log } from '../log'
import type { StoredAccount } from '../store/accounts'
import type { Tier } from '../store/schema'
import type { Settings } from '../store/settings'
import type { Account, Kind, Offers } from './account'
import { type Place, portioned } from './portion'

/** The id of the account that answers while there is no other. */
export const DEMO_ID = 'demo'

const ALONE: Place = { processes: 1 }

/** The proxies of whole kinds. */
export type KindProxies = Pick<Settings, 'proxy_xai' | 'proxy_openai' | 'proxy_web'>

interface RosterParts {
  readonly config: Config
  readonly vault: Vault
  /** Of the processes of a machine each has its part of what accounts may do at once; left out if it is the only one. */
  readonly self?: Place
  /** Whether calls can go through a proxy here: not on Workers. */
  readonly canProxy: boolean
  readonly log: Log
  /** What an account of this kind and tier offers, where that is known without asking. */
  readonly offersOf: OffersOf
}

/** What an account of a kind and tier offers; undefined where its upstream has to be asked. */
export type OffersOf = (
  kind: Kind,
  tier: Tier | undefined,
  settings: Settings,
) => Offers | undefined

/**
 * Everyone in the pool: the accounts of the environment and of the database, and the demo account
 * while there is no other, or when the environment keeps it on.
 *
 * An account that needs a proxy where there are none is left out: its calls must not go out without.
 */
export function createRoster({
  config,
  vault,
  self = ALONE,
  canProxy,
  log,
  offersOf,
}: RosterParts) {
  const leftOut = new Set<string>()

  function isUsable(id: string, name: string, kind: string, needsProxy: boolean): boolean {
    if (canProxy || !needsProxy) {
      leftOut.delete(id)
      return true
    }
    if (!leftOut.has(id))
      log.error('account_left_out', {
        account: name,
        kind,
        problem: 'It needs a proxy, and Cloudflare Workers have none.',
        remedy: `Use it on a machine, or take the proxy away: groxy accounts set ${kind}/${name} --proxy none, or the setting proxy_${kind}.`,
      })
    leftOut.add(id)
    return false
  }

  return async (
    stored: readonly StoredAccount[],
    settings: Settings,
  ): Promise<readonly Account[]> => {
    const known = await environmentAccounts(config, settings)
    const usable = known.filter(({ id, name, kind }) =>
      isUsable(id, name, kind, kindProxy(kind, settings) !== ''),
    )
    let enabled = known.length
    for (const account of stored) {
      if (!account.enabled) continue
      enabled++
      const { id, name, kind, proxy } = account
      if (isUsable(id, name, kind, proxy !== null || kindProxy(kind, settings) !== ''))
        usable.push({
          ...portioned(fromStore(account, vault, settings), self),
          offers: offersOf(kind, account.tier ?? undefined, settings),
        })
    }
    return enabled === 0 || config.DEMO ? [...usable, DEMO] : usable
  }
}

const kindProxy = (kind: Kind, proxies: KindProxies): string =>
  kind === 'demo' ? '' : proxies[`proxy_${kind}`]

const noProxy = () => undefined
const noExtras = () => NO_EXTRAS

const DEMO: Account = {
  id: DEMO_ID,
  kind: 'demo',
  name: 'demo',
  baseUrl: '',
  api: 'both',
  secret: () => '',
  proxy: noProxy,
  weight: 1,
  maxInFlight: Number.POSITIVE_INFINITY,
  requestsPerMinute: null,
  models: null,
  extras: noExtras,
  tier: undefined,
  offers: undefined,
}

/** `XAI_API_KEY` and `OPENAI_API_KEY` each make an account named `env`. */
export function environmentAccounts(config: Config, proxies: KindProxies): Promise<Account[]> {
  const { XAI_API_KEY, XAI_BASE_URL, OPENAI_API_KEY, OPENAI_BASE_URL } = config
  const make = async (kind: 'xai' | 'openai', secret: string, url: string): Promise<Account> => {
    const baseUrl = url.replace(/\/+$/, '')
    return {
      ...DEMO,
      id: await environmentId(kind, secret, baseUrl),
      kind,
      name: 'env',
      baseUrl,
      api: usualApi(kind, baseUrl),
      secret: () => secret,
      proxy: () => kindProxy(kind, proxies) || undefined,
    }
  }
  return Promise.all([
    ...(XAI_API_KEY ? [make('xai', XAI_API_KEY, XAI_BASE_URL)] : []),
    ...(OPENAI_API_KEY ? [make('openai', OPENAI_API_KEY, OPENAI_BASE_URL)] : []),
  ])
}

/** Whether an account has no row in the database, by its id. */
export const isOfEnvironment = (id: string): boolean => id.startsWith('env-')

/**
 * Another secret, or another server, is another account: what was held against the old one does not
 * hold against it. 32 bits tell them apart, and tell nothing of the secret.
 */
async function environmentId(kind: string, secret: string, baseUrl: string): Promise<string> {
  const hash = await sha256(`${secret}\n${baseUrl}`)
  return `env-${kind}-${hash.slice(0, 8)}`
}

/**
 * The secret and the proxy are unsealed when a turn first needs them: thousands of accounts open at
 * once otherwise.
 */
export function fromStore(stored: StoredAccount, vault: Vault, proxies: KindProxies): Account {
  const { id, kind, name, baseUrl, weight, maxInFlight, requestsPerMinute, models } = stored
  return {
    id,
    kind,
    name,
    baseUrl,
    api: stored.api ?? usualApi(kind, baseUrl),
    weight,
    requestsPerMinute,
    models,
    maxInFlight: maxInFlight ?? Number.POSITIVE_INFINITY,
    secret: opener(stored.secret, vault),
    proxy: stored.proxy ? opener(stored.proxy, vault) : PROXY_OF[kind](proxies),
    extras: stored.extras ? extrasOf(stored.extras, vault) : noExtras,
    tier: stored.tier ?? undefined,
    offers: undefined,
  }
}

/** Few servers that speak OpenAI's dialect know more of it than chat completions. */
const usualApi = (kind: Kind, baseUrl: string): Account['api'] =>
  kind === 'xai' || OPENAI.test(baseUrl) ? 'both' : 'chat'

const OPENAI = /^https:\/\/api\.openai\.com(?:[:/]|$)/

/** Shared by all accounts of a kind. */
const PROXY_OF = {
  xai: ({ proxy_xai: proxy }: KindProxies) => (proxy ? () => proxy : noProxy),
  openai: ({ proxy_openai: proxy }: KindProxies) => (proxy ? () => proxy : noProxy),
  web: ({ proxy_web: proxy }: KindProxies) => (proxy ? () => proxy : noProxy),
}

function extrasOf(sealed: string, vault: Vault): Account['extras'] {
  let plain: Extras | undefined
  const unseal = async () => {
    plain = JSON.parse(await vault.open(sealed)) as Extras
    return plain
  }
  return () => plain ?? unseal()
}

function opener(sealed: string, vault: Vault): () => string | Promise<string> {
  let plain: string | undefined
  const unseal = async () => {
    plain = await vault.open(sealed)
    return plain
  }
  return () => plain ?? unseal()
}
