import { describe, expect, test } from 'bun:test'
import type { Route } from '#src/store/schema'
import { fakePool } from '../fakes/pool'
import { type Act, healthy, refuse, refuseNested } from '../fakes/pool-acts'
import { inParallel, poolGateway, take } from '../support/pool'

/** An account for each model, named for it. */
const MODELS = ['small', 'large', 'other']

async function setUp(acts: Readonly<Record<string, Act>> = {}) {
  const stack = new AsyncDisposableStack()
  const pool = stack.use(
    await fakePool({ small: healthy, large: healthy, other: healthy, ...acts }),
  )
  const accounts = MODELS.map((name) => ({ name, baseUrl: pool.url, models: [name] }))
  const it = stack.use(await poolGateway({ accounts }))
  const key = await it.key('me')
  const route = (name: string, value: Route) =>
    it.change('INSERT INTO aliases (name, model, route) VALUES (?, ?, ?)', [
      name,
      value.targets[0]?.model ?? '',
      JSON.stringify(value),
    ])
  return { pool, it, key, route, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const inOrder = (models: readonly string[], also?: Route['also']): Route => ({
  mode: 'order',
  targets: models.map((model) => ({ model })),
  ...(also && { also }),
})

const LIMITED = refuse(429, 'resource-exhausted', 'Too many requests.')
const BROKEN = refuse(500, 'internal', 'Internal server error.')

const TOO_LONG = {
  message: "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
  type: 'invalid_request_error',
  code: 'context_length_exceeded',
}
const IMMODEST = {
  message: 'Content violates usage guidelines. This request was stopped by content moderation.',
  type: 'invalid_request_error',
  code: 'content_policy_violation',
}

/** Refusals of a request for what it is, and the word that lets a route go on. */
const REFUSALS: readonly {
  readonly says: string
  readonly act: Act
  readonly status: number
  readonly also: 'context_length' | 'moderation'
}[] = [
  {
    says: 'a context that is too long',
    act: refuseNested(400, TOO_LONG),
    status: 400,
    also: 'context_length',
  },
  {
    says: "a context that is too long, in xAI's words",
    act: refuse(400, 'Client specified an invalid argument', TOO_LONG.message),
    status: 400,
    also: 'context_length',
  },
  {
    says: 'a moderation refusal',
    act: refuseNested(400, IMMODEST),
    status: 400,
    also: 'moderation',
  },
  {
    says: "a moderation refusal, in xAI's words",
    act: refuse(403, 'permission-denied', IMMODEST.message),
    status: 403,
    also: 'moderation',
  },
]

describe('a route in order', () => {
  test('asks the first model while it can answer', async () => {
    await using parts = await setUp()
    const { it, key, route } = parts
    await route('best', inOrder(['small', 'large']))
    for (const stream of [false, true]) {
      const reply = await take(it, { prompt: 'Hi', model: 'best', stream, key })
      expect([reply.model, reply.account, reply.attempts]).toEqual(['small', 'small', 1])
      expect(reply.isWhole('small')).toBe(true)
      // The model in the answer is the model asked for.
      expect(reply.text).toContain('"model":"best"')
      expect(reply.text).not.toContain('"model":"small"')
    }
    const rows = await it.rows('SELECT model, model_used FROM ledger')
    expect(rows).toEqual(Array(2).fill({ model: 'best', model_used: 'small' }))
  })

  test.each([
    ['is limited', LIMITED],
    ['is broken', BROKEN],
  ])('falls back when the only account of the first model %s', async (_, act) => {
    await using parts = await setUp({ small: act })
    const { pool, it, key, route } = parts
    await route('best', inOrder(['small', 'large']))
    for (let turn = 0; turn < 10; turn++) {
      const reply = await take(it, {
        prompt: `turn ${turn}`,
        model: 'best',
        stream: turn % 2 === 0,
        key,
      })
      expect([reply.status, reply.model, reply.account]).toEqual([200, 'large', 'large'])
      expect(reply.isWhole('large')).toBe(true)
      expect(reply.attempts).toBe(turn === 0 ? 2 : 1)
    }
    // It rests after its first failure.
    expect(pool.account('small').calls).toHaveLength(1)
  })

  test('falls back past models that nobody has, and past several that fail', async () => {
    await using parts = await setUp({ small: BROKEN, large: LIMITED })
    const { it, key, route } = parts
    await route('best', inOrder(['unheard-of', 'small', 'large', 'other']))
    const reply = await take(it, { prompt: 'Hi', model: 'best', key })
    expect([reply.status, reply.model, reply.attempts]).toEqual([200, 'other', 3])
  })

  test('fails as the last model did when none can answer', async () => {
    await using parts = await setUp({ small: LIMITED, large: LIMITED })
    const { it, key, route } = parts
    await route('best', inOrder(['small', 'large']))
    const reply = await take(it, { prompt: 'Hi', model: 'best', key })
    expect([reply.status, JSON.parse(reply.text).error.code]).toEqual([429, 'rate_limit_exceeded'])
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test.each(REFUSALS.map((refusal) => [refusal.says, refusal] as const))(
    'falls back on %s only when it says so',
    async (_, { act, status, also }) => {
      await using parts = await setUp({ small: act })
      const { pool, it, key, route } = parts
      await route('strict', inOrder(['small', 'large']))
      await route('yielding', inOrder(['small', 'large'], [also]))
      const other = also === 'moderation' ? 'context_length' : 'moderation'
      await route('elsewhere', inOrder(['small', 'large'], [other]))
      for (const stream of [false, true]) {
        const ask = (model: string) => take(it, { prompt: 'Hi', model, stream, key })
        for (const model of ['strict', 'elsewhere', 'small'])
          expect([model, (await ask(model)).status]).toEqual([model, status])
        const reply = await ask('yielding')
        expect([reply.status, reply.model, reply.attempts]).toEqual([200, 'large', 2])
        expect(reply.isWhole('large')).toBe(true)
      }
      // The request is to blame, so that the account is asked every time.
      expect(pool.account('small').calls).toHaveLength(8)
      expect(pool.account('large').calls).toHaveLength(2)
    },
  )

  test('does not fall back on other refusals of the request', async () => {
    const invalid = refuseNested(400, { message: 'Bad temperature.', code: 'invalid_value' })
    await using parts = await setUp({ small: invalid })
    const { pool, it, key, route } = parts
    await route('best', inOrder(['small', 'large'], ['context_length', 'moderation']))
    const reply = await take(it, { prompt: 'Hi', model: 'best', key })
    expect([reply.status, JSON.parse(reply.text).error.code]).toEqual([400, 'invalid_value'])
    expect(pool.account('large').calls).toEqual([])
  })

  test('is one model to the world: listed once, and a limited key needs only it', async () => {
    await using parts = await setUp()
    const { it, route } = parts
    await route('best', inOrder(['small', 'large']))
    const { secret } = await it.stores.keys.create({ name: 'limited', models: ['best'] })
    await it.app.refresh()
    expect((await take(it, { prompt: 'Hi', model: 'best', key: secret })).status).toBe(200)
    expect((await take(it, { prompt: 'Hi', model: 'small', key: secret })).status).toBe(403)
    const { data } = await (await it.get('/v1/models')).json()
    const ids: string[] = data.map(({ id }: { id: string }) => id)
    expect(ids.toSorted()).toEqual(['best', 'large', 'other', 'small'])
  })
})

describe('a route that is split', () => {
  const split: Route = {
    mode: 'split',
    targets: [
      { model: 'small', weight: 90 },
      { model: 'large', weight: 10 },
    ],
  }

  test('gives conversations to its models by weight, whoever has them', async () => {
    await using parts = await setUp()
    const { it, route } = parts
    await route('mixed', split)
    const shares: number[] = []
    // What a conversation is called by depends on its key, so that luck differs from key to key.
    for (const name of ['one', 'two', 'three', 'four', 'five']) {
      const key = await it.key(name)
      let small = 0
      await inParallel(32, Array(1_000).keys(), async (index) => {
        const body = { prompt_cache_key: `talk-${index}` }
        const reply = await take(it, { prompt: `${index}`, model: 'mixed', key, body })
        expect(reply.status).toBe(200)
        if (reply.model === 'small') small++
      })
      shares.push(small)
    }
    // Four deviations of a thousand throws.
    expect(shares.filter((small) => Math.abs(small - 900) > 40)).toEqual([])
  }, 30_000)

  test('keeps each conversation on its model', async () => {
    await using parts = await setUp()
    const { it, key, route } = parts
    await route('mixed', split)
    const models = new Map<number, Set<string>>()
    for (let turn = 0; turn < 5; turn++)
      await inParallel(32, Array(300).keys(), async (index) => {
        const body = { prompt_cache_key: `talk-${index}` }
        const prompt = `turn ${turn} of ${index}`
        const reply = await take(it, { prompt, model: 'mixed', key, body })
        models.set(index, (models.get(index) ?? new Set()).add(reply.model))
      })
    expect([...models.values()].filter(({ size }) => size > 1)).toEqual([])
    expect(new Set([...models.values()].flatMap((used) => [...used]))).toEqual(
      new Set(['small', 'large']),
    )
  }, 30_000)
})
