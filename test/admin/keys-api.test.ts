import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { fakeUpstream } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { DATABASES, emptyDatabase } from '../support/each-database'
import { ASK, xaiAt } from '../support/gateway'

const BEGIN_MS = 30_000

describe.each(DATABASES)('the admin API of keys over a %s', (kind) => {
  let it: Awaited<ReturnType<typeof world>>
  beforeAll(async () => {
    it = await world(kind)
  }, BEGIN_MS)
  afterAll(() => it[Symbol.asyncDispose]())

  const json = async (answer: Promise<Response>, status = 200) => {
    const found = await answer
    const body = await found.json()
    expect([found.status, found.status === status ? '' : body]).toEqual([status, ''])
    return body
  }
  const make = (more: object = {}) => json(it.api('/keys', { name: 'a key', ...more }), 201)
  const auditOf = async (action: string) =>
    (await it.stores.audit.list(100)).filter((entry) => entry.action === action)

  test('a key is made with every limit, works at once, and is told without its secret', async () => {
    const limits = {
      requests_per_minute: 60,
      tokens_per_minute: 5000,
      concurrency: 4,
      chat_per_day: 20,
      heavy_per_day: 2,
      image_per_day: 0,
      video_per_day: 1,
      cost_usd_ticks_per_day: 5e9,
      cost_usd_ticks_per_month: 1e11,
    }
    const expires_at = Math.floor(Date.now() / 1000) + 86_400
    const wish = { models: ['grok-4*', 'demo'], rescue: 'buffer', expires_at, limits }
    const { secret, ...made } = await make({ name: ' laptop ', ...wish })
    expect(secret).toStartWith('sk-groxy-')
    expect(made).toMatchObject({
      object: 'key',
      name: 'laptop',
      hint: secret.slice(-4),
      source: 'database',
      state: 'in_force',
      revision: 0,
      last_used_at: null,
      ...wish,
    })
    const { usage, usage_today, remaining_today } = await json(it.api(`/keys/${made.id}`))
    expect(usage).toHaveLength(9)
    expect(usage_today).toEqual({ chat: 0, heavy: 0, image: 0, video: 0, cost_usd_ticks: 0 })
    expect(remaining_today).toEqual({
      chat: 20,
      heavy: 2,
      image: 0,
      video: 1,
      cost_usd_ticks: 5e9,
    })
    expect((await it.ask(secret)).status).toBe(200)
    const everything = JSON.stringify([
      await json(it.api(`/keys/${made.id}`)),
      await json(it.api('/keys')),
      await it.stores.audit.list(100),
      it.lines,
    ])
    expect(everything).not.toContain(secret)
    expect(everything).not.toContain(secret.slice(-20))
  })

  test('what was used is told by limit, by day and by month', async () => {
    const { id, secret } = await make({ limits: { chat_per_day: 2 } })
    await it.ask(secret)
    await it.gate.app.refresh()
    await it.gate.app.flush()
    const seen = await json(it.api(`/keys/${id}`))
    expect(seen.usage).toEqual([
      { limit: 'chat_per_day', used: 1, remaining: 1, resets_at: expect.any(Number) },
    ])
    expect(seen.usage_today).toMatchObject({ chat: 1, heavy: null })
    expect(seen.remaining_today).toMatchObject({ chat: 1, image: null })
    await it.ask(secret)
    await it.gate.app.refresh()
    expect((await json(it.api(`/keys/${id}`))).state).toBe('at_limit')
    const spent = await json(it.api('/keys?state=at_limit'))
    expect(spent.data.map((key: { id: string }) => key.id)).toEqual([id])
    await it.gate.stores.write([
      ...sumsOf(id, 0, 3, 7),
      ...sumsOf(id, 25, 10, 70),
      ...sumsOf(id, 721, 100, 700),
    ])
    const later = await json(it.api(`/keys/${id}`))
    expect(later.last_used_at).toBe(Math.floor(Date.now() / 3_600_000) * 3600)
    expect(later.usage_30d.turns - later.usage_24h.turns).toBe(10)
    expect(later.usage_30d.cost_usd_ticks - later.usage_24h.cost_usd_ticks).toBe(70)
  })

  test('many keys are made together, in the order of their names', async () => {
    const wish = { name_prefix: 'class', count: 100, limits: { concurrency: 1 } }
    const { data } = await json(it.api('/keys/batch', wish), 201)
    expect(new Set(data.map(({ secret }: { secret: string }) => secret)).size).toBe(100)
    expect(data[99]).toMatchObject({ name: 'class-100', limits: { concurrency: 1 } })
    const found = await json(it.api('/keys?search=class-&limit=3'))
    expect(found).toMatchObject({ total: 100, has_more: true })
    expect(found.data.map(({ name }: { name: string }) => name)).toEqual([
      'class-1',
      'class-2',
      'class-3',
    ])
    const [entry] = await auditOf('key.create')
    expect(entry?.after?.keys).toHaveLength(100)
    expect((await it.api('/keys/batch', { name_prefix: 'x', count: 101 })).status).toBe(400)
  })

  test('the parts of a list follow each other, the key of the environment first', async () => {
    const all = (await json(it.api('/keys?limit=200'))).data.map(({ id }: { id: string }) => id)
    expect(all[0]).toBe('env')
    const seen: string[] = []
    for (let after = ''; ; ) {
      const part = await json(it.api(`/keys?limit=41${after && `&after=${after}`}`))
      seen.push(...part.data.map(({ id }: { id: string }) => id))
      expect(part.total).toBe(all.length)
      if (!part.has_more) break
      after = part.next
    }
    expect(seen).toEqual(all)
    const { data, next } = await json(it.api('/keys?limit=1'))
    expect(data).toMatchObject([{ id: 'env', source: 'environment' }])
    expect((await json(it.api(`/keys?limit=1&after=${next}`))).data[0].id).toBe(all[1])
  })

  test('a change names what it changes, and nobody overwrites what he has not seen', async () => {
    const { id, secret } = await make({ limits: { chat_per_day: 5, concurrency: 2 } })
    const patch = (body: object) => it.api(`/keys/${id}`, body, 'PATCH')
    const changed = await json(
      patch({ revision: 0, name: 'new name', limits: { chat_per_day: null } }),
    )
    expect(changed).toMatchObject({
      name: 'new name',
      revision: 1,
      limits: { chat_per_day: null, concurrency: 2 },
    })
    const late = await json(patch({ revision: 0, name: 'mine' }), 409)
    expect(late.error.code).toBe('revision_conflict')
    // The command line and other instances count, too.
    await it.stores.keys.change(id, { concurrency: 3 })
    expect((await patch({ revision: 1, name: 'mine' })).status).toBe(409)
    await json(patch({ revision: 2, enabled: false, expires_at: null, models: ['demo'] }))
    expect((await it.ask(secret)).status).toBe(401)
    expect(await auditOf('key.change')).toMatchObject([
      { before: { enabled: true, models: null }, after: { enabled: false, models: ['demo'] } },
      {
        subject: 'a key',
        before: { name: 'a key', chat_per_day: 5 },
        after: { name: 'new name', chat_per_day: null },
      },
    ])
  })

  test('of two changes at once one is made', async () => {
    const { id } = await make()
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((name) => it.api(`/keys/${id}`, { revision: 0, name }, 'PATCH')),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
  })

  test('many are switched off and on and revoked together, once each', async () => {
    const made = [await make(), await make(), await make()]
    const ids = made.map(({ id }) => id)
    const bulk = async (what: string) => (await json(it.api(`/keys/${what}`, { ids }))).changed
    expect([await bulk('disable'), await bulk('disable')]).toEqual([3, 0])
    expect((await it.ask(made[1].secret)).status).toBe(401)
    expect((await json(it.api('/keys?state=off'))).data).toHaveLength(4)
    expect([await bulk('enable'), await bulk('revoke'), await bulk('enable')]).toEqual([3, 3, 0])
    expect((await it.ask(made[1].secret)).status).toBe(401)
    expect((await json(it.api('/keys?state=revoked'))).data).toHaveLength(3)
    expect((await auditOf('key.disable'))[0]).toMatchObject({ subject: '3 keys' })
    expect(
      (await json(it.api(`/keys/${ids[0]}`, { revision: 3, name: 'x' }, 'PATCH'), 400)).error
        .message,
    ).toContain('revoked')
  })

  test('a revoked key is gone from the list, and can still be looked up', async () => {
    const { id, name } = await make({ name: 'short-lived' })
    expect(await json(it.api(`/keys/${id}`, undefined, 'DELETE'))).toMatchObject({
      state: 'revoked',
      revoked_at: expect.any(Number),
    })
    expect((await json(it.api(`/keys?search=${name}`))).total).toBe(0)
    expect((await json(it.api(`/keys?search=${name}&state=all`))).total).toBe(1)
    expect((await json(it.api(`/keys/${id}`))).state).toBe('revoked')
  })

  test('the key of the environment is not changed here', async () => {
    const seen = await json(it.api('/keys/env'))
    expect(seen).toMatchObject({ source: 'environment', state: 'in_force' })
    const answer = await json(it.api('/keys/env', { revision: 0, name: 'x' }, 'PATCH'), 400)
    expect(answer.error.message).toContain('GROXY_API_KEY')
    expect((await it.api('/keys/env', undefined, 'DELETE')).status).toBe(400)
  })

  test('signs that mean something to a database mean nothing in a search', async () => {
    await make({ name: "100%_\\'; DROP TABLE keys" })
    for (const [search, total] of [
      ['100%_', 1],
      ['%', 1],
      ['_\\', 1],
      ["'; drop", 1],
      ['%%', 0],
    ] as const)
      expect([
        search,
        (await json(it.api(`/keys?search=${encodeURIComponent(search)}`))).total,
      ]).toEqual([search, total])
  })

  test.each([
    ['POST', '', { name: '' }, 'name'],
    ['POST', '', { name: '  ' }, 'name'],
    ['POST', '', { name: 'a', colour: 'red' }, 'colour'],
    ['POST', '', { name: 'a', limits: { chat_per_day: -1 } }, 'limits.chat_per_day'],
    ['POST', '', { name: 'a', limits: { chat: 1 } }, 'limits.chat'],
    ['POST', '', { name: 'a', models: [] }, 'models'],
    ['POST', '', { name: 'a', expires_at: 1 }, 'expires_at'],
    ['POST', '', { name: 'a', expires_at: 1e12 }, 'expires_at'],
    ['POST', '/enable', { ids: [] }, 'ids'],
    ['GET', '?limit=0', undefined, 'limit'],
    ['GET', '?limit=many', undefined, 'limit'],
    ['GET', '?state=happy', undefined, 'state'],
  ])('%s /keys%s with %j is refused by name', async (method, path, body, param) => {
    const { error } = await json(it.api(`/keys${path}`, body, method), 400)
    expect(error.param ?? '').toBe(param)
  })

  test('a key that is not there is not found', async () => {
    expect((await it.api('/keys/nobody')).status).toBe(404)
    expect((await it.api('/keys/nobody', { revision: 0 }, 'PATCH')).status).toBe(404)
    expect((await it.api('/keys/nobody', undefined, 'DELETE')).status).toBe(404)
  })
})

async function world(kind: (typeof DATABASES)[number]) {
  const database = await emptyDatabase(kind)
  const upstream = fakeUpstream()
  const it = await adminWorld({ ...database.options, env: xaiAt(upstream.url) })
  return {
    ...it,
    ask: (secret: string) =>
      fetch(`${it.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify(ASK),
      }),
    async [Symbol.asyncDispose]() {
      await it[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** What a key has used in an hour before this one. */
function sumsOf(id: string, hoursAgo: number, turns: number, cost: number) {
  const hour = Math.floor(Date.now() / 3_600_000) - hoursAgo
  const numbers = [turns, 0, 0, 0, 0, 0, 0, cost, 0]
  const adding = (into: string, key: readonly (string | number)[]) => ({
    sql: `INSERT INTO ${into} VALUES (${[...key, ...numbers].map(() => '?')})
      ON CONFLICT DO UPDATE SET turns = turns + excluded.turns, cost_ticks = cost_ticks + excluded.cost_ticks`,
    args: [...key, ...numbers],
  })
  return [
    adding('ledger_rollups', ['key', hour, id]),
    adding('ledger_days', [id, Math.floor(hour / 24)]),
  ]
}
