import { expect, test } from 'bun:test'
import { fakeResponses } from '../fakes/responses-upstream'
import { chunk, fakeUpstream, hello, MODELS, sse } from '../fakes/upstream'
import { ASK, gateway, openaiAt } from '../support/gateway'

/** An account that speaks chat only, and one that speaks Responses only, both with the same models. */
async function mixed() {
  const stack = new AsyncDisposableStack()
  const [said = {}] = hello().choices
  const both = [said, { ...said, index: 1 }]
  const chat = stack.use(
    fakeUpstream(({ path, body }) => {
      if (path === '/v1/models' || JSON.parse(body).n !== 2) return undefined
      if (!JSON.parse(body).stream) return Response.json(hello({ choices: both }))
      const events = [0, 1].map((index) => ({
        ...chunk({}),
        choices: [{ index, delta: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
      }))
      return sse([...events.map((event) => JSON.stringify(event)), '[DONE]'])
    }),
  )
  const modern = stack.use(fakeResponses(undefined, { chat: false }))
  const gate = stack.use(await gateway())
  for (const [api, { url }] of [
    ['chat', chat],
    ['responses', modern],
  ] as const)
    await gate.stores.accounts.add({
      ...{ kind: 'openai', name: api, baseUrl: url, secret: `sk-secret-of-${api}` },
      ...{ api, models: MODELS },
    })
  await gate.app.refresh()
  return { chat, modern, gate, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const SEARCH = { type: 'web_search' }
const SPOKEN = { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }

/** What only one of the two can do. */
const NEEDS = [
  ['two choices', '/v1/chat/completions', { ...ASK, n: 2 }, 'chat'],
  ['two choices in a stream', '/v1/chat/completions', { ...ASK, n: 2, stream: true }, 'chat'],
  [
    'sound',
    '/v1/chat/completions',
    { ...ASK, messages: [{ role: 'user', content: [SPOKEN] }] },
    'chat',
  ],
  ['an answer aloud', '/v1/chat/completions', { ...ASK, modalities: ['text', 'audio'] }, 'chat'],
  [
    'a search of the web',
    '/v1/responses',
    { model: 'grok-4', input: 'Hi', tools: [SEARCH], tool_choice: 'required' },
    'responses',
  ],
] as const

/** So many that chance does not send all of them to the right account at once. */
const TURNS = 30

test.each(NEEDS)('a request that needs %s goes where it can be had', async (_, path, body, api) => {
  await using world = await mixed()
  const { gate } = world
  for (let turn = 0; turn < TURNS; turn++) {
    const response = await gate.post(path, { ...body, prompt_cache_key: `k${turn}` })
    expect([response.status, response.headers.get('x-groxy-account')]).toEqual([200, api])
    await response.text()
  }
  const rows = await gate.ledger()
  expect(rows.map(({ outcome }) => outcome)).toEqual(rows.map(() => 'done'))
  expect(rows.some(({ attempts }) => attempts > 1)).toBe(true)
  const other = api === 'chat' ? world.modern : world.chat
  expect(other.asked()).toEqual([])
})

const OFFER = { model: 'grok-4', input: 'Hi', tools: [SEARCH] }

test('a tool that an upstream would run brings the turn to one that runs it, at once', async () => {
  await using world = await mixed()
  const { gate } = world
  for (let turn = 0; turn < TURNS; turn++) {
    const body = { ...OFFER, tool_choice: 'auto', prompt_cache_key: `k${turn}` }
    const { headers } = await gate.post('/v1/responses', body)
    const told = ['account', 'attempts', 'dropped'].map((name) => headers.get(`x-groxy-${name}`))
    expect(told).toEqual(['responses', '1', null])
  }
  expect(world.chat.asked()).toEqual([])
})

test('while none of those can be asked, the others are, without the tool', async () => {
  await using world = await mixed()
  const { gate } = world
  await world.modern.stop()
  for (let turn = 0; turn < 2; turn++) {
    const { status, headers } = await gate.post('/v1/responses', OFFER)
    expect([status, headers.get('x-groxy-account')]).toEqual([200, 'chat'])
    expect(headers.get('x-groxy-dropped')).toBe('web_search')
  }
})

test('a developer speaks as the system to a server that has nothing but chat', async () => {
  await using upstream = fakeUpstream()
  await using gate = await gateway({ env: openaiAt(upstream.url) })
  const input = [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', content: 'Hi' },
  ]
  await gate.post('/v1/responses', { model: 'grok-4', input })
  const { messages } = JSON.parse(upstream.asked()[0]?.body ?? '')
  expect(messages[0]).toEqual({ role: 'system', content: 'Be brief.' })
})
