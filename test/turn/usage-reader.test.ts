import { describe, expect, test } from 'bun:test'
import { createUsageReader } from '#src/turn/usage-reader'

const encoder = new TextEncoder()

/** What is read of a text that comes in pieces of so many bytes. */
function usageOf(type: string, text: string, size = text.length) {
  const reader = createUsageReader(type)
  const bytes = encoder.encode(text)
  for (let at = 0; at < bytes.length; at += size) reader?.push(bytes.subarray(at, at + size))
  return reader?.usage()
}

const JSON_TYPE = 'application/json; charset=utf-8'
const SSE_TYPE = 'text/event-stream'

const CHAT = {
  prompt_tokens: 9,
  completion_tokens: 5,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 3 },
}
const RESPONSE = {
  input_tokens: 9,
  output_tokens: 5,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens_details: { reasoning_tokens: 3 },
}
const READ = { input: 9, cached: 4, output: 5, reasoning: 3, costTicks: null, source: 'reported' }
const LARGE = 'x'.repeat(300_000)
/** As a model would say it to be billed less. */
const SAID = '"usage":{"input_tokens":1}'

describe('the usage of a JSON answer', () => {
  test.each([
    ['as chat spells it', { usage: CHAT }, READ],
    ['as responses spell it', { usage: RESPONSE }, READ],
    [
      'with reasoning beside the output',
      { usage: { ...RESPONSE, total_tokens: 17 } },
      { ...READ, output: 8 },
    ],
    ['with its cost', { usage: { ...RESPONSE, cost_in_usd_ticks: 7 } }, { ...READ, costTicks: 7 }],
    [
      'with its cost alone',
      { usage: { cost_in_usd_ticks: 7 } },
      { input: 0, cached: 0, output: 0, reasoning: 0, costTicks: 7, source: 'reported' },
    ],
    ['after a large picture', { data: [{ b64_json: LARGE }], usage: RESPONSE, user: 'u' }, READ],
    [
      'after words of its own',
      { output: LARGE, usage: RESPONSE, text: SAID, more: { usage: { input_tokens: 1 } } },
      READ,
    ],
    ['that has none', { data: [] }, undefined],
    ['that is null', { usage: null }, undefined],
    ['that says nothing', { usage: { input_tokens: 0, output_tokens: 0 } }, undefined],
    ['in what was said alone', { output: [{ usage: RESPONSE }], text: SAID }, undefined],
    [
      'in what was said alone, at length',
      { output: [LARGE, { usage: RESPONSE }], text: SAID },
      undefined,
    ],
  ])('%s', (_, answer, usage) => {
    for (const size of [7, 50_000, 1_000_000])
      expect(usageOf(JSON_TYPE, JSON.stringify(answer), size) as unknown).toEqual(usage)
  })

  test('is none where the text is cut or no JSON', () => {
    expect(usageOf(JSON_TYPE, `{"usage":${JSON.stringify(CHAT)}`)).toBeUndefined()
    expect(usageOf(JSON_TYPE, '"usage"')).toBeUndefined()
    expect(usageOf(JSON_TYPE, '')).toBeUndefined()
  })
})

describe('the usage of a stream', () => {
  const event = (value: unknown, end = '\n\n') => `event: e\ndata: ${JSON.stringify(value)}${end}`
  const completed = (output: string) => ({
    type: 'response.completed',
    response: { output, usage: RESPONSE },
  })
  test.each([
    [
      'in the last event that has one',
      `${event({ usage: { prompt_tokens: 1 } }) + event({ usage: CHAT })}data: [DONE]\n\n`,
    ],
    ['within a response', event({ delta: 'x', usage: null }) + event(completed('x'))],
    ['within a large response', event(completed(LARGE)) + event({ type: 'end' })],
    ['with other ends of lines', event({ usage: CHAT }, '\r\n\r\n')],
    ['without an end', event({ usage: CHAT }, '')],
  ])('%s', (_, text) => {
    for (const size of [1, 7, 1_000_000])
      expect(usageOf(SSE_TYPE, text, size)).toEqual(READ as never)
  })

  test('is none in a stream that was cut before it', () => {
    expect(
      usageOf(SSE_TYPE, event({ delta: 'x' }) + event({ usage: CHAT }, '').slice(0, -1)),
    ).toBeUndefined()
  })
})

test.each(['', 'image/png', 'text/plain', 'application/octet-stream', 'application/jsonl'])(
  'an answer of the type "%s" is not read',
  (type) => expect(createUsageReader(type)).toBeUndefined(),
)
