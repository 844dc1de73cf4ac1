import { describe, expect, test } from 'bun:test'
import { UpstreamFault } from '#src/errors'
import { createChatEncoder } from '#src/turn/chat/encode'
import type { TurnEvent } from '#src/turn/event'
import type { TurnFormat, TurnTool } from '#src/turn/request'
import { withPromptedFormat } from '#src/upstream/prompted-format'
import { encode } from '../support/response-samples'
import {
  type Answer,
  cite,
  finish,
  heard,
  says,
  scripted,
  texts,
  turnOf,
  usage,
  wordsOf,
} from '../support/scripted'

const JSON_FORMAT: TurnFormat = { type: 'json' }
const SCHEMA: TurnFormat = {
  type: 'schema',
  name: 'city',
  description: 'Where it is',
  strict: false,
  schema: {
    type: 'object',
    properties: { name: { type: 'string' }, people: { type: 'integer' } },
    required: ['name', 'people'],
    additionalProperties: false,
  },
}
const TOOL: TurnTool = {
  type: 'function',
  name: 'look_up',
  description: '',
  parameters: {},
  strict: undefined,
}
const BONN = '{"name":"Bonn","people":330000}'
const thinking: TurnEvent = { type: 'thinking', choice: 0, text: 'Hm', part: 0 }
const hosted: TurnEvent = {
  type: 'hosted',
  choice: 0,
  item: { type: 'web_search_call', id: 'ws_1' },
  done: true,
}
const call: TurnEvent = { type: 'call', choice: 0, id: 'c', name: 'look_up', custom: false }
const given: TurnEvent = { type: 'arguments', choice: 0, text: '{}' }

function asking(answers: readonly Answer[], format: TurnFormat = SCHEMA, tools: TurnTool[] = []) {
  const { upstream, asked, letGo } = scripted(...answers)
  const turn = turnOf({ format, tools })
  return { asked, letGo, reply: heard(withPromptedFormat(upstream), turn) }
}

/** What a client is told, without what only tells that the upstream goes on. */
const told = (events: readonly TurnEvent[]) => events.filter(({ type }) => type !== 'thought')

test('a turn that asks for no form is left alone', async () => {
  const { upstream, asked } = scripted([...texts('Hi'), finish()])
  const turn = turnOf()
  const { events } = await heard(withPromptedFormat(upstream), turn)
  expect(events).toEqual([...texts('Hi'), finish()])
  expect(asked[0]).toBe(turn)
})

describe('the form is asked for in words', () => {
  test('behind the instructions, with the schema', async () => {
    const { asked, reply } = asking([[...texts(BONN), finish()]])
    expect((await reply).dropped).toEqual(['top_p'])
    expect(asked[0]?.format).toEqual({ type: 'text' })
    expect(asked[0]?.items.map((item) => 'role' in item && item.role)).toEqual([
      'system',
      'system',
      'user',
    ])
    const words = wordsOf(asked[0]?.items[1])
    expect(words).toContain('one JSON value')
    expect(words).toContain('"city": Where it is')
    expect(words).toContain(JSON.stringify('schema' in SCHEMA && SCHEMA.schema))
    expect(words).not.toContain('tools')
  })
  test('without one, and beside tools', async () => {
    const { asked, reply } = asking([[...texts('{}'), finish()]], JSON_FORMAT, [TOOL])
    await reply
    expect(wordsOf(asked[0]?.items[1])).toContain('one JSON object')
    expect(wordsOf(asked[0]?.items[1])).toContain('calls of tools')
    expect(asked[0]?.tools).toEqual([TOOL])
  })
})

