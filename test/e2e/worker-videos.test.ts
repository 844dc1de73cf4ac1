import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type FakeXaiMedia, fakeXaiMedia, png } from '../fakes/xai-media'
import { KEY, xaiAt } from '../support/gateway'
import { until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'
import { videosAt } from '../support/video-world'
import { type WorkerWorld, workerWorld } from '../support/worker-world'

const LONG = 120_000
/** What a Worker's log must not have. */
const FAULTS = /hung|"bug"|"error"|not_kept|unreachable|uncaught/i

describe.skipIf(isWithoutSqld)('videos on Workers over a libSQL server', () => {
  let world: WorkerWorld
  beforeAll(async () => {
    world = await workerWorld()
  }, LONG)
  afterAll(() => world?.[Symbol.asyncDispose]())

  async function worker(xai: FakeXaiMedia) {
    const one = await world.another({ GROXY_API_KEY: KEY, ...xaiAt(xai.url) })
    return { ...one, ...videosAt(one.url) }
  }
  const rowOf = async (id: string) => {
    const { rows } = await world.client.execute(`SELECT * FROM videos WHERE id = '${id}'`)
    return rows[0]
  }

  test(
    'are made behind their requests, of what came with them, and are served',
    async () => {
      await using xai = fakeXaiMedia()
      await using one = await worker(xai)
      const image = `data:image/png;base64,${png('a').toBase64()}`
      const { id } = await one.create({ image })
      await one.becomes(id, 'completed')
      const content = await one.call('GET', `/videos/${id}/content`)
      expect([content.status, content.headers.get('content-type')]).toEqual([200, 'video/mp4'])
      await content.bytes()
      expect(xai.callsOf('videos.generations')[0]?.body.image).toEqual({ url: image })
      expect((await one.call('DELETE', `/videos/${id}`)).status).toBe(200)
      expect(one.output()).not.toMatch(FAULTS)
    },
    LONG,
  )

  test(
    'are made no further when they are deleted, by whichever request',
    async () => {
      await using xai = fakeXaiMedia()
      xai.films({ isNeverDone: true })
      await using one = await worker(xai)
      const { id } = await one.create()
      await until(() => xai.callsOf('videos.get')[1])
      expect((await one.call('DELETE', `/videos/${id}`)).status).toBe(200)
      await Bun.sleep(7_000)
      const asked = xai.callsOf('videos.get').length
      await Bun.sleep(7_000)
      expect(xai.callsOf('videos.get')).toHaveLength(asked)
      expect((await one.call('GET', '/videos')).status).toBe(200)
      expect(one.output()).not.toMatch(FAULTS)
    },
    LONG,
  )

  test(
    'that another left behind are asked for when the clock ticks, though nobody calls',
    async () => {
      await using xai = fakeXaiMedia()
      xai.films({ isNeverDone: true })
      let id = ''
      {
        await using one = await worker(xai)
        id = (await one.create()).id
        await until(async () => (await rowOf(id))?.upstream_id ?? undefined)
      }
      xai.films({ pollsUntilDone: 0 })
      const begun = await (
        await fetch(`${xai.url}/videos/generations`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${xaiAt('').XAI_API_KEY}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify({ model: 'grok-imagine-video', prompt: 'Waves' }),
        })
      ).json()
      await world.client.execute({
        sql: 'UPDATE videos SET lease_until = 1, upstream_id = ? WHERE id = ?',
        args: [begun.request_id, id],
      })
      await using heir = await worker(xai)
      const tick = heir.tick()
      await until(async () => ((await rowOf(id))?.status === 'completed' ? true : undefined))
      expect(await tick).toBe('ok')
      expect(xai.callsOf('videos.generations')).toHaveLength(2)
      expect(heir.output()).not.toMatch(FAULTS)
    },
    LONG,
  )
})
