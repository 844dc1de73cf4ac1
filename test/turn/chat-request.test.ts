import { describe, expect, test } from 'bun:test'
import { decodeChat } from '#src/turn/chat/decode'
import { encodeChatRequest } from '#src/turn/chat/request'
import { unwrapInput } from '#src/turn/custom-tool'
import type { TurnItem, TurnPart, TurnRequest, TurnTool } from '#src/turn/request'

const PLAIN = decodeChat({ model: 'm', messages: [] }, 'm')
const OPTIONS = { stream: false }

const encode = (turn: Partial<TurnRequest>, options: Partial<typeof OPTIONS> = {}) => {
  const { body, ...rest } = encodeChatRequest({ ...PLAIN, ...turn }, { ...OPTIONS, ...options })
  return { body: JSON.parse(body), ...rest }
}

const text = (it: string): TurnPart => ({ type: 'text', text: it })
const say = (role: 'user' | 'assistant' | 'developer' | 'system', it: string): TurnItem => ({
  type: 'message',
  role,
  parts: [text(it)],
})
const call = (id: string, name = 'f', more: object = {}): TurnItem => ({
  type: 'call',
  id,
  name,
  arguments: '{}',
  custom: false,
  ...more,
})
const gives = (id: string, ...parts: TurnPart[]): TurnItem => ({
  type: 'result',
  id,
  parts,
  custom: false,
})
const tool = (name: string, more: object = {}): TurnTool =>
  ({
    type: 'function',
    name,
    description: '',
    parameters: {},
    strict: undefined,
    ...more,
  }) as TurnTool

describe('tools at a server that knows functions only', () => {
  const search: TurnTool = { type: 'hosted', tool: { type: 'web_search' } }
  const grammar = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' }
  const patch: TurnTool = { type: 'custom', name: 'patch', description: 'Edit.', format: grammar }

  test('a tool that takes text becomes a function, and its calls too', () => {
    const { body, names } = encode({
      tools: [patch],
      toolChoice: { name: 'patch' },
      items: [call('a', 'patch', { arguments: 'x "y"', custom: true }), gives('a')],
    })
    expect(body.tools).toEqual([
      {
        type: 'function',
        function: {
          name: 'patch',
          description: 'Edit.\n\nThe input follows this lark grammar:\nstart: "x"',
          parameters: {
            type: 'object',
            properties: { input: { type: 'string' } },
            required: ['input'],
            additionalProperties: false,
          },
        },
      },
    ])
    expect(body.tool_choice).toEqual({ type: 'function', function: { name: 'patch' } })
    const [{ tool_calls: calls }] = body.messages
    expect(calls[0].function).toEqual({ name: 'patch', arguments: '{"input":"x \\"y\\""}' })
    expect(unwrapInput(calls[0].function.arguments)).toBe('x "y"')
    expect([...names]).toEqual([['patch', { name: 'patch', custom: true }]])
  })

  test.each([
    ['{"input":"a"}', 'a'],
    ['a: 1', 'a: 1'],
    ['{"other":1}', '{"other":1}'],
    ['{}', ''],
    ['[]', '[]'],
    ['', ''],
  ])('the text of %j is %j', (given, said) => {
    expect(unwrapInput(given)).toBe(said)
  })

  test('namespaces go into names that are allowed and no other tool has', () => {
    const long = 'x'.repeat(70)
    const { body, names } = encode({
      tools: [
        tool('read', { namespace: 'mcp.files' }),
        tool('mcp_files__read'),
        tool(long, { namespace: 'n' }),
        tool(`${long}2`, { namespace: 'n' }),
      ],
      items: [call('a', 'read', { namespace: 'mcp.files' }), gives('a')],
    })
    const wire = body.tools.map((it: { function: { name: string } }) => it.function.name)
    expect(wire).toEqual([
      'mcp_files__read_2',
      'mcp_files__read',
      `n__${'x'.repeat(61)}`,
      `n__${'x'.repeat(59)}_2`,
    ])
    expect(body.messages[0].tool_calls[0].function.name).toBe('mcp_files__read_2')
    expect(names.get('mcp_files__read_2')).toEqual({
      name: 'read',
      namespace: 'mcp.files',
      custom: false,
    })
    expect(names.has('mcp_files__read')).toBe(false)
  })

  test('upstreams’ tools are left out, unless they must be called', () => {
    const { body, dropped } = encode({ tools: [search, tool('f'), search], toolChoice: 'required' })
    expect([body.tools.length, body.tool_choice, dropped]).toEqual([1, 'required', ['web_search']])
    expect(encode({ tools: [search], toolChoice: 'auto' }).body).not.toHaveProperty('tools')
    for (const [tools, toolChoice] of [
      [[search, tool('f')], { hosted: 'web_search' }],
      [[search], 'required'],
      [[search, tool('f')], { mode: 'required', only: ['web_search'] }],
    ] as const)
      expect(() => encode({ tools, toolChoice })).toThrow(
        expect.objectContaining({
          kind: 'unable',
          details: { status: 400, code: 'invalid_value', param: 'tool_choice' },
        }),
      )
  })

  test('of the tools only those are told of that may be called', () => {
    const tools = [tool('a'), tool('b'), tool('c')]
    for (const mode of ['auto', 'required'] as const) {
      const { body } = encode({ tools, toolChoice: { mode, only: ['a', 'c'] } })
      const names = body.tools.map((it: { function: { name: string } }) => it.function.name)
      expect([names, body.tool_choice]).toEqual([['a', 'c'], mode === 'auto' ? undefined : mode])
    }
  })
})

describe('the other fields', () => {
  test('what was not asked for is not said', () => {
    expect(encode({ items: [say('user', 'Hi')] }).body).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: false,
    })
  })

  test('a stream is asked for its usage; the limit has the name that all servers know', () => {
    const { body } = encode({ maxTokens: 9, logprobs: 0 }, { stream: true })
    expect(body).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 9,
      logprobs: true,
    })
    expect(body).not.toHaveProperty('top_logprobs')
  })

  test.each([
    ['minimal', undefined, 'low'],
    ['xhigh', undefined, 'high'],
    ['none', undefined, 'none'],
    ['none', ['low', 'high'], 'low'],
    ['medium', ['low', 'high'], 'low'],
    ['max', ['low', 'xhigh'], 'xhigh'],
    ['low', ['deep'], undefined],
    [undefined, ['low'], undefined],
  ] as const)('the effort %p at a model that knows %p is %p', (effort, efforts, sent) => {
    const { body } = encodeChatRequest({ ...PLAIN, effort }, { ...OPTIONS, efforts })
    expect(JSON.parse(body).reasoning_effort).toBe(sent)
  })
})
