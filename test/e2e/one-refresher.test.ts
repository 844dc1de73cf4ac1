import { describe, expect, test } from 'bun:test'
import { openFile } from '#src/store/file'
import { openRemote } from '#src/store/remote'
import { fakeUpstream } from '../fakes/upstream'
import { type Gateway, gateway } from '../support/gateway'
import { scratch } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'

const MINUTE = 60_000
const LOOK_MS = 2_000
const PLACES = isWithoutSqld ? (['a file'] as const) : (['a file', 'a libSQL server'] as const)

/** Instances over one database, under one clock that only the test moves. */
async function world(place: (typeof PLACES)[number], count: number, settings: object = {}) {
  const stack = new AsyncDisposableStack()
  const server = place === 'a libSQL server' ? stack.use(await sqld()) : undefined
  const { path } = stack.use(await scratch('refresher'))
  let time = Date.now()
  const now = () => time
  const living: Gateway[] = []
  const start = async () => {
    const client = server ? openRemote(server.url) : openFile(`${path}/groxy.db`)
    const it = await gateway({ client, now, settings: { ...settings } })
    living.push(it)
    return it
  }
  for (let at = 0; at < count; at++) await start()
  stack.defer(async () => {
    for (const it of living) await it[Symbol.asyncDispose]()
  })
  return {
    living,
    start,
    now,
    /** One that says nothing any more. */
    kill: (at: number) => stack.use(living.splice(at, 1)[0] as Gateway),
    /** Time passes, and all look as they do every two seconds. */
    async pass(ms: number, at = LOOK_MS) {
      for (let passed = 0; passed < ms; passed += at) {
        time += at
        await Promise.all(living.map(({ app }) => app.refresh()))
        for (const it of living) await it.settle()
      }
    },
    addAccounts: async (url: string, names: readonly string[]) => {
      for (const name of names)
        await living[0]?.stores.accounts.add({
          ...{ kind: 'openai', name, baseUrl: url, secret: `sk-secret-of-${name}` },
        })
    },
    models: () =>
      Promise.all(
        living.map(async (it) => {
          const { data } = (await (await it.get('/v1/models')).json()) as {
            readonly data: readonly { readonly id: string }[]
          }
          return data.map(({ id }) => id).filter((id) => id !== 'demo')
        }),
      ),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const lists = (upstream: { readonly seen: readonly { readonly path: string }[] }) =>
  upstream.seen.filter(({ path }) => path.endsWith('/models')).length

describe.each(PLACES)('instances over %s', (place) => {
  test('ask for a model list as often as one would, and all know it soon', async () => {
    await using upstream = fakeUpstream()
    await using it = await world(place, 3, { model_refresh_minutes: 10 })
    await it.addAccounts(upstream.url, ['one', 'two'])
    await it.pass(3 * LOOK_MS)
    expect(lists(upstream)).toBe(2)
    for (const known of await it.models()) expect(known).toContain('grok-4')
    await it.pass(60 * MINUTE, 20_000)
    // Every ten minutes, a tenth more or less, for each of two accounts.
    expect(lists(upstream)).toBeGreaterThanOrEqual(2 + 2 * 5)
    expect(lists(upstream)).toBeLessThanOrEqual(2 + 2 * 7)
  }, 60_000)

  test('ask one that does not answer as often as one would, and go on when who asked is gone', async () => {
    await using upstream = fakeUpstream(() => new Response('No.', { status: 500 }))
    await using it = await world(place, 3)
    await it.addAccounts(upstream.url, ['one'])
    await it.pass(10 * MINUTE, 4_000)
    expect(lists(upstream)).toBeGreaterThanOrEqual(8)
    expect(lists(upstream)).toBeLessThanOrEqual(12)
    it.kill(0)
    it.kill(0)
    const before = lists(upstream)
    await it.pass(3 * MINUTE, 4_000)
    expect(lists(upstream) - before).toBeGreaterThanOrEqual(2)
    expect(lists(upstream) - before).toBeLessThanOrEqual(4)
  }, 60_000)

  test('take over what an instance was asking when it died, within its lease', async () => {
    const isSilent = { value: true }
    await using upstream = fakeUpstream(async () => {
      if (isSilent.value) await new Promise(() => {})
      return undefined
    })
    await using it = await world(place, 2)
    await it.addAccounts(upstream.url, ['one'])
    const [first, second] = it.living
    // It asks, and nothing comes back.
    const stuck = first?.app.refresh()
    while (lists(upstream) === 0) await Bun.sleep(5)
    isSilent.value = false
    it.kill(0)
    await second?.app.refresh()
    await second?.settle()
    expect(lists(upstream)).toBe(1)
    await it.pass(36_000)
    expect(lists(upstream)).toBe(2)
    expect(await it.models()).toEqual([expect.arrayContaining(['grok-4'])])
    stuck?.catch(() => {})
  }, 60_000)

  test('ask at once, by one of them, for everything when an operator wants it', async () => {
    await using upstream = fakeUpstream()
    await using it = await world(place, 3)
    await it.addAccounts(upstream.url, ['one', 'two'])
    await it.pass(3 * LOOK_MS)
    const before = lists(upstream)
    await it.living[1]?.stores.jobs.want('models', 'run')
    await it.pass(4 * LOOK_MS)
    expect(lists(upstream) - before).toBe(2)
    const rows = await it.living[0]?.stores.jobs.all()
    expect(rows?.find(({ name }) => name === 'models')).toMatchObject({
      name: 'models',
      state: 'done',
      done: 2,
      total: 2,
      wanted: null,
    })
  }, 60_000)

  test('ask each for itself while the database is away', async () => {
    await using upstream = fakeUpstream(() => new Response('No.', { status: 500 }))
    await using it = await world(place, 2)
    await it.addAccounts(upstream.url, ['one'])
    await it.pass(LOOK_MS)
    const away = () => Promise.reject(new Error('The database is away.'))
    for (const { client } of it.living) Object.assign(client, { execute: away, batch: away })
    const before = lists(upstream)
    await it.pass(5 * MINUTE, 4_000)
    expect(lists(upstream) - before).toBeGreaterThanOrEqual(2 * 3)
  }, 60_000)
})
