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

/**
 * The fake upstream's chat stream, piece by piece.
 *
 * @param model what the client calls it, for a stream that needs no mending; else the upstream's own name
 */
export function* chatStream(words: number, withUsage: boolean, model?: string): Generator<string> {
  const head = { ...base, ...(model && { model }), object: 'chat.completion.chunk' }
  const event = (data: object): string => `data: ${JSON.stringify({ ...head, ...data })}\n\n`
  const choice = (delta: object, finish_reason: string | null = null): string =>
    event({
      choices: [{ index: 0, delta, finish_reason }],
      ...(model && withUsage && { usage: null }),
    })

  for (let index = 0; index < words; index++) {
    const content = wordAt(index)
    yield choice(index === 0 ? { role: 'assistant', content } : { content })
  }
  yield choice({}, 'stop') + (withUsage ? event({ choices: [], usage: usageOf(words) }) : '')
  yield 'data: [DONE]\n\n'
}
