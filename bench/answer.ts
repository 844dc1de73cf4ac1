/** What the fake upstream says, one word a chunk. */
export const wordsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `w${index} `)

/** The words of an answer that is not streamed: about 700 bytes of JSON in all. */
export const PLAIN_WORDS = 60

interface Message {
  readonly choices: readonly { readonly message: { readonly content: string } }[]
}

interface Chunk {
  /** Missing in an error. */
  readonly choices?: readonly { readonly delta: { readonly content?: string } }[]
  readonly usage?: object | null
}

/** Whether a chat answer holds every word. */
export function isWhole(json: string): boolean {
  const { choices } = JSON.parse(json) as Message
  return choices[0]?.message.content === wordsOf(PLAIN_WORDS).join('')
}

/** Whether a stream holds every word in order, the usage, and `[DONE]` at its end. */
export function isWholeStream(text: string, words: number): boolean {
  const events = text.split('\n\n').filter((event) => event.startsWith('data: '))
  if (events.pop() !== 'data: [DONE]') return false
  const chunks = events.map((event) => JSON.parse(event.slice('data: '.length)) as Chunk)
  const said = chunks.map(({ choices }) => choices?.[0]?.delta.content ?? '').join('')
  return said === wordsOf(words).join('') && chunks.some(({ usage }) => usage)
}
