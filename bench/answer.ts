import type { Scenario } from './scenarios'

/** What the fake upstream says, one word a chunk. */
export const wordAt = (index: number): string => `w${index} `

/** So many words from the first. */
export const wordsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => wordAt(index))

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

interface Response {
  readonly status: string
  readonly output: readonly { readonly content?: readonly { readonly text?: string }[] }[]
  readonly usage: { readonly output_tokens: number } | null
}

interface ResponseEvent {
  readonly type: string
  readonly sequence_number: number
  readonly delta?: string
  readonly response?: Response
}

/** Whether an answer is all that the fake upstream said, in the dialect of the client. */
export function isWhole({ client, words }: Scenario, text: string): boolean {
  if (client === 'responses')
    return words ? isWholeResponseStream(text, words) : isWholeResponse(JSON.parse(text))
  return words ? isWholeStream(text, words) : isWholeMessage(JSON.parse(text))
}

const isWholeMessage = ({ choices }: Message): boolean =>
  choices[0]?.message.content === wordsOf(PLAIN_WORDS).join('')

/** Whether a chat stream holds every word in order, the usage, and `[DONE]` at its end. */
export function isWholeStream(text: string, words: number): boolean {
  const events = text.split('\n\n').filter((event) => event.startsWith('data: '))
  if (events.pop() !== 'data: [DONE]') return false
  const chunks = events.map((event) => JSON.parse(event.slice('data: '.length)) as Chunk)
  const said = chunks.map(({ choices }) => choices?.[0]?.delta.content ?? '').join('')
  return said === wordsOf(words).join('') && chunks.some(({ usage }) => usage)
}

const isWholeResponse = ({ status, output, usage }: Response, words = PLAIN_WORDS): boolean =>
  status === 'completed' &&
  output[0]?.content?.[0]?.text === wordsOf(words).join('') &&
  usage?.output_tokens === words

/** Whether the numbers have no gap, every word is there in order, and the last event is the whole. */
function isWholeResponseStream(text: string, words: number): boolean {
  const events = [...text.matchAll(/^data: (\{.*)$/gm)].map(
    ([, json = '']) => JSON.parse(json) as ResponseEvent,
  )
  const said = events.map(({ type, delta }) => (type.endsWith('_text.delta') ? delta : ''))
  const last = events.at(-1)
  return (
    events[0]?.type === 'response.created' &&
    events.every(({ sequence_number }, index) => sequence_number === index) &&
    said.join('') === wordsOf(words).join('') &&
    last?.type === 'response.completed' &&
    last.response !== undefined &&
    isWholeResponse(last.response, words)
  )
}
