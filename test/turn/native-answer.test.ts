import { describe, expect, test } from 'bun:test'
import { mendAnswer } from '#src/turn/chat/native-answer'
import type { StreamTerms } from '#src/turn/chat/native-stream'
import { hello } from '../fakes/upstream'

const TERMS: StreamTerms = {
  model: 'grok-4',
  includeUsage: false,
  choices: 1,
  showThinking: true,
  promptBytes: 40,
  newId: () => crypto.randomUUID(),
  created: 1700000000,
}

const mend = (answer: unknown, terms: Partial<StreamTerms> = {}) => {
  const { text, usage } = mendAnswer(JSON.stringify(answer), { ...TERMS, ...terms })
  return { answer: JSON.parse(text), usage }
}

const withMessage = (message: object, finish: unknown = 'stop') =>
  hello({
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
  })

test('an answer that is right comes back letter for letter', () => {
  const text = JSON.stringify({ ...hello(), model: 'grok-4', big: 1.0 })
  expect(mendAnswer(text, TERMS).text).toBe(text)
})

test('the model is the one asked for, and unknown fields pass', () => {
  const { answer } = mend(hello({ citations: ['https://x.ai'], service_tier: 'default' }))
  expect(answer).toMatchObject({
    model: 'grok-4',
    citations: ['https://x.ai'],
    service_tier: 'default',
  })
})

test('what OpenAI requires is added where an upstream leaves it out', () => {
  const { answer } = mend({ choices: [{ message: { content: 'a' } }] })
  expect(answer).toMatchObject({
    object: 'chat.completion',
    created: 1700000000,
    choices: [
      {
        index: 0,
        finish_reason: 'stop',
        logprobs: null,
        message: { role: 'assistant', content: 'a', refusal: null },
      },
    ],
    usage: { estimated: true },
  })
  expect(answer.id).toStartWith('chatcmpl-')
})

describe('tool calls (C6, C7, C8)', () => {
  const call = (id: string | undefined, args: unknown) => ({
    id,
    function: { name: 'f', arguments: args },
  })
  test('empty content beside calls is null, and the finish reason says tool_calls', () => {
    const { answer } = mend(withMessage({ content: '', tool_calls: [call('a', '{}')] }))
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null },
    })
  })
  test('arguments are JSON text, ids unique, types there', () => {
    const { answer } = mend(
      withMessage({ tool_calls: [call('a', { x: 1 }), call('a', ''), call(undefined, '{"y":2}')] }),
    )
    const calls = answer.choices[0].message.tool_calls
    expect(calls.map((one: { function: { arguments: string } }) => one.function.arguments)).toEqual(
      ['{"x":1}', '{}', '{"y":2}'],
    )
    expect(new Set(calls.map(({ id }: { id: string }) => id)).size).toBe(3)
    expect(calls.every(({ type }: { type: string }) => type === 'function')).toBe(true)
  })
  test('an empty list of calls is no list', () => {
    const { answer } = mend(withMessage({ content: 'a', tool_calls: [] }))
    expect(answer.choices[0].message).not.toHaveProperty('tool_calls')
  })
})

test.each([
  ['end_turn', 'stop'],
  [null, 'stop'],
  ['max_tokens', 'length'],
  ['function_call', 'stop'],
])('finish reason %p becomes %p (C10)', (said, meant) => {
  expect(mend(withMessage({ content: 'a' }, said)).answer.choices[0].finish_reason).toBe(
    meant === 'stop' && said === 'function_call' ? 'stop' : meant,
  )
})

test('thinking is hidden when it is not wanted', () => {
  const answer = withMessage({ content: 'a', reasoning_content: 'hm' })
  expect(mend(answer).answer.choices[0].message.reasoning_content).toBe('hm')
  expect(mend(answer, { showThinking: false }).answer.choices[0].message).not.toHaveProperty(
    'reasoning_content',
  )
})

test('reasoning tokens and the exact cost are read (xAI counts them apart)', () => {
  const usage = {
    prompt_tokens: 32,
    completion_tokens: 9,
    total_tokens: 135,
    prompt_tokens_details: { cached_tokens: 7 },
    completion_tokens_details: { reasoning_tokens: 94 },
    cost_in_usd_ticks: 12345,
  }
  const mended = mend(hello({ usage }))
  expect(mended.usage).toEqual({
    input: 32,
    cached: 7,
    output: 103,
    reasoning: 94,
    costTicks: 12345,
    source: 'reported',
  })
  expect(mended.answer.usage.completion_tokens).toBe(103)
})

describe('is a fault', () => {
  const faults: readonly [string, string, object][] = [
    ['what is not JSON', '<html>', { kind: 'malformed' }],
    ['an error with status 200', '{"code":"x","error":"Service unavailable"}', { kind: 'refused' }],
    ['an answer without choices', '{"choices":[]}', { kind: 'broken' }],
  ]
  test.each(faults)('%s', (_, text, fault) => {
    expect(() => mendAnswer(text, TERMS)).toThrow(expect.objectContaining(fault))
  })
  test('one choice for two', () => {
    expect(() => mendAnswer(JSON.stringify(hello()), { ...TERMS, choices: 2 })).toThrow(
      '1 of 2 choices',
    )
  })
})
