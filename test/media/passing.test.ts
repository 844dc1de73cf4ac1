import { describe, expect, test } from 'bun:test'
import type { ObjectStore } from '#src/media/object-store'
import { readRange } from '#src/media/range'
import { mp4 } from '../fakes/media/films'
import { bytesOf, filesOf, mediaCache, readAll, refusal } from '../support/media-cache'
import { type Answered, cut, mediaHost } from '../support/media-host'

const FILM = mp4('waves', 2_500_000)
const SMALL = { media_object_max_mb: 1 }
const CHUNKED = { 'content-length': '', 'transfer-encoding': 'chunked' }

/** Bytes as one chunk and the end of all. */
const chunked = (bytes: Uint8Array): Uint8Array[] => [
  Buffer.from(`${bytes.length.toString(16)}\r\n`),
  bytes,
  Buffer.from('\r\n0\r\n\r\n'),
]

/** What is asked for of the film, as a host that knows ranges says it. */
function ranged({ range }: { readonly range: string | undefined }): Answered {
  const wanted = readRange(range ?? null, FILM.length)
  if (wanted.is !== 'part') return { pieces: cut(FILM, 100_000) }
  const { from, to } = wanted
  return {
    status: '206 Partial Content',
    headers: { 'content-range': `bytes ${from}-${to - 1}/${FILM.length}` },
    pieces: cut(FILM.subarray(from, to), 100_000),
  }
}

describe('what is too large to be kept', () => {
  test('is handed through to each reader, with the part that it wants', async () => {
    await using host = mediaHost(ranged)
    await using it = await mediaCache({ settings: SMALL })
    const { name } = await it.publish(`${host.url}/v`, 'video')
    const view = await it.cache.open(name)
    expect(view).toMatchObject({ mime: 'video/mp4', bytes: FILM.length, hash: undefined })
    expect(await bytesOf(await view.read(0))).toEqual(FILM)
    expect(await bytesOf(await view.read(2_000_000, 2_000_010))).toEqual(
      FILM.subarray(2_000_000, 2_000_010),
    )
    expect(await bytesOf(await (await view.settled()).read(FILM.length - 3))).toEqual(
      FILM.subarray(-3),
    )
    expect(host.asked.slice(1).map(({ range }) => range)).toEqual([
      undefined,
      'bytes=2000000-2000009',
      `bytes=${FILM.length - 3}-`,
    ])
    expect(await filesOf(it)).toEqual([])
    expect(await it.index.find(name)).toMatchObject({ bytes: null })
  })

  test('is handed through although its upstream knows no ranges', async () => {
    await using host = mediaHost(() => ({ pieces: cut(FILM, 100_000) }))
    await using it = await mediaCache({ settings: SMALL })
    const { name } = await it.publish(`${host.url}/v`, 'video')
    const view = await it.cache.open(name)
    for (const [from, to] of [
      [0, 10],
      [150_001, 350_002],
      [FILM.length - 1, FILM.length],
    ] as const)
      expect(await bytesOf(await view.read(from, to))).toEqual(FILM.subarray(from, to))
  })

  test('and does not say so beforehand breaks off once, and is handed through from then on', async () => {
    await using host = mediaHost(() => ({ pieces: chunked(FILM), headers: CHUNKED }))
    await using it = await mediaCache({ settings: SMALL })
    const { name } = await it.publish(`${host.url}/v`, 'video')
    const view = await it.cache.open(name)
    expect(view.bytes).toBeUndefined()
    expect((await refusal(bytesOf(await view.read(0)))).code).toBe('media_unavailable')
    // Who comes before it is known to be so meets the same.
    await it.settle()
    expect(await readAll(it, name)).toEqual(FILM)
    expect((await it.cache.open(name)).bytes).toBeUndefined()
    expect(await filesOf(it)).toEqual([])
  })

  test('is everything, where nothing is to be kept', async () => {
    await using host = mediaHost(() => ({ pieces: chunked(FILM), headers: CHUNKED }))
    await using it = await mediaCache({ settings: { media_object_max_mb: 0 } })
    const { name } = await it.publish(`${host.url}/v`, 'video')
    expect(await readAll(it, name)).toEqual(FILM)
  })

  test('ends its upstream when its reader leaves', async () => {
    const before = () => Bun.sleep(20)
    await using host = mediaHost(() => ({ pieces: cut(FILM, 20_000), before }))
    await using it = await mediaCache({ settings: SMALL })
    const { name } = await it.publish(`${host.url}/v`, 'video')
    const reader = (await (await it.cache.open(name)).read(0)).getReader()
    await reader.read()
    const ended = host.left()
    await reader.cancel()
    while (host.left() === ended) await Bun.sleep(5)
  })

  test.each([
    [
      'breaks off',
      { isCut: true, headers: { 'content-length': `${FILM.length + 5}` } },
      'broke off',
    ],
    ['falls silent', { before: () => Bun.sleep(500) }, 'fell silent'],
    [
      'sends another part',
      { status: '206 Partial Content', headers: { 'content-range': 'bytes 0-9/10' } },
      'another part',
    ],
  ] as const)('breaks where its upstream %s', async (_, fault, says) => {
    let isFirst = true
    await using host = mediaHost((asked) => {
      if (!isFirst) return { pieces: cut(FILM, 1_000_000), ...fault }
      isFirst = false
      return ranged(asked)
    })
    // Else one that is only slow on a busy machine falls silent before it does what it is to do.
    const settings = says === 'fell silent' ? { ...SMALL, idle_timeout_ms: 200 } : SMALL
    await using it = await mediaCache({ settings })
    const { name } = await it.publish(`${host.url}/v`, 'video')
    const view = await it.cache.open(name)
    const broken = view.read(5).then(bytesOf)
    expect((await refusal(broken)).message).toContain(says)
  })

  test('is not taken for whole when it ends too early', async () => {
    let asked = 0
    await using host = mediaHost(() => ({
      pieces: asked++ === 0 ? cut(FILM, 100_000) : [FILM.subarray(0, 1_000)],
    }))
    await using it = await mediaCache({ settings: SMALL })
    const { name } = await it.publish(`${host.url}/v`, 'video')
    const view = await it.cache.open(name)
    expect((await refusal(view.read(0, FILM.length).then(bytesOf))).code).toBe('media_unavailable')
  })
})

describe('what a store does not take', () => {
  const failing = (how: 'create' | 'write' | 'commit'): Partial<ObjectStore> => ({
    async create() {
      const fail = () => Promise.reject(new Error('The disk is full.'))
      if (how === 'create') return fail()
      return {
        write: async () => (how === 'write' ? fail() : undefined),
        commit: fail,
        async abort() {},
      }
    },
  })

  test.each(['create', 'write', 'commit'] as const)(
    'is handed through, though it fails to %s',
    async (how) => {
      await using host = mediaHost(ranged)
      const objects = failing(how) as ObjectStore
      await using it = await mediaCache({ objects })
      const { name } = await it.publish(`${host.url}/v`, 'video')
      const view = await (await it.cache.open(name)).settled()
      expect(await bytesOf(await view.read(7))).toEqual(FILM.subarray(7))
      expect(it.lines.join('\n')).toContain('The disk is full.')
      expect(await it.index.find(name)).toMatchObject({ bytes: null })
    },
  )
})
