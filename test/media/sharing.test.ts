import { describe, expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { migrate } from '#src/store/migrate'
import { createObjects } from '#src/store/objects'
import { patient } from '#src/store/patient'
import { openRemote } from '#src/store/remote'
import { mp4 } from '../fakes/media/films'
import { jpeg } from '../fakes/media/jpeg'
import { bytesOf, filesOf, mediaCache, readAll, refusal } from '../support/media-cache'
import { cut, gate, mediaHost } from '../support/media-host'
import { until } from '../support/programs'
import { sqld } from '../support/sqld'

const PICTURE = jpeg('a cat', 40_000)
const FILM = mp4('waves', 300_000)

describe('among instances', () => {
  test('one fetches what all are asked for, and the others wait for it', async () => {
    await using database = await sqld()
    const { opened, open } = gate()
    await using host = mediaHost(() => ({ pieces: cut(FILM, 100_000), before: () => opened }))
    const client = openRemote(database.url)
    await migrate(client)
    await using one = await mediaCache({ client })
    const { root } = one
    await using two = await mediaCache({ client: openRemote(database.url), root })
    await using three = await mediaCache({ client: openRemote(database.url), root })
    const { name } = await one.publish(`${host.url}/v`, 'video')
    const all = [one, two, three].flatMap((it) => [readAll(it, name), readAll(it, name)])
    while (host.asked.length === 0) await Bun.sleep(5)
    await Bun.sleep(600)
    open()
    for (const bytes of await Promise.all(all)) expect(Bun.deepEquals(bytes, FILM)).toBe(true)
    expect(host.asked).toHaveLength(1)
    client.close()
  })

  test('one takes over what another has left', async () => {
    let ahead = 0
    const { opened, open } = gate()
    await using host = mediaHost(() => ({ pieces: cut(FILM, 100_000), before: () => opened }))
    await using it = await mediaCache({ ahead: () => ahead })
    const { name } = await it.publish('http://127.0.0.1:1/nobody', 'video')
    await it.settle()
    await it.client.execute({
      sql: 'UPDATE media SET source = ?, fetcher = ?, fetch_until = ? WHERE name = ?',
      args: [`${host.url}/v`, 'dead', Date.now() + 15_000 + 6_000, name],
    })
    ahead = 6_000
    open()
    const reading = readAll(it, name)
    await Bun.sleep(400)
    expect(host.asked).toHaveLength(0)
    ahead += 15_000
    expect(await reading).toEqual(FILM)
  })

  test('who is slow keeps its claim', async () => {
    const { opened, open } = gate()
    await using host = mediaHost(() => ({ pieces: cut(FILM, 100_000), before: () => opened }))
    await using it = await mediaCache()
    const { name } = await it.publish(`${host.url}/v`, 'video')
    await it.cache.open(name)
    const claimed = await it.index.find(name)
    const renewed = await until(async () => {
      const found = await it.index.find(name)
      return Number(found?.fetchUntil) > Number(claimed?.fetchUntil) ? found : undefined
    })
    expect(renewed.fetcher).toBe(claimed?.fetcher ?? 'none')
    open()
    await it.settle()
  }, 10_000)

  test('whose claim was taken keeps nothing', async () => {
    const { opened, open } = gate()
    await using host = mediaHost(() => ({ pieces: cut(PICTURE, 20_000), before: () => opened }))
    await using it = await mediaCache()
    const { name } = await it.publish(`${host.url}/a`)
    const view = await it.cache.open(name)
    await it.client.execute(`UPDATE media SET fetcher = 'another', fetch_until = 9e15`)
    open()
    expect((await refusal(view.settled())).code).toBe('media_unavailable')
    expect(await filesOf(it)).toEqual([])
  })

  test('what was removed while it came leaves nothing', async () => {
    const { opened, open } = gate()
    await using host = mediaHost(() => ({ pieces: cut(PICTURE, 20_000), before: () => opened }))
    await using it = await mediaCache()
    const { name } = await it.publish(`${host.url}/a`)
    const view = await it.cache.open(name)
    await it.index.remove([name])
    open()
    await refusal(view.settled())
    expect(await filesOf(it)).toEqual([])
    expect(await refusal(it.cache.open(name))).toMatchObject({ code: 'not_found' })
  })

  test('a fetch that takes too long is not waited for without end', async () => {
    let ahead = 0
    await using it = await mediaCache({
      ahead: () => ahead,
      settings: { media_fetch_timeout_ms: 1_000 },
    })
    const { name } = await it.publish('http://127.0.0.1:1/nobody')
    await it.settle()
    await it.client.execute(`UPDATE media SET fetcher = 'another', fetch_until = 9e15`)
    ahead = 6_000
    const reading = refusal(readAll(it, name))
    await Bun.sleep(100)
    ahead += 1_000
    expect((await reading).message).toContain('takes too long')
  })
})

describe('where requests cannot wait for each other', () => {
  test('one fetches, and the others look again until it is there', async () => {
    const { opened, open } = gate()
    await using host = mediaHost(() => ({ pieces: cut(PICTURE, 20_000), before: () => opened }))
    await using it = await mediaCache({ sharesWork: false })
    const { name } = await it.publish(`${host.url}/a`)
    const readers = Array.from({ length: 30 }, () => readAll(it, name))
    await Bun.sleep(300)
    open()
    for (const bytes of await Promise.all(readers)) expect(bytes).toEqual(PICTURE)
    expect(host.asked).toHaveLength(1)
  })

  test('a failure is the failure of all who wait', async () => {
    const { opened, open } = gate()
    await using host = mediaHost(() => ({
      pieces: cut(PICTURE, 20_000),
      before: () => opened,
      isCut: true,
      headers: { 'content-length': '99999' },
    }))
    await using it = await mediaCache({ sharesWork: false })
    const { name } = await it.publish(`${host.url}/a`)
    const readers = Array.from({ length: 10 }, () => refusal(readAll(it, name)))
    await Bun.sleep(100)
    open()
    for (const why of await Promise.all(readers)) expect(why.code).toBe('media_unavailable')
    expect(host.asked).toHaveLength(1)
  })
})

describe('bytes that somebody has removed', () => {
  test('are fetched again', async () => {
    await using host = mediaHost(() => ({ pieces: [PICTURE] }))
    await using it = await mediaCache()
    const { name } = await it.publish(`${host.url}/a`)
    await it.settle()
    const view = await it.cache.open(name)
    for (const path of await filesOf(it)) await rm(path)
    expect(await bytesOf(await view.read(3))).toEqual(PICTURE.subarray(3))
    expect(host.asked).toHaveLength(2)
    expect(await filesOf(it)).toHaveLength(1)
    expect(it.stored).toEqual([PICTURE.length, PICTURE.length])
  })

  test('are not mixed with others that are at their source by now', async () => {
    const others = jpeg('another cat', 40_000)
    let isChanged = false
    await using host = mediaHost(() => ({ pieces: [isChanged ? others : PICTURE] }))
    await using it = await mediaCache()
    const { name } = await it.publish(`${host.url}/a`)
    await it.settle()
    const view = await it.cache.open(name)
    for (const path of await filesOf(it)) await rm(path)
    isChanged = true
    expect((await refusal(view.read(3))).message).toContain('ask again')
    expect(await readAll(it, name)).toEqual(others)
  })

  test('are lost where they came from a client', async () => {
    await using it = await mediaCache()
    const { name } = await it.cache.keep(PICTURE, { keyId: 'k1' })
    const view = await it.cache.open(name)
    for (const path of await filesOf(it)) await rm(path)
    expect((await refusal(view.read(0))).status).toBeOneOf([404, 502])
    expect(await refusal(it.cache.open(name))).toMatchObject({ code: 'not_found' })
  })

  test('that were evicted are fetched when they are asked for', async () => {
    await using host = mediaHost(() => ({ pieces: [PICTURE] }))
    await using it = await mediaCache()
    const { name } = await it.publish(`${host.url}/a`)
    await it.settle()
    await it.client.execute('UPDATE media SET mime = NULL, bytes = NULL, hash = NULL')
    await it.objects.remove([name])
    expect(await readAll(it, name)).toEqual(PICTURE)
  })
})

describe('objects that are in the database', () => {
  test('are read while they come, and after', async () => {
    await using database = await sqld()
    const client = openRemote(database.url)
    await migrate(client)
    const objects = createObjects({ client: patient(client), now: Date.now })
    const film = mp4('waves', 3_000_000)
    const { opened, open } = gate()
    await using host = mediaHost(() => ({
      pieces: cut(film, 500_000),
      before: (at) => (at === 4 ? opened : Bun.sleep(1)),
    }))
    await using it = await mediaCache({ client, objects })
    const { name } = await it.publish(`${host.url}/v`, 'video')
    const view = await it.cache.open(name)
    expect(await bytesOf(await view.read(600_000, 700_000))).toEqual(
      film.subarray(600_000, 700_000),
    )
    open()
    expect(await readAll(it, name)).toEqual(film)
    await it.settle()
    const kept = await it.cache.open(name)
    expect(await bytesOf(await kept.read(2_000_000, 2_000_100))).toEqual(
      film.subarray(2_000_000, 2_000_100),
    )
    client.close()
  })
})
