/** Splits text into the tokens of a language model. */
export interface Tokenizer {
  count(text: string): number
  /** The tokens' texts; joined they give the text again. */
  split(text: string): readonly string[]
}
