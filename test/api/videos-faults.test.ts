import { describe, expect, test } from 'bun:test'
import { type Fault, faults } from '../fakes/xai-media'
import { gateway } from '../support/gateway'
import { ownClock } from '../support/own-clock'
import { until } from '../support/programs'
import { VIDEO_MODEL, type VideoWorld, videosAt, videoWorld } from '../support/video-world'

/** xAI is asked by the clock. */
const LONG = 40_000

/** A clock that can be put forward. */
function clock() {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    pass(ms: number) {
      ahead += ms
    },
  }
}

/** What a machine does every two seconds, until something is seen. */
const looking = <T>(it: VideoWorld, see: () => Promise<T | undefined> | T | undefined) =>
  until(async () => {
    await it.gate.app.refresh()
    return see()
  }, 20_000)

describe('a video that cannot be made', () => {
  for (const [when, arrange, code, outcome] of [
    [
      'is moderated',
      (it) => it.xai.films({ moderated: true }),
      'content_policy_violation',
      'failed',
    ],
    [
      'is refused by moderation at once',
      (it) => refuses(it, faults.refused(400, 'It violates our content policy.')),
      'content_policy_violation',
      'failed',
    ],
    [
      'fails for what was asked',
      (it) => it.xai.films({ fails: { code: 'invalid_argument', message: 'Too dark.' } }),
      'invalid_argument',
      'failed',
    ],
    [
      'fails at xAI',
      (it) => it.xai.films({ fails: { code: 'internal_error', message: 'Oops.' } }),
      'upstream_error',
      'failed',
    ],
    [
      'is not kept by xAI',
      (it) => it.xai.films({ expires: true, pollsUntilDone: 0 }),
      'upstream_error',
      'failed',
    ],
    [
      'is refused',
      (it) => refuses(it, faults.refused(422, 'It is too dark.')),
      'invalid_value',
      'failed',
    ],
    [
      'has an account whose key expires',
      (it) => it.xai.always('videos.get', faults.refused(401)),
      'upstream_error',
      'failed',
    ],
    [
      'has an account whose key has expired',
      (it) => it.xai.always('*', faults.refused(401)),
      'upstream_error',
      'failed',
    ],
    [
      'is unknown all at once',
      (it) => it.xai.always('videos.get', faults.refused(404)),
      null,
      'failed',
    ],
  ] as readonly (readonly [string, (it: VideoWorld) => unknown, string | null, string])[])
    test.concurrent(
      `has failed, and its key gets its place back, when it ${when}`,
      async () => {
        await using it = await videoWorld()
        const { call, create, becomes } = await it.keyed({ dailyVideo: 1 })
        await it.call('GET', '/models')
        arrange(it)
        const { id } = await create()
        const { error } = await becomes(id, 'failed')
        if (code !== null) expect(error?.code).toBe(code)
        expect(error?.message.length).toBeGreaterThan(5)
        const content = await call('GET', `/videos/${id}/content`)
        expect(content.status).toBe(404)
        expect((await content.json()).error.message).toContain(error?.message)
        const [row] = await it.gate.ledger()
        expect(row).toMatchObject({ endpoint: 'videos', outcome })
        expect(await it.rows('SELECT * FROM media')).toEqual([])
        await until(async () => {
          const again = await call('POST', '/videos', { model: VIDEO_MODEL, prompt: 'Waves' })
          return again.status === 200 || undefined
        })
      },
      LONG,
    )

  test.concurrent(
    'takes of what its key may have when it is made',
    async () => {
      await using it = await videoWorld()
      it.xai.alwaysFilms({ pollsUntilDone: 0 })
      const { call, create, becomes } = await it.keyed({ dailyVideo: 1 })
      const { id } = await create()
      const wish = { model: VIDEO_MODEL, prompt: 'Waves' }
      const early = await call('POST', '/videos', wish)
      expect([early.status, (await early.json()).error.code]).toEqual([429, 'daily_quota_exceeded'])
      await becomes(id, 'completed')
      expect((await call('POST', '/videos', wish)).status).toBe(429)
      expect(it.xai.callsOf('videos.generations')).toHaveLength(1)
    },
    LONG,
  )

  test.concurrent('is not taken on for a key that may not use its model', async () => {
    await using it = await videoWorld()
    const { call } = await it.keyed({ models: ['grok-4.7'] })
    for (const wish of [{ prompt: 'Waves', model: VIDEO_MODEL }, { prompt: 'Waves' }]) {
      const answer = await call('POST', '/videos', wish)
      expect([answer.status, (await answer.json()).error.code]).toEqual(
        'model' in wish ? [403, 'model_not_allowed'] : [400, 'invalid_value'],
      )
    }
    expect(await it.rows('SELECT * FROM videos')).toEqual([])
  })

  test.concurrent('is not taken on where there is no account', async () => {
    await using gate = await gateway()
    const { call } = videosAt(gate.url)
    const answer = await call('POST', '/videos', { prompt: 'Waves', model: VIDEO_MODEL })
    expect(answer.status).toBeOneOf([404, 503])
    expect((await call('POST', '/videos', { prompt: 'Waves' })).status).toBe(400)
  })

  test.concurrent(
    'has failed when it takes too long, which is not held against its account',
    async () => {
      using clock = ownClock()
      await using it = await videoWorld({ settings: { video_timeout_ms: 1_500 }, now: clock.now })
      it.xai.films({ isNeverDone: true })
      const { id } = await it.create()
      expect((await it.becomes(id, 'failed')).error?.code).toBe('upstream_timeout')
      await it.gate.app.flush()
      expect(await it.rows('SELECT state FROM account_states')).toEqual([])
    },
    LONG,
  )

  test.concurrent(
    'is completed though nobody can fetch it, and is fetched when it can be',
    async () => {
      await using it = await videoWorld()
      it.xai.films({ pollsUntilDone: 0, manner: { status: 503 } })
      const { id } = await it.create()
      await it.becomes(id, 'completed')
      const away = await it.call('GET', `/videos/${id}/content`)
      expect([away.status, (await away.json()).error.code]).toEqual([502, 'media_unavailable'])
    },
    LONG,
  )
})

