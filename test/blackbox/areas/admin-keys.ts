import { expect, test } from 'bun:test'
import { expectRefusal, good, type List } from '../checks'
import type { Json, Target } from '../world'

interface Key extends Json {
  readonly id: string
  readonly secret: string
  readonly revision: number
}

/** Keys of programs, as the operator has them. */
export function adminKeysSuite(target: Target): void {
  const api = (...parts: Parameters<ReturnType<Target>['admin']['api']>) =>
    target().admin.api(...parts)
  const make = (more: object = {}) => good<Key>(api('/keys', { name: 'a key', ...more }), 201)

  test('one is made with every limit, and its secret told once', async () => {
    const wish = {
      models: ['talk*', 'reply'],
      rescue: 'buffer',
      expires_at: Math.floor(Date.now() / 1000) + 86_400,
      limits: {
        ...{ requests_per_minute: 60, tokens_per_minute: 5000, concurrency: 4, chat_per_day: 20 },
        ...{ heavy_per_day: 2, image_per_day: 0, video_per_day: 1 },
        ...{ cost_usd_ticks_per_day: 5e9, cost_usd_ticks_per_month: 1e11 },
      },
    }
    const { secret, ...made } = await make(wish)
    expect(secret).toStartWith('sk-groxy-')
    expect(made).toMatchObject({ object: 'key', hint: secret.slice(-4), revision: 0, ...wish })
    const seen = await good<{ usage: readonly unknown[] }>(api(`/keys/${made.id}`))
    expect(seen.usage).toHaveLength(9)
    expect(JSON.stringify([seen, await good(api('/keys'))])).not.toContain(secret)
  })

  test('one is changed by who has seen it', async () => {
    const { id } = await make({ limits: { chat_per_day: 5, concurrency: 2 } })
    const patch = (body: object) => api(`/keys/${id}`, body, 'PATCH')
    const changed = await good(
      patch({ revision: 0, name: 'new name', limits: { chat_per_day: null } }),
    )
    expect(changed).toMatchObject({
      ...{ name: 'new name', revision: 1 },
      limits: { chat_per_day: null, concurrency: 2 },
    })
    await expectRefusal(patch({ revision: 0, name: 'mine' }), {
      status: 409,
      code: 'revision_conflict',
    })
  })

  test('of changes that race, one holds', async () => {
    const { id } = await make()
    const answers = await Promise.all(
      ['one', 'two', 'three', 'four'].map((name) =>
        api(`/keys/${id}`, { revision: 0, name }, 'PATCH'),
      ),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409])
  })

  test('many are made together, found by parts of their names, and revoked', async () => {
    const prefix = `class ${crypto.randomUUID().slice(0, 8)}`
    const wish = { name_prefix: prefix, count: 5, limits: { concurrency: 1 } }
    const { data } = await good<List<Key>>(api('/keys/batch', wish), 201)
    expect(new Set(data.map(({ secret }) => secret)).size).toBe(5)
    const path = `/keys?search=${encodeURIComponent(prefix)}`
    const first = await good<List<Key> & { next: string }>(api(`${path}&limit=3`))
    expect(first).toMatchObject({ total: 5, has_more: true })
    const second = await good<List<Key>>(api(`${path}&limit=3&after=${first.next}`))
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(data.map(({ id }) => id))
    const ids = data.map(({ id }) => id)
    const all = async (what: string) => (await good(api(`/keys/${what}`, { ids }))).changed
    expect([await all('disable'), await all('disable'), await all('enable')]).toEqual([5, 0, 5])
    expect(await all('revoke')).toBe(5)
    expect(await good(api(path))).toMatchObject({ total: 0 })
    expect(await good(api(`${path}&state=all`))).toMatchObject({ total: 5 })
  })

  test('one that is revoked can still be looked up, and not be changed', async () => {
    const { id } = await make()
    expect(await good(api(`/keys/${id}`, undefined, 'DELETE'))).toMatchObject({ state: 'revoked' })
    expect(await good(api(`/keys/${id}`))).toMatchObject({ state: 'revoked' })
    expect((await api(`/keys/${id}`, { revision: 1, name: 'x' }, 'PATCH')).status).toBe(400)
  })

  test.each([
    ['POST', '', { name: '' }, 'name'],
    ['POST', '', { name: 'a', colour: 'red' }, 'colour'],
    ['POST', '', { name: 'a', limits: { chat_per_day: -1 } }, 'limits.chat_per_day'],
    ['POST', '', { name: 'a', models: [] }, 'models'],
    ['POST', '', { name: 'a', expires_at: 1 }, 'expires_at'],
    ['POST', '/batch', { name_prefix: 'x', count: 101 }, 'count'],
    ['GET', '?limit=0', undefined, 'limit'],
    ['GET', '?state=happy', undefined, 'state'],
  ])('%s /keys%s with %j is refused by name', async (method, path, body, param) => {
    await expectRefusal(api(`/keys${path}`, body, method), {
      status: 400,
      code: 'invalid_value',
      param,
    })
  })

  test.each([
    ['GET', undefined],
    ['PATCH', { revision: 0 }],
    ['DELETE', undefined],
  ])('one that is not there is not found by %s', async (method, body) => {
    await expectRefusal(api('/keys/nobody', body, method), { status: 404 })
  })
}
