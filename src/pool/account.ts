import type { ACCOUNT_KINDS } from '../store/schema'

export type Kind = (typeof ACCOUNT_KINDS)[number] | 'demo'

/** An account as the pool and the upstreams see it. */
export interface Account {
  readonly id: string
  readonly kind: Kind
  readonly name: string
  readonly baseUrl: string
  /** The credential in the clear: unsealed when first needed, at once from then on. */
  readonly secret: () => string | Promise<string>
  /** The proxy that its calls go through, its own or its kind's: opened as the secret is. */
  readonly proxy: () => string | undefined | Promise<string | undefined>
  /** What its server speaks: chat completions, the Responses API, or both. */
  readonly api: 'chat' | 'responses' | 'both'
  readonly weight: number
  /** Turns at once. */
  readonly maxInFlight: number
  /** Turns a minute that the operator allows; null for no limit of ours. */
  readonly requestsPerMinute: number | null
  /** Model ids it serves, when the operator names them instead of its upstream. */
  readonly models: readonly string[] | null
}