const refuses = (it: VideoWorld, wrong: Fault) => it.xai.always('videos.generations', wrong)

describe('a video that no account can begin now', () => {
  test.concurrent(
    'waits until one can',
    async () => {
      const { now, pass } = clock()
      await using it = await videoWorld({ now })
      it.xai.alwaysFilms({ pollsUntilDone: 0 })
      it.xai.script('videos.generations', faults.limited(30))
      const { create, get, call } = await it.keyed({ dailyVideo: 1 })
      const { id } = await create()
      await until(async () => {
        const [row] = await it.rows('SELECT instance, lease_until, tries FROM videos')
        return row?.instance === null && Number(row.lease_until) > now() ? true : undefined
      })
      expect((await get(id)).status).toBe('queued')
      expect((await call('POST', '/videos', { prompt: 'x', model: VIDEO_MODEL })).status).toBe(429)
      pass(35_000)
      await looking(it, async () => (await get(id)).status === 'completed' || undefined)
      expect(it.xai.callsOf('videos.generations')).toHaveLength(2)
      const outcomes = (await it.gate.ledger()).map(({ outcome }) => outcome)
      // One was not let in.
      expect(outcomes).toEqual(['done', 'failed', 'failed'])
    },
    LONG,
  )

  test.concurrent(
    'has failed when none can for longer than a video may take',
    async () => {
      await using it = await videoWorld({ settings: { video_timeout_ms: 60_000 } })
      it.xai.script('videos.generations', faults.limited(100))
      const { id } = await it.create()
      const { error } = await it.becomes(id, 'failed')
      expect(error?.code).toBe('rate_limit_exceeded')
    },
    LONG,
  )

  test.concurrent(
    'that is deleted while it waits gives its place back',
    async () => {
      await using it = await videoWorld()
      it.xai.script('videos.generations', faults.limited(30))
      const { create, call } = await it.keyed({ dailyVideo: 1 })
      const { id } = await create()
      await until(async () => (await it.rows('SELECT 1 FROM videos WHERE instance IS NULL'))[0])
      expect((await call('DELETE', `/videos/${id}`)).status).toBe(200)
      const again = await call('POST', '/videos', { prompt: 'x', model: VIDEO_MODEL })
      expect(again.status).toBe(200)
    },
    LONG,
  )
})

describe('a video that is made', () => {
  test.concurrent(
    'is stopped when its key is switched off',
    async () => {
      await using it = await videoWorld()
      it.xai.films({ isNeverDone: true })
      const { create, keyId } = await it.keyed({})
      const { id } = await create()
      await until(() => it.xai.callsOf('videos.get')[0])
      await it.gate.stores.keys.revoke(keyId)
      await it.gate.app.refresh()
      const row = await until(async () => {
        const [found] = await it.rows(`SELECT status, error FROM videos WHERE id = '${id}'`)
        return found?.status === 'failed' ? found : undefined
      })
      expect(JSON.parse(String(row.error)).code).toBe('invalid_api_key')
    },
    LONG,
  )

  test.concurrent(
    'is stopped when it was deleted elsewhere',
    async () => {
      await using it = await videoWorld()
      it.xai.films({ isNeverDone: true })
      const { id } = await it.create()
      await it.becomes(id, 'in_progress')
      await it.gate.client.execute('DELETE FROM videos')
      await until(async () => ((await it.gate.ledger()).length > 0 ? true : undefined))
      const asked = it.xai.callsOf('videos.get').length
      await Bun.sleep(4_000)
      expect(it.xai.callsOf('videos.get')).toHaveLength(asked)
    },
    LONG,
  )
})
