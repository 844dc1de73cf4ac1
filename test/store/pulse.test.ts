import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Client } from '@libsql/client/web'
import { createVault } from '#src/crypto'
import { createHorizon } from '#src/store/pulse'
import { createStores, type Stores } from '#src/store/stores'
import { databases, type SaidDatabase } from '../support/said'
import { planOf, watched } from '../support/watched'

const NOW = 1_800_000_000_000
const ASK = {
  ...{ now: NOW, statesSince: NOW - 10, quotasSince: NOW - 10, listsSince: NOW - 10 },
  instance: 'i',
}

describe('a horizon', () => {
  test('is passed by rows that were not seen, and by those alone', () => {
    const horizon = createHorizon(100)
    const said = (...times: number[]) => ({
      since: horizon.since(),
      text: `${times.length} ${times.reduce((sum, time) => sum + time - horizon.since(), 0)}`,
    })
    expect(horizon.since()).toBe(0)
    horizon.seen([850, 950, 1_020], 1_000)
    expect(horizon.since()).toBe(900)
    expect(horizon.isPassed(said(950, 1_020))).toBe(false)
    // One more, one that was written again, one by a clock that is late.
    expect(horizon.isPassed(said(950, 1_020, 1_030))).toBe(true)
    expect(horizon.isPassed(said(990, 1_020))).toBe(true)
    expect(horizon.isPassed(said(905, 950, 1_020))).toBe(true)
    const before = said(1)
    horizon.seen([], 2_000)
    expect(horizon.isPassed(before)).toBe(false)
  })

  test('leaves many rows behind when they are old, and misses none that is new', () => {
    const horizon = createHorizon(100)
    const many = Array.from({ length: 500 }, (_, at) => 990 + (at % 10))
    const said = (times: readonly number[]) => {
      const beyond = times.filter((time) => time >= horizon.since())
      const sum = beyond.reduce((all, time) => all + time - horizon.since(), 0)
      return { since: horizon.since(), text: `${beyond.length} ${sum}` }
    }
    horizon.seen(many, 1_000)
    horizon.follow(said(many), 1_050)
    expect(horizon.since()).toBe(950)
    expect(horizon.isPassed(said(many))).toBe(false)
    horizon.follow(said([...many, 1_060]), 1_095)
    expect(horizon.since()).toBe(950)
    expect(horizon.isPassed(said([...many, 1_060]))).toBe(true)
    horizon.follow(said(many), 1_200)
    expect(said(many)).toEqual({ since: 1_100, text: '0 0' })
    expect(horizon.isPassed(said(many))).toBe(false)
    expect(horizon.isPassed(said([...many, 1_110]))).toBe(true)
    // A few are counted for as long as nothing comes: something may be very late.
    horizon.follow(said(many), 9_000)
    expect(horizon.since()).toBe(1_100)
  })
})

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`the pulse, ${where}`, () => {
    let database: SaidDatabase
    let stores: Stores
    let client: Client

    beforeAll(async () => {
      database = await make()
      client = database.open()
      stores = createStores({ client, vault: createVault('a secret for tests'), now: () => NOW })
    })
    afterAll(() => database[Symbol.asyncDispose]())

    const QUIET = {
      ...{ isJobOpen: false, isTurnLeft: false, isVideoLeft: false, isBatchLeft: false },
      isTurnCancelled: false,
    }
    const run = (sql: string, ...args: (string | number)[]) => client.execute({ sql, args })

    test('of an empty database is quiet', async () => {
      const none = { since: NOW - 10, text: '0 0' }
      expect(await stores.pulse(ASK)).toEqual({
        ...{ revision: 0, states: none, quotas: none, lists: none },
        ...QUIET,
      })
    })

    test('is one statement, and each of its parts is found by an index', async () => {
      const watching = watched(client)
      const vault = createVault('a secret for tests')
      const own = createStores({ client: watching.client, vault, now: () => NOW })
      await own.pulse(ASK)
      const [asked, ...more] = watching.taken().flat()
      expect(more).toEqual([])
      const plan = await planOf(client, asked ?? { sql: '', args: [] })
      const steps = plan.split('\n').filter((step) => /SCAN|SEARCH/.test(step))
      expect(steps).toHaveLength(10)
      for (const step of steps) expect(step).toMatch(/USING (COVERING )?INDEX|SCAN CONSTANT ROW/)
    })

    test('tells the revision, and what was written since', async () => {
      await stores.settings.set('max_attempts', 3)
      const state = { accountId: 'a', scope: '', state: 'cooling', reason: 'r' } as const
      await stores.accountStates.save([{ ...state, until: NOW, faults: 1, updatedAt: NOW - 4 }])
      const old = { ...state, accountId: 'b', until: NOW, faults: 1, updatedAt: NOW - 20 }
      await stores.accountStates.save([old])
      const quota = { accountId: 'a', bucket: 'x', limit: 1, remaining: 1, resetAt: NOW } as const
      await stores.accountQuotas.save([{ ...quota, source: 'reported', updatedAt: NOW - 3 }])
      await stores.modelLists.save([
        { accountId: 'a', baseUrl: 'u', models: [], fetchedAt: new Date(NOW - 2) },
      ])
      expect(await stores.pulse(ASK)).toMatchObject({
        revision: 1,
        states: { text: '1 6' },
        quotas: { text: '1 7' },
        lists: { text: '1 8' },
        ...QUIET,
      })
    })

    test('tells of jobs that are wanted, and that were interrupted while they were', async () => {
      const isOpen = async (now = NOW) => (await stores.pulse({ ...ASK, now })).isJobOpen
      await stores.jobs.want('models', 'run')
      expect(await isOpen()).toBe(true)
      const claim = { instance: 'one', leaseMs: 1_000, startedBefore: NOW }
      expect(await stores.jobs.claim({ name: 'models', ...claim })).toBeTruthy()
      expect(await isOpen()).toBe(false)
      expect(await isOpen(NOW + 1_000)).toBe(true)
      await stores.jobs.want('models', 'cancel')
      expect(await isOpen()).toBe(true)
      const step = { name: 'models', instance: 'one', done: 1, total: 1, note: null } as const
      await stores.jobs.finish('cancelled', step)
      expect(await isOpen(NOW + 1_000)).toBe(false)
    })

    test('tells of background turns that were left', async () => {
      const isLeft = async () => (await stores.pulse(ASK)).isTurnLeft
      const add = `INSERT INTO background_turns (response_id, key_id, instance, expires_at, tries)
        VALUES (?, 'k', 'i', ?, 1)`
      await run(add, 'held', NOW + 1)
      expect(await isLeft()).toBe(false)
      await run(add, 'left', NOW)
      expect(await isLeft()).toBe(true)
    })

    test('tells of background turns of whoever asks that were cancelled elsewhere', async () => {
      const isCancelled = async (instance: string) =>
        (await stores.pulse({ ...ASK, instance })).isTurnCancelled
      const add = `INSERT INTO background_turns (response_id, key_id, instance, expires_at, tries)
        VALUES (?, 'k', ?, ?, 1)`
      await run(add, 'at one', 'one', NOW + 1)
      await run(add, 'at two', 'two', NOW + 1)
      expect(await isCancelled('one')).toBe(false)
      await stores.backgroundTurns.cancel('k', 'at one', NOW)
      expect(await isCancelled('one')).toBe(true)
      expect(await isCancelled('two')).toBe(false)
    })

    test.each([
      ['queued', 0, 1, true],
      ['in_progress', 0, 1, true],
      ['in_progress', 1, 1, false],
      ['queued', 0, 0, false],
      ['completed', 0, 1, false],
      ['failed', 0, 1, false],
    ] as const)(
      'tells of a video that is %s, leased until +%i, there until +%i: %p',
      async (status, lease, end, isLeft) => {
        await run('DELETE FROM videos')
        await run(
          `INSERT INTO videos (id, key_id, shape, model, status, progress, request, origin, lease_until,
            tries, created_at, expires_at) VALUES ('v', 'k', 'xai', 'm', ?, 0, '{}', '', ?, 1, 1, ?)`,
          ...[status, NOW + lease, NOW + end],
        )
        expect((await stores.pulse(ASK)).isVideoLeft).toBe(isLeft)
      },
    )

    test('tells of work on many things that nobody is at', async () => {
      const isLeft = async (now = NOW) => (await stores.pulse({ ...ASK, now })).isBatchLeft
      for (const id of ['first', 'second'])
        await stores.batches.add({ id, kind: 'test', actor: 'me', subjects: ['a'] })
      expect(await isLeft()).toBe(true)
      const batch = await stores.batches.claim('one', 1_000)
      // The others wait for that.
      expect(await isLeft()).toBe(false)
      expect(await isLeft(NOW + 1_000)).toBe(true)
      const id = String(batch?.id)
      const step = { id, instance: 'one', done: 1, good: 1, ahead: [], problems: [] }
      await stores.batches.leave(step, 'done')
      expect(await isLeft()).toBe(true)
      await stores.batches.want('second', 'cancel')
      await stores.batches.want('first', 'cancel')
      expect(await isLeft(NOW + 1_000)).toBe(false)
    })
  })
