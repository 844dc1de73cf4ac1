import { describe, expect, test } from 'bun:test'
import { toFile } from 'openai'
import { Check } from 'typebox/schema'
import { faults, png } from '../fakes/xai-media'
import { KEY } from '../support/gateway'
import { until } from '../support/programs'
import { VIDEO_MODEL, videosAt, videoWorld } from '../support/video-world'

/** xAI is asked by the clock. */
const LONG = 40_000

const MODEL = VIDEO_MODEL as 'sora-2'
const files = async (it: { rows: (sql: string) => Promise<unknown[]> }) =>
  (await it.rows('SELECT * FROM files')).length

describe('a video', () => {
  test.concurrent(
    'is what the document says, in either wording',
    async () => {
      await using it = await videoWorld()
      it.xai.alwaysFilms({ pollsUntilDone: 0 })
      const { paths } = await (await fetch(`${it.gate.url}/openapi.json`)).json()
      const documented = paths['/v1/videos/{id}'].get.responses[200].content['application/json']
      const { id } = await it.create()
      const asked = { model: VIDEO_MODEL, prompt: 'Waves' }
      const begun = await (await it.call('POST', '/videos/generations', asked)).json()
      for (const one of [id, begun.request_id]) {
        const video = await it.shown(one)
        expect([Check(documented.schema, video), video]).toEqual([true, video])
      }
    },
    LONG,
  )

  test.concurrent(
    'begins with a picture that was made here, by its address, which may lead nowhere from here',
    async () => {
      await using it = await videoWorld({ settings: { base_url: 'http://groxy.invalid' } })
      const body = new FormData()
      body.set('file', await toFile(png('b'), 'b.png'))
      const headers = { authorization: `Bearer ${KEY}` }
      const path = `${it.gate.url}/v1/uploads/image`
      const { url } = await (await fetch(path, { method: 'POST', headers, body })).json()
      const { id } = await it.create({ input_reference: { image_url: url } })
      await it.becomes(id, 'completed')
      const asked = it.xai.callsOf('videos.generations').map(({ body }) => body)
      expect(asked).toMatchObject([
        { image: { url: `data:image/png;base64,${png('b').toBase64()}` } },
      ])
    },
    LONG,
  )

  test.concurrent(
    'is queued, in progress and completed, as the SDK knows it, and can be downloaded',
    async () => {
      await using it = await videoWorld()
      it.xai.films({ pollsUntilDone: 3 })
      const [taken, seen] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      it.xai.script('videos.generations', async ({ right }) => {
        await taken.promise
        return right()
      })
      it.xai.always('videos.get', async ({ right }) => {
        if (it.xai.callsOf('videos.get').length > 2) await seen.promise
        return right()
      })
      const picture = await toFile(png('a'), 'a.png')
      const wish = { prompt: 'Waves', seconds: '4', size: '720x1280' } as const
      const begun = await it.sdk.videos.create({ ...wish, model: MODEL, input_reference: picture })
      const shown = {
        ...{ object: 'video', model: VIDEO_MODEL, ...wish, quality: 'standard' },
        ...{ remixed_from_video_id: null, error: null, created_at: expect.any(Number) },
        expires_at: begun.created_at + 30 * 86_400,
      }
      expect(begun).toMatchObject({ ...shown, status: 'queued', progress: 0, completed_at: null })
      expect(begun.id).toMatch(/^video_[\da-f]{32}$/)
      const early = await it.call('GET', `/videos/${begun.id}/content`)
      expect([early.status, (await early.json()).error.code]).toEqual([409, 'video_not_ready'])
      taken.resolve()
      const half = await until(async () => {
        const now = await it.sdk.videos.retrieve(begun.id)
        return now.progress > 0 ? now : undefined
      })
      expect(half).toMatchObject({ ...shown, status: 'in_progress', completed_at: null })
      seen.resolve()
      await it.becomes(begun.id, 'completed')
      const done = await it.sdk.videos.retrieve(begun.id)
      expect(done).toMatchObject({ ...shown, progress: 100, completed_at: expect.any(Number) })
      const content = await it.sdk.videos.downloadContent(begun.id)
      const [film] = it.xai.allMedia()
      expect(content.headers.get('content-type')).toBe('video/mp4')
      expect((await content.bytes()).length).toBe(film?.source.size as number)
      expect(it.xai.callsOf('videos.generations').map(({ body }) => body)).toEqual([
        {
          ...{ model: VIDEO_MODEL, prompt: 'Waves', duration: 4 },
          ...{ aspect_ratio: '9:16', resolution: '720p' },
          image: { url: `data:image/png;base64,${png('a').toBase64()}` },
        },
      ])
      expect(await files(it)).toBe(0)
      expect(await it.gate.ledger()).toMatchObject([
        { endpoint: 'videos', outcome: 'done', attempts: 1, costTicks: 2_000_000_000 },
      ])
    },
    LONG,
  )

  test.concurrent(
    'is served in parts, to be asked for again, and its head alone',
    async () => {
      await using it = await videoWorld()
      it.xai.films({ pollsUntilDone: 0, size: 100_000 })
      const { id } = await it.create()
      await it.becomes(id, 'completed')
      const url = `${it.gate.url}/v1/videos/${id}/content`
      const ask = (headers: Record<string, string> = {}, method = 'GET') =>
        fetch(url, { method, headers: { authorization: `Bearer ${KEY}`, ...headers } })
      const whole = await ask()
      const bytes = await whole.bytes()
      expect(bytes.length).toBe(100_000)
      expect(whole.headers.get('cache-control')).toBe('private, no-cache')
      const again = await ask()
      const etag = again.headers.get('etag') ?? ''
      await again.bytes()
      const part = await ask({ range: 'bytes=-10' })
      expect([part.status, part.headers.get('content-range')]).toEqual([
        206,
        'bytes 99990-99999/100000',
      ])
      expect(await part.bytes()).toEqual(bytes.subarray(-10))
      expect((await ask({ 'if-none-match': etag })).status).toBe(304)
      const beyond = await ask({ range: 'bytes=100000-' })
      expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */100000'])
      const head = await ask({}, 'HEAD')
      expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, ''])
      for (const [variant, status] of [
        ['video', 200],
        ['thumbnail', 404],
        ['spritesheet', 400],
      ] as const)
        expect((await it.call('GET', `/videos/${id}/content?variant=${variant}`)).status).toBe(
          status,
        )
    },
    LONG,
  )

  test.concurrent(
    'is there for its key alone',
    async () => {
      await using it = await videoWorld()
      it.xai.alwaysFilms({ pollsUntilDone: 0 })
      const other = await it.keyed({})
      const { id } = await it.create()
      const expectNothing = async () => {
        for (const [method, path] of [
          ['GET', `/videos/${id}`],
          ['GET', `/videos/${id}/content`],
          ['DELETE', `/videos/${id}`],
        ] as const) {
          const answer = await other.call(method, path)
          expect([answer.status, (await answer.json()).error.code]).toEqual([404, 'not_found'])
        }
        expect((await other.sdk.videos.list()).data).toEqual([])
      }
      await expectNothing()
      await it.becomes(id, 'completed')
      await expectNothing()
      expect((await it.call('GET', '/videos/video_nothing')).status).toBe(404)
      expect(
        (await videosAt(it.gate.url, 'sk-groxy-of-nobody').call('GET', '/videos')).status,
      ).toBe(401)
    },
    LONG,
  )

  test.concurrent(
    'that is deleted is gone, with everything of it',
    async () => {
      await using it = await videoWorld()
      it.xai.films({ pollsUntilDone: 0 })
      const { id } = await it.create()
      await it.becomes(id, 'completed')
      await (await it.sdk.videos.downloadContent(id)).bytes()
      const [kept] = await it.rows('SELECT name FROM media')
      expect(await it.sdk.videos.delete(id)).toMatchObject({
        ...{ id, object: 'video.deleted', deleted: true },
      })
      for (const path of [`/v1/videos/${id}`, `/v1/videos/${id}/content`, `/videos/${kept?.name}`])
        expect((await it.gate.get(path)).status).toBe(404)
      expect((await it.call('DELETE', `/videos/${id}`)).status).toBe(404)
      expect(await it.rows('SELECT * FROM media')).toEqual([])
    },
    LONG,
  )

  test.concurrent(
    'that is deleted while it is made is made no further',
    async () => {
      await using it = await videoWorld()
      it.xai.films({ isNeverDone: true })
      const begun = await it.create({
        input_reference: `data:image/png;base64,${png('a').toBase64()}`,
      })
      await it.becomes(begun.id, 'in_progress')
      expect(await files(it)).toBe(1)
      expect((await it.call('DELETE', `/videos/${begun.id}`)).status).toBe(200)
      expect(await files(it)).toBe(0)
      await Bun.sleep(200)
      const asked = it.xai.callsOf('videos.get').length
      await Bun.sleep(3_000)
      expect(it.xai.callsOf('videos.get').length).toBe(asked)
      expect(await it.gate.ledger()).toMatchObject([{ outcome: 'gone' }])
    },
    LONG,
  )

  test.concurrent(
    'waits for its place, and for its time to come',
    async () => {
      await using it = await videoWorld({ settings: { videos_at_once: 2 } })
      it.xai.alwaysFilms({ pollsUntilDone: 1 })
      const seen = Promise.withResolvers<void>()
      it.xai.always('videos.get', async ({ right }) => {
        await seen.promise
        return right()
      })
      const asked = await Promise.all(Array.from({ length: 5 }, () => it.create()))
      await until(() => it.xai.callsOf('videos.generations').length === 2 || undefined)
      await Bun.sleep(300)
      expect(it.xai.callsOf('videos.generations')).toHaveLength(2)
      const { data } = await it.sdk.videos.list()
      expect(data.filter(({ status }) => status === 'queued')).toHaveLength(3)
      seen.resolve()
      for (const { id } of asked) await it.becomes(id, 'completed')
      expect(it.xai.callsOf('videos.generations')).toHaveLength(5)
    },
    LONG,
  )

  test.concurrent(
    'that still waits for its place is deleted without being made',
    async () => {
      await using it = await videoWorld({ settings: { videos_at_once: 1 } })
      it.xai.films({ pollsUntilDone: 1 })
      const deleted = Promise.withResolvers<void>()
      it.xai.always('videos.get', async ({ right }) => {
        await deleted.promise
        return right()
      })
      const first = await it.create()
      const { id } = await it.create()
      expect((await it.call('DELETE', `/videos/${id}`)).status).toBe(200)
      deleted.resolve()
      await it.becomes(first.id, 'completed')
      await Bun.sleep(300)
      expect(it.xai.callsOf('videos.generations')).toHaveLength(1)
    },
    LONG,
  )

  test.concurrent(
    'is made by another account when the first refuses',
    async () => {
      await using it = await videoWorld()
      it.xai.alwaysFilms({ pollsUntilDone: 0 })
      const wanted = { kind: 'xai', name: 'other', baseUrl: it.xai.url, secret: 'xai-other-12345' }
      await it.gate.stores.accounts.add(wanted as never)
      await it.gate.app.refresh()
      it.xai.script('videos.generations', faults.limited(60))
      const { id } = await it.create()
      await it.becomes(id, 'completed')
      const accounts = it.xai.callsOf('videos.generations').map(({ account }) => account)
      expect(new Set(accounts).size).toBe(2)
      expect(new Set(it.xai.callsOf('videos.get').map(({ account }) => account))).toEqual(
        new Set([accounts[1]]),
      )
      expect(await it.gate.ledger()).toMatchObject([{ outcome: 'done', attempts: 2 }])
    },
    LONG,
  )

  test.concurrent('is one of a list, in parts', async () => {
    await using it = await videoWorld({ settings: { videos_at_once: 1 } })
    it.xai.films({ isNeverDone: true })
    const ids: string[] = []
    for (let n = 0; n < 5; n++) {
      ids.push((await it.create()).id)
      await Bun.sleep(2)
    }
    const all: string[] = []
    for await (const video of it.sdk.videos.list({ limit: 2 })) all.push(video.id)
    expect(all).toEqual(ids.toReversed())
    const part = await it.call('GET', `/videos?limit=2&order=asc&after=${ids[1]}`)
    expect(await part.json()).toMatchObject({
      ...{ object: 'list', first_id: ids[2], last_id: ids[3], has_more: true },
    })
    for (const query of ['limit=0', 'order=up', 'after=video_x'])
      expect((await it.call('GET', `/videos?${query}`)).status).toBe(400)
  })
})

