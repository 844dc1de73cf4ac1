import type { Usage } from './usage'

/** What an upstream made of texts. */
export interface Embeddings {
  /** In the order of the texts: numbers, or the same as base64 of 32-bit floats, low byte first. */
  readonly vectors: readonly (readonly number[] | string)[]
  readonly usage: Usage
}
