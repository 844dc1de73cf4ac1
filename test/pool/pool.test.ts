import { describe, expect, test } from 'bun:test'
import { restTime } from '#src/pool/rest'
import { account, poolOf } from '../support/accounts-pool'

describe('a lease', () => {
  test('goes to the less busy, in proportion to weight', () => {
    const it = poolOf([account('a'), account('b', { weight: 3 })])
    const counts = { a: 0, b: 0 }
    for (let turn = 0; turn < 400; turn++) counts[it.lease()?.account.id as 'a' | 'b']++
    expect(counts.b / counts.a).toBeGreaterThan(2.5)
    expect(counts.b / counts.a).toBeLessThan(3.5)
  })
  test('prefers the first kind and falls back to the next', () => {
    const it = poolOf([account('a', { maxInFlight: 1 }), account('b', { kind: 'openai' })])
    expect(it.lease()?.account.id).toBe('a')
    expect(it.lease()?.account.id).toBe('b')
  })
  test('goes to an account that suits the turn, and to another while none of those is free', () => {
    const able = ['b', 'c'].map((id) => account(id, { kind: 'openai', maxInFlight: 2 }))
    const it = poolOf([account('a'), ...able])
    const prefers = ({ kind }: { readonly kind: string }) => kind === 'openai'
    const ids = () => it.lease({ prefers, conversation: 7 })?.account.id
    expect([ids(), ids(), ids(), ids()].toSorted()).toEqual(['b', 'b', 'c', 'c'])
    expect([ids(), ids()]).toEqual(['a', 'a'])
    expect(it.lease({ prefers: () => false })?.account.id).toBe('a')
  })
  test('is not given twice to a turn, nor beyond the limit at once', () => {
    const it = poolOf([account('a', { maxInFlight: 2 })])
    const first = it.lease()
    expect(it.lease({ tried: first ? [first.member] : [] })).toBeUndefined()
    expect(it.lease()).toBeDefined()
    expect(it.lease()).toBeUndefined()
    if (first) it.pool.release(first)
    expect(it.lease()).toBeDefined()
  })
  test('ends once, however often it is given back', () => {
    const it = poolOf([account('a')])
    const lease = it.lease()
    if (!lease) throw new Error('no lease')
    it.pool.succeed(lease)
    it.pool.release(lease)
    expect(lease.member.inFlight).toBe(0)
    expect(lease.member.shelf?.inFlight).toBe(0)
  })
  test('is found among many that rest', () => {
    const accounts = Array.from({ length: 500 }, (_, at) => account(`a${at}`))
    const it = poolOf(accounts)
    for (let turn = 0; turn < 499; turn++) it.fail({ saidMs: 60_000 })
    const last = it.lease()
    expect(last).toBeDefined()
    for (let turn = 0; turn < 100; turn++)
      expect(it.lease()?.account.id).toBe(last?.account.id as string)
    it.wait(60_000)
    expect(new Set(Array.from({ length: 400 }, () => it.lease()?.account.id)).size).toBe(400)
  })
  test('outlives its account, which takes nothing with it', () => {
    const it = poolOf([account('a'), account('b')])
    const leases = Array.from({ length: 10 }, () => it.lease())
    it.update([account('b')])
    for (const lease of leases) if (lease) it.pool.release(lease)
    expect(it.lease()?.account.id).toBe('b')
    expect(it.lease()?.member.shelf).toMatchObject({ inFlight: 2, members: { length: 1 } })
  })
})

