import { expect, test } from 'bun:test'
import { embed } from '../fakes/media/embeddings'
import { fakeUpstream } from '../fakes/upstream'
import { faults } from '../fakes/xai-media'
import { gateway, keyed, openaiAt } from '../support/gateway'
import { mediaPool } from '../support/media-pool'
import { ownClock } from '../support/own-clock'
import { until } from '../support/programs'

const MODEL = 'text-embedding-3-small'
const ASK = { model: MODEL, input: 'Hello', dimensions: 4 }
const PATH = '/v1/embeddings'

const numbersOf = (text: string): readonly number[] => [...embed(text, 4)]
const base64Of = (text: string): string => Buffer.from(embed(text, 4).buffer).toString('base64')

test('vectors come in the form that was asked for, by the model that was asked for', async () => {
  await using it = await mediaPool({ openai: ['one'] })
  await it.stores.aliases.set('vectors', MODEL)
  await it.app.refresh()
  for (const [format, written] of [
    [undefined, numbersOf],
    [null, numbersOf],
    ['float', numbersOf],
    ['base64', base64Of],
  ] as const) {
    const body = { ...ASK, model: 'vectors', input: ['Hello', 'there'], encoding_format: format }
    const reply = await it.post(PATH, body)
    expect(reply.status).toBe(200)
    expect(reply.headers.get('x-groxy-account')).toBe('one')
    expect(reply.headers.get('x-groxy-model')).toBe(MODEL)
    expect(await reply.json()).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: written('Hello') },
        { object: 'embedding', index: 1, embedding: written('there') },
      ],
      model: 'vectors',
      usage: { prompt_tokens: 4, total_tokens: 4 },
    })
    const told = it.open.calls.at(-1)?.body
    expect(told).toEqual({
      ...{ model: MODEL, input: ['Hello', 'there'], dimensions: 4 },
      ...(format && { encoding_format: format }),
    })
  }
  expect((await it.ledger())[0]).toMatchObject({
    ...{ endpoint: 'embeddings', model: 'vectors', modelUsed: MODEL, kind: 'openai' },
    ...{ status: 200, outcome: 'done', inputTokens: 4, outputTokens: 0, usageSource: 'reported' },
  })
})

test('the SDK gets the numbers that the upstream has made', async () => {
  await using it = await mediaPool({ openai: ['one'], xai: ['two'] })
  for (const model of [MODEL, 'grok-embedding-small']) {
    const asked = { model, input: ['Hello', 'there'], dimensions: 4 }
    for (const format of [undefined, 'float'] as const) {
      const { data } = await it.sdk.embeddings.create({
        ...asked,
        ...(format && { encoding_format: format }),
      })
      expect(data.map(({ embedding }) => embedding)).toEqual(
        [numbersOf('Hello'), numbersOf('there')].map((one) => [...one]),
      )
    }
  }
})

test.each([
  ['a text', 'Hello', 1],
  ['tokens', [1, 2, 3], 1],
  ['lists of tokens', [[1, 2], [3]], 2],
])('%s is an input', async (_, input, count) => {
  await using it = await mediaPool({ openai: ['one'] })
  const reply = await it.post(PATH, { ...ASK, input })
  expect((await reply.json()).data).toHaveLength(count)
  expect(it.open.calls.at(-1)?.body.input).toEqual(input)
})

test.each([
  ['numbers as base64', 'base64', [0.5, -0.25], 'AAAAPwAAgL4='],
  ['base64 as numbers', 'float', 'AAAAPwAAgL4=', [0.5, -0.25]],
])('%s, where the upstream writes the other', async (_, format, made, told) => {
  await using upstream = fakeUpstream(({ path }) =>
    path === PATH
      ? Response.json({ data: [{ index: 0, embedding: made }], usage: { prompt_tokens: 1 } })
      : undefined,
  )
  await using it = await gateway({ env: openaiAt(upstream.url) })
  const reply = await it.post(PATH, { model: 'grok-4', input: 'Hi', encoding_format: format })
  expect((await reply.json()).data).toEqual([{ object: 'embedding', index: 0, embedding: told }])
})

test('vectors are put in the order of their texts, and what nobody counted is guessed', async () => {
  await using upstream = fakeUpstream(({ path }) =>
    path === PATH
      ? Response.json({
          data: [
            { index: 1, embedding: [1] },
            { index: 0, embedding: [0.5] },
          ],
        })
      : undefined,
  )
  await using it = await gateway({ env: openaiAt(upstream.url) })
  const reply = await it.post(PATH, { model: 'grok-4', input: ['a', 'b'] })
  const { data, usage } = await reply.json()
  expect(data.map(({ embedding }: { embedding: number[] }) => embedding)).toEqual([[0.5], [1]])
  expect(usage.prompt_tokens).toBeGreaterThan(0)
  expect((await it.ledger())[0]?.usageSource).toBe('estimated')
})

