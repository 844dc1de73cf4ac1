import { describe, expect, test } from 'bun:test'
import { mp4 } from '../fakes/media/films'
import { jpeg } from '../fakes/media/jpeg'
import { bytesOf, filesOf, mediaCache, ORIGIN, readAll, refusal } from '../support/media-cache'
import { cut, mediaHost } from '../support/media-host'

const PICTURE = jpeg('a cat', 40_000)
const FILM = mp4('waves', 300_000)
const MOST = 100_000

const streamed = (pieces: readonly Uint8Array[], cause?: Error) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      if (cause) controller.error(cause)
      else controller.close()
    },
  })

describe('what is here already', () => {
  test.each([
    ['a picture', () => PICTURE, PICTURE, 'jpg', 'image/jpeg'],
    ['a picture in pieces', () => streamed(cut(PICTURE, 100)), PICTURE, 'jpg', 'image/jpeg'],
    ['a video', () => streamed(cut(FILM, 10_000)), FILM, 'mp4', 'video/mp4'],
  ] as const)('is kept: %s', async (_, source, bytes, extension, mime) => {
    await using it = await mediaCache()
    const { name, ...found } = await it.cache.keep(source(), { keyId: 'k1', accountId: 'a1' })
    expect(name).toMatch(new RegExp(`^[\\da-f]{32}\\.${extension}$`))
    expect(found).toMatchObject({ mime, bytes: bytes.length })
    expect(await it.index.find(name)).toMatchObject({
      ...{ accountId: 'a1', keyId: 'k1', source: null, sourceHash: null, hash: found.hash },
    })
    expect(await readAll(it, name)).toEqual(bytes)
    expect(it.stored).toEqual([bytes.length])
    expect(await it.cache.linkOf(ORIGIN, name, found.sort)).toEndWith(name)
  })

  test('has a name of its own each time', async () => {
    await using it = await mediaCache()
    const keep = async () => (await it.cache.keep(PICTURE, { keyId: 'k1' })).name
    expect(await keep()).not.toBe(await keep())
  })

  test.each([
    ['is nothing', () => new Uint8Array(0), 'media_unavailable'],
    ['is a page', () => Buffer.from('<html></html>'), 'media_unavailable'],
    ['is too large', () => FILM, 'file_too_large'],
    ['is too large in the end', () => streamed(cut(FILM, 1_000)), 'file_too_large'],
  ])('is refused where it %s', async (_, source, code) => {
    await using it = await mediaCache()
    const kept = it.cache.keep(source(), { keyId: 'k1', mostBytes: MOST })
    expect((await refusal(kept)).code as string).toBe(code)
    expect(await filesOf(it)).toEqual([])
    expect(await it.index.totals('image')).toMatchObject({ known: 0 })
  })

  test('leaves nothing when it breaks off', async () => {
    await using it = await mediaCache()
    const pieces = cut(PICTURE, 1_000)
    let at = 0
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = pieces[at++]
        if (at > 20 || !piece) controller.error(new Error('It broke.'))
        else controller.enqueue(piece)
      },
    })
    await expect(it.cache.keep(source, { keyId: 'k1' })).rejects.toThrow('It broke.')
    expect(await filesOf(it)).toEqual([])
  })
})

describe('all bytes of something', () => {
  test('are given up to as many as are wanted', async () => {
    await using host = mediaHost(() => ({ pieces: cut(PICTURE, 10_000) }))
    await using it = await mediaCache()
    const { name } = await it.publish(`${host.url}/a`)
    expect(await it.cache.download(name, PICTURE.length)).toEqual(PICTURE)
    const why = await refusal(it.cache.download(name, PICTURE.length - 1))
    expect(why.code).toBe('media_unavailable')
  })
})

describe('while the database is away', () => {
  test('nothing gets an address of ours', async () => {
    await using host = mediaHost(() => ({ pieces: [PICTURE] }))
    await using it = await mediaCache()
    it.client.close()
    await expect(it.publish(`${host.url}/a`)).rejects.toThrow()
  })

  test('an answer shows the address at the upstream, and the bytes all the same', async () => {
    await using host = mediaHost(() => ({ pieces: cut(PICTURE, 10_000) }))
    await using it = await mediaCache()
    it.client.close()
    const url = `${host.url}/a`
    const about = {
      accountId: 'a1',
      keyId: 'k1',
      model: 'm1',
      url,
      sort: 'image',
      origin: ORIGIN,
    } as const
    const shown = await it.cache.show(about)
    expect(shown.url).toBe(url)
    expect(await shown.bytes(MOST)).toEqual(PICTURE)
    expect((await refusal(shown.bytes(100))).code).toBe('media_unavailable')
    expect(it.lines.join('\n')).toContain('media_not_published')
    expect(it.lines.join('\n')).not.toContain(url)
  })

  test('an answer that is there shows an address of ours', async () => {
    await using host = mediaHost(() => ({ pieces: cut(PICTURE, 10_000) }))
    await using it = await mediaCache()
    const about = { accountId: 'a1', keyId: 'k1', model: 'm1', url: `${host.url}/a` }
    const shown = await it.cache.show({ ...about, sort: 'image', origin: ORIGIN })
    expect(shown.url).toStartWith(`${ORIGIN}/images/`)
    expect(await shown.bytes(MOST)).toEqual(PICTURE)
    expect(host.asked).toHaveLength(1)
  })

  test('what is read already is read to its end', async () => {
    await using it = await mediaCache()
    const { name } = await it.cache.keep(PICTURE, { keyId: 'k1' })
    const stream = await (await it.cache.open(name)).read(0)
    it.client.close()
    expect(await bytesOf(stream)).toEqual(PICTURE)
  })
})