describe('a rest', () => {
  test("follows the upstream's word first, else what is usual, else 30 s doubling to 10 min", () => {
    expect(restTime(1, 5_000, 60_000)).toBe(5_000)
    expect(restTime(3, undefined, 60_000)).toBe(60_000)
    expect([1, 2, 3, 9].map((faults) => restTime(faults))).toEqual([
      30_000, 60_000, 120_000, 600_000,
    ])
  })
  test('is never shortened by a second fault, nor doubled by turns that fail side by side', () => {
    const it = poolOf([account('a')])
    const leases = Array.from({ length: 5 }, () => it.lease())
    for (const [at, lease] of leases.entries())
      if (lease)
        it.pool.blame(lease, {
          state: 'cooling',
          reason: '',
          scope: '',
          saidMs: at === 0 ? 90_000 : undefined,
        })
    expect(leases[0]?.member.rest).toMatchObject({ until: 1_090_000, faults: 1 })
  })
  test('ends with a single try, and success clears it', () => {
    const it = poolOf([account('a')])
    it.fail()
    expect(it.lease()).toBeUndefined()
    expect(it.pool.outlook(it.want())).toEqual({ busy: false, returnMs: 30_000 })
    it.wait(30_000)
    const probe = it.lease()
    expect(probe).toBeDefined()
    expect(it.lease()).toBeUndefined()
    expect(it.pool.outlook(it.want())).toEqual({ busy: true, returnMs: undefined })
    if (probe) it.pool.succeed(probe)
    expect(it.lease()).toBeDefined()
    expect(probe?.member.rest).toBeUndefined()
  })
  test('doubles when the try fails again', () => {
    const it = poolOf([account('a')])
    it.fail()
    it.wait(30_000)
    expect(it.fail().member.rest?.until).toBe(1_000_000 + 30_000 + 60_000)
  })
  test('is not cleared by a turn that began before it', () => {
    const it = poolOf([account('a')])
    const early = it.lease()
    it.fail()
    if (early) it.pool.succeed(early)
    expect(it.lease()).toBeUndefined()
  })
  test('outlives a reload of the accounts', () => {
    const it = poolOf([account('a')])
    it.fail()
    it.update([account('a', { weight: 2 }), account('b')])
    expect(it.lease()?.account.id).toBe('b')
  })
  test('of one model leaves the others alone', () => {
    const models = ['grok-4', 'grok-4-mini']
    const it = poolOf([account('a', { models })])
    it.fail({ scope: 'grok-4', saidMs: 9_000 })
    expect(it.lease()).toBeUndefined()
    expect(it.pool.outlook(it.want()).returnMs).toBe(9_000)
    expect(it.lease({ asked: 'grok-4-mini' })).toBeDefined()
    it.wait(9_000)
    expect(it.lease()).toBeDefined()
  })
  test('of one endpoint leaves the others alone', () => {
    const it = poolOf([account('a')])
    it.fail({ scope: 'grok-4 chat.completions', saidMs: 9_000 })
    expect(it.lease()).toBeUndefined()
    expect(it.lease({ endpoint: 'responses' })).toBeDefined()
  })
  test('without an end lasts until somebody forgives it', () => {
    const it = poolOf([account('a')])
    const { member } = it.fail()
    const until = Number.POSITIVE_INFINITY
    it.pool.setRest(member, '', { state: 'expired', reason: '401', until, faults: 1 })
    it.wait(1e9)
    expect(it.lease()).toBeUndefined()
    it.pool.recall('a', undefined, undefined)
    expect(it.lease()).toBeDefined()
  })
  test('is told to whoever stores it, and can be recalled', () => {
    const it = poolOf([account('a'), account('b')])
    const rest = { state: 'exhausted', reason: '402', until: 1_500_000, faults: 2 } as const
    it.pool.recall('a', '', rest)
    it.pool.recall('b', 'grok-4', rest)
    it.pool.recall('gone', '', rest)
    expect(it.lease()).toBeUndefined()
    // A shorter word of another instance changes nothing.
    it.pool.recall('a', '', { ...rest, until: 1_100_000 })
    it.wait(200_000)
    expect(it.lease()).toBeUndefined()
    it.wait(300_000)
    expect(it.lease()).toBeDefined()
  })
})

describe('quotas', () => {
  const report = (remaining: number, bucket = 'requests grok-4') => ({
    bucket,
    limit: 100,
    remaining,
    resetAt: 1_000_000 + 20_000,
  })
  test('that are used up are heeded before a 429 happens, until they are full again', () => {
    const it = poolOf([account('a')])
    const first = it.lease()
    if (first) it.pool.report(first, report(1))
    const second = it.lease()
    expect(second).toBeDefined()
    expect(it.lease()).toBeUndefined()
    expect(it.pool.outlook(it.want()).returnMs).toBe(20_000)
    it.wait(20_000)
    expect(it.lease()).toBeDefined()
  })
  test('come back when a turn is given back, and only then', () => {
    const it = poolOf([account('a')])
    const first = it.lease()
    if (first) it.pool.report(first, report(1))
    const second = it.lease()
    if (second) it.pool.giveBack(second)
    if (second) it.pool.release(second)
    const third = it.lease()
    expect(third).toBeDefined()
    if (third) it.pool.succeed(third)
    expect(it.lease()).toBeUndefined()
  })
  test('of tokens keep large prompts away and let small ones through', () => {
    const it = poolOf([account('a')])
    const first = it.lease()
    if (first) it.pool.report(first, report(50, 'tokens grok-4'))
    expect(it.lease({ tokens: 80 })).toBeUndefined()
    expect(it.lease({ tokens: 40 })).toBeDefined()
    expect(it.lease({ tokens: 40 })).toBeUndefined()
  })
  test('draw turns to those who have more left', () => {
    const it = poolOf([account('a'), account('b')])
    for (const id of ['a', 'b']) {
      const member = it.pool.member(id)
      const lease = it.lease({ tried: [...it.pool.members()].filter((one) => one !== member) })
      if (lease) it.pool.report(lease, report(id === 'a' ? 10 : 90))
      if (lease) it.pool.release(lease)
    }
    const ids = Array.from({ length: 60 }, () => it.lease()?.account.id)
    expect(ids.filter((id) => id === 'b').length).toBeGreaterThan(40)
  })
  test("the operator's own limit a minute holds, and ends with the minute", () => {
    const it = poolOf([account('a', { requestsPerMinute: 3 })])
    const leases = Array.from({ length: 5 }, () => it.lease())
    expect(leases.filter(Boolean)).toHaveLength(3)
    expect(it.pool.outlook(it.want())).toEqual({ busy: false, returnMs: 20_000 })
    it.wait(20_000)
    expect(it.lease()).toBeDefined()
  })
})

