import type { Usage } from './usage'

/**
 * What a model says, piece by piece, whatever protocol it says it in.
 *
 * Pieces of one choice follow each other as they were said: a piece of another sort ends what was
 * open before it. No text is empty.
 */
export type TurnEvent =
  | ThinkingEvent
  | ThoughtEvent
  | TextEvent
  | RefusalEvent
  | CitationEvent
  | CallEvent
  | ArgumentsEvent
  | HostedEvent
  | FinishEvent
  | UsageEvent

/** A piece of what the model thinks, as far as it shows it. */
interface ThinkingEvent {
  readonly type: 'thinking'
  readonly choice: number
  readonly text: string
  /** Counts the paragraphs of one thought, from 0: a summary may have several. */
  readonly part: number
}

/** A thought is over; also where nothing of it was shown. */
export interface ThoughtEvent {
  readonly type: 'thought'
  readonly choice: number
  /** What only its upstream can read, to be sent back to it in later turns. */
  readonly encrypted: string | null
}

export interface TextEvent {
  readonly type: 'text'
  readonly choice: number
  readonly text: string
  readonly logprobs?: readonly Logprob[]
}

interface RefusalEvent {
  readonly type: 'refusal'
  readonly choice: number
  readonly text: string
}

/** A source of the text before it. */
export interface CitationEvent {
  readonly type: 'citation'
  readonly choice: number
  readonly citation: Citation
}

export interface Citation {
  readonly url: string
  readonly title: string
  /**
   * Where in the text it stands, in characters, counted from where that piece of text began: from 0 again
   * after a piece of another sort.
   */
  readonly start: number
  readonly end: number
}

/** The model calls a tool of the client. Its arguments follow, at once or in pieces. */
export interface CallEvent {
  readonly type: 'call'
  readonly choice: number
  /** Ties the tool's output to the call. */
  readonly id: string
  readonly name: string
  readonly namespace?: string
  /** Takes text of any form instead of JSON. */
  readonly custom: boolean
}

/** A piece of the arguments of the choice's last call. */
interface ArgumentsEvent {
  readonly type: 'arguments'
  readonly choice: number
  readonly text: string
}

/** A tool that runs at the upstream: it is said twice, when the tool begins and when it is done. */
export interface HostedEvent {
  readonly type: 'hosted'
  readonly choice: number
  readonly item: HostedItem
  readonly done: boolean
}

/** An output item of the Responses API as it is; in other dialects it has no counterpart. */
export interface HostedItem {
  /** `web_search_call`, `mcp_call`, … */
  readonly type: string
  readonly [field: string]: unknown
}

export interface FinishEvent {
  readonly type: 'finish'
  readonly choice: number
  readonly reason: FinishReason
}

interface UsageEvent {
  readonly type: 'usage'
  readonly usage: Usage
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/** How likely a token was, and what could have stood there instead. */
export interface Logprob {
  readonly token: string
  readonly logprob: number
  readonly bytes: readonly number[] | null
  readonly top_logprobs: readonly {
    readonly token: string
    readonly logprob: number
    readonly bytes: readonly number[] | null
  }[]
}
