import { expect, test } from 'bun:test'
import ranks from 'gpt-tokenizer/bpeRanks/cl100k_base'
import type { TurnEvent } from '#src/turn/event'
import { createGptTokenizer } from '#src/turn/gpt-tokenizer'
import type { TurnItem, TurnRequest } from '#src/turn/request'
import { createDemo } from '#src/upstream/demo/demo'
import { inWords } from '#src/upstream/demo/in-words'
import { withPromptedTools } from '#src/upstream/prompted-tools'
import type { Upstream, UpstreamCall } from '#src/upstream/upstream'
import { says, turnOf } from '../support/scripted'

const tokenizer = createGptTokenizer(ranks)
const demo = createDemo({ tokenizer: async () => tokenizer })
const words = inWords(demo)
const prompted = withPromptedTools(words, { newId: () => crypto.randomUUID(), isOn: () => true })

const turn = turnOf({
  items: [says('user', 'Weather in Bonn, and run a shell')],
  tools: [
    {
      type: 'function',
      name: 'weather',
      namespace: 'sky',
      description: 'The weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      strict: undefined,
    },
    { type: 'custom', name: 'shell', description: 'Runs', format: undefined },
  ],
})

async function ask(upstream: Upstream, asked: TurnRequest): Promise<TurnEvent[]> {
  const call = { ask: { turn: () => asked }, model: 'demo', abort: new AbortController() }
  const reply = await upstream.ask(call as unknown as UpstreamCall)
  return reply.form === 'events' ? Array.fromAsync(reply.events) : []
}

/** What was said, but for ids, which are made afresh, and the cost, which words raise. */
const gist = (events: readonly TurnEvent[]) =>
  events
    .filter(({ type }) => type !== 'usage')
    .map((event) => (event.type === 'call' ? { ...event, id: '' } : event))

test('the demo calls the same tools with them and with their description', async () => {
  const plain = await ask(demo, turn)
  expect(plain.filter(({ type }) => type === 'call')).toHaveLength(2)
  const found = await ask(prompted, turn)
  const calls = (events: readonly TurnEvent[]) =>
    gist(events).filter(({ type }) => type === 'call' || type === 'finish')
  expect(calls(found)).toEqual(calls(plain))
  expect(found.filter(({ type }) => type === 'text')).toEqual([])
})

test('it writes its calls in pieces, and answers what they gave', async () => {
  const found = await ask(prompted, turn)
  const items: TurnItem[] = [...turn.items]
  for (const event of found)
    if (event.type === 'call') {
      const { id, name, custom } = event
      const json = custom ? 'ls' : '{"city":"Bonn"}'
      items.push({
        type: 'call',
        id,
        name,
        custom,
        namespace: event.namespace ?? '',
        arguments: json,
      })
    }
  for (const item of [...items])
    if (item.type === 'call') {
      const parts = [{ type: 'text', text: `gave ${item.name}` }] as const
      items.push({ type: 'result', id: item.id, custom: item.custom, parts })
    }
  const answer = await ask(prompted, { ...turn, items })
  const text = answer.map((event) => (event.type === 'text' ? event.text : '')).join('')
  expect(text).toContain('gave weather; gave shell')
  expect(answer.at(-2)).toMatchObject({ type: 'finish', reason: 'stop' })
})

test('without a description it is the demo that it was', async () => {
  const asked = { ...turn, tools: [] }
  expect(gist(await ask(words, asked))).toEqual(gist(await ask(demo, asked)))
})
