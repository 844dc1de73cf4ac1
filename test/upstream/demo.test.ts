import { expect, test } from 'bun:test'
import { decodeChat } from '#src/turn/chat/decode'
import type { TurnEvent } from '#src/turn/event'
import type { TurnItem, TurnRequest } from '#src/turn/request'
import { createDemo } from '#src/upstream/demo/demo'
import type { UpstreamCall } from '#src/upstream/upstream'

const words = { count: (it: string) => it.length, split: (it: string) => it.split(/(?= )/) }
const demo = createDemo({ tokenizer: async () => words })
const PLAIN = decodeChat({ model: 'demo', messages: [] }, 'demo')

const say = (text: string): TurnItem => ({
  type: 'message',
  role: 'user',
  parts: [{ type: 'text', text }],
})

async function ask(model: string, turn: Partial<TurnRequest>): Promise<TurnEvent[]> {
  const call = {
    ask: { turn: () => ({ ...PLAIN, ...turn }) },
    model,
    stream: false,
    abort: new AbortController(),
  } as UpstreamCall
  const reply = await demo.ask(call)
  return reply.form === 'events' ? Array.fromAsync(reply.events) : []
}
const typesOf = (events: readonly TurnEvent[]) => [...new Set(events.map(({ type }) => type))]

test('it thinks, ends its thought, and answers', async () => {
  const items = [say('Why is the sea salty?')]
  expect(typesOf(await ask('demo-thinking', { items }))).toEqual([
    ...(['thinking', 'thought', 'text', 'finish', 'usage'] as const),
  ])
  const hidden = await ask('demo-thinking', { items, effort: 'none' })
  expect(typesOf(hidden)).toEqual(['text', 'finish', 'usage'])
})

test('it calls tools by their whole names, and gives text to those that take text', async () => {
  const events = await ask('demo', {
    items: [say('Find the weather and patch it')],
    tools: [
      { type: 'custom', name: 'patch', description: '', format: undefined },
      {
        ...{ type: 'function', name: 'find', namespace: 'crm', description: '' },
        ...{ parameters: { properties: { what: { type: 'string' } } }, strict: undefined },
      } as const,
    ],
    toolChoice: 'auto',
  })
  expect(events.slice(0, 5)).toEqual([
    {
      type: 'call',
      choice: 0,
      id: expect.stringMatching(/^call_\w{32}$/),
      name: 'patch',
      custom: true,
    },
    { type: 'arguments', choice: 0, text: 'Find weather patch' },
    {
      ...{ type: 'call', choice: 0, id: expect.stringMatching(/^call_\w{32}$/) },
      ...{ name: 'find', namespace: 'crm', custom: false },
    } as never,
    { type: 'arguments', choice: 0, text: '{"what":"Find"}' },
    { type: 'finish', choice: 0, reason: 'tool_calls' },
  ])
})

test('it speaks of what a tool gave, wherever it came from', async () => {
  const events = await ask('demo', {
    items: [
      say('How is the weather?'),
      { type: 'call', id: 'a', name: 'weather', arguments: '{}', custom: false },
      { type: 'result', id: 'a', parts: [{ type: 'text', text: '17 degrees' }], custom: false },
    ],
  })
  const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('')
  expect(text).toContain('17 degrees')
})

test('it has no tools of its own', async () => {
  const tools = [{ type: 'hosted', tool: { type: 'web_search' } }] as const
  const items = [say('Search!')]
  await expect(ask('demo', { items, tools, toolChoice: { hosted: 'web_search' } })).rejects.toThrow(
    'This model has no tool "web_search"',
  )
  expect(typesOf(await ask('demo', { items, tools, toolChoice: 'auto' }))).toContain('text')
})
