import { expect, test } from 'bun:test'
import { toFile } from 'openai'
import { png } from '../../fakes/media/pictures'
import { until } from '../../support/programs'
import { VIDEO_MODEL } from '../../support/videos-http'
import { expectRefusal, good, idsOfAll, tagOf } from '../checks'
import type { Json, Target } from '../world'

const PATH = '/v1/videos'
/** Upstreams are asked by the clock. */
const LONG = 60_000

/** `/v1/videos` */
export function videosSuite(target: Target): void {
  const done = async (size = 50_000) => {
    const { fakes, videos } = target()
    fakes.xai.films({ pollsUntilDone: 0, size })
    const { id } = await videos.create()
    await videos.becomes(id, 'completed')
    return id
  }

  test(
    'one is queued, in progress and completed, and can be downloaded',
    async () => {
      const { fakes, videos, sdk } = target()
      fakes.xai.films({ pollsUntilDone: 1, size: 70_000 })
      const image = await toFile(png('a'), 'a.png')
      const begun = await sdk.videos.create({
        ...{ model: VIDEO_MODEL as 'sora-2', prompt: 'Waves', seconds: '4', size: '720x1280' },
        input_reference: image,
      })
      expect(begun.id).toMatch(/^video_[\da-f]{32}$/)
      expect(begun).toMatchObject({
        ...{ object: 'video', model: VIDEO_MODEL, prompt: 'Waves', seconds: '4' },
        ...{ size: '720x1280', error: null },
      })
      expect(begun.status).toBeOneOf(['queued', 'in_progress'])
      const early = await target().get(`${PATH}/${begun.id}/content`)
      await expectRefusal(early, { status: 409, code: 'video_not_ready' })
      await videos.becomes(begun.id, 'completed')
      const whole = await sdk.videos.retrieve(begun.id)
      expect(whole).toMatchObject({ status: 'completed', progress: 100 })
      const content = await sdk.videos.downloadContent(begun.id)
      expect(content.headers.get('content-type')).toBe('video/mp4')
      expect((await content.bytes()).length).toBe(70_000)
    },
    LONG,
  )

  test(
    'one is sent in part, not again to who has it, and its head alone',
    async () => {
      const path = `${PATH}/${await done()}/content`
      const { call, get } = target()
      const bytes = await (await get(path)).bytes()
      const etag = await tagOf(() => call('HEAD', path))
      const part = await get(path, { headers: { range: 'bytes=-10' } })
      expect([part.status, part.headers.get('content-range')]).toEqual([
        206,
        'bytes 49990-49999/50000',
      ])
      expect(await part.bytes()).toEqual(bytes.subarray(-10))
      expect((await get(path, { headers: { 'if-none-match': etag } })).status).toBe(304)
      const beyond = get(path, { headers: { range: 'bytes=50000-' } })
      await expectRefusal(beyond, { status: 416 })
      const head = await call('HEAD', path)
      expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
        ...[200, '50000', ''],
      ])
    },
    LONG,
  )

  test(
    'are listed page by page',
    async () => {
      const by = await target().newKey()
      target().fakes.xai.alwaysFilms({ pollsUntilDone: 0, size: 1_000 })
      const ids: string[] = []
      for (let at = 0; at < 3; at++) ids.push((await by.videos.create({ prompt: `film ${at}` })).id)
      expect(await idsOfAll((query) => by.get(PATH + query), 2)).toEqual(ids.toReversed())
      for (const id of ids) await by.videos.becomes(id, 'completed')
      target().fakes.xai.films()
    },
    LONG,
  )

  test(
    'one that is deleted is gone',
    async () => {
      const id = await done(1_000)
      const deleted = await good(target().remove(`${PATH}/${id}`))
      expect(deleted).toMatchObject({ id, object: 'video.deleted', deleted: true })
      await expectRefusal(target().get(`${PATH}/${id}`), { status: 404 })
      await expectRefusal(target().get(`${PATH}/${id}/content`), { status: 404 })
      await expectRefusal(target().remove(`${PATH}/${id}`), { status: 404 })
    },
    LONG,
  )

  test(
    'one that is deleted while it is made is made no further',
    async () => {
      const { fakes, videos } = target()
      fakes.xai.films({ isNeverDone: true })
      const { id } = await videos.create()
      await videos.becomes(id, 'in_progress')
      expect((await target().remove(`${PATH}/${id}`)).status).toBe(200)
      await expectRefusal(target().get(`${PATH}/${id}`), { status: 404 })
    },
    LONG,
  )

  test(
    'one that fails says why',
    async () => {
      const { fakes, videos } = target()
      fakes.xai.films({
        pollsUntilDone: 0,
        fails: { code: 'invalid_argument', message: 'Too wet.' },
      })
      const { id } = await videos.create()
      const failed = await until(async () => {
        const now = await videos.get(id)
        return now.status === 'failed' ? now : undefined
      }, LONG)
      expect(failed.error?.message).toContain('Too wet.')
    },
    LONG,
  )

  test(
    'are asked for in the words of xAI, too',
    async () => {
      target().fakes.xai.films({ pollsUntilDone: 0, size: 1_000 })
      const asked = { model: VIDEO_MODEL, prompt: 'Waves' }
      const { request_id: id } = await good(target().post(`${PATH}/generations`, asked))
      const shown = await until(async () => {
        const answer = await target().get(`${PATH}/${id}`)
        return answer.status === 200 ? ((await answer.json()) as { video: Json }) : undefined
      }, LONG)
      expect((await fetch(String(shown.video.url))).status).toBe(200)
    },
    LONG,
  )

  test(
    'one is there for its key alone',
    async () => {
      const id = await done(1_000)
      const { other } = target()
      for (const [method, path] of [
        ['GET', `${PATH}/${id}`],
        ['GET', `${PATH}/${id}/content`],
        ['DELETE', `${PATH}/${id}`],
      ] as const)
        await expectRefusal(other.call(method, path), { status: 404, code: 'not_found' })
    },
    LONG,
  )

  test.each([
    [{ prompt: undefined }, 'prompt'],
    [{ prompt: 5 }, 'prompt'],
    [{ seconds: 'many' }, 'seconds'],
    [{ size: 'big' }, 'size'],
  ])('are refused for %j', async (body, param) => {
    const reply = target().post(PATH, { model: VIDEO_MODEL, prompt: 'Waves', ...body })
    await expectRefusal(reply, { status: 400, param })
  })

  test('are refused to strangers, for models that nobody serves, and where there is none', async () => {
    await expectRefusal(target().stranger('POST', PATH, {}), { status: 401 })
    await expectRefusal(target().stranger('GET', PATH), { status: 401 })
    const unknown = target().post(PATH, { model: 'no-such-model', prompt: 'x' })
    await expectRefusal(unknown, { status: 404, code: 'model_not_found' })
    await expectRefusal(target().get(`${PATH}/video_nothing`), { status: 404 })
  })

  test('nobody makes another of one', async () => {
    const reply = await target().post(`${PATH}/video_x/remix`, { prompt: 'x' })
    expect((await reply.clone().json()).error.message).toContain('/v1/videos/edits')
    await expectRefusal(reply, { status: 400, code: 'unsupported_parameter' })
  })
}
