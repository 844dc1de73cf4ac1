import { type Answer, type Script, wordsOf } from './answers'
import {
  artifact,
  citation,
  codeResult,
  type Page,
  renderTag,
  type Step,
  searchResults,
  section,
  token,
  tokens,
  toolCard,
  type XPost,
  xResults,
} from './frames'

/** A text, a word a token. */
export const plain = (text = 'Hi there'): Answer => ({ steps: wordsOf(text) })

/** A section of thinking: its title and its text. */
export type Section = readonly [title: string, text: string]

const SECTIONS: readonly Section[] = [
  ['Reading the question', 'The user greets.'],
  ['Choosing an answer', 'A greeting it is.'],
]

/** Thinking in sections, then a text. */
export const thinks = (text = 'Hi there', sections = SECTIONS): Answer => ({
  steps: [
    ...sections.flatMap(([title, words], step) => section(title, words, step)),
    ...wordsOf(text),
  ],
})

/** Several agents that think by turns, as heavy does. */
export const agents = (text = 'Hi there', count = 3): Answer => {
  const rollouts = Array.from({ length: count }, (_, at) => `Agent ${at + 1}`)
  return {
    steps: [
      ...rollouts.flatMap((rolloutId, step) =>
        section(`Plan of ${rolloutId}`, `${rolloutId} thinks.`, step, { rolloutId }),
      ),
      toolCard('k-agents', 'chatroomSend', { message: 'Done?', to: 'All' }),
      ...wordsOf(text),
    ],
  }
}

const PAGES: readonly Page[] = [
  { url: 'https://example.org/a', title: 'A', preview: 'The first page.' },
  { url: 'https://example.org/b', title: 'B', preview: 'The second page.' },
]

interface Searching {
  readonly query?: string
  readonly results?: readonly Page[]
  readonly text?: string
  /** Cite the first result in the text. */
  readonly isCited?: boolean
  /** The results come with a normal token, as in G1. */
  readonly isOld?: boolean
}

/** A search on the web, its results, and a text. */
export const searches = (options: Searching = {}): Answer => {
  const { query = 'bun release', results = PAGES, text = 'Bun is out.', isCited, isOld } = options
  const [first] = results
  const found = isOld
    ? token('', { toolUsageCardId: 'k-1', webSearchResults: { results }, isThinking: true })
    : searchResults('k-1', results)
  return {
    steps: [
      toolCard('k-1', 'webSearch', { query }),
      found,
      ...wordsOf(text),
      ...(isCited && first ? citation('x1', first.url) : []),
    ],
  }
}

const POSTS: readonly XPost[] = [{ postId: '1', username: 'bob', text: 'Bun is out!' }]

/** A search on X. */
export const searchesX = (text = 'People talk.', query = 'bun', posts = POSTS): Answer => ({
  steps: [toolCard('k-2', 'xSearch', { query }), xResults('k-2', posts), ...wordsOf(text)],
})

/** Code that is run. */
export const runsCode = (text = 'It is 4.', code = 'print(2 + 2)'): Answer => ({
  steps: [
    toolCard('k-3', 'codeExecution', { code, language: 'python' }),
    codeResult('k-3', '4\n'),
    ...wordsOf(text),
  ],
})

/** A page that is opened. */
export const browses = (text = 'It says A.', url = 'https://example.org/a'): Answer => ({
  steps: [
    toolCard('k-4', 'browsePage', { url }),
    searchResults('k-4', [{ url, title: 'A', preview: 'The page.' }]),
    ...wordsOf(text),
  ],
})

/** A text with sources in the middle. */
export const cites = (
  before = 'Bun is fast',
  after = ', they say.',
  urls: readonly string[] = PAGES.map(({ url }) => url),
): Answer => ({
  steps: [
    token(before),
    ...urls.flatMap((url, at) => citation(`x${at + 1}`, url)),
    ...wordsOf(after),
  ],
})

/** The text of `cutTags` besides its tags. */
export const AROUND_TAGS = ['if (a < b) {', ' return 1 }', ' and x <y, end.'] as const

/** A text with every family of tags, in tokens of `size` characters, so that tags are cut. */
export const cutTags = (size = 1): Answer => {
  const [first, second, third] = AROUND_TAGS
  const card = `<xai:tool_usage_card><xai:tool_name>web_search</xai:tool_name></xai:tool_usage_card>`
  const text = `${first}${artifact('d-1', 'Doc', 'const a = 1')}${second}${renderTag('x1')}${card}${third}`
  return { steps: tokens(text, size) }
}

/** A code document within a text. */
export const writesArtifact = (code = 'console.log(1)', size = 4): Answer => ({
  steps: tokens(`Here: ${artifact('d-1', 'Demo', code)} Done.`, size),
})

/** Nothing at all between the opening and the closing. */
export const empty = (): Answer => ({ steps: [] })

/** Empty tokens, and tokens that are lists, between the words. */
export const oddTokens = (text = 'Hi there'): Answer => ({
  steps: [
    token(''),
    token(['Hi', 'there']),
    ...wordsOf(text).flatMap((word): Step[] => [token(''), word]),
  ],
  modelResponse: { message: text },
})

/** A text that is one line of so many bytes. */
export const longLine = (bytes = 1_000_000): Answer => ({ steps: [token('x'.repeat(bytes))] })

/** A text of characters of two to four bytes; cut it with `wire: { chunks: 1 }`. */
export const manyBytes = (wire: Answer['wire'] = { chunks: 1 }): Answer => ({
  steps: tokens('Grüße, 世界! 👩‍🚀 ok', 3),
  wire,
})

/** The text of the last part of a flattened dialogue. */
export const lastPart = (message: string): string => message.split('\n\n').at(-1) ?? message

/** Whether a request asks for a model that thinks. */
const isThinker = (mode: unknown): boolean =>
  /THINKING|EXPERT|HEAVY|^expert$|^heavy$/i.test(`${mode}`)

/** What the fake says by itself to a chat: the last words again, with thoughts where a model has some. */
export const echo: Script = ({ body, message }) => {
  const text = `You said: ${lastPart(message)}`
  const mode = body.modeId ?? body.modelMode
  if (/^(MODEL_MODE_)?heavy$/i.test(`${mode}`)) return agents(text)
  return isThinker(mode) || body.isReasoning === true ? thinks(text) : plain(text)
}
