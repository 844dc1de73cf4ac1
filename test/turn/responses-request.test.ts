import { describe, expect, test } from 'bun:test'
import { decodeChat } from '#src/turn/chat/decode'
import type { ChatRequest } from '#src/turn/chat/schema'
import { encodeResponsesRequest } from '#src/turn/responses/request'

const OPTIONS = { stream: true, model: 'upstream-model' }

/** What a chat request becomes. */
function encode(body: object, options: object = {}) {
  const request = { model: 'alias', messages: [{ role: 'user', content: 'Hi' }], ...body }
  const turn = decodeChat(request as ChatRequest, 'upstream-model')
  const { body: written, ...rest } = encodeResponsesRequest(turn, { ...OPTIONS, ...options })
  return { body: JSON.parse(written), ...rest }
}

test('a plain question is kept nowhere, and its thoughts can be sent back', () => {
  expect(encode({}).body).toEqual({
    model: 'upstream-model',
    input: [{ type: 'message', role: 'user', content: 'Hi' }],
    stream: true,
    store: false,
    include: ['reasoning.encrypted_content'],
  })
})

test('messages become items', () => {
  const messages = [
    { role: 'system', content: 'Be kind.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'See' },
        { type: 'image_url', image_url: { url: 'https://p' } },
        { type: 'file', file: { file_data: 'data:,x', filename: 'x.txt' } },
      ],
    },
    {
      role: 'assistant',
      reasoning_content: 'Hm.',
      content: 'Well',
      refusal: 'No.',
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
        { id: 'b', type: 'custom', custom: { name: 'g', input: 'text' } },
      ],
    },
    { role: 'tool', tool_call_id: 'a', content: '1' },
    {
      role: 'tool',
      tool_call_id: 'b',
      content: [
        { type: 'text', text: '2' },
        { type: 'text', text: '3' },
      ],
    },
  ]
  expect(encode({ messages }).body.input).toEqual([
    { type: 'message', role: 'system', content: 'Be kind.' },
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'See' },
        { type: 'input_image', image_url: 'https://p', detail: 'auto' },
        { type: 'input_file', file_data: 'data:,x', filename: 'x.txt' },
      ],
    },
    {
      type: 'message',
      role: 'assistant',
      content: [
        { type: 'output_text', text: 'Well' },
        { type: 'refusal', refusal: 'No.' },
      ],
    },
    { type: 'function_call', call_id: 'a', name: 'f', arguments: '{"x":1}' },
    { type: 'custom_tool_call', call_id: 'b', name: 'g', input: 'text' },
    { type: 'function_call_output', call_id: 'a', output: '1' },
    {
      type: 'custom_tool_call_output',
      call_id: 'b',
      output: [
        { type: 'input_text', text: '2' },
        { type: 'input_text', text: '3' },
      ],
    },
  ])
})

test('tools, formats and the rest lie flat', () => {
  const { body, names, dropped } = encode({
    tools: [
      { type: 'function', function: { name: 'f', parameters: { type: 'object' } } },
      { type: 'custom', custom: { name: 'g', description: 'G.' } },
    ],
    tool_choice: { type: 'custom', custom: { name: 'g' } },
    parallel_tool_calls: false,
    response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {}, strict: true } },
    verbosity: 'low',
    reasoning_effort: 'high',
    max_tokens: 99,
    logprobs: true,
    top_logprobs: 2,
    temperature: 0,
    prompt_cache_key: 'cache',
    user: 'me',
    service_tier: 'flex',
  })
  expect(body).toMatchObject({
    tools: [
      { type: 'function', name: 'f', parameters: { type: 'object' }, strict: false },
      { type: 'custom', name: 'g', description: 'G.' },
    ],
    tool_choice: { type: 'custom', name: 'g' },
    parallel_tool_calls: false,
    text: {
      format: { type: 'json_schema', name: 'n', schema: {}, strict: true },
      verbosity: 'low',
    },
    reasoning: { effort: 'high' },
    max_output_tokens: 99,
    include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
    top_logprobs: 2,
    temperature: 0,
    prompt_cache_key: 'cache',
    user: 'me',
    service_tier: 'flex',
  })
  expect([names.size, dropped]).toEqual([0, []])
})

test('less than the API takes is rounded up; an effort comes near what the model knows', () => {
  const { body } = encode({ max_tokens: 1, reasoning_effort: 'max' }, { efforts: ['low', 'high'] })
  expect([body.max_output_tokens, body.reasoning]).toEqual([16, { effort: 'high' }])
})

test('tools of the upstream pass, and may be chosen', () => {
  const { body } = encode({
    tools: [{ type: 'x_search', from_date: '2026-01-01' }],
    tool_choice: { type: 'x_search' },
  })
  expect(body.tools).toEqual([{ type: 'x_search', from_date: '2026-01-01' }])
  expect(body.tool_choice).toEqual({ type: 'x_search' })
})

describe('what the API has no words for', () => {
  test('is left out where the answer stays one', () => {
    const lost = { stop: ['x'], seed: 1, frequency_penalty: 0.5, presence_penalty: 0.5 }
    const { body } = encode(lost)
    for (const field in lost) expect(body).not.toHaveProperty(field)
  })

  test.each([
    [{ n: 2 }, 'n'],
    [
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }],
          },
        ],
      },
      'messages',
    ],
  ])('is refused where it would not: %j', (body, param) => {
    expect(() => encode(body)).toThrow(
      expect.objectContaining({
        kind: 'unable',
        details: { status: 400, code: 'unsupported_parameter', param },
      }),
    )
  })
})
