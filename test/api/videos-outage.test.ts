import { expect, test } from 'bun:test'
import { openFile } from '#src/store/file'
import { fakeXaiMedia, png } from '../fakes/xai-media'
import { gateway, xaiAt } from '../support/gateway'
import { until } from '../support/programs'
import { VIDEO_MODEL, type VideoWorld, videoWorld } from '../support/video-world'

/** xAI is asked by the clock, and so is a database that was away. */
const LONG = 60_000
const PICTURE = `data:image/png;base64,${png('a').toBase64()}`

const hide = (it: VideoWorld, table: string) =>
  it.gate.client.execute(`ALTER TABLE ${table} RENAME TO hidden_${table}`)
const show = (it: VideoWorld, table: string) =>
  it.gate.client.execute(`ALTER TABLE hidden_${table} RENAME TO ${table}`)
const told = (it: VideoWorld, event: string) =>
  until(() => it.gate.lines.find((line) => line.includes(`"${event}"`)), LONG)

test.concurrent(
  'a video is made though the database is away for a while, and others are not taken on',
  async () => {
    await using it = await videoWorld()
    it.xai.alwaysFilms({ pollsUntilDone: 1 })
    const { create, call, becomes } = await it.keyed({ dailyVideo: 2 })
    const { id } = await create()
    await it.accepted()
    await hide(it, 'videos')
    const asked = { model: VIDEO_MODEL, prompt: 'x', image: PICTURE }
    for (const [method, path, body] of [
      ['POST', '/videos', asked],
      ['GET', '/videos', undefined],
      ['GET', `/videos/${id}`, undefined],
      ['DELETE', `/videos/${id}`, undefined],
    ] as const) {
      const answer = await call(method, path, body)
      expect([answer.status, (await answer.json()).error.code]).toEqual([503, 'not_ready'])
      expect(answer.headers.get('retry-after')).toBe('1')
    }
    expect(await it.rows("SELECT 1 FROM files WHERE key_id = ''")).toEqual([])
    await it.gate.app.refresh()
    await told(it, 'videos_not_kept')
    await show(it, 'videos')
    await becomes(id, 'completed')
    expect(it.xai.callsOf('videos.generations')).toHaveLength(1)
    expect((await call('POST', '/videos', asked)).status).toBe(200)
  },
  LONG,
)

test.concurrent(
  'a video is begun when its pictures can be read again',
  async () => {
    await using it = await videoWorld({ settings: { videos_at_once: 1 } })
    it.xai.films({ isNeverDone: true })
    const first = await it.create()
    const { id } = await it.create({ image: PICTURE })
    await it.becomes(first.id, 'in_progress')
    await hide(it, 'files')
    const refused = await it.call('POST', '/videos', {
      ...{ model: VIDEO_MODEL, prompt: 'x', image: PICTURE },
    })
    expect([refused.status, (await refused.json()).error.code]).toEqual([503, 'not_ready'])
    await it.call('DELETE', `/videos/${first.id}`)
    await Bun.sleep(500)
    await it.gate.app.refresh()
    await Bun.sleep(500)
    await show(it, 'files')
    await it.becomes(id, 'completed')
    expect(it.xai.callsOf('videos.generations')[1]?.body.image).toEqual({ url: PICTURE })
  },
  LONG,
)

test.concurrent(
  'a gateway stops though it cannot give its videos back',
  async () => {
    await using it = await videoWorld()
    it.xai.films({ isNeverDone: true })
    const { id } = await it.create()
    await it.becomes(id, 'in_progress')
    await hide(it, 'videos')
    it.gate.app.drain()
    await told(it, 'videos_not_given_back')
    const asked = it.xai.callsOf('videos.get').length
    await Bun.sleep(3_000)
    expect(it.xai.callsOf('videos.get')).toHaveLength(asked)
    await show(it, 'videos')
  },
  LONG,
)

test('a video is not made whose client was told that it is not taken on', async () => {
  await using xai = fakeXaiMedia()
  const client = openFile(':memory:')
  const unheard: typeof client = {
    ...client,
    async batch(...asked) {
      const answer = await client.batch(...asked)
      if (JSON.stringify(asked[0]).includes('INSERT INTO videos')) throw new Error('cut off')
      return answer
    },
  }
  await using it = await gateway({ client: unheard, env: xaiAt(xai.url) })
  const answer = await it.post('/v1/videos', { model: VIDEO_MODEL, prompt: 'x', image: PICTURE })
  expect([answer.status, (await answer.json()).error.code]).toEqual([503, 'not_ready'])
  for (const table of ['videos', 'files'])
    expect((await client.execute(`SELECT * FROM ${table}`)).rows).toEqual([])
})
