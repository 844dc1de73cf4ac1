import type { ApiError, UpstreamFault } from '../errors'
import type { TurnEvent } from './event'
import type { Usage } from './usage'

/** Reads an upstream's stream, in its dialect, as events. */
export interface TurnDecoder {
  /** What the upstream says within these bytes, however the network cut them. */
  push(bytes: Uint8Array): readonly TurnEvent[]
  /** The upstream has closed the stream. An answer that is not whole becomes a fault. */
  end(): readonly TurnEvent[]
  /** What ended the answer before it was whole; what came until then is good. */
  fault(): UpstreamFault | undefined
  /** Whether the answer is whole, so that nothing more is to come. */
  isDone(): boolean
}

/** What a decoder must know of the request. */
export interface DecoderTerms {
  /** How many choices were asked for. */
  readonly choices: number
  readonly newId: () => string
  /** Whose tool a call is for, where the upstream was told of it under another name. */
  readonly names: ToolNames
}

/** Tools by the names that an upstream knows them under, where these are not the client's own. */
export type ToolNames = ReadonlyMap<
  string,
  { readonly name: string; readonly namespace?: string; readonly custom: boolean }
>

/** Writes one answer in the client's dialect, as a stream and as a whole. */
export interface TurnEncoder {
  /** Take an event, and give what is to be sent for it: server-sent events, or nothing. */
  push(event: TurnEvent): string
  /** All was said. Gives the last events. */
  end(): string
  /** The answer broke off. Gives the events that say so; after them nothing comes. */
  fail(error: ApiError): string
  /** The whole answer, as JSON. */
  answer(): string
  /** What the turn took so far: as the upstream says, else an estimate. */
  usage(): Usage
}
