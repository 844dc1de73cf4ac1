import type { Usage } from './usage'

/** What a model says, piece by piece, whatever protocol it says it in. */
export type TurnEvent =
  | { readonly type: 'thinking'; readonly choice: number; readonly text: string }
  | { readonly type: 'text'; readonly choice: number; readonly text: string }
  | {
      readonly type: 'tool_call'
      readonly choice: number
      readonly name: string
      /** JSON, whole. */
      readonly arguments: string
    }
  | { readonly type: 'finish'; readonly choice: number; readonly reason: FinishReason }
  | { readonly type: 'usage'; readonly usage: Usage }

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'