describe('an answer that fits', () => {
  test('is given as the model wrote it, without what stands around it', async () => {
    const said = texts(
      'Sure!\n``',
      '`json\n{ "name": "Bonn",',
      '\n "people": 330000 }\n```',
      '\nBye',
    )
    const { reply, asked } = asking([[thinking, hosted, ...said, finish(), usage(5, 9)]])
    expect(told((await reply).events)).toEqual([
      thinking,
      hosted,
      ...texts('{ "name": "Bonn",\n "people": 330000 }'),
      finish(),
      usage(5, 9),
    ])
    expect(asked).toHaveLength(1)
  })

  test('is held until it is whole, while it shows that something comes', async () => {
    const { upstream } = scripted([thinking, ...texts('{', '}'), hosted, finish()])
    const types: string[] = []
    for (const event of (await heard(withPromptedFormat(upstream), turnOf({ format: JSON_FORMAT })))
      .events)
      types.push(event.type)
    expect(types).toEqual(['thinking', 'thought', 'thought', 'hosted', 'text', 'finish'])
  })

  test('is no word to a client while it is held', async () => {
    const { reply } = asking([[...texts('{', '}')]], JSON_FORMAT)
    const held = (await reply).events.filter(({ type }) => type === 'thought')
    const terms = { model: 'm', includeUsage: true, choices: 1, showThinking: true, created: 1 }
    const chat = createChatEncoder({ ...terms, promptBytes: 0, newId: () => '1' })
    const { encoder } = encode([])
    encoder.begin()
    expect(held.map((event) => chat.push(event) + encoder.push(event))).toEqual(['', ''])
  })

  test('keeps the sources within it, at their places', async () => {
    const said = [...texts('So: {"a":'), cite(1, 2), hosted, ...texts('1}'), cite(0, 1), cite(2, 2)]
    const { reply } = asking([[...said, ...texts(' Yes.'), cite(3, 6), finish()]], JSON_FORMAT)
    expect(told((await reply).events)).toEqual([
      hosted,
      ...texts('{"a":1}'),
      cite(5, 6),
      cite(7, 7),
      finish(),
    ])
  })

  test('may end without a finish', async () => {
    const { reply } = asking([texts(BONN)])
    expect(told((await reply).events)).toEqual(texts(BONN))
  })

  test('is looked at in each choice for itself', async () => {
    const other = (event: TurnEvent) => ({ ...event, choice: 1 })
    const first = [...texts(BONN), ...texts('no').map(other), finish(), finish('stop', 1)]
    const { reply, asked } = asking([
      [...first, usage(5, 9)],
      [thinking, ...texts(BONN), finish(), usage(7, 3)],
    ])
    expect(told((await reply).events)).toEqual([
      ...texts(BONN),
      finish(),
      other(thinking),
      ...texts(BONN).map(other),
      finish('stop', 1),
      usage(12, 12, { reasoning: 2 }),
    ])
    expect(asked[1]?.choices).toBe(1)
  })
})

describe('what is not held', () => {
  test.each<[string, TurnEvent[]]>([
    ['a call, and what is said besides', [...texts('One moment.'), call, given, ...texts('So.')]],
    ['a call alone', [call, given]],
    ['a refusal', [{ type: 'refusal', choice: 0, text: 'No.' }]],
  ])('%s', async (_, said) => {
    const { reply, asked } = asking([[...said, finish('tool_calls')]], SCHEMA, [TOOL])
    expect(told((await reply).events)).toEqual([...said, finish('tool_calls')])
    expect(asked).toHaveLength(1)
  })

  test('an answer that was cut off, which is what its finish says', async () => {
    const { reply, asked } = asking([[...texts('{"name":"Bo'), finish('length')]])
    expect(told((await reply).events)).toEqual([...texts('{"name":"Bo'), finish('length')])
    expect(asked).toHaveLength(1)
  })
})

