import { describe, expect, test } from 'bun:test'
import { text, thought } from '../fakes/responses-outputs'
import { say } from '../fakes/responses-said'
import { fakeResponses } from '../fakes/responses-upstream'
import { chunk, fakeUpstream, hello, MODELS, type Seen, sse } from '../fakes/upstream'
import { ASK, gateway, readEvents, textOf, xaiAt } from '../support/gateway'

const ON = { think_tags: true }
const SAID = '<think>\nHm, hm.\n</think>\nHello there'

const thinks = () => {
  const answer = hello()
  const [choice] = answer.choices
  const message = { ...choice?.message, reasoning_content: 'Hm, hm.' }
  return Response.json({ ...answer, choices: [{ ...choice, message }] })
}

const DELTAS = [
  { role: 'assistant', reasoning_content: 'Hm,' },
  { reasoning_content: ' hm.' },
  { content: 'Hello' },
  { content: ' there' },
]
const streams = (deltas: readonly object[] = DELTAS, cut = false) => {
  const chunks = deltas.map((delta) => JSON.stringify(chunk(delta)))
  return cut ? sse(chunks, { cut }) : sse([...chunks, JSON.stringify(chunk({}, 'stop')), '[DONE]'])
}

const isStream = ({ body }: Seen): boolean => JSON.parse(body).stream === true

/** What came of a stream before its connection was cut. */
async function untilCut({ body }: Response): Promise<string> {
  const decoder = new TextDecoder()
  let said = ''
  try {
    for await (const bytes of body ?? []) said += decoder.decode(bytes, { stream: true })
  } catch {
    return said
  }
  throw new Error('The connection was not cut.')
}

/** A chat upstream that thinks, and a gateway before it. */
async function world(settings: Record<string, unknown>, stream = () => streams()) {
  const upstream = fakeUpstream((seen) => {
    if (seen.path !== '/v1/chat/completions') return
    return isStream(seen) ? stream() : thinks()
  })
  const gate = await gateway({ env: xaiAt(upstream.url), settings })
  const ask = async (body: object = {}) =>
    (await gate.post('/v1/chat/completions', { ...ASK, ...body })).text()
  return {
    upstream,
    gate,
    answer: async (body: object = {}) => JSON.parse(await ask(body)),
    events: async (body: object = {}) => readEvents(await ask({ stream: true, ...body })),
    async [Symbol.asyncDispose]() {
      await gate[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

describe('with think_tags', () => {
  test('an upstream of the same dialect thinks in the content', async () => {
    await using it = await world(ON)
    const { choices, usage, model } = await it.answer()
    expect([choices[0].message.content, model]).toEqual([SAID, 'grok-4'])
    expect(choices[0].message).not.toHaveProperty('reasoning_content')
    expect(usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 2 })
    const events = await it.events()
    expect(textOf(events)).toBe(SAID)
    expect(JSON.stringify(events)).not.toContain('reasoning_content')
    expect(events.at(-1)).toBe('[DONE]')
  })

  test('one of the other dialect does, and so does the demo model', async () => {
    await using upstream = fakeResponses((asked) =>
      say(asked, [thought('Hm, hm.'), text('Hello there')]),
    )
    await using gate = await gateway({ settings: ON, env: { DEMO: '1' } })
    await gate.stores.accounts.add({
      ...{ kind: 'openai', name: 'other', baseUrl: upstream.url, secret: 'sk-1' },
      ...{ api: 'responses', models: MODELS },
    })
    await gate.app.refresh()
    for (const stream of [false, true]) {
      const said = await (await gate.post('/v1/chat/completions', { ...ASK, stream })).text()
      const content = stream
        ? textOf(readEvents(said))
        : JSON.parse(said).choices[0].message.content
      expect(content).toBe(SAID)
    }
    const demo = await gate.post('/v1/chat/completions', { ...ASK, model: 'demo-thinking' })
    const [{ message }] = (await demo.json()).choices
    expect(message.content).toMatch(/^<think>\n.+\n<\/think>\n\S/s)
  })

  test('an answer that breaks off while it thinks still closes its tag', async () => {
    await using it = await world(ON, () => streams(DELTAS.slice(0, 2), true))
    const reply = await it.gate.post('/v1/chat/completions', { ...ASK, stream: true })
    const events = readEvents(await untilCut(reply))
    expect(textOf(events.slice(0, -1))).toBe('<think>\nHm, hm.\n</think>\n')
    expect(events.at(-1)).toMatchObject({ error: { code: 'upstream_error' } })
  })

  test('what is kept is what was said', async () => {
    await using it = await world(ON)
    const { id } = await it.answer({ store: true })
    const kept = await (await it.gate.get(`/v1/chat/completions/${id}`)).json()
    expect(kept.choices[0].message.content).toBe(SAID)
  })

  test.each([
    ['asked for no thinking', ON, { reasoning_effort: 'none' }],
    ['thinking is not shown', { ...ON, show_thinking: false }, {}],
  ])('nothing of it is told where %s', async (_, settings, body) => {
    await using it = await world(settings)
    expect((await it.answer(body)).choices[0].message.content).toBe('Hello there')
    expect(textOf(await it.events(body))).toBe('Hello there')
  })

  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: SAID },
    { role: 'user', content: 'And <think>now</think>?' },
  ]
  const told = (seen: Seen | undefined): unknown[] =>
    JSON.parse(seen?.body ?? '').messages.map(({ content }: { content: unknown }) => content)

  test('thoughts that come back with an answer do not reach the upstream', async () => {
    await using it = await world(ON)
    for (const body of [{}, { store: true }]) await it.answer({ ...body, messages, seed: 1, x: 2 })
    for (const seen of it.upstream.asked()) {
      expect(told(seen)).toEqual(['Hi', 'Hello there', 'And <think>now</think>?'])
      expect(JSON.parse(seen.body)).toMatchObject({ seed: 1, x: 2 })
    }
  })

  test('nor do they reach one of the other dialect', async () => {
    await using upstream = fakeResponses()
    await using gate = await gateway({ settings: ON })
    await gate.stores.accounts.add({
      ...{ kind: 'openai', name: 'other', baseUrl: upstream.url, secret: 'sk-1' },
      ...{ api: 'responses', models: MODELS },
    })
    await gate.app.refresh()
    await gate.post('/v1/chat/completions', { ...ASK, messages })
    expect(upstream.asked()[0]?.body).toContain('Hello there')
    expect(upstream.asked()[0]?.body).not.toContain('Hm, hm.')
  })

  test('they stay where the setting is off, and so does the stream', async () => {
    await using it = await world({})
    expect((await it.answer({ messages })).choices[0].message).toMatchObject({
      content: 'Hello there',
      reasoning_content: 'Hm, hm.',
    })
    expect(told(it.upstream.asked()[0])[1]).toBe(SAID)
    const deltas = (await it.events()).flatMap(
      (event) => (event as { choices?: { delta: unknown }[] }).choices ?? [],
    )
    expect(deltas.map(({ delta }) => delta)).toEqual([...DELTAS, {}])
  })
})