describe("a video in xAI's words", () => {
  const begin = async (it: Pick<Awaited<ReturnType<typeof videoWorld>>, 'call'>, body: object) => {
    const answer = await it.call('POST', '/videos/generations', { model: VIDEO_MODEL, ...body })
    expect(answer.status).toBe(200)
    const { request_id: id } = (await answer.json()) as { readonly request_id: string }
    return id
  }

  test.concurrent(
    'is pending, then done, at an address of ours',
    async () => {
      await using it = await videoWorld()
      const seen = Promise.withResolvers<void>()
      it.xai.always('videos.get', async ({ right }) => {
        await seen.promise
        return right()
      })
      const id = await begin(it, { prompt: 'Waves', duration: 5, aspect_ratio: '16:9' })
      expect(id).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/)
      const early = await it.call('GET', `/videos/${id}`)
      expect(early.status).toBe(202)
      expect(await early.json()).toMatchObject({ status: 'pending', progress: expect.any(Number) })
      seen.resolve()
      const done = await it.shown(id)
      const [, name] = /\/videos\/([\da-f]{32}\.mp4)$/.exec(done.video.url) ?? []
      expect(done).toEqual({
        ...{ status: 'done', model: VIDEO_MODEL, progress: 100 },
        video: { url: `${it.gate.url}/videos/${name}`, duration: 5, respect_moderation: true },
        usage: { cost_in_usd_ticks: 2_500_000_000 },
      })
      expect((await fetch(done.video.url)).status).toBe(200)
      expect((await it.call('GET', `/videos/${id}/content`)).status).toBe(200)
      expect((await it.sdk.videos.list()).data).toEqual([])
      expect((await it.call('DELETE', `/videos/${id}`)).status).toBe(200)
      expect((await it.call('GET', `/videos/${id}`)).status).toBe(404)
      expect(it.xai.callsOf('videos.generations')[0]?.body).toEqual({
        ...{ model: VIDEO_MODEL, prompt: 'Waves', duration: 5, aspect_ratio: '16:9' },
      })
    },
    LONG,
  )

  test.concurrent(
    'fails as xAI says it',
    async () => {
      await using it = await videoWorld()
      it.xai.films({ moderated: true, pollsUntilDone: 0 })
      const id = await begin(it, { prompt: 'Waves' })
      const failed = await it.shown(id)
      expect(failed).toMatchObject({
        ...{ status: 'failed', error: { code: 'invalid_argument', message: expect.any(String) } },
      })
    },
    LONG,
  )

  for (const [what, path, body, sent] of [
    ['changed', 'edits', { prompt: 'Snow' }, {}],
    ['gone on with', 'extensions', { prompt: 'Snow', duration: 4 }, { duration: 4 }],
  ] as const)
    test.concurrent(
      `is another one ${what}: of elsewhere, of ours, and sent along`,
      async () => {
        await using it = await videoWorld()
        it.xai.alwaysFilms({ pollsUntilDone: 0 })
        const first = await begin(it, { prompt: 'Waves' })
        const { video } = await it.shown(first)
        const bytes = await (await fetch(video.url)).bytes()
        const inline = `data:video/mp4;base64,${bytes.toBase64()}`
        for (const [url, wanted] of [
          ['https://videos.example/a.mp4', 'https://videos.example/a.mp4'],
          [video.url, inline],
          [inline, inline],
        ]) {
          it.xai.forget()
          const answer = await it.call('POST', `/videos/${path}`, { ...body, video: { url } })
          expect(answer.status).toBe(200)
          const { request_id: id } = await answer.json()
          await it.shown(id)
          expect(it.xai.callsOf(`videos.${path}`)[0]?.body).toEqual({
            ...{ model: VIDEO_MODEL, prompt: 'Snow', video: { url: wanted }, ...sent },
          })
        }
        expect(await files(it)).toBe(0)
      },
      LONG,
    )

  test.concurrent('goes to xAI itself for who brings a key of xAI', async () => {
    await using it = await videoWorld()
    const own = videosAt(it.gate.url, 'xai-a-key-of-its-own')
    const answer = await own.call('POST', '/videos/generations', {
      ...{ model: VIDEO_MODEL, prompt: 'Waves' },
    })
    const { request_id: id } = await answer.json()
    expect((await own.call('GET', `/videos/${id}`)).status).toBe(202)
    const calls = it.xai.callsOf('videos.generations')
    expect(calls.map(({ account }) => account)).toEqual(['xai-a-key-of-its-own'])
    expect(await it.rows('SELECT * FROM videos')).toEqual([])
  })
})
