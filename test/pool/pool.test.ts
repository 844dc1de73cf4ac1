import { describe, expect, test } from 'bun:test'
import type { Account } from '#src/pool/account'
import { createCatalog } from '#src/pool/catalog'
import { coolingTime } from '#src/pool/cooldown'
import { createPool } from '#src/pool/pool'

const account = (id: string, fields: Partial<Account> = {}): Account => ({
  id,
  kind: 'xai',
  name: id,
  baseUrl: 'https://api.example',
  secret: () => 'secret',
  proxy: () => undefined,
  weight: 1,
  maxInFlight: Number.POSITIVE_INFINITY,
  models: null,
  ...fields,
})

function poolOf(accounts: readonly Account[]) {
  let time = 1_000_000
  let seed = 1
  const random = () => {
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647
  }
  const pool = createPool({ now: () => time, random })
  pool.setAccounts(accounts)
  const all = () => [[...pool.members()]]
  return { pool, all, wait: (ms: number) => (time += ms) }
}

describe('a lease', () => {
  test('goes to the less busy, in proportion to weight', () => {
    const { pool, all } = poolOf([account('a'), account('b', { weight: 3 })])
    const counts = { a: 0, b: 0 }
    for (let turn = 0; turn < 400; turn++) counts[pool.lease(all(), [])?.account.id as 'a' | 'b']++
    expect(counts.b / counts.a).toBeGreaterThan(2.5)
    expect(counts.b / counts.a).toBeLessThan(3.5)
  })
  test('prefers the first group and falls back to the next', () => {
    const { pool } = poolOf([account('a', { maxInFlight: 1 }), account('b')])
    const [a, b] = [...pool.members()]
    const groups = [a ? [a] : [], b ? [b] : []]
    expect(pool.lease(groups, [])?.account.id).toBe('a')
    expect(pool.lease(groups, [])?.account.id).toBe('b')
  })
  test('is not given twice to a turn, nor beyond the limit at once', () => {
    const { pool, all } = poolOf([account('a', { maxInFlight: 2 })])
    const first = pool.lease(all(), [])
    expect(pool.lease(all(), first ? [first.member] : [])).toBeUndefined()
    const second = pool.lease(all(), [])
    expect(second).toBeDefined()
    expect(pool.lease(all(), [])).toBeUndefined()
    if (first) pool.release(first)
    expect(pool.lease(all(), [])).toBeDefined()
  })
  test('ends once, however often it is given back', () => {
    const { pool, all } = poolOf([account('a')])
    const lease = pool.lease(all(), [])
    if (!lease) throw new Error('no lease')
    pool.succeed(lease)
    pool.release(lease)
    pool.cool(lease, 'fault')
    expect(lease.member).toMatchObject({ inFlight: 0, coolingUntil: 0 })
  })
})

describe('a rest', () => {
  const fail = (
    { pool, all }: ReturnType<typeof poolOf>,
    reason: 'fault' | 'quota',
    ms?: number,
  ) => {
    const lease = pool.lease(all(), [])
    if (lease) pool.cool(lease, reason, ms)
    return lease?.member
  }
  test("follows the upstream's word first, else 60 s for quota and 30 s doubling to 10 min", () => {
    expect(coolingTime('quota', 1, 5_000)).toBe(5_000)
    expect(coolingTime('quota', 3)).toBe(60_000)
    expect([1, 2, 3, 9].map((faults) => coolingTime('fault', faults))).toEqual([
      30_000, 60_000, 120_000, 600_000,
    ])
  })
  test('is never shortened by a second fault, nor doubled by turns that fail side by side', () => {
    const it = poolOf([account('a')])
    const leases = Array.from({ length: 5 }, () => it.pool.lease(it.all(), []))
    for (const [at, lease] of leases.entries())
      if (lease) it.pool.cool(lease, 'fault', at === 0 ? 90_000 : undefined)
    expect(leases[0]?.member).toMatchObject({ coolingUntil: 1_090_000, faultsInARow: 1 })
  })
  test('ends with a single try, and success clears it', () => {
    const it = poolOf([account('a')])
    fail(it, 'fault')
    expect(it.pool.lease(it.all(), [])).toBeUndefined()
    expect(it.pool.earliestReturn(it.all())).toBe(30_000)
    it.wait(30_000)
    const probe = it.pool.lease(it.all(), [])
    expect(probe).toBeDefined()
    expect(it.pool.lease(it.all(), [])).toBeUndefined()
    if (probe) it.pool.succeed(probe)
    expect(it.pool.lease(it.all(), [])).toBeDefined()
    expect(probe?.member.faultsInARow).toBe(0)
  })
  test('doubles when the try fails again', () => {
    const it = poolOf([account('a')])
    fail(it, 'fault')
    it.wait(30_000)
    expect(fail(it, 'fault')?.coolingUntil).toBe(1_000_000 + 30_000 + 60_000)
  })
  test('outlives a reload of the accounts', () => {
    const it = poolOf([account('a')])
    fail(it, 'quota')
    it.pool.setAccounts([account('a', { weight: 2 }), account('b')])
    expect(it.pool.lease(it.all(), [])?.account.id).toBe('b')
  })
})

describe('the catalog', () => {
  const catalogOf = (accounts: readonly Account[], aliases: Record<string, string> = {}) => {
    const { pool } = poolOf(accounts)
    const catalog = createCatalog(pool)
    catalog.update({
      priorities: { xai: 1, openai: 2, demo: 4 },
      aliases: new Map(Object.entries(aliases)),
    })
    return catalog
  }
  test('merges lists, hides upstream aliases but answers to them, and puts own aliases on top', () => {
    const catalog = catalogOf([account('a'), account('b', { kind: 'openai' })], {
      'gpt-4o': 'grok-4',
    })
    catalog.learn([
      ['a', [{ id: 'grok-4', aliases: ['grok-4-latest'] }]],
      ['b', [{ id: 'grok-4' }, { id: 'org/model' }]],
    ])
    expect(catalog.list().map(({ id }) => id)).toEqual(['gpt-4o', 'grok-4', 'org/model'])
    expect(catalog.find('gpt-4o')?.upstreamModel).toBe('grok-4')
    expect(
      catalog
        .find('grok-4-latest')
        ?.candidates.flat()
        .map((one) => one.account.id),
    ).toEqual(['a'])
    expect(
      catalog.find('grok-4')?.candidates.map((group) => group.map((one) => one.account.id)),
    ).toEqual([['a'], ['b']])
    expect(catalog.find('nothing')).toBeUndefined()
  })
  test('an account whose list is not known yet is asked for what no list names', () => {
    const catalog = catalogOf([account('a'), account('b')])
    catalog.learn([['a', [{ id: 'grok-4' }]]])
    expect(
      catalog
        .find('new-model')
        ?.candidates.flat()
        .map((one) => one.account.id),
    ).toEqual(['b'])
  })
  test('models that the operator names need no list', () => {
    const catalog = catalogOf([account('a', { models: ['local'] })])
    expect(catalog.list()).toEqual([{ id: 'local' }])
    expect(catalog.find('other')).toBeUndefined()
  })
})
