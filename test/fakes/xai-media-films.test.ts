import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { PNG, xaiClient } from '../support/xai-media-client'
import { fakeXaiMedia, filmOf } from './xai-media'

const now = 1_760_000_000_000
let xai = fakeXaiMedia()
beforeEach(() => {
  xai = fakeXaiMedia({ keys: ['one', 'two'], now: () => now })
})
afterEach(() => xai.stop())

const { ask, statusOf } = xaiClient(() => xai.url)

describe('films', () => {
  const finished = async (id: string, polls: number) => {
    for (let at = 0; at < polls; at++) expect(await statusOf(`/videos/${id}`)).toBe(202)
    return (await ask(`/videos/${id}`))[1]
  }
  const begin = async (body: object, kind = 'generations') =>
    (await ask(`/videos/${kind}`, { prompt: 'waves', ...body }))[1].request_id

  test('are pending, then done, for the key that asked', async () => {
    const id = await begin({ duration: '5', image: { url: PNG } })
    expect((await ask(`/videos/${id}`, undefined, 'two'))[0]).toBe(404)
    const [, pending] = await ask(`/videos/${id}`)
    expect(pending).toEqual({ status: 'pending', progress: 33, model: 'grok-imagine-video' })
    const { status, video } = await finished(id, 1)
    expect([status, video.duration, video.respect_moderation]).toEqual(['done', 5, true])
    expect((await finished(id, 0)).video.url).toBe(video.url)
    const film = await (await fetch(video.url)).bytes()
    expect(Buffer.from(film).toString('latin1', 4, 8)).toBe('ftyp')
  })

  test('fail, expire, are moderated, large, or never done', async () => {
    const fails = { code: 'internal_error', message: 'Oh' }
    xai.films({ pollsUntilDone: 0, fails }, { pollsUntilDone: 1, expires: true })
    expect(await finished(await begin({}), 0)).toMatchObject({ status: 'failed', error: fails })
    expect(await finished(await begin({}), 1)).toMatchObject({ status: 'expired' })
    xai.alwaysFilms({ pollsUntilDone: 0, size: 1e9 })
    const { video } = await finished(await begin({}), 0)
    const head = await fetch(video.url, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe('1000000000')
    const refused = await finished(await begin({ prompt: 'forbidden' }), 0)
    expect(refused.video).toEqual({ url: null, duration: 8, respect_moderation: false })
    xai.films({ isNeverDone: true }, { pollsUntilDone: 0, content: filmOf('a', 5_000) })
    const never = await begin({})
    for (let at = 0; at < 5; at++) expect(await statusOf(`/videos/${never}`)).toBe(202)
    const given = await finished(await begin({}), 0)
    expect(xai.media(given.video.url)?.source.size).toBe(5_000)
  })

  test('are edited and extended', async () => {
    const video = { url: 'https://example.org/a.mp4' }
    expect(await begin({ video }, 'edits')).toBeString()
    expect(await begin({ video, seconds: 10 }, 'extensions')).toBeString()
    expect(await begin({ keyframes: [{ image: { url: PNG }, timestamp_s: 1 }] })).toBeString()
    expect(await begin({ reference_images: [{ url: PNG }, { url: PNG }] })).toBeString()
    expect(xai.calls.at(-1)?.pictures).toHaveLength(2)
  })

  const refused: [status: number, kind: string, body: object][] = [
    [400, 'generations', { prompt: ' ' }],
    [400, 'generations', { duration: 16 }],
    [422, 'generations', { duration: 'long' }],
    [422, 'generations', { aspect_ratio: '21:9' }],
    [422, 'generations', { size: '1280x720' }],
    [422, 'generations', { keyframes: {} }],
    [400, 'generations', { keyframes: new Array(5).fill({ image: { url: PNG }, timestamp_s: 1 }) }],
    [422, 'generations', { keyframes: [{ image: { url: PNG } }] }],
    [400, 'generations', { reference_audios: [{}, {}, {}, {}] }],
    [400, 'generations', { image: { url: 'nowhere' } }],
    [400, 'generations', { model: 'grok-imagine-image' }],
    [422, 'edits', {}],
    [422, 'edits', { video: 'https://example.org/a.mp4' }],
    [400, 'edits', { video: {} }],
    [400, 'edits', { video: { url: 'nowhere' } }],
    [404, 'edits', { video: { file_id: 'file_1' } }],
    [400, 'extensions', { video: { url: 'https://example.org/a.mp4' }, duration: 1 }],
  ]
  for (const [status, kind, body] of refused)
    test(`are not made: ${kind} from ${JSON.stringify(body).slice(0, 80)}`, async () => {
      expect(await statusOf(`/videos/${kind}`, { prompt: 'waves', ...body })).toBe(status)
    })
})
