import type { Client } from '@libsql/client/web'
import type { ElysiaConfig } from 'elysia'
import type { createAdminSurface } from './admin-surface'
import type { Config } from './config'
import type { Ground } from './ground'
import type { Upgrade } from './http/socket'
import type { Asset } from './http/swagger'
import type { Keeping } from './keeping'
import type { ProcessUse } from './ledger/metrics'
import type { Log } from './log'
import type { Hasher } from './media/hasher'
import type { ObjectStore } from './media/object-store'
import type { Resolve } from './net/guarded-open'
import type { Fetch } from './net/http'
import type { Connect } from './net/line'
import type { Key } from './store/keys'
import type { Tokenizer } from './turn/tokenizer'

/** This process among those that share its database. */
export interface Self {
  /** Its name among them, where whoever started it has given it one. */
  readonly name?: string
  /** Whether it does the background work: of the processes of one machine one does, for all. */
  readonly worksBehind: boolean
  /** How many processes of this machine share its work, and what accounts allow at once. */
  readonly processes: number
  /** Its number among these, from 0; left out where it is the only one. */
  readonly index?: number
}

/** The other processes of this machine that take requests at the same port. */
export interface Siblings {
  /** The number of this process among them. */
  readonly index: number
  /** What the others measure, and how many did not say so in time. */
  readonly metrics: () => Promise<{
    readonly told: readonly { readonly index: number; readonly text: string }[]
    readonly missing: number
  }>
}

/** What differs between a machine, a Worker and a test. */
export interface Platform {
  readonly config: Config
  readonly client: Client
  readonly self: Self
  /** Where what turns need is kept, for a start while the database is away. */
  readonly keeping?: Keeping
  /** Present where there are others. */
  readonly siblings?: Siblings
  /** Where it runs, for people. */
  readonly ground: Ground
  /** Where pictures, videos and files are kept. */
  readonly objects: ObjectStore
  /** `GROXY_SECRET`, from wherever it is kept. */
  readonly secret: string
  /** Finish work after the response: a tracked promise on a machine, `waitUntil` on Workers. */
  readonly later: (work: Promise<unknown>) => void
  readonly fetch: Fetch
  readonly connect: Connect
  /** Whether `fetch` and `connect` can go through a proxy. */
  readonly canProxy: boolean
  /**
   * All addresses of a host, best first. Present where `fetch` can call one of them in the host's
   * name (`tls.serverName`); absent where there is no DNS, and no private network either.
   */
  readonly resolve?: Resolve
  /** Which addresses a client's URL may lead to; left out for those of the public internet. */
  readonly reachable?: (address: string) => boolean
  /** Over how long background work is spread after the start; 0 where nothing stays to wait. */
  readonly spreadMs: number
  readonly now: () => number
  readonly random: () => number
  readonly log: Log
  /** Whether code may still be made of texts, as checks of bodies are, once the start is over. */
  readonly compilesLate: boolean
  /** SHA-256 in hexadecimal, at once where the runtime can. */
  readonly digest: (text: string) => string | Promise<string>
  /** The same for bytes that come one after the other. */
  readonly hasher: () => Hasher
  /** Whether requests may wait for each other's promises, which Workers forbid. */
  readonly sharesWork: boolean
  /** How many bytes it may take to hash a password. */
  readonly hashMemory: number
  /** How many bytes large bodies may weigh together here at most, whatever the setting allows. */
  readonly bodyMemory?: number
  /** From where a request comes, where the platform tells in a way of its own. */
  readonly addressOf?: (request: Request) => string | undefined
  readonly tokenizer: () => Promise<Tokenizer>
  /** What the process takes of its machine, where it is known. */
  readonly processUse?: () => ProcessUse
  readonly asset: Asset
  readonly upgrade: Upgrade
  /** The key of `GROXY_API_KEY`, by its hash. */
  readonly environmentKey: ReadonlyMap<string, Key>
  /** Whether a set-up link is on offer: where somebody is told what it is. */
  readonly offersSetup: boolean
  /** What makes the admin surface, where it has to be there from the start; else it is loaded when asked for. */
  readonly adminSurface?: typeof createAdminSurface
  readonly adapter?: ElysiaConfig<''>['adapter']
}
