import type { ApiError } from '../errors'
import type { Account } from '../pool/account'
import type { Key } from '../store/keys'
import type { LedgerEntry } from '../store/ledger'
import type { Settings } from '../store/settings'
import type { NativeStream } from '../turn/chat/native-stream'
import type { TurnEncoder } from '../turn/codec'
import type { Usage } from '../turn/usage'
import type { Ask } from '../upstream/upstream'
import type { ServedBy } from './book'

/** One turn of a model as the public surface hands it over. */
export interface Turn {
  readonly requestId: string
  readonly key: Key
  /** The endpoint, as the ledger names it. */
  readonly endpoint: string
  /** As the client asked for it. */
  readonly model: string
  readonly ask: Ask
  readonly stream: boolean
  readonly dialect: Dialect
  /** The request word for word. */
  readonly text: string
  /** How much of what is asked is text, about in bytes. */
  readonly promptBytes: number
  /** A hash: turns of one conversation should meet the same account. */
  readonly conversation: number
  /** Where addresses of media in the answer are to begin, such as `https://groxy.example`. */
  readonly origin: () => string
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
  readonly settings: Settings
  /** Called once, when the turn is over, which for a stream is long after the answer began. */
  readonly onEnd: (entry: LedgerEntry) => void
}

/** How the client is answered. */
export interface Dialect {
  /** Writes one attempt's answer. */
  readonly encoder: (account: Account) => TurnEncoder
  /** The stream of an answer that came to nothing, where it was begun before there was any. */
  readonly failure: (error: ApiError) => string
  /** Present where an upstream's own bytes in this dialect may pass, mended. */
  readonly native?: NativeDialect | undefined
  /** The events that say that an answer broke off are a proper end of the stream. */
  readonly endsBroken: boolean
}

/** Mends what an upstream writes in the client's dialect. */
export interface NativeDialect {
  readonly stream: () => NativeStream
  readonly answer: (text: string) => { readonly text: string; readonly usage: Usage }
}

/** What goes to the client: a JSON text, or server-sent events that are whole or still running. */
export type Answer = (
  | { readonly form: 'json'; readonly body: string }
  | { readonly form: 'events'; readonly body: Uint8Array | ReadableStream<Uint8Array> }
) & {
  /** What of the request its upstream was not told. */
  readonly dropped?: readonly string[]
}

/** An answer, and who gave it. */
export interface Served {
  readonly answer: Answer
  /** Unknown while a held stream is still on its way. */
  readonly by: ServedBy | undefined
}
