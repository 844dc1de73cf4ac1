import { describe, expect, test } from 'bun:test'
import { unwrapInput } from '#src/turn/custom-tool'
import { nativeResponsesBody } from '#src/turn/responses/native-request'
import type { Item, ResponsesRequest } from '#src/turn/responses/schema'

type Options = Parameters<typeof nativeResponsesBody>[2]

function write(body: object, input: readonly object[] = [], options: Partial<Options> = {}) {
  const request = { model: 'alias', ...body } as ResponsesRequest
  const all = { stream: false, model: 'upstream-model', ...options }
  const { body: written, ...rest } = nativeResponsesBody(request, input as Item[], all)
  return { body: JSON.parse(written), ...rest }
}
const inputOf = (input: readonly object[], options?: Partial<Options>) =>
  write({}, input, options).body.input

test('what the client wrote goes along, but for the state and for null', () => {
  const kept = {
    instructions: 'Be brief.',
    tools: [{ type: 'web_search', filters: null }],
    tool_choice: { type: 'web_search' },
    top_k: 3,
    client_metadata: { a: 1 },
    text: { format: { type: 'text' } },
  }
  const ours = {
    input: 'Hi',
    previous_response_id: 'resp_1',
    conversation: 'conv_1',
    background: false,
    metadata: { a: 'b' },
    stream_options: { include_obfuscation: false },
    store: true,
    user: null,
    include: ['message.output_text.logprobs', 'reasoning.encrypted_content'],
  }
  expect(
    write({ ...kept, ...ours }, [{ role: 'user', content: 'Hi' }], { stream: true }).body,
  ).toEqual({
    ...kept,
    model: 'upstream-model',
    stream: true,
    store: false,
    include: ['message.output_text.logprobs', 'reasoning.encrypted_content'],
    input: [{ role: 'user', content: 'Hi' }],
  })
  expect(write({}).body.include).toEqual(['reasoning.encrypted_content'])
})

test('an effort comes near what the model knows', () => {
  const reasoning = { effort: 'minimal', summary: 'auto' }
  expect(write({ reasoning }).body.reasoning).toEqual(reasoning)
  expect(write({ reasoning }, [], { efforts: ['low', 'high'] }).body.reasoning).toEqual({
    effort: 'low',
    summary: 'auto',
  })
})

describe('items go without our ids, states and nulls', () => {
  test.each<[string, object, object | undefined]>([
    [
      'an answer',
      {
        type: 'message',
        id: 'msg_1',
        status: 'completed',
        role: 'assistant',
        phase: null,
        content: [{ type: 'output_text', text: 'A', annotations: [], logprobs: [] }],
      },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'A', annotations: [] }],
      },
    ],
    [
      'a call',
      {
        ...{ type: 'function_call', id: 'fc_1', status: 'completed', call_id: 'a', name: 'f' },
        ...{ namespace: 'n', arguments: '{}' },
      },
      { type: 'function_call', call_id: 'a', name: 'f', namespace: 'n', arguments: '{}' },
    ],
    [
      'its output',
      { type: 'function_call_output', id: 'fco_1', call_id: 'a', output: 'x', name: null },
      { type: 'function_call_output', call_id: 'a', output: 'x' },
    ],
    [
      'what an upstream’s tool did, which is known by its id',
      { type: 'mcp_approval_request', id: 'mcpr_1', name: 'f', arguments: '{}', error: null },
      { type: 'mcp_approval_request', id: 'mcpr_1', name: 'f', arguments: '{}' },
    ],
    [
      'a thought',
      {
        ...{ type: 'reasoning', id: 'rs_1', status: null, content: null },
        ...{ summary: [], encrypted_content: 'a.sealed' },
      },
      { type: 'reasoning', summary: [], encrypted_content: 'sealed' },
    ],
    [
      'a thought of another account',
      { type: 'reasoning', summary: [], encrypted_content: 'b.sealed' },
      undefined,
    ],
    ['a thought that nobody sealed', { type: 'reasoning', id: 'rs_1', summary: [] }, undefined],
    ['a mark', { type: 'compaction_trigger' }, undefined],
    [
      'a compaction that is theirs',
      { type: 'compaction', encrypted_content: 'theirs', created_by: null },
      { type: 'compaction', encrypted_content: 'theirs' },
    ],
  ])('%s', (_, item, written) => {
    const keepThought = (encrypted: string) =>
      encrypted.startsWith('a.') ? encrypted.slice(2) : undefined
    expect(inputOf([item], { keepThought })).toEqual(written ? [written] : [])
  })

  test('thoughts are sent as they are when nobody says otherwise', () => {
    const thought = { type: 'reasoning', summary: [], encrypted_content: 'sealed' }
    expect(inputOf([thought])).toEqual([thought])
  })

  test('tools that are announced on the way join the others', () => {
    const announced = { type: 'additional_tools', tools: [{ type: 'function', name: 'g' }] }
    const { body } = write({ tools: [{ type: 'function', name: 'f' }] }, [announced])
    expect(body.tools).toEqual([
      { type: 'function', name: 'f' },
      { type: 'function', name: 'g' },
    ])
    expect(body.input).toEqual([])
  })
})

describe('a server that knows functions only', () => {
  const tools = [
    { type: 'custom', name: 'patch', description: 'Edit.' },
    { type: 'namespace', name: 'crm', tools: [{ type: 'function', name: 'find' }] },
    { type: 'web_search' },
  ]

  test('is told of functions, under names that lead back', () => {
    const items = [
      { type: 'custom_tool_call', id: 'ctc_1', call_id: 'a', name: 'patch', input: 'x "y"' },
      { type: 'custom_tool_call_output', call_id: 'a', output: 'done' },
      { type: 'function_call', call_id: 'b', name: 'find', namespace: 'crm', arguments: '{}' },
    ]
    const { body, names } = write({ tools }, items, { functionsOnly: true })
    expect(body.tools).toMatchObject([
      {
        type: 'function',
        name: 'patch',
        description: 'Edit.',
        parameters: { required: ['input'] },
      },
      { type: 'function', name: 'crm__find', strict: false },
      { type: 'web_search' },
    ])
    expect(body.input).toEqual([
      { type: 'function_call', call_id: 'a', name: 'patch', arguments: '{"input":"x \\"y\\""}' },
      { type: 'function_call_output', call_id: 'a', output: 'done' },
      { type: 'function_call', call_id: 'b', name: 'crm__find', arguments: '{}' },
    ])
    expect(unwrapInput(body.input[0].arguments)).toBe('x "y"')
    expect([...names]).toEqual([
      ['patch', { name: 'patch', custom: true }],
      ['crm__find', { name: 'find', namespace: 'crm', custom: false }],
    ])
  })

  test.each([
    ['none', 3, 'none'],
    [{ type: 'web_search' }, 3, { type: 'web_search' }],
    [{ type: 'custom', name: 'patch' }, 3, { type: 'function', name: 'patch' }],
    [
      { type: 'function', name: 'find', namespace: 'crm' },
      3,
      { type: 'function', name: 'crm__find' },
    ],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'find' }] },
      1,
      'required',
    ],
    [{ type: 'allowed_tools', mode: 'auto', tools: [{ type: 'web_search' }] }, 1, 'auto'],
  ])('is told to choose %j', (choice, count, written) => {
    const { body } = write({ tools, tool_choice: choice }, [], { functionsOnly: true })
    expect([body.tools.length, body.tool_choice]).toEqual([count, written])
  })
})
