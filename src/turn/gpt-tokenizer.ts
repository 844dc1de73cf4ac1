import { GptEncoding } from 'gpt-tokenizer/GptEncoding'
import type { Tokenizer } from './tokenizer'

/** The vocabulary: each token's text, or its bytes where they are no text, by its number. */
type Ranks = readonly (string | readonly number[])[]

/**
 * Byte-pair encoding with OpenAI's `cl100k_base` vocabulary. No Grok vocabulary is public; this one
 * comes close enough for a demo's counts, and is half as large as the next.
 */
export function createGptTokenizer(ranks: Ranks): Tokenizer {
  const encoding = GptEncoding.getEncodingApi('cl100k_base', () => ranks as never)
  const plain = { disallowedSpecial: new Set<string>() }
  return {
    count: (text) => encoding.encode(text, plain).length,
    split: (text) => [...encoding.decodeGenerator(encoding.encode(text, plain))],
  }
}
