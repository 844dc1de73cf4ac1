import type { Extras } from '../extras'
import type { ACCOUNT_KINDS, Tier, UpstreamModel } from '../store/schema'

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
  /** What its owner wants sent with its calls, opened as the secret is. */
  readonly extras: () => Extras | Promise<Extras>
  /** Of a grok.com session; undefined while nobody knows. */
  readonly tier: Tier | undefined
  /** What it offers, where that is known without asking its upstream. */
  readonly offers: Offers | undefined
}

/** What accounts of one kind and tier offer: one value that they share. */
export interface Offers {
  readonly models: readonly UpstreamModel[]
  /** What a turn of each model takes of which quota. */
  readonly charges: ReadonlyMap<string, Charge>
  /** Of accounts of the same priority those of the lower rank are asked first. */
  readonly rank: number
}

/** What one turn takes of a quota that several models may share. */
export interface Charge {
  readonly bucket: string
  readonly cost: number
}
