import { GptEncoding } from 'gpt-tokenizer/GptEncoding'
import type { Tokenizer } from './tokenizer'

/** The vocabulary: each token's text, or its bytes where they are no text, by its number. */
type Ranks = readonly (string | readonly number[])[]

/** The time for one word or gap grows with its square, so that a long one is cut before it is encoded. */
const LONG_WORD = /\S{512}|\s{512}/
const SLICES = /.{1,256}/gsu
/** Beyond this many characters four of them are taken for a token. */
const LONGEST_COUNTED = 512 * 1024

/**
 * Byte-pair encoding with OpenAI's `cl100k_base` vocabulary. No Grok vocabulary is public; this one
 * comes close enough for a demo's counts, and is half as large as the next.
 */
export function createGptTokenizer(ranks: Ranks): Tokenizer {
  const encoding = GptEncoding.getEncodingApi('cl100k_base', () => ranks as never)
  const plain = { disallowedSpecial: new Set<string>() }
  const encode = (text: string): number[] =>
    LONG_WORD.test(text)
      ? (text.match(SLICES) ?? []).flatMap((slice) => encoding.encode(slice, plain))
      : encoding.encode(text, plain)
  return {
    count: (text) =>
      text.length > LONGEST_COUNTED ? Math.ceil(text.length / 4) : encode(text).length,
    split: (text) => [...encoding.decodeGenerator(encode(text))],
  }
}
