import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { TurnEvent } from '#src/turn/event'
import type { TurnItem, TurnTool, TurnToolChoice } from '#src/turn/request'
import { describeTools } from '#src/turn/tool-prompt/describe'
import { writeCall } from '#src/turn/tool-prompt/form'
import { readDescribedTools, readDescribedTurn } from '#src/turn/tool-prompt/read'
import { withPromptedTools } from '#src/upstream/prompted-tools'
import { heard, says, scripted, turnOf, wordsOf } from '../support/scripted'

const WEATHER: TurnTool = {
  type: 'function',
  name: 'weather',
  description: 'How it is\nout there',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: true,
}
const SEND: TurnTool = { ...WEATHER, name: 'send', namespace: 'mail', description: '' }
const SHELL: TurnTool = { type: 'custom', name: 'shell', description: 'Runs', format: undefined }
const SEARCH: TurnTool = { type: 'hosted', tool: { type: 'web_search' } }

test('a request without tools is left alone', () => {
  expect(describeTools(turnOf({}))).toBeUndefined()
  expect(describeTools(turnOf({ tools: [SEARCH] }))).toBeUndefined()
})

test('tools are described after the instructions, and are gone from the request', () => {
  const format = { type: 'json' } as const
  const asked = turnOf({ tools: [WEATHER, SEND, SHELL], format })
  const { turn, tools } = describeTools(asked) ?? {}
  expect(turn).toEqual({
    ...asked,
    tools: [],
    toolChoice: 'none',
    items: [
      says('system', 'Be kind.'),
      says('system', wordsOf(turn?.items[1])),
      says('user', 'Hi'),
    ],
  })
  expect(tools).toEqual([WEATHER, SEND, SHELL] as never)
  expect(readDescribedTools(wordsOf(turn?.items[1]))).toEqual({
    tools: [
      { ...WEATHER, strict: undefined },
      { ...WEATHER, name: 'mail__send', description: '', strict: undefined },
      { ...SHELL, format: { type: 'text' } },
    ],
    toolChoice: 'auto',
    parallelToolCalls: true,
  })
  expect(readDescribedTools('Be kind.')).toBeUndefined()
})

describe('what may be called is what the tool choice allows', () => {
  const cases: readonly [
    TurnToolChoice,
    string[],
    'auto' | 'required' | undefined,
    TurnToolChoice,
  ][] = [
    ['auto', ['weather', 'send', 'shell'], 'auto', 'auto'],
    ['required', ['weather', 'send', 'shell'], 'required', 'auto'],
    ['none', [], undefined, 'none'],
    [{ name: 'weather' }, ['weather'], 'required', 'none'],
    [{ name: 'send', namespace: 'mail' }, ['send'], 'required', 'none'],
    [{ name: 'send' }, [], undefined, 'none'],
    [{ hosted: 'web_search' }, [], undefined, { hosted: 'web_search' }],
    [{ mode: 'auto', only: ['shell'] }, ['shell'], 'auto', 'auto'],
    [{ mode: 'required', only: ['shell', 'send'] }, ['send', 'shell'], 'required', 'auto'],
  ]
  for (const [toolChoice, names, told, hosted] of cases)
    test(JSON.stringify(toolChoice), () => {
      const tools = [WEATHER, SEND, SHELL, SEARCH]
      const described = describeTools(turnOf({ tools, toolChoice, parallelToolCalls: false }))
      expect(described?.tools.map(({ name }) => name)).toEqual(names)
      expect(described?.turn.tools).toEqual([SEARCH])
      expect(described?.turn.toolChoice).toEqual(hosted)
      const read = readDescribedTools(wordsOf(described?.turn.items[1]))
      expect(read?.toolChoice).toBe(told as never)
      if (read) expect(read.parallelToolCalls).toBe(false)
    })
})

test('earlier calls become what the assistant wrote, and results what the user says', () => {
  const items: TurnItem[] = [
    says('user', 'Rain?'),
    says('assistant', 'I look.'),
    { type: 'call', id: 'c1', name: 'weather', arguments: '{"city":"Bonn"}', custom: false },
    { type: 'call', id: 'c2', name: 'shell', arguments: 'echo "a"', custom: true },
    {
      type: 'result',
      id: 'c1',
      custom: false,
      parts: [
        { type: 'text', text: 'No </tool_result> rain' },
        { type: 'image', url: 'https://a.test/i.png' },
      ],
    },
    { type: 'result', id: 'c2', custom: true, parts: [{ type: 'text', text: 'a' }] },
    { type: 'call', id: 'c3', name: 'weather', arguments: 'not JSON', custom: false },
  ]
  const described = describeTools(turnOf({ items, tools: [] }))
  const [manual, ...said] = described?.turn.items ?? []
  expect(wordsOf(manual)).toBe('Answer in plain text now: no tool can be called.')
  expect(said).toEqual([
    says('user', 'Rain?'),
    says(
      'assistant',
      'I look.\n<tool_call>{"id":"c1","name":"weather","arguments":{"city":"Bonn"}}</tool_call>\n<tool_call>{"id":"c2","name":"shell","input":"echo \\"a\\""}</tool_call>',
    ),
    {
      type: 'message',
      role: 'user',
      parts: [
        { type: 'text', text: '<tool_result call="c1">No <\\/tool_result> rain</tool_result>' },
        { type: 'image', url: 'https://a.test/i.png' },
        { type: 'text', text: '<tool_result call="c2">a</tool_result>' },
      ],
    },
    says('assistant', '<tool_call>{"id":"c3","name":"weather","arguments":"not JSON"}</tool_call>'),
  ])
  // What was asked is as it was.
  expect(items[1]).toEqual(says('assistant', 'I look.'))
})

