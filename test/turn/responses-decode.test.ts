import { describe, expect, test } from 'bun:test'
import { Compile } from 'typebox/schema'
import type { TurnItem } from '#src/turn/request'
import { decodeResponses } from '#src/turn/responses/decode'
import { type Item, ResponsesRequest } from '#src/turn/responses/schema'

const NO_PARAMETERS = { type: 'object', properties: {} }
const CHECK = Compile(ResponsesRequest)

/** Through the schema, as a request comes. */
function decode(body: object) {
  const request = { model: 'alias', ...body } as ResponsesRequest
  expect(CHECK.Check(request)).toBe(true)
  const input = Array.isArray(request.input) ? (request.input as Item[]) : []
  return decodeResponses(request, input, 'upstream-model')
}

describe('items of every kind', () => {
  const said = (role: string, ...parts: object[]) =>
    ({ type: 'message', role, parts }) as unknown as TurnItem
  const text = (it: string) => ({ type: 'text', text: it })

  const cases: [string, object, TurnItem[]][] = [
    ['a short message', { role: 'user', content: 'Hi' }, [said('user', text('Hi'))]],
    [
      'a message of parts',
      {
        type: 'message',
        role: 'user',
        status: 'completed',
        content: [
          { type: 'input_text', text: 'See' },
          { type: 'input_image', image_url: 'https://p', detail: 'original' },
          { type: 'input_image', file_id: 'file-1', image_url: null },
          { type: 'input_file', file_url: 'https://f', filename: 'f.pdf' },
          { type: 'input_file', file_data: 'data:,x' },
          { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } },
        ],
      },
      [
        said(
          'user',
          text('See'),
          { type: 'image', url: 'https://p', detail: 'original' },
          { type: 'image', fileId: 'file-1' },
          { type: 'file', url: 'https://f', filename: 'f.pdf' },
          { type: 'file', data: 'data:,x' },
          { type: 'audio', data: 'AA', format: 'wav' },
        ),
      ],
    ],
    [
      'an answer, also one whose text calls itself input',
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'A', annotations: [] },
          { type: 'input_text', text: 'B' },
          { type: 'refusal', refusal: 'No.' },
        ],
      },
      [said('assistant', text('A'), text('B'), { type: 'refusal', text: 'No.' })],
    ],
    [
      'a call',
      { type: 'function_call', call_id: 'c', name: 'f', namespace: 'n', arguments: '' },
      [{ type: 'call', id: 'c', name: 'f', namespace: 'n', arguments: '{}', custom: false }],
    ],
    [
      'what it gave, in parts',
      {
        type: 'function_call_output',
        call_id: 'c',
        output: [
          { type: 'input_text', text: 'See' },
          { type: 'input_image', image_url: 'https://p' },
        ],
      },
      [
        {
          type: 'result',
          id: 'c',
          parts: [
            { type: 'text', text: 'See' },
            { type: 'image', url: 'https://p' },
          ],
          custom: false,
        },
      ],
    ],
    [
      'a call with text',
      { type: 'custom_tool_call', call_id: 'c', name: 'f', input: 'x' },
      [{ type: 'call', id: 'c', name: 'f', arguments: 'x', custom: true }],
    ],
    [
      'what that gave',
      { type: 'custom_tool_call_output', call_id: 'c', output: 'y' },
      [{ type: 'result', id: 'c', parts: [{ type: 'text', text: 'y' }], custom: true }],
    ],
    [
      'a thought',
      {
        type: 'reasoning',
        id: 'rs_1',
        content: null,
        summary: [
          { type: 'summary_text', text: 'One.' },
          { type: 'summary_text', text: 'Two.' },
        ],
        encrypted_content: 'sealed',
      },
      [{ type: 'thought', text: 'One.\n\nTwo.', encrypted: 'sealed' }],
    ],
    [
      'a thought that is shown whole',
      { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'Hm.' }] },
      [{ type: 'thought', text: 'Hm.', encrypted: null }],
    ],
    ['a mark', { type: 'compaction_trigger' }, []],
    ['a mark of Codex', { type: 'ghost_snapshot', ghost_commit: {} }, []],
    [
      'a compaction that only its upstream can read',
      { type: 'compaction', encrypted_content: 'theirs' },
      [{ type: 'hosted', item: { type: 'compaction', encrypted_content: 'theirs' } }],
    ],
    ...[
      ...['web_search_call', 'file_search_call', 'code_interpreter_call', 'image_generation_call'],
      ...['computer_call', 'computer_call_output', 'local_shell_call', 'local_shell_call_output'],
      ...['shell_call', 'shell_call_output', 'apply_patch_call', 'apply_patch_call_output'],
      ...['mcp_list_tools', 'mcp_approval_request', 'mcp_approval_response', 'mcp_call'],
      ...['tool_search_call', 'tool_search_output', 'program', 'program_output'],
    ].map((type): [string, object, TurnItem[]] => [
      type,
      { type, id: 'x', more: [1] },
      [{ type: 'hosted', item: { type, id: 'x', more: [1] } }],
    ]),
  ]
  test.each(cases)('%s', (_, item, items) => {
    expect(decode({ input: [item] }).items).toEqual(items)
  })
})

