import { heapStats } from 'bun:jsc'
import { describe, expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import { createKeeper } from '#src/jobs/keeper'
import { createCatalog } from '#src/pool/catalog'
import { hold } from '#src/pool/charge'
import { createPool, type Pool } from '#src/pool/pool'
import { NO_QUOTA } from '#src/store/account-states'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'
import { account } from '../support/accounts-pool'
import { ownClock } from '../support/own-clock'

/** Plain objects that somebody still holds. */
function objects(): number {
  Bun.gc(true)
  return heapStats().objectTypeCounts.Object ?? 0
}

/** Several instances over one database, at a time that only moves when it is told to. */
async function world() {
  let time = 1_000_000
  let isAway = false
  const now = () => time
  const client = openFile(':memory:')
  await migrate(client)
  const stores = createStores({ client, vault: createVault('a secret for tests'), now })
  const instance = async () => {
    const faults: unknown[] = []
    const pool: Pool = createPool({
      now,
      random: () => 0,
      onRest: (member, scope, rest) => keeper.noteRest(member, scope, rest),
      onQuota: (member) => keeper.noteQuota(member),
    })
    const keeper = createKeeper({
      pool: () => pool,
      states: {
        ...stores.accountStates,
        save: (rows) =>
          isAway
            ? Promise.reject(new Error('The database is away.'))
            : stores.accountStates.save(rows),
      },
      quotas: stores.accountQuotas,
      now,
      later: () => {},
      onFault: (cause) => faults.push(cause),
    })
    const catalog = createCatalog({ pool, now, onChange: () => {} })
    pool.setAccounts([account('a')])
    catalog.update({ priorities: { xai: 1, openai: 2, web: 3, demo: 4 }, routes: new Map() })
    await keeper.recall()
    const want = () => ({
      candidates: catalog.find('grok-4', 0)?.targets[0]?.candidates ?? [],
      model: 'grok-4',
      endpoint: 'chat',
      conversation: undefined,
      tokens: 1,
      prefers: undefined,
      tried: [],
    })
    const lease = () => pool.lease(want())
    return {
      pool,
      keeper,
      faults,
      lease,
      rest: () => pool.member('a')?.rest,
      fail(scope = '') {
        const taken = lease()
        if (taken) pool.blame(taken, { state: 'cooling', reason: '500: no', scope })
      },
    }
  }
  return {
    client,
    stores,
    instance,
    wait: (ms: number) => (time += ms),
    away: (away: boolean) => (isAway = away),
  }
}

describe('what is held against an account', () => {
  test('outlives a restart, in every scope', async () => {
    const it = await world()
    const first = await it.instance()
    first.fail('grok-4')
    await first.keeper.save()
    const second = await it.instance()
    expect(second.lease()).toBeUndefined()
    it.wait(30_000)
    expect(second.lease()).toBeDefined()
  })
  test('is learnt by other instances, and so is its end', async () => {
    const it = await world()
    const [one, other] = [await it.instance(), await it.instance()]
    one.fail()
    await one.keeper.save()
    it.wait(2_000)
    await other.keeper.follow()
    expect(other.rest()).toMatchObject({ reason: '500: no', faults: 1 })
    it.wait(30_000)
    const probe = one.lease()
    if (probe) one.pool.succeed(probe)
    await one.keeper.save()
    it.wait(2_000)
    await other.keeper.follow()
    expect(other.rest()).toBeUndefined()
  })
  test('is not brought back by an old word', async () => {
    const it = await world()
    const [one, other] = [await it.instance(), await it.instance()]
    one.fail()
    await one.keeper.save()
    it.wait(30_000)
    await other.keeper.follow()
    const probe = other.lease()
    if (probe) other.pool.succeed(probe)
    await other.keeper.follow()
    expect(other.rest()).toBeUndefined()
  })
  test('ends everywhere when an operator clears it, and may begin again at once', async () => {
    const it = await world()
    const [one, other] = [await it.instance(), await it.instance()]
    one.fail()
    one.pool.recall('a', 'grok-4', { state: 'exhausted', reason: '', until: 9e12, faults: 1 })
    await one.keeper.save()
    it.wait(2_000)
    await it.stores.accountStates.clear('a')
    for (const { keeper, lease } of [one, other]) {
      await keeper.follow()
      expect(lease()).toBeDefined()
    }
    it.wait(1_000)
    one.fail()
    await one.keeper.follow()
    expect(one.rest()).toBeDefined()
  })
  test('is not ended by an older turn of an instance that knows a shorter rest only', async () => {
    const it = await world()
    const [one, other] = [await it.instance(), await it.instance()]
    other.fail()
    await other.keeper.save()
    it.wait(30_000)
    const probe = other.lease()
    const hour = { state: 'exhausted', reason: 'an hour', saidMs: 3_600_000, scope: '' } as const
    const taken = one.lease()
    if (taken) one.pool.blame(taken, hour)
    await one.keeper.save()
    it.wait(1_000)
    if (probe) other.pool.succeed(probe)
    await other.keeper.save()
    expect(await it.stores.accountStates.all()).toMatchObject([{ reason: 'an hour', faults: 1 }])
    // Nor is it where an older word is stored.
    await it.client.execute('UPDATE account_states SET faults = 0, until = 1, updated_at = 1031001')
    await one.keeper.follow()
    expect(one.rest()).toMatchObject({ reason: 'an hour' })
    it.wait(1_000)
    await it.stores.accountStates.clear('a')
    await one.keeper.follow()
    expect(one.rest()).toBeUndefined()
  })
  test('is forgiven for all when the host was to blame', async () => {
    const it = await world()
    const [one, other] = [await it.instance(), await it.instance()]
    one.fail()
    await one.keeper.save()
    it.wait(1_000)
    await other.keeper.follow()
    const member = one.pool.member('a')
    if (member) one.pool.setRest(member, '', undefined)
    await one.keeper.save()
    await other.keeper.follow()
    expect([one.rest(), other.rest()]).toEqual([undefined, undefined])
    expect((await it.instance()).rest()).toBeUndefined()
  })
  test('is not written after a clearing that came later', async () => {
    const it = await world()
    const one = await it.instance()
    one.fail('grok-4')
    it.wait(100)
    await it.stores.accountStates.clear('a')
    await one.keeper.follow()
    expect(one.lease()).toBeDefined()
    await one.keeper.save()
    expect(await it.stores.accountStates.all()).toMatchObject([{ scope: '', reason: 'cleared' }])
    expect((await it.instance()).lease()).toBeDefined()
  })
  test('and was found out after a clearing outlives it', async () => {
    const it = await world()
    const one = await it.instance()
    await it.stores.accountStates.clear('a')
    it.wait(100)
    one.fail('grok-4')
    await one.keeper.follow()
    expect(one.lease()).toBeUndefined()
  })
  test('for models without end does not fill the memory, and clearings stay known', async () => {
    const it = await world()
    const one = await it.instance()
    await it.stores.accountStates.clear('a')
    await one.keeper.follow()
    const member = one.pool.member('a')
    if (!member) throw new Error('There is no account.')
    const before = objects()
    for (let model = 0; model < 20_000; model++) {
      const rest = { state: 'cooling', reason: '', until: 2_000_000, faults: 1 } as const
      one.pool.setRest(member, `model-${model}`, rest)
      one.pool.setRest(member, `model-${model}`, undefined)
      if (model % 1_000 === 0) await one.keeper.save()
    }
    await one.keeper.save()
    one.fail()
    await one.keeper.save()
    // One object a model would be 20,000.
    expect(objects() - before).toBeLessThan(10_000)
    await one.keeper.follow()
    expect(one.rest()).toBeDefined()
  })
  test('waits while the database is away, and is written once it is back', async () => {
    const it = await world()
    const first = await it.instance()
    it.away(true)
    first.fail()
    await first.keeper.save()
    expect(first.faults).toHaveLength(1)
    it.away(false)
    await first.keeper.save()
    expect((await it.instance()).rest()).toBeDefined()
  })
})

test('a clearing forgets what is left of quotas, here and after a restart', async () => {
  const it = await world()
  const one = await it.instance()
  const lease = one.lease()
  const said = { bucket: 'requests grok-4', limit: 10, remaining: 0, resetAt: 1_060_000 }
  if (lease) one.pool.report(lease, said)
  await one.keeper.save()
  expect(one.lease()).toBeUndefined()
  if (lease) one.pool.report(lease, said)
  it.wait(100)
  await it.stores.accountStates.clear('a')
  await one.keeper.follow()
  expect(one.lease()).toBeDefined()
  await one.keeper.save()
  expect((await it.instance()).lease()).toBeDefined()
})

test('what is left of quotas outlives a restart until the window ends', async () => {
  const it = await world()
  const first = await it.instance()
  const lease = first.lease()
  const said = { bucket: 'requests grok-4', limit: 10, remaining: 0, resetAt: 1_060_000 }
  if (lease) first.pool.report(lease, said)
  await first.keeper.save()
  const second = await it.instance()
  expect(second.lease()).toBeUndefined()
  it.wait(60_000)
  expect(second.lease()).toBeDefined()
})

describe('what is left of quotas', () => {
  const bucket = 'units grok-4'
  const said = { bucket, limit: 80, resetAt: 9_000_000 }
  type Instance = Awaited<ReturnType<Awaited<ReturnType<typeof world>>['instance']>>
  const hear = ({ pool }: Instance, remaining: number) => {
    const member = pool.member('a')
    if (member) pool.report({ member }, { ...said, remaining })
  }
  const left = ({ pool }: Instance) => pool.member('a')?.quotas?.get(bucket)

  test('is learnt by other instances, and the newer word wins', async () => {
    const it = await world()
    const [one, other] = [await it.instance(), await it.instance()]
    hear(one, 70)
    it.wait(10)
    hear(other, 60)
    await other.keeper.save()
    await one.keeper.save()
    expect((await it.stores.accountQuotas.all()).map(({ remaining }) => remaining)).toEqual([60])
    for (const instance of [one, other]) {
      await instance.keeper.follow()
      expect(left(instance)).toMatchObject({ remaining: 60, limit: 80, at: 1_000_010 })
    }
  })

  test('that another program wrote reaches instances that run', async () => {
    const it = await world()
    const one = await it.instance()
    hear(one, 0)
    it.wait(2_000)
    const row = { ...said, accountId: 'a', remaining: 33, source: 'reported' } as const
    await it.stores.accountQuotas.save([{ ...row, updatedAt: 1_001_500 }])
    await one.keeper.follow()
    expect(left(one)).toMatchObject({ remaining: 33, source: 'reported' })
  })

  test('that an operator asked for ends the rest for lack of it, where instances run', async () => {
    const it = await world()
    const one = await it.instance()
    const member = one.pool.member('a')
    for (const scope of [bucket, 'units grok-3', 'grok-4'])
      if (member) one.pool.setRest(member, scope, { ...HELD, reason: '429', until: 9_000_000 })
    await one.keeper.save()
    it.wait(2_000)
    const row = { ...said, accountId: 'a', source: 'reported', updatedAt: 1_002_000 } as const
    const none = { ...row, bucket: 'units grok-3', remaining: 0 }
    await it.stores.accountQuotas.saveAsked([{ ...row, remaining: 33 }, none])
    await one.keeper.follow()
    expect([...(member?.scoped?.keys() ?? [])]).toEqual(['units grok-3', 'grok-4'])
    const restarted = (await it.instance()).pool.member('a')
    expect([...(restarted?.scoped?.keys() ?? [])].sort()).toEqual(['grok-4', 'units grok-3'])
  })

  test('is not stored before an upstream said it', async () => {
    const it = await world()
    const one = await it.instance()
    const member = one.pool.member('a')
    if (member) hold(member, { bucket: 'units grok-3', cost: 4 })
    hear(one, 5)
    if (member) hold(member, { bucket, cost: 9 })
    await one.keeper.save()
    // Turns that run took more than there was.
    expect(await it.stores.accountQuotas.all()).toMatchObject([{ bucket, remaining: 0 }])
  })

  test('and that nothing is, until when its upstream says, is believed where that is sooner', async () => {
    const it = await world()
    const [one, other] = [await it.instance(), await it.instance()]
    one.fail(bucket)
    const member = one.pool.member('a')
    const until = 5_000_000
    if (member) one.pool.setRest(member, bucket, { ...HELD, reason: '429', until: until * 10 })
    await one.keeper.save()
    it.wait(2_000)
    await other.keeper.follow()
    if (member) one.pool.setRest(member, bucket, { ...HELD, reason: NO_QUOTA, until })
    await one.keeper.save()
    it.wait(2_000)
    await other.keeper.follow()
    const scoped = ({ pool }: Instance) => pool.member('a')?.scoped?.get(bucket)
    expect(scoped(other)).toMatchObject({ reason: NO_QUOTA, until })
    expect(scoped(await it.instance())).toMatchObject({ reason: NO_QUOTA, until })
    // An older word of the same kind does not bring it back.
    if (member) one.pool.setRest(member, bucket, undefined)
    await one.keeper.save()
    it.wait(2_000)
    await other.keeper.follow()
    expect(scoped(other)).toBeUndefined()
    expect(scoped(await it.instance())).toBeUndefined()
  })
})

test('twenty thousand accounts that are cleared at once hold up nobody', async () => {
  const it = await world()
  const { pool, keeper } = await it.instance()
  const ids = Array.from({ length: 20_000 }, (_, at) => `s${at}`)
  pool.setAccounts(ids.map((id) => account(id)))
  await it.stores.accountStates.clear(ids)
  it.wait(2_000)
  using clock = ownClock()
  const begun = clock.now()
  await keeper.follow()
  // Each of them looked for among all of them took three seconds.
  expect(clock.now() - begun).toBeLessThan(1_000)
})

const HELD = { state: 'exhausted', faults: 1 } as const
