import type { JsonObject } from '../json'
import type { Account } from '../pool/account'
import type { Report } from '../pool/quota'
import type { Tier, UpstreamModel } from '../store/schema'
import type { ChatRequest } from '../turn/chat/schema'
import type { ToolNames } from '../turn/codec'
import type { Embeddings } from '../turn/embedding'
import type { TurnEvent } from '../turn/event'
import type { FilmEvent, FilmRequest, WantedFilm } from '../turn/film'
import type { PictureEvent, PictureRequest } from '../turn/picture'
import type { TurnRequest } from '../turn/request'
import type { Item, ResponsesRequest } from '../turn/responses/schema'

/** What one kind of account can be asked. Whatever it throws is an `UpstreamFault`. */
export interface Upstream {
  /** Ask a model. The answer is running when this returns; aborting ends it. */
  ask(call: UpstreamCall): Promise<UpstreamReply>
  /**
   * Whether a turn of a dialect may have a tool run there: `web_search`, `mcp`, … Absent where none
   * does.
   */
  runs?(tool: string, account: Account, dialect: Ask['dialect']): boolean
  /** The models an account offers now. */
  models(account: Account, abort: AbortController): Promise<readonly UpstreamModel[]>
  /** Ask what costs nothing and anyone may ask, to see whether the account is taken. */
  check(account: Account, abort: AbortController): Promise<unknown>
  /**
   * What is left of these quotas, and the account's tier where that shows. Present where an upstream
   * has to be asked for it.
   */
  quotas?(
    account: Account,
    buckets: readonly string[],
    abort: AbortController,
  ): Promise<QuotaFinding>
  /** Present where it makes pictures. */
  readonly pictures?: {
    /** How many pictures one call of a model can be asked for; undefined for a model that makes none. */
    most(model: string, work: PictureRequest['work']): number | undefined
    /** Make or change pictures; what it throws before the first event may be made good by another. */
    draw(call: DrawCall): AsyncIterable<PictureEvent>
  }
  /** Present where it makes videos. */
  readonly films?: {
    /** Whether a model makes such videos. */
    can(model: string, wanted: WantedFilm): boolean
    film(call: FilmCall): AsyncIterable<FilmEvent>
  }
  /** Turn texts into vectors. Present where it can be asked for that. */
  embed?(call: EmbedCall): Promise<Embeddings>
  /**
   * Something that an account has made, or a part of it, as it comes, by its address at the upstream;
   * undefined for an address that takes no credentials. Present where some take them.
   */
  asset?(account: Account, url: string, call: AssetCall): Promise<Response> | undefined
}

export interface AssetCall {
  readonly abort: AbortController
  /** The part that is wanted, as the header `Range` says it; everything where it is left out. */
  readonly range?: string
}

/** One attempt at something else than a turn. */
export interface WorkCall {
  readonly account: Account
  /** The model as the upstream knows it. */
  readonly model: string
  readonly abort: AbortController
  /** Told that a step on the way begins, for which there is as much time as for the first. */
  readonly step: () => void
}

export interface DrawCall extends WorkCall {
  readonly request: PictureRequest
  /** How many pictures, never more than `most` says. */
  readonly count: number
}

export interface FilmCall extends WorkCall {
  readonly request: FilmRequest
  /** The upstream has begun already, and calls it so: only ask how far it is. */
  readonly upstreamId: string | undefined
}

export interface EmbedCall extends WorkCall {
  /** The request as OpenAI's API has it, but for the model. */
  readonly request: Readonly<Record<string, unknown>>
}

/** What an upstream says of an account's quotas. */
export interface QuotaFinding {
  readonly reports: readonly Report[]
  readonly tier: Tier | undefined
}

/** One attempt to have a request answered. */
export interface UpstreamCall {
  readonly account: Account
  readonly ask: Ask
  /** The model as the upstream knows it. */
  readonly model: string
  /** What the upstream's list says of the model, where it says something. */
  readonly listed: () => UpstreamModel | undefined
  readonly stream: boolean
  /** The key that it is for. */
  readonly keyId: string
  /** Where addresses of media in the answer are to begin, such as `https://groxy.example`. */
  readonly origin: () => string
  readonly abort: AbortController
  /** Told that a step on the way to the answer begins, for which there is as much time as for the first. */
  readonly step?: () => void
}

/** A request in the dialect it came in, and in the pivot. */
export type Ask = ChatAsk | ResponsesAsk

export interface ChatAsk {
  readonly dialect: 'chat'
  readonly request: JsonObject<ChatRequest>
  /** Worked out when it is first needed: a native call does without. */
  readonly turn: () => TurnRequest
}

export interface ResponsesAsk {
  readonly dialect: 'responses'
  readonly request: ResponsesRequest
  /** The whole conversation: what was stored of it, and the request's own input. */
  readonly items: readonly Item[]
  readonly turn: () => TurnRequest
}

/** What an upstream began to answer: bytes of some dialect, or events. */
export type UpstreamReply =
  | {
      readonly form: 'bytes'
      readonly dialect: Ask['dialect']
      readonly response: Response
      /** Present when the request was translated for this upstream. */
      readonly translated?: Translated
    }
  | {
      readonly form: 'events'
      readonly events: AsyncIterable<TurnEvent>
      /** What of the request the upstream was not told, since it has nothing of the kind. */
      readonly dropped?: readonly string[]
    }

/** What a translation changed that the answer has to be read by. */
export interface Translated {
  readonly names: ToolNames
  /** What of the request the upstream was not told, since it has nothing of the kind. */
  readonly dropped: readonly string[]
}
