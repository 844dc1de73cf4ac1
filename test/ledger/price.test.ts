import { describe, expect, test } from 'bun:test'
import { createPricing, listedPrice } from '#src/ledger/price'
import type { Price } from '#src/store/prices'
import type { UpstreamModel } from '#src/store/schema'
import { chunk, fakeUpstream, hello, sse } from '../fakes/upstream'
import { ASK, gateway, openaiAt, xaiAt } from '../support/gateway'

const DOLLAR = 10_000_000_000

/** As xAI lists it: 1.25 / 0.20 / 2.50 dollars a million, twice as much from 200,000 tokens on. */
const LISTED: UpstreamModel = {
  id: 'grok-4.3',
  prompt_text_token_price: 12_500,
  cached_prompt_text_token_price: 2_000,
  completion_text_token_price: 25_000,
  prompt_text_token_price_long_context: 25_000,
  cached_prompt_text_token_price_long_context: 4_000,
  completion_text_token_price_long_context: 50_000,
  long_context_threshold: 200_000,
}

const OWN: Price = {
  model: 'own',
  input: 1,
  cached: null,
  output: 3,
  longFrom: null,
  longInput: null,
  longCached: null,
  longOutput: null,
}

function pricing(models: readonly UpstreamModel[], own: readonly Price[] = []) {
  let time = 0
  let asked = 0
  const it = createPricing({
    modelOf(name) {
      asked++
      return models.find(({ id }) => id === name)
    },
    now: () => time,
  })
  it.update(new Map(own.map((price) => [price.model, price])))
  return { ...it, wait: (ms: number) => (time += ms), asked: () => asked }
}

describe('what a turn costs by a list', () => {
  test.each([
    ['nothing', 0, 0, 0, 0],
    ['a million in', 1_000_000, 0, 0, 2.5],
    ['a short prompt', 100_000, 0, 0, 0.125],
    ['cached tokens at their own price', 100_000, 40_000, 0, 0.06 * 1.25 + 0.04 * 0.2],
    ['an answer', 0, 0, 1_000_000, 2.5],
    ['the longest short prompt', 199_999, 0, 1_000, 0.24999875 + 0.0025],
    ['the shortest long prompt', 200_000, 0, 1_000, 0.5 + 0.005],
    ['a long prompt that was cached', 300_000, 300_000, 0, 0.12],
    ['more cached than there was', 10, 20, 0, 0.000002],
  ])('%s', (_, input, cached, output, dollars) => {
    const cost = pricing([LISTED]).cost('grok-4.3', { input, cached, output })
    expect(cost).toBe(Math.round(dollars * DOLLAR))
  })

  test('is a whole number of ticks', () => {
    const { cost } = pricing([{ ...LISTED, prompt_text_token_price: 0.3 }])
    expect(cost('grok-4.3', { input: 5, cached: 0, output: 0 })).toBe(2)
  })

  test('is nothing that anybody knows without one', () => {
    const { cost, estimate } = pricing([{ id: 'plain' }])
    expect(cost('plain', { input: 1, cached: 0, output: 1 })).toBeNull()
    expect(cost('unheard', { input: 1, cached: 0, output: 1 })).toBeNull()
    expect(estimate('plain', 1_000, 1_000)).toBe(0)
  })

  test.each([
    ['negative', -1],
    ['a text', '12500'],
    ['no number', Number.NaN],
    ['endless', Number.POSITIVE_INFINITY],
    ['absurd', 1e15],
    ['null', null],
    ['an object', {}],
  ])('a price that is %s is none', (_, price) => {
    expect(listedPrice({ ...LISTED, prompt_text_token_price: price })).toBeUndefined()
    expect(listedPrice({ ...LISTED, completion_text_token_price: price })).toBeUndefined()
    const { cost } = pricing([{ ...LISTED, cached_prompt_text_token_price: price }])
    expect(cost('grok-4.3', { input: 100, cached: 100, output: 0 })).toBe(100 * 12_500)
    const long = pricing([{ ...LISTED, prompt_text_token_price_long_context: price }])
    expect(long.cost('grok-4.3', { input: 200_000, cached: 0, output: 0 })).toBe(200_000 * 12_500)
  })

  test('a threshold that is none makes no prompt long', () => {
    const { cost } = pricing([{ ...LISTED, long_context_threshold: '200000' }])
    expect(cost('grok-4.3', { input: 300_000, cached: 0, output: 0 })).toBe(300_000 * 12_500)
  })
})

