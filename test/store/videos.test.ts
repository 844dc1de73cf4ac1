import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { patient } from '#src/store/patient'
import { createVideoRows, type VideoEnd, type VideoRow, type VideoRows } from '#src/store/videos'
import { allPages, databases, type SaidDatabase } from '../support/said'

const DONE: VideoEnd = {
  ...{ status: 'completed', video: 'v.mp4', thumbnail: 't.jpg', seconds: 6, error: null },
  ...{ usage: { cost_in_usd_ticks: 7 }, completedAt: 900 },
}

const row = (id: string, extra: Partial<VideoRow> = {}): VideoRow => ({
  ...{ id, keyId: 'k', shape: 'openai', model: 'm', status: 'queued', progress: 0 },
  ...{ request: { film: { prompt: id } }, origin: 'http://here', accountId: null },
  ...{ upstreamId: null, video: null, thumbnail: null, seconds: null, error: null, usage: null },
  ...{ instance: null, leaseUntil: 0, tries: 0, createdAt: 100, completedAt: null },
  ...{ expiresAt: 1_000_000, ...extra },
})

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`videos, ${where}`, () => {
    let database: SaidDatabase
    let one: VideoRows
    let two: VideoRows

    beforeAll(async () => {
      database = await make()
      one = createVideoRows(patient(database.open()))
      two = createVideoRows(patient(database.open()))
    })
    afterAll(() => database[Symbol.asyncDispose]())

    const at = (expiresAt: number, instance = 'one') => ({ instance, expiresAt })
    const find = (id: string, keyId = 'k', now = 0) => two.find(keyId, id, now)
    const ids = (rows: readonly VideoRow[]) => rows.map(({ id }) => id)

    test('are what was written, for their key and until they expire', async () => {
      const written = row('a', { instance: 'x', leaseUntil: 5, expiresAt: 50, status: 'failed' })
      await one.insert(written)
      expect(await find('a')).toEqual(written)
      expect(await find('a', 'other')).toBeUndefined()
      expect(await find('a', 'k', 50)).toBeUndefined()
      expect(await two.remove('other', 'a')).toBe(false)
      expect(await two.remove('k', 'a')).toBe(true)
      expect(await one.remove('k', 'a')).toBe(false)
    })

    test('are listed by key, shape and time', async () => {
      for (const [id, extra] of [
        ['l1', { createdAt: 1 }],
        ['l2', { createdAt: 2 }],
        ['l3', { createdAt: 2 }],
        ['l4', { createdAt: 3 }],
        ['other', { keyId: 'other-key' }],
        ['bare', { shape: 'xai' }],
        ['old', { expiresAt: 10 }],
      ] as const)
        await one.insert(row(id, { keyId: 'list', status: 'failed', ...extra }))
      const terms = { keyId: 'list', shape: 'openai', now: 10 } as const
      const pages = (order: 'asc' | 'desc', limit: number) =>
        allPages((after) => two.list(terms, { order, after, limit }))
      for (const limit of [1, 2, 3, 9]) {
        expect(ids(await pages('asc', limit))).toEqual(['l1', 'l2', 'l3', 'l4'])
        expect(ids(await pages('desc', limit))).toEqual(['l4', 'l3', 'l2', 'l1'])
      }
      for (const after of ['other', 'bare', 'old']) {
        const strange = two.list(terms, { order: 'desc', after, limit: 1 })
        const outcome = await strange.catch((cause) => cause)
        expect(outcome, after).toMatchObject({ code: 'invalid_value' })
      }
    })

    test('are listed though they are long', async () => {
      const prompt = '海'.repeat(40_000)
      const long = { keyId: 'long', status: 'failed', request: { prompt } } as const
      for (let n = 0; n < 101; n++) await one.insert(row(`long${n}`, long))
      const terms = { keyId: 'long', shape: 'openai', now: 0 } as const
      const page = await two.list(terms, { order: 'asc', after: undefined, limit: 100 })
      expect([page.data.length, page.hasMore]).toEqual([100, true])
    })

    test('are claimed by one instance, oldest first, and once more when that one is gone', async () => {
      await one.insert(row('c2', { createdAt: 20 }))
      await one.insert(row('c1', { createdAt: 10 }))
      await one.insert(row('c3', { createdAt: 30, leaseUntil: 200, instance: 'dead' }))
      await one.insert(row('c4', { createdAt: 1, status: 'completed' }))
      await one.insert(row('c5', { createdAt: 1, expiresAt: 100 }))
      const first = await one.claim(at(300), 100, 1)
      expect(ids(first)).toEqual(['c1'])
      expect(first[0]).toMatchObject({ instance: 'one', leaseUntil: 300, tries: 1 })
      expect(ids(await two.claim(at(300, 'two'), 100, 9))).toEqual(['c2'])
      expect(await one.claim(at(300), 199, 9)).toEqual([])
      const left = await one.claim(at(400), 200, 9)
      expect(left).toMatchObject([{ id: 'c3', instance: 'one', tries: 1 }])
      const all = await two.claim(at(900, 'two'), 400, 9)
      expect(all.map(({ id, tries }) => [id, tries])).toEqual([
        ['c1', 2],
        ['c2', 2],
        ['c3', 2],
      ])
      await two.release(
        'two',
        all.map(({ id }) => id),
      )
    })

    test('are claimed by nobody twice, however many ask at once', async () => {
      for (let n = 0; n < 30; n++) await one.insert(row(`m${n}`, { createdAt: n }))
      const claims = Array.from({ length: 10 }, (_, n) =>
        (n % 2 ? one : two).claim(at(9_000, `i${n}`), 1, 5),
      )
      const claimed = (await Promise.all(claims)).flat()
      expect(new Set(ids(claimed)).size).toBe(claimed.length)
      expect(claimed.filter(({ id }) => id.startsWith('m'))).toHaveLength(30)
      for (const { id, keyId } of claimed) await one.remove(keyId, id)
    })

    test('are kept by who makes them, and lost when they are not his any more', async () => {
      for (const id of ['k1', 'k2', 'k3', 'k4'])
        await one.insert(row(id, { instance: 'one', leaseUntil: 10, tries: 1 }))
      await two.remove('k', 'k2')
      await one.end('k3', 'one', DONE)
      await two.claim(at(99, 'two'), 10, 1)
      expect(await one.renew(at(500), ['k1', 'k2', 'k3', 'k4'])).toEqual(['k1', 'k2', 'k3'])
      expect(await find('k4')).toMatchObject({ leaseUntil: 500, instance: 'one' })
      expect(await one.renew(at(500), [])).toEqual([])
    })

    test('go from hand to hand without one more try', async () => {
      await one.insert(row('r1', { instance: 'one', leaseUntil: 500, tries: 1 }))
      await two.release('two', ['r1'])
      expect(await find('r1')).toMatchObject({ instance: 'one' })
      await one.release('one', ['r1'])
      expect(await find('r1')).toMatchObject({ instance: null, leaseUntil: 0, tries: 0 })
      expect([...(await one.unclaimed(['r1', 'nothing']))]).toEqual(['r1'])
      await one.claim(at(500), 1, 1)
      expect([...(await one.unclaimed(['r1']))]).toEqual([])
      expect(await two.defer('r1', 'two', 700)).toBe(false)
      expect(await one.defer('r1', 'one', 700)).toBe(true)
      expect(await find('r1')).toMatchObject({ instance: null, leaseUntil: 700, tries: 0 })
    })

    test('come further by who makes them only', async () => {
      await one.insert(row('p1', { instance: 'one', leaseUntil: 500 }))
      const begun = { accountId: 'acc', upstreamId: 'up' }
      expect(await two.accept('p1', 'two', begun)).toBe(false)
      expect(await one.accept('p1', 'one', begun)).toBe(true)
      await two.advance('p1', 'two', 99)
      await one.advance('p1', 'one', 40)
      expect(await find('p1')).toMatchObject({ ...begun, status: 'in_progress', progress: 40 })
      expect(await two.end('p1', 'two', DONE)).toBe(false)
      expect(await one.end('p1', 'one', DONE)).toBe(true)
      expect(await find('p1')).toMatchObject({
        ...{ ...DONE, ...begun, progress: 100, instance: null, leaseUntil: 0 },
      })
      expect(await one.end('p1', 'one', DONE)).toBe(false)
      await one.advance('p1', 'one', 1)
      expect(await one.accept('p1', 'one', begun)).toBe(false)
      expect((await find('p1'))?.progress).toBe(100)
    })

    test('fail where they stood', async () => {
      await one.insert(row('f1', { instance: 'one', leaseUntil: 500 }))
      await one.advance('f1', 'one', 40)
      const error = { code: 'c', message: 'm' }
      const nothing = { video: null, thumbnail: null, seconds: null, usage: null }
      await one.end('f1', 'one', { ...nothing, status: 'failed', error, completedAt: null })
      expect(await find('f1')).toMatchObject({ status: 'failed', progress: 40, error, usage: null })
    })
  })
