import type { Config } from '../config'
import type { AccountKind } from '../store/accounts'

const ADDRESSES = { xai: 'XAI_BASE_URL', openai: 'OPENAI_BASE_URL', web: 'WEB_BASE_URL' } as const

/** Where the upstream of a kind is, unless an account says otherwise. */
export const usualAddress = (config: Config, kind: AccountKind): string => config[ADDRESSES[kind]]