describe('an answer that does not fit', () => {
  const FIRST = [
    thinking,
    ...texts('{"name":', '"Bonn"}'),
    finish(),
    usage(5, 9, { source: 'reported', costTicks: 3 }),
  ]

  test('is asked for once more, with what was said and what is wrong', async () => {
    const { reply, asked } = asking([FIRST, [thinking, ...texts(BONN), finish(), usage(7, 3)]])
    const { events, fault } = await reply
    expect(fault).toBeUndefined()
    expect(told(events).slice(0, -1)).toEqual([thinking, thinking, ...texts(BONN), finish()])
    // What both took is told once.
    expect(events.at(-1)).toEqual(usage(12, 12, { reasoning: 2, costTicks: 3 }))
    const [first, second] = asked
    expect(second?.items.slice(0, -2)).toEqual([...(first?.items ?? [])])
    expect(second?.items.at(-2)).toEqual(says('assistant', '{"name":"Bonn"}'))
    expect(wordsOf(second?.items.at(-1))).toContain('the value must have the member "people"')
  })

  test.each<[string, Answer, string]>([
    ['does not fit either', [...texts('[]'), finish(), usage(1, 1)], 'must be object, not []'],
    ['says nothing', [finish(), usage(1, 1)], 'it is empty'],
    ['is not even JSON', [...texts('I cannot.'), finish(), usage(1, 1)], 'holds no whole JSON'],
  ])('is a fault when the second %s', async (_, second, wrong) => {
    const { reply, asked } = asking([FIRST, second])
    const { events, fault } = await reply
    expect(fault).toBeInstanceOf(UpstreamFault)
    expect((fault as UpstreamFault).kind).toBe('unfit')
    expect((fault as UpstreamFault).message).toContain(wrong)
    expect(asked).toHaveLength(2)
    expect(told(events).map(({ type }) => type)).toEqual(['thinking', 'usage'])
  })

  test('may become a call', async () => {
    const { reply } = asking([FIRST, [call, given, finish('tool_calls')]], SCHEMA, [TOOL])
    expect(told((await reply).events).slice(1, -1)).toEqual([call, given, finish('tool_calls')])
  })

  test('is what comes of saying nothing at all', async () => {
    const { reply, asked } = asking([[], [...texts(BONN), finish()]])
    expect(told((await reply).events)).toEqual([...texts(BONN), finish()])
    expect(asked).toHaveLength(2)
  })
})

describe('faults', () => {
  const refused = new UpstreamFault('refused', 'Too many requests', { status: 429 })
  const broken = new UpstreamFault('broken', 'Gone.')
  const unfit = [...texts('[]'), finish(), usage(5, 9)]

  test.each<[string, readonly Answer[], UpstreamFault, number]>([
    ['of the first ask', [refused], refused, 0],
    ['within the first answer', [[...texts('{'), broken]], broken, 0],
    ['of the second ask', [unfit, refused], refused, 1],
    ['within the second answer', [unfit, [...texts('{'), broken]], broken, 1],
  ])('%s are what they are, and nothing was said before', async (_, answers, wanted, usages) => {
    const { events, fault } = await asking(answers).reply
    expect(fault).toBe(wanted)
    expect(told(events)).toHaveLength(usages)
  })

  test('an answer without end is let go', async () => {
    const long = texts(...Array.from({ length: 20 }, () => 'x'.repeat(1024 * 1024)))
    const { reply, letGo, asked } = asking([[...long, finish()]])
    const { fault } = await reply
    expect((fault as UpstreamFault).kind).toBe('unfit')
    expect((fault as UpstreamFault).message).toContain('longer than')
    expect([letGo(), asked.length]).toEqual([1, 1])
  })

  test('whoever leaves lets the upstream go', async () => {
    for (const answers of [
      [[thinking, thinking]],
      [
        [...texts('x'), finish()],
        [thinking, thinking],
      ],
    ]) {
      const { upstream, letGo } = scripted(...answers)
      const reply = await withPromptedFormat(upstream).ask({
        ask: { turn: () => turnOf({ format: SCHEMA }) },
      } as never)
      if (reply.form === 'events')
        for await (const { type } of reply.events) if (type === 'thinking') break
      expect(letGo()).toBe(1)
    }
  })

  test('an upstream that answers in bytes is left alone', async () => {
    const reply = { form: 'bytes', dialect: 'chat', response: new Response('') } as const
    const { upstream } = scripted()
    const bytes = withPromptedFormat({ ...upstream, ask: async () => reply })
    expect(await bytes.ask({ ask: { turn: () => turnOf({ format: SCHEMA }) } } as never)).toBe(
      reply,
    )
  })
})