test('every field finds its place', () => {
  const turn = decode({
    input: [{ role: 'user', content: 'Hi' }],
    instructions: 'Be brief.',
    max_output_tokens: 7,
    temperature: 0,
    top_p: 0.5,
    presence_penalty: 1,
    top_logprobs: 4,
    include: ['message.output_text.logprobs'],
    reasoning: { effort: 'minimal', summary: 'auto' },
    text: { verbosity: 'high', format: { type: 'json_object' } },
    prompt_cache_key: 'cache',
    user: 'me',
    service_tier: 'flex',
    video_config: { video_length: 10 },
    parallel_tool_calls: false,
    client_metadata: {},
  })
  expect(turn).toEqual({
    model: 'upstream-model',
    items: [
      { type: 'message', role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
      { type: 'message', role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
    ],
    tools: [],
    toolChoice: 'none',
    parallelToolCalls: false,
    format: { type: 'json' },
    effort: 'minimal',
    verbosity: 'high',
    maxTokens: 7,
    temperature: 0,
    topP: 0.5,
    frequencyPenalty: undefined,
    presencePenalty: 1,
    stop: [],
    choices: 1,
    seed: undefined,
    logprobs: 4,
    cacheKey: 'cache',
    user: 'me',
    serviceTier: 'flex',
    video: { video_length: 10 },
  })
  expect(decode({ top_logprobs: 4 }).logprobs).toBeUndefined()
})

describe('text formats', () => {
  test('lie flat', () => {
    const format = { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true }
    expect(decode({ text: { format } }).format).toEqual({
      type: 'schema',
      name: 'n',
      description: undefined,
      schema: { type: 'object' },
      strict: true,
    })
  })

  test.each([
    [{ type: 'json_schema', name: 'n' }, 'text.format.schema'],
    [{ type: 'json_schema', schema: {} }, 'text.format.name'],
  ])('%j is refused', (format, param) => {
    expect(() => decode({ text: { format } })).toThrow(
      expect.objectContaining({ code: 'invalid_value', details: { param } }),
    )
  })
})

describe('tools and the choice among them', () => {
  const f = { type: 'function', name: 'f', parameters: null, strict: null }
  const g = { type: 'custom', name: 'g', format: { type: 'text' } }
  const tools = [
    f,
    g,
    { type: 'namespace', name: 'crm', description: 'Customers.', tools: [{ ...f, strict: true }] },
    { type: 'web_search_2025_08_26', filters: {} },
    { type: 'mcp', server_label: 'docs' },
  ]

  test('namespaces become their tools; those that are announced on the way join', () => {
    const added = { type: 'additional_tools', role: 'developer', tools: [f, { ...g, name: 'h' }] }
    const { tools: read } = decode({ tools, input: [added] })
    expect(read).toEqual([
      {
        type: 'function',
        name: 'f',
        description: '',
        parameters: NO_PARAMETERS,
        strict: undefined,
      },
      { type: 'custom', name: 'g', description: '', format: { type: 'text' } },
      {
        type: 'function',
        name: 'f',
        namespace: 'crm',
        description: '',
        parameters: NO_PARAMETERS,
        strict: true,
      },
      { type: 'hosted', tool: { type: 'web_search_2025_08_26', filters: {} } },
      { type: 'hosted', tool: { type: 'mcp', server_label: 'docs' } },
      { type: 'custom', name: 'h', description: '', format: { type: 'text' } },
    ])
  })

  test.each([
    [null, 'auto'],
    ['required', 'required'],
    [{ type: 'function', name: 'f' }, { name: 'f' }],
    [
      { type: 'function', name: 'f', namespace: 'crm' },
      { name: 'f', namespace: 'crm' },
    ],
    [{ type: 'custom', name: 'g' }, { name: 'g' }],
    [{ type: 'mcp', server_label: 'docs', name: 'find' }, { hosted: 'mcp' }],
    [{ type: 'web_search' }, { hosted: 'web_search_2025_08_26' }],
    [
      {
        type: 'allowed_tools',
        mode: 'required',
        tools: [
          { type: 'function', name: 'f' },
          { type: 'mcp', server_label: 'docs' },
        ],
      },
      { mode: 'required', only: ['f', 'mcp'] },
    ],
  ])('the choice %j is %j', (choice, read) => {
    expect(decode({ tools, tool_choice: choice }).toolChoice).toEqual(read as never)
  })

  test.each([
    'sometimes',
    { type: 'function', name: 'h' },
    { type: 'custom', name: 'h' },
    { type: 'image_generation' },
    { type: 'allowed_tools', mode: 'auto', tools: [] },
  ])('%j names no tool', (choice) => {
    expect(() => decode({ tools, tool_choice: choice })).toThrow(
      expect.objectContaining({ code: 'invalid_value', details: { param: 'tool_choice' } }),
    )
  })

  test.each([
    [{ type: 'function' }, 'tools[0].name'],
    [{ type: 'namespace', name: 'n' }, 'tools[0].tools'],
    [{ type: 'namespace', name: 'n', tools: [{ type: 'custom' }] }, 'tools[0].tools[0].name'],
  ])('%j is refused', (tool, param) => {
    expect(() => decode({ tools: [tool] })).toThrow(expect.objectContaining({ details: { param } }))
  })
})
