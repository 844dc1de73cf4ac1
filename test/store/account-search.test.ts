import { expect, test } from 'bun:test'
import { gateway } from '../support/gateway'

const HOUR = 3_600_000

async function world() {
  const it = await gateway()
  const { accounts, accountStates, accountQuotas } = it.stores
  const base = { baseUrl: 'https://grok.example', weight: 1 }
  const add = (kind: 'web' | 'xai', name: string, tags: string[] | null) =>
    accounts.add({ ...base, kind, name, secret: `secret-of-${kind}-${name}`, tags })
  const [a, b, c] = [
    await add('web', 'a', ['home', 'new']),
    await add('web', 'b', ['new']),
    await add('xai', 'a', null),
  ]
  await accounts.setEnabled(c.id, false)
  const now = Date.now()
  const state = { scope: '', reason: '429', faults: 1, updatedAt: now }
  await accountStates.save([
    { ...state, accountId: a.id, state: 'cooling', until: now + HOUR },
    { ...state, accountId: b.id, state: 'expired', until: null },
    { ...state, accountId: b.id, scope: 'units grok-4', state: 'exhausted', until: now - HOUR },
  ])
  const quota = { limit: 80, remaining: 79, resetAt: now + HOUR, source: 'reported' } as const
  await accountQuotas.save([
    { ...quota, accountId: a.id, bucket: 'units grok-3', updatedAt: now },
    { ...quota, accountId: a.id, bucket: 'units grok-4', updatedAt: now },
  ])
  return { ...it, ids: { a: a.id, b: b.id, c: c.id } }
}

test.each([
  [{}, ['web/a', 'web/b', 'xai/a']],
  [{ kind: 'web' }, ['web/a', 'web/b']],
  [{ name: 'a' }, ['web/a', 'xai/a']],
  [{ name: 'xai/a' }, ['xai/a']],
  [{ tag: 'home' }, ['web/a']],
  [{ tag: 'hom' }, []],
  [{ state: 'on' }, ['web/a', 'web/b']],
  [{ state: 'off' }, ['xai/a']],
  [{ state: 'ready' }, []],
  [{ state: 'cooling' }, ['web/a']],
  [{ state: 'expired', kind: 'web' }, ['web/b']],
  [{ state: 'exhausted' }, []],
] as const)('accounts are found and counted by %j', async (filter, names) => {
  await using it = await world()
  const found = await it.stores.accountSearch.find(filter)
  expect(found.map(({ kind, name }) => `${kind}/${name}`)).toEqual([...names])
  expect(await it.stores.accountSearch.count(filter)).toBe(names.length)
  expect(await it.stores.accountSearch.find(filter, 1)).toHaveLength(Math.min(1, names.length))
})

test('what is held against accounts, and what is left of their quotas, comes by their ids', async () => {
  await using it = await world()
  const { a, b, c } = it.ids
  const { states, quotas } = await it.stores.accountSearch.standing([a, b, c])
  expect(states.get(a)?.map(({ state }) => state)).toEqual(['cooling'])
  expect(states.get(b)).toHaveLength(2)
  expect(states.has(c)).toBe(false)
  expect(quotas.get(a)?.map(({ bucket }) => bucket)).toEqual(['units grok-3', 'units grok-4'])
  expect((await it.stores.accountSearch.standing([])).states.size).toBe(0)
})

test('tags are counted, and names come by their ids', async () => {
  await using it = await world()
  expect(await it.stores.accountSearch.tags()).toEqual([
    { tag: 'home', accounts: 1 },
    { tag: 'new', accounts: 2 },
  ])
  expect((await it.stores.accountSearch.names()).get(it.ids.b)).toBe('b')
})
