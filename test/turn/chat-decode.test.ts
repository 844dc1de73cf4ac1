import { describe, expect, test } from 'bun:test'
import { Compile } from 'typebox/schema'
import { decodeChat } from '#src/turn/chat/decode'
import { ChatRequest } from '#src/turn/chat/schema'
import type { TurnItem } from '#src/turn/request'

const USER = { role: 'user', content: 'Hi' } as const
const NO_PARAMETERS = { type: 'object', properties: {} }
const CHECK = Compile(ChatRequest)

/** Through the schema, as a request comes. */
function decode(body: object) {
  const request = { model: 'alias', messages: [USER], ...body }
  expect(CHECK.Check(request)).toBe(true)
  return decodeChat(request as ChatRequest, 'upstream-model')
}

describe('messages become items', () => {
  const cases: [string, unknown[], TurnItem[]][] = [
    [
      'every part of a user, and names',
      [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          name: 'Ada',
          content: [
            { type: 'text', text: 'See' },
            { type: 'image_url', image_url: { url: 'https://p', detail: 'low' } },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
            { type: 'input_audio', input_audio: { data: 'AA', format: 'mp3' } },
            { type: 'file', file: { file_id: 'file-1' } },
            { type: 'file', file: { file_data: 'data:,x', filename: 'x.txt' } },
          ],
        },
      ],
      [
        { type: 'message', role: 'developer', parts: [{ type: 'text', text: 'Be brief.' }] },
        {
          type: 'message',
          role: 'user',
          name: 'Ada',
          parts: [
            { type: 'text', text: 'See' },
            { type: 'image', url: 'https://p', detail: 'low' },
            { type: 'image', url: 'data:image/png;base64,AA' },
            { type: 'audio', data: 'AA', format: 'mp3' },
            { type: 'file', fileId: 'file-1' },
            { type: 'file', data: 'data:,x', filename: 'x.txt' },
          ],
        },
      ],
    ],
    [
      'what an assistant thought, said, refused and called',
      [
        {
          role: 'assistant',
          reasoning_content: 'Hm.',
          content: 'Well',
          refusal: 'No.',
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
            { id: 'b', type: 'custom', custom: { name: 'g', input: 'text' } },
            { type: 'function', function: { name: 'h', arguments: '' } },
          ],
        },
        { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: '2' }] },
        { role: 'tool', tool_call_id: 'a', content: '1' },
      ],
      [
        { type: 'thought', text: 'Hm.', encrypted: null },
        {
          type: 'message',
          role: 'assistant',
          parts: [
            { type: 'text', text: 'Well' },
            { type: 'refusal', text: 'No.' },
          ],
        },
        { type: 'call', id: 'a', name: 'f', arguments: '{"x":1}', custom: false },
        { type: 'call', id: 'b', name: 'g', arguments: 'text', custom: true },
        { type: 'call', id: 'call_0_2', name: 'h', arguments: '{}', custom: false },
        { type: 'result', id: 'b', parts: [{ type: 'text', text: '2' }], custom: true },
        { type: 'result', id: 'a', parts: [{ type: 'text', text: '1' }], custom: false },
      ],
    ],
    [
      'an assistant that only calls says nothing; one that does neither stays',
      [
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'assistant', content: null },
      ],
      [
        { type: 'call', id: 'a', name: 'f', arguments: '{}', custom: false },
        { type: 'message', role: 'assistant', parts: [] },
      ],
    ],
    [
      'the deprecated way to call, where the name ties both ends',
      [
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: '1' },
      ],
      [
        { type: 'call', id: 'call_0_0', name: 'f', arguments: '{}', custom: false },
        { type: 'result', id: 'call_0_0', parts: [{ type: 'text', text: '1' }], custom: false },
      ],
    ],
  ]
  test.each(cases)('%s', (_, messages, items) => {
    expect(decode({ messages }).items).toEqual(items)
  })

  test.each([
    [{ role: 'tool', content: 'x' }, 'messages.0.tool_call_id'],
    [{ role: 'user', content: [{ type: 'video', url: 'x' }] }, 'messages.0.content.0'],
  ])('%j is refused', (message, param) => {
    expect(() => decode({ messages: [message] })).toThrow(
      expect.objectContaining({ code: 'invalid_value', details: { param } }),
    )
  })
})

