import { PLAIN_WORDS, wordAt, wordsOf } from './answer'

const base = { id: 'chatcmpl-bench', created: 1_790_000_000, model: 'bench' }
const usageOf = (words: number) => ({
  prompt_tokens: 12,
  completion_tokens: words,
  total_tokens: 12 + words,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
})

const message = { role: 'assistant', content: wordsOf(PLAIN_WORDS).join(''), refusal: null }

/** The fake upstream's chat answer that is not streamed. */
export const CHAT_ANSWER = JSON.stringify({
  ...base,
  object: 'chat.completion',
  choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
  usage: usageOf(PLAIN_WORDS),
})

const event = (data: object): string =>
  `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...data })}\n\n`

const choice = (delta: object, finish_reason: string | null = null): string =>
  event({ choices: [{ index: 0, delta, finish_reason }] })

/** The fake upstream's chat stream, piece by piece. */
export function* chatStream(words: number, withUsage: boolean): Generator<string> {
  for (let index = 0; index < words; index++) {
    const content = wordAt(index)
    yield choice(index === 0 ? { role: 'assistant', content } : { content })
  }
  yield choice({}, 'stop') + (withUsage ? event({ choices: [], usage: usageOf(words) }) : '')
  yield 'data: [DONE]\n\n'
}
