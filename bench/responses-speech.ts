import { PLAIN_WORDS, wordAt, wordsOf } from './answer'

const ITEM_ID = 'msg_bench0123456789abcdef0123456789abcdef'

/** Everything a Response says, as OpenAI does. */
const base = {
  id: 'resp_bench0123456789abcdef0123456789abcdef',
  object: 'response',
  created_at: 1_790_000_000,
  background: false,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  model: 'bench-responses',
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: 'default',
  store: false,
  temperature: 1,
  text: { format: { type: 'text' }, verbosity: 'medium' },
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: 'disabled',
  user: null,
  metadata: {},
}

const begun = { ...base, status: 'in_progress', output: [], usage: null }

const partOf = (text: string) => ({ type: 'output_text', annotations: [], logprobs: [], text })

const itemOf = (status: string, content: readonly object[]) => ({
  id: ITEM_ID,
  type: 'message',
  status,
  content,
  role: 'assistant',
})

const completed = (text: string, words: number) => ({
  ...base,
  status: 'completed',
  completed_at: base.created_at + 1,
  output: [itemOf('completed', [partOf(text)])],
  usage: {
    input_tokens: 12,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: words,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 12 + words,
  },
})

/** The fake upstream's Response that is not streamed. */
export const RESPONSE = JSON.stringify(completed(wordsOf(PLAIN_WORDS).join(''), PLAIN_WORDS))

const part = { item_id: ITEM_ID, output_index: 0, content_index: 0 }

/** The fake upstream's stream of a Response, piece by piece: as many as a chat stream has. */
export function* responsesStream(words: number): Generator<string> {
  let number = 0
  const event = (type: string, data: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number++, ...data })}\n\n`

  yield event('response.created', { response: begun }) +
    event('response.in_progress', { response: begun }) +
    event('response.output_item.added', { output_index: 0, item: itemOf('in_progress', []) }) +
    event('response.content_part.added', { ...part, part: partOf('') })
  let text = ''
  for (let index = 0; index < words; index++) {
    const delta = wordAt(index)
    text += delta
    yield event('response.output_text.delta', { ...part, delta, logprobs: [] })
  }
  const content = [partOf(text)]
  yield event('response.output_text.done', { ...part, text, logprobs: [] }) +
    event('response.content_part.done', { ...part, part: content[0] }) +
    event('response.output_item.done', { output_index: 0, item: itemOf('completed', content) }) +
    event('response.completed', { response: completed(text, words) })
}
