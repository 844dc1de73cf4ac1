import type { Config } from '../config'
import type { Vault } from '../crypto'
import type { StoredAccount } from '../store/accounts'
import type { Account } from './account'

/** Ids of the accounts that no database holds. */
export const DEMO_ID = 'demo'
const ENV_XAI_ID = 'env-xai'
const ENV_OPENAI_ID = 'env-openai'

interface RosterParts {
  readonly config: Config
  readonly vault: Vault
}

/**
 * Everyone in the pool: the accounts of the environment and of the database, and the demo account
 * while there is no other, or when the environment keeps it on.
 */
export function createRoster({ config, vault }: RosterParts) {
  const fromEnvironment = environmentAccounts(config)

  return (stored: readonly StoredAccount[]): readonly Account[] => {
    const accounts = [
      ...fromEnvironment,
      ...stored.filter(({ enabled }) => enabled).map((account) => fromStore(account, vault)),
    ]
    return accounts.length === 0 || config.DEMO ? [...accounts, DEMO] : accounts
  }
}

const DEMO: Account = {
  id: DEMO_ID,
  kind: 'demo',
  name: 'demo',
  baseUrl: '',
  secret: () => '',
  weight: 1,
  maxInFlight: Number.POSITIVE_INFINITY,
  requestsPerMinute: null,
  models: null,
}

/** `XAI_API_KEY` and `OPENAI_API_KEY` each make an account named `env`. */
export function environmentAccounts(config: Config): readonly Account[] {
  const { XAI_API_KEY, XAI_BASE_URL, OPENAI_API_KEY, OPENAI_BASE_URL } = config
  const make = (id: string, kind: 'xai' | 'openai', secret: string, baseUrl: string): Account => ({
    ...DEMO,
    id,
    kind,
    name: 'env',
    baseUrl: baseUrl.replace(/\/+$/, ''),
    secret: () => secret,
  })
  return [
    ...(XAI_API_KEY ? [make(ENV_XAI_ID, 'xai', XAI_API_KEY, XAI_BASE_URL)] : []),
    ...(OPENAI_API_KEY ? [make(ENV_OPENAI_ID, 'openai', OPENAI_API_KEY, OPENAI_BASE_URL)] : []),
  ]
}

/** The secret is unsealed when a turn first needs it: thousands of accounts open at once otherwise. */
export function fromStore(stored: StoredAccount, vault: Vault): Account {
  const { id, kind, name, baseUrl, weight, maxInFlight, requestsPerMinute, models } = stored
  let plain: string | undefined
  const unseal = async () => {
    plain = await vault.open(stored.secret)
    return plain
  }
  return {
    id,
    kind,
    name,
    baseUrl,
    weight,
    requestsPerMinute,
    models,
    maxInFlight: maxInFlight ?? Number.POSITIVE_INFINITY,
    secret: () => plain ?? unseal(),
  }
}
