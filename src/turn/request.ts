/** What a model is asked, whatever dialect it was asked in. */
export interface TurnRequest {
  readonly model: string
  readonly items: readonly TurnItem[]
  readonly tools: readonly TurnTool[]
  readonly toolChoice: TurnToolChoice
  readonly parallelToolCalls: boolean
  readonly format: TurnFormat
  /** How long to think; undefined where the client leaves it open. */
  readonly effort: Effort | undefined
  readonly verbosity: 'low' | 'medium' | 'high' | undefined
  readonly maxTokens: number | undefined
  readonly temperature: number | undefined
  readonly topP: number | undefined
  readonly frequencyPenalty: number | undefined
  readonly presencePenalty: number | undefined
  readonly stop: readonly string[]
  readonly choices: number
  readonly seed: number | undefined
  /** How many alternatives of each token to tell the likelihood of; undefined for none at all. */
  readonly logprobs: number | undefined
  /** Turns with the same key share a prompt cache. */
  readonly cacheKey: string | undefined
  /** Who the client's user is, in the client's words. */
  readonly user: string | undefined
  readonly serviceTier: string | undefined
  /** How a video is to be, as the client wrote it: `readVideoConfig` reads it where one is made. */
  readonly video: Readonly<Record<string, unknown>> | undefined
}

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

/** One contribution to the conversation, oldest first. */
export type TurnItem = TurnMessage | TurnCall | TurnResult | TurnThought | TurnHosted

export interface TurnMessage {
  readonly type: 'message'
  readonly role: 'system' | 'developer' | 'user' | 'assistant'
  readonly parts: readonly TurnPart[]
  readonly name?: string
}

export type TurnPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'refusal'; readonly text: string }
  | {
      readonly type: 'image'
      /** An address or a `data:` URL; or the id of an uploaded file. */
      readonly url?: string
      readonly fileId?: string
      readonly detail?: string
    }
  | { readonly type: 'audio'; readonly data: string; readonly format: string }
  | {
      readonly type: 'file'
      readonly fileId?: string
      readonly data?: string
      readonly url?: string
      readonly filename?: string
    }

/** The model called a tool of the client. */
export interface TurnCall {
  readonly type: 'call'
  readonly id: string
  readonly name: string
  readonly namespace?: string
  /** JSON; of a custom tool text of any form. */
  readonly arguments: string
  readonly custom: boolean
}

/** What the tool gave. */
export interface TurnResult {
  readonly type: 'result'
  readonly id: string
  readonly parts: readonly TurnPart[]
  readonly custom: boolean
}

/** What the model thought in an earlier turn. */
export interface TurnThought {
  readonly type: 'thought'
  readonly text: string
  /** Only its upstream can read it. */
  readonly encrypted: string | null
}

/** What a tool of an upstream did in an earlier turn: an item of the Responses API as it is. */
export interface TurnHosted {
  readonly type: 'hosted'
  readonly item: Readonly<Record<string, unknown>> & { readonly type: string }
}

export type TurnTool = FunctionTool | CustomTool | HostedTool

export interface FunctionTool {
  readonly type: 'function'
  readonly name: string
  readonly namespace?: string
  readonly description: string
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly strict: boolean | undefined
}

/** A tool of the client that takes text, which may have to follow a grammar. */
export interface CustomTool {
  readonly type: 'custom'
  readonly name: string
  readonly namespace?: string
  readonly description: string
  /** As the client wrote it: `{type:'text'}`, or `{type:'grammar',syntax,definition}`. */
  readonly format: Readonly<Record<string, unknown>> | undefined
}

/** A tool that runs at the upstream, where it has it: `web_search`, `mcp`, … as the client wrote it. */
export interface HostedTool {
  readonly type: 'hosted'
  readonly tool: Readonly<Record<string, unknown>> & { readonly type: string }
}

/** `only` narrows the choice to some of the tools. */
export type TurnToolChoice =
  | 'none'
  | 'auto'
  | 'required'
  | { readonly name: string; readonly namespace?: string }
  /** A hosted tool, by its type. */
  | { readonly hosted: string }
  | { readonly mode: 'auto' | 'required'; readonly only: readonly string[] }

export type TurnFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json' }
  | {
      readonly type: 'schema'
      readonly name: string
      readonly description: string | undefined
      readonly schema: Readonly<Record<string, unknown>>
      readonly strict: boolean | undefined
    }
