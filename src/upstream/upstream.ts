import type { JsonObject } from '../json'
import type { Account } from '../pool/account'
import type { UpstreamModel } from '../store/schema'
import type { ChatRequest } from '../turn/chat/schema'
import type { TurnEvent } from '../turn/event'

/** What one kind of account can be asked. Whatever it throws is an `UpstreamFault`. */
export interface Upstream {
  /** Ask a model. The answer is running when this returns; aborting ends it. */
  chat(call: ChatCall): Promise<ChatReply>
  /** The models an account offers now. */
  models(account: Account, abort: AbortController): Promise<readonly UpstreamModel[]>
}

/** One attempt to have a chat request answered. */
export interface ChatCall {
  readonly account: Account
  readonly request: JsonObject<ChatRequest>
  /** The model as the upstream knows it. */
  readonly model: string
  readonly stream: boolean
  readonly abort: AbortController
}

/**
 * Either the caller's own dialect, whose bytes pass with little change, or events, which the caller's
 * dialect encodes.
 */
export type ChatReply =
  | { readonly form: 'native'; readonly response: Response }
  | { readonly form: 'events'; readonly events: AsyncIterable<TurnEvent> }