test.each([
  ['a limit', faults.limited(60), 'cooling'],
  ['a wrong key', faults.refused(401, 'Incorrect API key provided.'), 'suspect'],
  ['a wrong key, as xAI says it', faults.refused(400, 'Incorrect API key provided: x.'), 'suspect'],
  ['a broken connection', faults.resets(), 'cooling'],
  ['an answer that breaks off', faults.cut(), 'cooling'],
  ['an outage', faults.refused(503), 'cooling'],
  ['nonsense', faults.says({ data: [] }), 'cooling'],
])('after %s another account is asked', async (_, fault, state) => {
  await using it = await mediaPool({ xai: ['one', 'two'], settings: { account_check: false } })
  it.grok.always({ endpoint: 'embeddings', account: 'key-one' }, fault)
  const accounts = new Set<string | null>()
  // Which of the two comes first, chance decides.
  while (it.grok.callsOf('embeddings', 'key-one').length === 0) {
    const reply = await it.post(PATH, { ...ASK, model: 'grok-embedding-small' })
    expect(reply.status).toBe(200)
    accounts.add(reply.headers.get('x-groxy-account'))
  }
  expect([...accounts]).toEqual(['two'])
  expect((await it.held()).map((held) => held.split(' ')[0])).toEqual(['one'])
  const tried = (await it.ledger()).flatMap(({ attemptLog }) => attemptLog ?? [])
  expect(tried.find(({ effect }) => effect)?.effect).toBe(state)
})

test('silence is an attempt that another account makes good', async () => {
  using clock = ownClock()
  const settings = { answer_timeout_ms: 100 }
  await using it = await mediaPool({ openai: ['one', 'two'], settings, now: clock.now })
  it.open.script('embeddings', faults.hangs())
  const reply = await it.post(PATH, ASK)
  expect([reply.status, reply.headers.get('x-groxy-attempts')]).toEqual([200, '2'])
  await it.open.callsOf('embeddings')[0]?.gone
})

test("a refusal of the request is the upstream's own, and nobody else is asked", async () => {
  await using it = await mediaPool({ openai: ['one', 'two'] })
  const reply = await it.post(PATH, { ...ASK, dimensions: 5000 })
  expect(reply.status).toBe(400)
  expect((await reply.json()).error).toMatchObject({ param: 'dimensions' })
  expect(it.open.callsOf('embeddings')).toHaveLength(1)
  expect(await it.held()).toEqual([])
})

test.each([
  ['nothing', { input: '' }, 'input'],
  ['no text', { input: [] }, 'input'],
  ['an empty text', { input: ['a', ''] }, 'input.1'],
  ['no tokens', { input: [[1], []] }, 'input.1'],
  ['too many texts', { input: Array(2049).fill('a') }, 'input'],
  ['something else', { input: { text: 'a' } }, 'input'],
  ['half numbers', { input: [0.5] }, 'input.0'],
  ['another format', { input: 'a', encoding_format: 'hex' }, 'encoding_format'],
  ['no dimension', { input: 'a', dimensions: 0 }, 'dimensions'],
  ['no model', { input: 'a', model: undefined }, 'model'],
])('%s is refused before anyone is asked', async (_, body, param) => {
  await using it = await mediaPool({ openai: ['one'] })
  const reply = await it.post(PATH, { model: MODEL, ...body })
  expect(reply.status).toBe(400)
  expect((await reply.json()).error).toMatchObject({ param, type: 'invalid_request_error' })
  expect(it.open.callsOf('embeddings')).toEqual([])
})

test('a model of accounts that make none is refused with a word that says so', async () => {
  await using it = await gateway()
  const reply = await it.post(PATH, { model: 'demo', input: 'Hi' })
  expect(reply.status).toBe(400)
  const { error } = await reply.json()
  expect(error).toMatchObject({ param: 'model', code: 'invalid_value' })
  expect(error.message).toContain("'demo'")
  expect((await it.get(PATH)).status).toBe(405)
  const missing = await it.post(PATH, { model: 'nothing', input: 'Hi' })
  expect([missing.status, (await missing.json()).error.code]).toEqual([404, 'model_not_found'])
})

test("a key's limits hold", async () => {
  // Within one minute.
  const now = Date.now()
  await using it = await mediaPool({ openai: ['one'], now: () => now })
  const narrow = await keyed(it, { models: ['gpt-5'] })
  expect((await narrow.post(PATH, ASK)).status).toBe(403)
  const { post } = await keyed(it, { tokensPerMinute: 3 })
  const statuses = [(await post(PATH, ASK)).status, (await post(PATH, ASK)).status]
  expect(statuses).toContain(429)
  expect(it.open.callsOf('embeddings').length).toBeLessThan(2)
})

test('whoever leaves is not waited for', async () => {
  await using it = await mediaPool({ openai: ['one'] })
  it.open.script('embeddings', faults.hangs())
  const abort = new AbortController()
  const asked = it.post(PATH, ASK, { signal: abort.signal }).catch(() => 'gone')
  while (it.open.callsOf('embeddings').length === 0) await Bun.sleep(1)
  abort.abort()
  expect(await asked).toBe('gone')
  await it.open.callsOf('embeddings')[0]?.gone
  const row = await until(async () => (await it.ledger())[0])
  expect(row).toMatchObject({ outcome: 'gone' })
})
