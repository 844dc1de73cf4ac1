import { describe, expect, test } from 'bun:test'
import { mp4 } from '../fakes/media/films'
import { jpeg } from '../fakes/media/jpeg'
import { mediaCache } from '../support/media-cache'
import { type Answered, cut, gate, mediaHost } from '../support/media-host'
import { until } from '../support/programs'

const PICTURE = jpeg('a cat', 4_000)
const FILM = mp4('waves', 300_000)
const MINUTE_MS = 60_000
const BROKEN: Answered = { status: '500 Oh', pieces: [Buffer.from('no')] }

const whole = (bytes: Uint8Array): Answered => ({ pieces: [bytes] })

/** What a process that was killed has left: rows that nobody fetches. */
async function left(it: Awaited<ReturnType<typeof mediaCache>>, urls: readonly string[]) {
  const rows = urls.map((url, at) => ({
    ...{ name: `${at.toString(16).padStart(32, '0')}.png`, sort: 'image' as const, source: url },
    ...{ accountId: 'a1', keyId: 'k1', sourceHash: url, mime: null, bytes: null, hash: null },
    ...{ fetcher: null, fetchUntil: null, createdAt: Date.now() + at, usedAt: Date.now() },
    model: null,
  }))
  for (const row of rows) await it.index.publish(row)
  return rows.map(({ name }) => name)
}

/** Wait until nothing more is begun. */
async function rest(it: Awaited<ReturnType<typeof mediaCache>>) {
  await it.settle()
  await it.settle()
}

describe('what is fetched ahead', () => {
  test('is found by the next process, when the one that published it is gone', async () => {
    await using host = mediaHost(() => whole(PICTURE))
    await using it = await mediaCache()
    const [name = ''] = await left(it, [`${host.url}/a`])
    await it.cache.lookAhead()
    await rest(it)
    expect((await it.index.find(name))?.bytes).toBe(PICTURE.length)
  })

  test('is looked for once a minute', async () => {
    let ahead = 0
    await using host = mediaHost(() => whole(PICTURE))
    await using it = await mediaCache({ ahead: () => ahead })
    await it.cache.lookAhead()
    await left(it, [`${host.url}/a`])
    await it.cache.lookAhead()
    await rest(it)
    expect(host.asked).toHaveLength(0)
    ahead = MINUTE_MS
    await it.cache.lookAhead()
    await rest(it)
    expect(host.asked).toHaveLength(1)
  })

  test('is a picture though four videos are slow', async () => {
    const { opened, open } = gate()
    const film: Answered = { pieces: cut(FILM, 100_000), before: () => opened }
    await using host = mediaHost(({ path }) => (path === '/a' ? whole(PICTURE) : film))
    await using it = await mediaCache()
    for (const at of [1, 2, 3, 4, 5]) await it.publish(`${host.url}/v${at}`, 'video')
    const { name } = await it.publish(`${host.url}/a`)
    const bytes = await until(async () => (await it.index.find(name))?.bytes ?? undefined)
    expect(bytes).toBe(PICTURE.length)
    expect(host.asked).toHaveLength(5)
    open()
    await rest(it)
    expect(host.asked).toHaveLength(6)
  })

  test('is fetched at last though more of it was published than waits in memory', async () => {
    let ahead = 0
    await using host = mediaHost(() => whole(PICTURE))
    await using it = await mediaCache({ ahead: () => ahead })
    const urls = Array.from({ length: 1_010 }, (_, at) => `${host.url}/${at}`)
    await left(it, urls)
    await it.cache.lookAhead()
    await rest(it)
    expect(await it.index.totals('image')).toMatchObject({ known: 1_010, stored: 1_000 })
    ahead = MINUTE_MS
    await it.cache.lookAhead()
    await rest(it)
    expect(await it.index.totals('image')).toMatchObject({ stored: 1_010 })
  }, 60_000)

  test('is left alone when it has failed five times, or is held by another', async () => {
    let ahead = 0
    await using host = mediaHost(() => BROKEN)
    await using it = await mediaCache({ ahead: () => ahead })
    const [, held = ''] = await left(it, [`${host.url}/a`, `${host.url}/held`])
    await it.index.claim(held, 'another', Date.now() + 3_600_000)
    for (; ahead < 9 * MINUTE_MS; ahead += MINUTE_MS) {
      await it.cache.lookAhead()
      await rest(it)
    }
    expect(host.asked.map(({ path }) => path)).toEqual(Array(5).fill('/a'))
    expect(it.lines.filter((line) => line.includes('media_not_fetched'))).toHaveLength(5)
  })

  test('is little at a time where requests do not share their work', async () => {
    await using host = mediaHost(() => whole(PICTURE))
    await using it = await mediaCache({ sharesWork: false })
    const names = await left(
      it,
      [1, 2, 3, 4, 5, 6].map((at) => `${host.url}/${at}`),
    )
    await it.cache.lookAhead()
    await rest(it)
    expect(host.asked).toHaveLength(4)
    expect((await it.index.find(names[5] ?? ''))?.bytes).toBe(PICTURE.length)
  })

  test('waits when the database is away, which stops nothing else', async () => {
    await using it = await mediaCache()
    it.client.close()
    expect(await it.cache.lookAhead()).toBeUndefined()
  })
})