describe('a host that is down', () => {
  const hosts = ['https://one.example', 'https://two.example']
  const pool = () =>
    poolOf([
      ...Array.from({ length: 5 }, (_, at) => account(`a${at}`, { baseUrl: hosts[0] as string })),
    ])
  test('is known by three accounts that cannot connect; none of them is to blame', () => {
    const it = pool()
    for (let turn = 0; turn < 3; turn++) it.fail({ host: 'certain' })
    expect(it.lease()).toBeUndefined()
    expect(it.pool.isDown(it.want().candidates)).toBeTrue()
    expect([...it.pool.members()].filter(({ rest }) => rest)).toEqual([])
    it.wait(1_000)
    const probe = it.lease()
    expect(probe).toBeDefined()
    expect(it.lease()).toBeUndefined()
    if (probe) it.pool.succeed(probe)
    expect(it.lease()).toBeDefined()
  })
  test('is tried by a single turn, whoever else ends meanwhile', () => {
    const it = pool()
    const early = Array.from({ length: 3 }, () => it.lease())
    for (let turn = 0; turn < 3; turn++) it.fail({ host: 'certain' })
    it.wait(1_000)
    expect(it.lease()).toBeDefined()
    for (const lease of early) if (lease) it.pool.release(lease)
    expect(it.lease()).toBeUndefined()
  })
  test('is tried again although the account that tried it is gone', () => {
    const it = pool()
    for (let turn = 0; turn < 3; turn++) it.fail({ host: 'certain' })
    it.wait(1_000)
    const probe = it.lease()
    it.update(
      [...it.pool.members()].map((one) => one.account).filter((one) => one !== probe?.account),
    )
    if (probe) it.pool.release(probe)
    expect(it.lease()).toBeDefined()
  })
  test('takes back only what was held against accounts because of it', () => {
    const it = pool()
    const limited = Array.from({ length: 5 }, () => it.lease())
    const [first] = limited
    if (first)
      it.pool.blame(first, { state: 'cooling', reason: '429', scope: '', saidMs: 3_600_000 })
    for (const lease of limited)
      if (lease) it.pool.blame(lease, { state: 'cooling', reason: '', scope: '', host: 'certain' })
    expect(
      [...it.pool.members()].filter(({ rest }) => rest).map(({ rest }) => rest?.reason),
    ).toEqual(['429'])
  })
  test('is tried less and less often', () => {
    const it = pool()
    for (let turn = 0; turn < 3; turn++) it.fail({ host: 'certain' })
    for (const ms of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      it.wait(ms - 1)
      expect(it.lease()).toBeUndefined()
      it.wait(1)
      it.fail({ host: 'certain' })
    }
  })
  test('is not one of which anybody got an answer in between', () => {
    const it = pool()
    for (let turn = 0; turn < 6; turn++) {
      if (turn > 0 && turn % 2 === 0) {
        const lease = it.lease()
        if (lease) it.pool.succeed(lease)
      }
      if (turn < 4) it.fail({ host: 'likely' })
    }
    expect(it.pool.isDown(it.want().candidates)).toBeFalse()
    expect([...it.pool.members()].filter(({ rest }) => rest)).toHaveLength(4)
  })
  test('does not touch accounts elsewhere', () => {
    const it = poolOf([
      account('a', { baseUrl: hosts[0] as string }),
      account('b', { baseUrl: hosts[1] as string, maxInFlight: 0 }),
    ])
    it.fail({ host: 'certain' })
    it.update([
      account('a', { baseUrl: hosts[0] as string }),
      account('b', { baseUrl: hosts[1] as string }),
    ])
    for (let turn = 0; turn < 10; turn++) expect(it.lease()?.account.id).toBe('b')
  })
})