test('every field finds its place', () => {
  const turn = decode({
    max_tokens: 5,
    max_completion_tokens: 7,
    temperature: 0,
    top_p: 0.5,
    frequency_penalty: 1,
    presence_penalty: -1,
    stop: 'end',
    n: 2,
    seed: 3,
    logprobs: true,
    top_logprobs: 4,
    reasoning_effort: 'xhigh',
    verbosity: 'low',
    prompt_cache_key: 'cache',
    user: 'old',
    safety_identifier: 'new',
    service_tier: 'flex',
    video_config: { video_length: 10 },
    parallel_tool_calls: false,
    client_metadata: { any: 'thing' },
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'n', description: 'd', schema: { type: 'object' }, strict: true },
    },
  })
  expect(turn).toEqual({
    model: 'upstream-model',
    items: [{ type: 'message', role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
    tools: [],
    toolChoice: 'none',
    parallelToolCalls: false,
    format: {
      type: 'schema',
      name: 'n',
      description: 'd',
      schema: { type: 'object' },
      strict: true,
    },
    effort: 'xhigh',
    verbosity: 'low',
    maxTokens: 7,
    temperature: 0,
    topP: 0.5,
    frequencyPenalty: 1,
    presencePenalty: -1,
    stop: ['end'],
    choices: 2,
    seed: 3,
    logprobs: 4,
    cacheKey: 'cache',
    user: 'new',
    serviceTier: 'flex',
    video: { video_length: 10 },
  })
})

test('null is as good as nothing', () => {
  const nothing = {
    ...{ stop: null, tools: null, tool_choice: null, user: null, max_tokens: null, n: null },
    ...{ seed: null, logprobs: null, verbosity: null, functions: null, function_call: null },
    ...{
      response_format: null,
      reasoning_effort: null,
      web_search_options: null,
      modalities: null,
    },
  }
  expect(decode(nothing)).toEqual(decode({}))
})

describe('tools and the choice among them', () => {
  const f = { type: 'function', function: { name: 'f', description: 'F.', strict: true } }
  const g = {
    type: 'custom',
    custom: {
      name: 'g',
      format: { type: 'grammar', grammar: { syntax: 'regex', definition: 'x+' } },
    },
  }
  const tools = [f, g, { type: 'live_search', max: 2 }]

  test('functions, tools that take text, and those of upstreams', () => {
    expect(decode({ tools }).tools).toEqual([
      { type: 'function', name: 'f', description: 'F.', parameters: NO_PARAMETERS, strict: true },
      {
        type: 'custom',
        name: 'g',
        description: '',
        format: { type: 'grammar', syntax: 'regex', definition: 'x+' },
      },
      { type: 'hosted', tool: { type: 'live_search', max: 2 } },
    ])
  })

  test('deprecated functions are tools', () => {
    const functions = [{ name: 'f', parameters: { type: 'object' } }]
    const turn = decode({ functions, function_call: { name: 'f' } })
    expect(turn.tools).toMatchObject([
      { type: 'function', name: 'f', parameters: { type: 'object' } },
    ])
    expect(turn.toolChoice).toEqual({ name: 'f' })
    expect(decode({ functions, function_call: 'none' }).toolChoice).toBe('none')
    expect(turn.parallelToolCalls).toBe(false)
    const tools = [{ type: 'function', function: { name: 'g' } }]
    expect(decode({ functions, tools }).parallelToolCalls).toBe(true)
    expect(decode({ functions: [], tools: [] }).parallelToolCalls).toBe(true)
  })

  test('a search that is asked for beside the tools is one of them', () => {
    const location = { type: 'approximate', approximate: { country: 'NO' } }
    const options = { search_context_size: 'low', user_location: location }
    expect(decode({ web_search_options: options }).tools).toEqual([
      {
        type: 'hosted',
        tool: {
          type: 'web_search',
          search_context_size: 'low',
          user_location: { type: 'approximate', country: 'NO' },
        },
      },
    ])
  })

  const allowed = (mode: string, ...names: string[]) => ({
    type: 'allowed_tools',
    allowed_tools: {
      mode,
      tools: names.map((name) => ({ type: 'function', function: { name } })),
    },
  })
  test.each([
    [undefined, 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    [{ type: 'function', function: { name: 'f' } }, { name: 'f' }],
    [{ type: 'custom', custom: { name: 'g' } }, { name: 'g' }],
    [{ type: 'live_search' }, { hosted: 'live_search' }],
    [allowed('auto', 'f'), { mode: 'auto', only: ['f'] }],
    [allowed('required', 'f', 'g'), { mode: 'required', only: ['f', 'g'] }],
  ])('the choice %j is %j', (choice, read) => {
    expect(decode({ tools, tool_choice: choice }).toolChoice).toEqual(read as never)
  })

  test.each([
    { tool_choice: 'required' },
    { tools, tool_choice: 'any' },
    { tools, tool_choice: { type: 'function', function: { name: 'h' } } },
    { tools, tool_choice: { type: 'web_search' } },
    { tools, tool_choice: allowed('auto') },
    { tools, tool_choice: allowed('auto', 'f', 'h') },
  ])('%j names no tool', (body) => {
    expect(() => decode(body)).toThrow(
      expect.objectContaining({ code: 'invalid_value', details: { param: 'tool_choice' } }),
    )
  })

  test('a tool without a name is refused, and so is an answer that is to be spoken', () => {
    expect(() => decode({ tools: [{ type: 'function' }] })).toThrow("'tools.0.name' is missing.")
    expect(() => decode({ modalities: ['text', 'audio'] })).toThrow('answers in text only')
  })
})
