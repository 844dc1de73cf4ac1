/** What a model is asked, whatever dialect it was asked in. */
export interface TurnRequest {
  readonly model: string
  readonly messages: readonly TurnMessage[]
  readonly tools: readonly TurnTool[]
  /** `none`, `auto`, `required`, or the name of the one tool to call. */
  readonly toolChoice: 'none' | 'auto' | 'required' | { readonly name: string }
  readonly parallelToolCalls: boolean
  readonly format: TurnFormat
  /** Whether to think, and show it. */
  readonly thinking: boolean
  readonly maxTokens: number | undefined
  readonly stop: readonly string[]
  readonly choices: number
  readonly seed: number | undefined
}

export interface TurnMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly text: string
  /** Pictures, sounds and files that came along. */
  readonly attachments: number
  readonly toolCalls: readonly { readonly name: string; readonly arguments: string }[]
}

export interface TurnTool {
  readonly name: string
  readonly description: string
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>
}

export type TurnFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json' }
  | { readonly type: 'schema'; readonly schema: Readonly<Record<string, unknown>> }