describe("an operator's price", () => {
  test("holds for the rest, and before an upstream's list", () => {
    const { cost } = pricing([LISTED], [OWN, { ...OWN, model: 'grok-4.3' }])
    const million = { input: 1_000_000, cached: 500_000, output: 1_000_000 }
    expect(cost('own', million)).toBe(4 * DOLLAR)
    expect(cost('grok-4.3', million)).toBe(4 * DOLLAR)
  })

  test('is known at once, a changed list within seconds, and neither is looked up every turn', () => {
    const models = [LISTED]
    const { cost, update, wait, asked } = pricing(models)
    const tokens = { input: 1_000, cached: 0, output: 0 }
    for (let turn = 0; turn < 100; turn++) cost('grok-4.3', tokens)
    for (let turn = 0; turn < 100; turn++) cost('unheard', tokens)
    expect(asked()).toBe(2)
    models[0] = { ...LISTED, prompt_text_token_price: 10_000 }
    wait(11_000)
    expect(cost('grok-4.3', tokens)).toBe(10_000_000)
    update(new Map([['grok-4.3', { ...OWN, input: 2 }]]))
    expect(cost('grok-4.3', tokens)).toBe(20_000_000)
    update(new Map())
    expect(cost('grok-4.3', tokens)).toBe(10_000_000)
  })

  test('is estimated for what is yet to come', () => {
    expect(pricing([], [OWN]).estimate('own', 1_000, 2_000)).toBe(7_000 * 10_000)
  })
})

describe('the cost in the ledger', () => {
  const usage = {
    prompt_tokens: 200_000,
    completion_tokens: 1_000,
    total_tokens: 201_000,
    prompt_tokens_details: { cached_tokens: 100_000 },
  }
  const lists = (said: object) => (seen: { readonly path: string; readonly body: string }) => {
    if (seen.path === '/v1/models') return Response.json({ data: [LISTED, { id: 'plain' }] })
    const body = { ...usage, ...said }
    return JSON.parse(seen.body).stream
      ? sse([
          JSON.stringify(chunk({ role: 'assistant', content: 'Hi' }, 'stop')),
          JSON.stringify({ ...chunk({}), choices: [], usage: body }),
          '[DONE]',
        ])
      : Response.json(hello({ usage: body }))
  }
  const LONG_COST = 100_000 * 25_000 + 100_000 * 4_000 + 1_000 * 50_000

  test.each([false, true])('is worked out from the list, streamed: %p', async (stream) => {
    await using upstream = fakeUpstream(lists({}))
    await using it = await gateway({ env: xaiAt(upstream.url) })
    await (await it.post('/v1/chat/completions', { ...ASK, model: 'grok-4.3', stream })).text()
    expect(await it.ledger()).toMatchObject([{ costTicks: LONG_COST, costSource: 'computed' }])
    expect(await it.stores.ledger.hours()).toMatchObject([{ costTicks: LONG_COST }])
  })

  test.each([
    ['the exact cost in the answer wins', 12_345, 12_345, 'reported'],
    ['also when it is nothing', 0, 0, 'reported'],
    ['but not when it cannot be true', -5, LONG_COST, 'computed'],
    ['or is no number', '7', LONG_COST, 'computed'],
  ])('%s', async (_, cost_in_usd_ticks, costTicks, costSource) => {
    await using upstream = fakeUpstream(lists({ cost_in_usd_ticks }))
    await using it = await gateway({ env: xaiAt(upstream.url) })
    await (await it.post('/v1/chat/completions', { ...ASK, model: 'grok-4.3' })).text()
    expect(await it.ledger()).toMatchObject([{ costTicks, costSource }])
  })

  test('follows a price that is set while it runs, and is unknown without one', async () => {
    await using upstream = fakeUpstream(lists({}))
    await using it = await gateway({ env: openaiAt(upstream.url) })
    const ask = async () => {
      await (await it.post('/v1/chat/completions', { ...ASK, model: 'plain' })).text()
      return (await it.ledger())[0]
    }
    expect(await ask()).toMatchObject({ costTicks: null, costSource: null })
    await it.stores.prices.set({ ...OWN, model: 'plain' })
    await it.app.refresh()
    expect(await ask()).toMatchObject({ costTicks: 203_000 * 10_000, costSource: 'computed' })
    expect(await it.stores.prices.remove('plain')).toBe(true)
    expect(await it.stores.prices.remove('plain')).toBe(false)
    await it.app.refresh()
    expect(await ask()).toMatchObject({ costTicks: null })
  })

  test.each([-1, Number.NaN, 1e9])('a price of %p is not taken', async (input) => {
    await using it = await gateway()
    await expect(it.stores.prices.set({ ...OWN, input })).rejects.toThrow('is no price')
  })
})
