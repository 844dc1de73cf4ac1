import { describe, expect, test } from 'bun:test'
import { png } from '../fakes/xai-media'
import { scratch, until } from '../support/programs'
import { VIDEO_MODEL, type VideoWorld, videosAt, videoWorld } from '../support/video-world'

/** xAI is asked by the clock. */
const LONG = 80_000

/** A world over a file, whose videos another gateway may take over. */
async function shared(options: Parameters<typeof videoWorld>[0] = {}) {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await scratch('videos'))
  const it = stack.use(await videoWorld({ ...options, path: `${folder.path}/groxy.db` }))
  const kept = stack.move()
  return { ...it, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** The instance that makes the videos is gone, and does nothing more for them. */
async function leaveBehind(it: VideoWorld, changes = 'instance'): Promise<void> {
  await it.gate.client.execute(`UPDATE videos SET instance = 'gone', lease_until = 1`)
  if (changes !== 'instance') await it.gate.client.execute(`UPDATE videos SET ${changes}`)
  it.gate.app.drain()
  await until(async () => (await it.gate.ledger())[0])
}

const begun = (it: VideoWorld) => it.xai.callsOf('videos.generations')

describe('a video that was left behind', () => {
  test.concurrent(
    'is only asked for where xAI has begun it',
    async () => {
      await using it = await shared()
      it.xai.films({ pollsUntilDone: 3 })
      const { id } = await it.create({ image: `data:image/png;base64,${png('a').toBase64()}` })
      await it.accepted()
      await leaveBehind(it)
      const asked = it.xai.callsOf('videos.get')[0]?.path
      it.xai.forget()
      await using heir = await it.heir()
      await heir.gate.app.refresh()
      await heir.becomes(id, 'completed')
      expect(begun(it)).toEqual([])
      expect(new Set(it.xai.callsOf('videos.get').map(({ path }) => path))).toEqual(
        new Set([asked ?? it.xai.callsOf('videos.get')[0]?.path ?? '']),
      )
      expect((await heir.call('GET', `/videos/${id}/content`)).status).toBe(200)
      expect(await it.rows("SELECT * FROM files WHERE key_id = ''")).toEqual([])
      expect((await heir.gate.ledger()).map(({ outcome }) => outcome)).toEqual(['done', 'gone'])
    },
    LONG,
  )

  test.concurrent(
    'is begun again where nobody had begun it, with its pictures',
    async () => {
      await using it = await shared()
      it.xai.alwaysFilms({ pollsUntilDone: 0 })
      const url = `data:image/png;base64,${png('a').toBase64()}`
      const held = Promise.withResolvers<void>()
      it.xai.script('videos.generations', async ({ right }) => {
        await held.promise
        return right()
      })
      const { id } = await it.create({ image: { url } })
      await until(() => begun(it)[0])
      await leaveBehind(it)
      held.resolve()
      await using heir = await it.heir()
      await heir.gate.app.refresh()
      await heir.becomes(id, 'completed')
      expect(begun(it).map(({ body }) => body.image)).toEqual([{ url }, { url }])
    },
    LONG,
  )

  for (const [when, changes, code] of [
    [
      'has brought down too many',
      "tries = 3, upstream_id = NULL, status = 'queued'",
      'internal_error',
    ],
    ['is of an account that is gone', "account_id = 'nobody'", 'no_account'],
    ['is of a key that is no longer good', "key_id = 'nobody'", 'invalid_api_key'],
    ['has lost its picture', "upstream_id = NULL, status = 'queued'", 'internal_error'],
  ] as const)
    test.concurrent(
      `has failed when it ${when}`,
      async () => {
        await using it = await shared()
        it.xai.films({ isNeverDone: true })
        await it.create({ image: `data:image/png;base64,${png('a').toBase64()}` })
        await it.accepted()
        await leaveBehind(it, changes)
        if (when === 'has lost its picture') await it.gate.client.execute('DELETE FROM files')
        const calls = begun(it).length
        await using heir = await it.heir()
        await heir.gate.app.refresh()
        const row = await until(async () => {
          const [found] = await it.rows("SELECT error FROM videos WHERE status = 'failed'")
          return found
        })
        expect(JSON.parse(String(row.error)).code).toBe(code)
        expect(begun(it)).toHaveLength(calls)
        expect(await it.rows("SELECT * FROM files WHERE key_id = ''")).toEqual([])
      },
      LONG,
    )

  test.concurrent(
    'is asked for on and on, however often its instances went',
    async () => {
      await using it = await shared()
      it.xai.films({ pollsUntilDone: 2 })
      const { id } = await it.create()
      await it.accepted()
      await leaveBehind(it, 'tries = 30')
      await using heir = await it.heir()
      await heir.gate.app.refresh()
      await heir.becomes(id, 'completed')
      expect(begun(it)).toHaveLength(1)
    },
    LONG,
  )

  test.concurrent(
    'is begun again though its key has no place left, for it had one',
    async () => {
      await using it = await shared()
      it.xai.films({ pollsUntilDone: 2 })
      const { create, keyId } = await it.keyed({ dailyVideo: 1, requestsPerMinute: 1 })
      await create()
      await it.accepted()
      await leaveBehind(it)
      await using heir = await it.heir()
      await heir.gate.app.refresh()
      await until(async () => (await it.rows("SELECT 1 FROM videos WHERE status = 'completed'"))[0])
      expect((await heir.gate.ledger())[0]).toMatchObject({ keyId, outcome: 'done' })
    },
    LONG,
  )

  for (const [what, filming, says] of [
    ['is free again', { fails: { code: 'internal_error', message: 'Oops.' } }, false],
    ['is still taken', {}, true],
  ] as const)
    test.concurrent(
      `is counted later, if then the place of its key ${what} that another video took meanwhile`,
      async () => {
        await using it = await shared()
        it.xai.films({ pollsUntilDone: 3 }, { pollsUntilDone: 1, ...filming })
        const { create, keyId, key } = await it.keyed({ dailyVideo: 1 })
        await create()
        await it.accepted()
        await leaveBehind(it)
        await using heir = await it.heir()
        await videosAt(heir.gate.url, key).create()
        await heir.gate.app.refresh()
        const isCounted = async () => {
          await heir.gate.app.refresh()
          const [row] = await it.rows(
            `SELECT sum(used) AS used FROM allowances WHERE key_id = '${keyId}' AND bucket = 'video'`,
          )
          return Number(row?.used) === 1 || undefined
        }
        await until(async () => (await it.rows('SELECT 1 FROM videos WHERE video IS NOT NULL'))[0])
        const isNot = () =>
          heir.gate.lines.some((line) => line.includes('"video_not_counted"')) || undefined
        await until(says ? isNot : isCounted, LONG)
        expect(await until(isCounted)).toBe(true)
      },
      LONG,
    )

  test.concurrent(
    'has failed when its key may not use the model any more',
    async () => {
      await using it = await shared()
      it.xai.films({ isNeverDone: true })
      const { create, get, keyId } = await it.keyed({})
      const { id } = await create()
      await it.accepted()
      await leaveBehind(it)
      await it.gate.client.execute(`UPDATE keys SET models = '["grok-4.7"]' WHERE id = '${keyId}'`)
      await using heir = await it.heir()
      await heir.gate.app.refresh()
      const { error } = await until(async () => {
        const video = await get(id)
        return video.status === 'failed' ? video : undefined
      })
      expect(error?.code).toBe('model_not_allowed')
    },
    LONG,
  )

  test.concurrent(
    'is begun again where it died, when it has given no sign for longer than a lease, and counts once',
    async () => {
      let ahead = 0
      await using it = await videoWorld({ now: () => Date.now() + ahead })
      it.xai.films({ pollsUntilDone: 3 })
      const { create, becomes } = await it.keyed({ dailyVideo: 2 })
      const { id } = await create()
      await it.accepted()
      ahead = 31_000
      await it.gate.app.refresh()
      await becomes(id, 'completed')
      expect(begun(it)).toHaveLength(1)
      const [row] = await it.rows('SELECT tries FROM videos')
      expect(row?.tries).toBe(2)
      // One of two was counted, so that there is another one.
      expect((await create()).status).toBe('queued')
    },
    LONG,
  )
})

describe('a gateway that stops', () => {
  test.concurrent(
    'gives its videos to another at once, without one more try',
    async () => {
      await using it = await shared({ settings: { videos_at_once: 2 } })
      it.xai.alwaysFilms({ pollsUntilDone: 2 })
      const ids = await Promise.all(Array.from({ length: 3 }, async () => (await it.create()).id))
      await until(() => begun(it).length === 2 || undefined)
      await until(async () => {
        const rows = await it.rows('SELECT id FROM videos WHERE upstream_id IS NOT NULL')
        return rows.length === 2 || undefined
      })
      it.gate.app.drain()
      await it.gate.app.flush()
      const rows = await it.rows('SELECT instance, lease_until, tries FROM videos')
      expect(rows).toMatchObject(Array(3).fill({ instance: null, lease_until: 0, tries: 0 }))
      const late = await it.create()
      await using heir = await it.heir()
      await heir.gate.app.refresh()
      for (const id of [...ids, late.id])
        await until(async () => {
          await heir.gate.app.refresh()
          return (await heir.get(id)).status === 'completed' || undefined
        }, 30_000)
      expect(begun(it)).toHaveLength(4)
    },
    LONG,
  )
})

describe('two gateways', () => {
  test.concurrent(
    'share what waits, and count it once',
    async () => {
      await using it = await shared({ settings: { videos_at_once: 1 } })
      it.xai.alwaysFilms({ pollsUntilDone: 1 })
      await using other = await it.heir()
      const { create, call, keyId } = await it.keyed({ dailyVideo: 3 })
      await other.gate.app.refresh()
      const ids = [await create(), await create(), await create()].map(({ id }) => id)
      await until(async () => {
        await Promise.all([it.gate.app.refresh(), other.gate.app.refresh()])
        const rows = await it.rows("SELECT id FROM videos WHERE status = 'completed'")
        return rows.length === ids.length || undefined
      }, 30_000)
      expect(begun(it)).toHaveLength(3)
      const used = async () => {
        await Promise.all([it.gate.app.refresh(), other.gate.app.refresh()])
        await Promise.all([it.gate.app.flush(), other.gate.app.flush()])
        const [row] = await it.rows(
          `SELECT sum(used) AS used FROM allowances WHERE key_id = '${keyId}' AND bucket = 'video'`,
        )
        return Number(row?.used)
      }
      await until(async () => (await used()) === 3 || undefined, 30_000)
      const more = await call('POST', '/videos', { model: VIDEO_MODEL, prompt: 'x' })
      expect(more.status).toBe(429)
    },
    LONG,
  )

  test.concurrent(
    'see each other: one deletes what the other makes',
    async () => {
      await using it = await shared()
      it.xai.films({ isNeverDone: true })
      await using other = await it.heir()
      const { id } = await it.create()
      await other.becomes(id, 'in_progress')
      expect((await other.call('DELETE', `/videos/${id}`)).status).toBe(200)
      await until(async () => (await it.gate.ledger())[0])
      expect((await it.call('GET', `/videos/${id}`)).status).toBe(404)
    },
    LONG,
  )
})
