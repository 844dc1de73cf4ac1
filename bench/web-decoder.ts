import { createWebDecoder, type WebTerms } from '#src/upstream/web/decoder'
import { table } from './report'
import { median } from './statistics'

const MB = 1024 * 1024
const LENGTH = 10 * MB
const CHUNKS = [1_400, 16 * 1024, 64 * 1024]
/** One line of so many is no plain token: a search, a card, or word of how it goes on. */
const UNUSUAL = 200

const TERMS: WebTerms = {
  filteredTags: ['xaiartifact', 'xai:tool_usage_card', 'grok:render'],
  dialect: 'chat',
  assetUrl: (path) => `https://assets.grok.com/${path}`,
  newId: () => 'id',
  work: 'text',
}

/** What the tokens of an answer look like. */
const ANSWERS = [
  { name: 'English', tokens: [' the', ' quick', ' brown', ' fox', ' jumps', ' over', '.', '\n'] },
  { name: 'code', tokens: ['if', ' (a', ' <', ' b', ') {', '\n\t', 'say("', 'hi', '")', '\n}'] },
  { name: 'Chinese', tokens: ['敏捷', '的', '棕色', '狐狸', '跳过', '了', '懒狗', '。'] },
] as const

const READERS = { 'the decoder': decode, 'JSON.parse a line': parse }

type Reader = keyof typeof READERS

/** How fast an answer of grok.com is read, by us and by parsing each line: bytes to events, in MB a second. */
export function measureWebDecoder(repetitions: number) {
  return ANSWERS.flatMap(({ name, tokens }) => {
    const answer = answerOf(tokens, LENGTH)
    return CHUNKS.map((size) => {
      const chunks = cut(answer, size)
      const perSecond: Record<Reader, number[]> = { 'the decoder': [], 'JSON.parse a line': [] }
      const signs = new Set<number>()
      // The first round teaches the compiler.
      for (let round = 0; round <= repetitions; round++)
        for (const [reader, read] of Object.entries(READERS) as [Reader, typeof decode][]) {
          const startedAt = Bun.nanoseconds()
          signs.add(read(chunks))
          const seconds = (Bun.nanoseconds() - startedAt) / 1e9
          if (round > 0) perSecond[reader].push(answer.length / MB / seconds)
        }
      if (signs.size !== 1) throw new Error(`The readers disagree about ${name}: ${[...signs]}.`)
      const decoder = median(perSecond['the decoder'])
      const naive = median(perSecond['JSON.parse a line'])
      return { answer: name, chunk: size, decoder, naive }
    })
  })
}

type WebDecoderFigures = ReturnType<typeof measureWebDecoder>

/** The figures, and what they are held to, as Markdown. */
export const reportWebDecoder = (figures: WebDecoderFigures): string =>
  [
    'An answer of grok.com, bytes to events, MB/s (held to > 100 with chunks of 16 KB and more):',
    table(
      ['answer', 'bytes a chunk', 'the decoder', 'JSON.parse a line', 'ratio'],
      figures.map(({ answer, chunk, decoder, naive }) => [
        answer,
        chunk,
        decoder,
        naive,
        decoder / naive,
      ]),
    ),
  ].join('\n\n')

/** Give the events; counts the letters of the answer. */
function decode(chunks: readonly Uint8Array[]): number {
  const text = new TextDecoder()
  const decoder = createWebDecoder(TERMS)
  let signs = 0
  const count = (events: ReturnType<typeof decoder.push>) => {
    for (const event of events) if (event.type === 'text') signs += event.text.length
  }
  for (const chunk of chunks) count(decoder.push(text.decode(chunk, { stream: true })))
  count(decoder.end())
  return signs
}

/** The same without what a decoder has to know. */
function parse(chunks: readonly Uint8Array[]): number {
  const text = new TextDecoder()
  let rest = ''
  let signs = 0
  for (const chunk of chunks) {
    const lines = (rest + text.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    const events: { type: 'text'; choice: 0; text: string }[] = []
    for (const line of lines) {
      const { token, isThinking } = JSON.parse(line).result.response
      if (token && !isThinking) events.push({ type: 'text', choice: 0, text: token })
    }
    for (const event of events) signs += event.text.length
  }
  return signs
}

function answerOf(tokens: readonly string[], bytes: number): Uint8Array {
  const lines: string[] = []
  for (let length = 0, count = 0; length < bytes; count++) {
    const line = count % UNUSUAL === 0 ? SOUGHT : tokenLine(tokens[count % tokens.length] ?? '')
    lines.push(line)
    length += line.length
  }
  return new TextEncoder().encode(`${lines.join('')}${LAST}`)
}

const lineOf = (frame: object): string =>
  `${JSON.stringify({ result: { response: { ...frame, responseId: ID } } })}\n`

const ID = '0b0e5c3a-6f5d-4f0b-9f38-0d3c3c1c8f5e'

const tokenLine = (token: string): string =>
  lineOf({ token, isThinking: false, isSoftStop: false, messageTag: 'final' })

const SOUGHT = lineOf({
  token: '',
  isThinking: true,
  messageTag: 'raw_function_result',
  toolUsageCardId: 'card',
  webSearchResults: { results: [{ url: 'https://example.org', title: 'A', preview: 'text' }] },
})

const LAST = lineOf({ modelResponse: { responseId: ID, message: '', sender: 'assistant' } })

const cut = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  )
