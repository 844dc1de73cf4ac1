import type { ToolNames } from './codec'

/** A request in the dialect of an upstream. */
export interface EncodedRequest {
  /** JSON. */
  readonly body: string
  readonly names: ToolNames
  /** What of the request is not in it, since the dialect has nothing of the kind. */
  readonly dropped: readonly string[]
}