test('a described request reads back as the one it was', () => {
  const name = fc.constantFrom('weather', 'shell')
  const id = fc.string({ minLength: 1, maxLength: 9 })
  const call = fc
    .tuple(name, id, fc.object({ maxDepth: 2 }), fc.boolean())
    .map(([tool, callId, value, pretty]): TurnItem => {
      const json = JSON.stringify(value, null, pretty ? 2 : 0)
      const custom = tool === 'shell'
      return { type: 'call', id: callId, name: tool, arguments: json, custom }
    })
  const word = fc.stringMatching(/^[\w ,.!?"{}-]*\w$/)
  const result = fc.tuple(id, word).map(
    ([callId, text]): TurnItem => ({
      type: 'result',
      id: callId,
      parts: [{ type: 'text', text }],
      custom: false,
    }),
  )
  const round = fc
    .tuple(
      word,
      fc.option(word),
      fc.array(call, { minLength: 1, maxLength: 3 }),
      fc.array(result, { minLength: 1, maxLength: 3 }),
    )
    .map(([question, said, calls, results]) => [
      says('user', question),
      ...(said === null ? [] : [says('assistant', said.trim())]),
      ...calls,
      ...results,
    ])
  fc.assert(
    fc.property(fc.array(round, { minLength: 1, maxLength: 3 }), (rounds) => {
      const items = rounds.flat()
      const turn = turnOf({ items, tools: [WEATHER, SHELL] })
      const described = describeTools(turn)
      const read = described && readDescribedTurn(described.turn)
      expect(read?.items).toEqual(items)
      expect(read?.tools.map((tool) => ('name' in tool ? tool.name : ''))).toEqual([
        'weather',
        'shell',
      ])
    }),
  )
  expect(readDescribedTurn(turnOf({}))).toBeUndefined()
})

const WRITTEN = writeCall({ name: 'weather', custom: false, arguments: '{"city":"Bonn"}' })
const SAID: readonly TurnEvent[] = [
  { type: 'thinking', choice: 0, text: 'Hm', part: 0 },
  { type: 'text', choice: 0, text: WRITTEN.slice(0, 20) },
  { type: 'text', choice: 0, text: WRITTEN.slice(20) },
  { type: 'finish', choice: 0, reason: 'stop' },
]

test('an upstream without tools calls them when they are put in words, and only then', async () => {
  const { upstream, asked } = scripted(SAID, SAID, SAID, SAID)
  let isOn = true
  const prompted = withPromptedTools(upstream, { newId: () => '7', isOn: () => isOn })
  const turn = turnOf({ tools: [WEATHER] })
  expect(await heard(prompted, turn)).toEqual({
    events: [
      { type: 'thinking', choice: 0, text: 'Hm', part: 0 },
      { type: 'call', choice: 0, id: 'call_7', name: 'weather', custom: false },
      { type: 'arguments', choice: 0, text: '{"city":"Bonn"}' },
      { type: 'finish', choice: 0, reason: 'tool_calls' },
    ],
    // What the upstream was not told is still known.
    dropped: ['top_p'],
  })
  expect(asked[0]?.tools).toEqual([])
  expect((await heard(prompted, turnOf({ tools: [] }))).events).toEqual([...SAID])
  expect((await heard(prompted, { ...turn, toolChoice: 'none' })).events).toEqual([...SAID])
  isOn = false
  expect((await heard(prompted, turn)).events).toEqual([...SAID])
  expect(asked.at(-1)).toBe(turn)
})

test('an answer that breaks off within a call stays broken', async () => {
  const said = { type: 'text', choice: 0, text: `So: ${WRITTEN.slice(0, 30)}` } as const
  const { upstream } = scripted([said, new Error('gone')])
  const prompted = withPromptedTools(upstream, { newId: () => '7', isOn: () => true })
  const { events, fault } = await heard(prompted, turnOf({ tools: [WEATHER] }))
  expect(fault).toEqual(new Error('gone'))
  expect(events).toEqual([{ type: 'text', choice: 0, text: 'So:' }])
})
