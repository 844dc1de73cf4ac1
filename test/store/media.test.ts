import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type { Client } from '@libsql/client/web'
import { createMediaRows, type MediaRow } from '#src/store/media'
import { createMediaCleaning } from '#src/store/media-cleaning'
import { createMediaSearch, type MediaPlace, type MediaSearch } from '#src/store/media-search'
import { patient } from '#src/store/patient'
import { databases, type SaidDatabase } from '../support/said'

const HOUR_MS = 3_600_000
const NOON = 1_900_000_000_000 - (1_900_000_000_000 % HOUR_MS)

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`media, ${where}`, () => {
    let database: SaidDatabase
    let client: Client

    beforeAll(async () => {
      database = await make()
      client = database.open()
    })
    afterAll(() => database[Symbol.asyncDispose]())
    tests(() => client)
  })

function tests(clientOf: () => Client) {
  let at = NOON
  const media = () => createMediaRows(patient(clientOf()), () => at)
  afterEach(async () => {
    at = NOON
    await clientOf().execute('DELETE FROM media')
  })

  test('one source has one name, whoever comes first', async () => {
    const first = await media().publish(row('a.png'))
    expect(first).toEqual(row('a.png'))
    const names = ['b.png', 'c.png', 'd.png'].map((name) =>
      media().publish({ ...row(name), sourceHash: 'hash of a.png' }),
    )
    expect((await Promise.all(names)).map(({ name }) => name)).toEqual(['a.png', 'a.png', 'a.png'])
    await media().publish(row('e.png'))
    expect(await media().find('e.png')).toEqual(row('e.png'))
    expect(await media().find('b.png')).toBeUndefined()
  })

  test('what has no source is written as it is', async () => {
    const own = { ...row('a.png'), ...STORED, source: null, sourceHash: null, accountId: null }
    expect(await media().publish(own)).toEqual(own)
    expect(await media().publish({ ...own, name: 'b.png' })).toMatchObject({ name: 'b.png' })
    expect(await media().find('a.png')).toEqual(own)
  })

  test('of many who want to fetch something at once one does', async () => {
    await media().publish(row('a.png'))
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, nth) => media().claim('a.png', `fetcher ${nth}`, at + 1_000)),
    )
    expect(claims.filter((isOurs) => isOurs)).toHaveLength(1)
    const winner = `fetcher ${claims.indexOf(true)}`
    expect(await media().claim('a.png', winner, at + 2_000)).toBe(true)
    at += 1_999
    expect(await media().claim('a.png', 'another', at + 1_000)).toBe(false)
    at += 1
    expect(await media().claim('a.png', 'another', at + 1_000)).toBe(true)
    expect(await media().claim('a.png', winner, at + 1_000)).toBe(false)
    expect(await media().claim('nothing.png', 'another', at + 1_000)).toBe(false)
  })

  test('a claim that is given up leaves the others alone as long as it says', async () => {
    await media().publish(row('a.png'))
    await media().claim('a.png', 'one', at + 10_000)
    await media().release('a.png', 'another', at)
    expect(await media().claim('a.png', 'another', at + 1_000)).toBe(false)
    await media().release('a.png', 'one', at + 500)
    expect(await media().claim('a.png', 'another', at + 1_000)).toBe(false)
    at += 500
    expect(await media().claim('a.png', 'another', at + 1_000)).toBe(true)
  })

  test('only who fetches it says that it is stored, once', async () => {
    await media().publish(row('a.png'))
    await media().claim('a.png', 'one', at + 10_000)
    expect(await media().stored('a.png', 'another', STORED)).toBe(false)
    expect(await media().stored('a.png', 'one', STORED)).toBe(true)
    expect(await media().stored('a.png', 'one', STORED)).toBe(false)
    expect(await media().find('a.png')).toEqual({ ...row('a.png'), ...STORED })
    expect(await media().claim('a.png', 'one', at + 10_000)).toBe(false)
    await media().remove(['a.png'])
    expect(await media().stored('a.png', 'one', STORED)).toBe(false)
  })

  test('what is lost is fetched again where that can be, else forgotten, and only if it is the same', async () => {
    await media().publish({ ...row('a.png'), ...STORED })
    await media().publish({ ...row('b.png'), ...STORED, source: null, sourceHash: null })
    for (const name of ['a.png', 'b.png']) {
      await media().lost(name, 'another')
      expect(await media().find(name)).toMatchObject(STORED)
      await media().lost(name, STORED.hash)
    }
    expect(await media().find('a.png')).toEqual(row('a.png'))
    expect(await media().find('b.png')).toBeUndefined()
    expect(await media().claim('a.png', 'one', at + 1)).toBe(true)
  })

  test('what was made lately and nobody fetches waits, the newest first', async () => {
    const since = NOON - 10
    const rows: MediaRow[] = [
      row('a.png'),
      { ...row('b.png'), createdAt: NOON - 3, usedAt: NOON - HOUR_MS },
      { ...row('c.png'), createdAt: NOON - 4 },
      { ...row('old.png'), createdAt: NOON - 11 },
      { ...row('here.png'), ...STORED },
      { ...row('film.mp4'), sort: 'video' },
      { ...row('ours.png'), source: null, sourceHash: null },
      { ...row('claimed.png'), fetcher: 'one', fetchUntil: NOON + 1 },
      { ...row('left.png'), createdAt: NOON - 2, fetcher: 'dead', fetchUntil: NOON },
    ]
    for (const one of rows) await media().publish(one)
    const ask = { sort: 'image' as const, since, most: 9, except: [] }
    expect(await media().waiting(ask)).toEqual(['left.png', 'b.png', 'c.png', 'a.png'])
    expect(await media().waiting({ ...ask, most: 2, except: ['b.png'] })).toEqual([
      'left.png',
      'c.png',
    ])
    expect(await media().waiting({ ...ask, sort: 'video' })).toEqual(['film.mp4'])
    at += 1
    expect(await media().waiting(ask)).toContain('claimed.png')
  })

  test('what was cleared away waits for nobody', async () => {
    const cleaning = createMediaCleaning(patient(clientOf()))
    await media().publish({ ...row('a.png'), ...STORED })
    const by = 'cleaning'
    await cleaning.free(await cleaning.evict(['a.png'], { by, until: NOON + 1 }), by)
    const ask = { sort: 'image' as const, since: NOON - 10, most: 9, except: [] }
    expect(await media().waiting(ask)).toEqual([])
    expect(await media().claim('a.png', 'one', at + 1)).toBe(true)
  })

  test('use is written to the hour, and never back', async () => {
    await media().publish(row('a.png'))
    await media().publish(row('b.png'))
    await media().touch(['a.png', 'nothing.png'], NOON + 2.5 * HOUR_MS)
    await media().touch(['a.png', 'b.png'], NOON + HOUR_MS)
    expect(await media().find('a.png')).toMatchObject({ usedAt: NOON + 2 * HOUR_MS })
    expect(await media().find('b.png')).toMatchObject({ usedAt: NOON + HOUR_MS })
    await media().touch([], NOON)
  })

  test('tells what there is, and lists it in every order', async () => {
    for (let nth = 0; nth < 5; nth++)
      await media().publish({ ...row(`${nth}.png`), usedAt: NOON + nth * HOUR_MS })
    await media().publish({ ...row('5.png'), ...STORED, usedAt: NOON })
    await media().publish({ ...row('6.mp4'), ...STORED, sort: 'video' })
    expect(await media().totals('image')).toEqual({ known: 6, stored: 1, bytes: 10 })
    expect(await media().totals('video')).toEqual({ known: 1, stored: 1, bytes: 10 })
    const search = createMediaSearch(patient(clientOf()))
    expect(await search.totals()).toEqual({
      image: { known: 6, stored: 1, bytes: 10 },
      video: { known: 1, stored: 1, bytes: 10 },
    })
    const named = async (wanted: Partial<MediaSearch>) => {
      const names: string[] = []
      for (let after: MediaPlace | undefined; ; ) {
        const page = await search.find({ order: 'used', limit: 2, after, ...wanted })
        names.push(...page.map(({ name }) => name))
        after = page.at(-1)
        if (!after) return names.join(' ')
      }
    }
    expect(await named({ sort: 'image' })).toBe('4.png 3.png 2.png 1.png 5.png 0.png')
    expect(await named({})).toBe('4.png 3.png 2.png 1.png 6.mp4 5.png 0.png')
    expect(await named({ order: 'size' })).toBe('6.mp4 5.png 4.png 3.png 2.png 1.png 0.png')
    expect(await named({ order: 'made', isKept: true })).toBe('6.mp4 5.png')
    expect(await named({ isKept: false, text: '2' })).toBe('2.png')
    expect(await named({ text: 'IMAGINE', accountId: 'account', sort: 'video' })).toBe('6.mp4')
    expect(await named({ text: '%' })).toBe('')
    expect(await named({ accountId: 'another' })).toBe('')
  })

  test('what is removed by hand says what it was', async () => {
    const search = createMediaSearch(patient(clientOf()))
    await media().publish({ ...row('a.png'), ...STORED })
    await media().publish(row('b.png'))
    await media().publish({ ...row('late.png'), createdAt: NOON + 1 })
    expect(await search.remove(['a.png', 'nothing.png'])).toEqual([
      { name: 'a.png', sort: 'image', bytes: 10 },
    ])
    expect(await search.removeSome('video', NOON, 9)).toEqual([])
    expect(await search.removeSome('image', NOON, 9)).toEqual([
      { name: 'b.png', sort: 'image', bytes: 0 },
    ])
    expect((await search.totals()).image.known).toBe(1)
  })
}

const STORED = { mime: 'image/png', bytes: 10, hash: 'abc' }

const row = (name: string): MediaRow => ({
  name,
  sort: 'image',
  accountId: 'account',
  keyId: 'key',
  source: `https://assets.example/${name}`,
  sourceHash: `hash of ${name}`,
  mime: null,
  bytes: null,
  hash: null,
  fetcher: null,
  fetchUntil: null,
  createdAt: NOON - 5,
  usedAt: NOON,
  model: 'grok-imagine',
})
