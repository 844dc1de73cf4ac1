import { describe, expect, test } from 'bun:test'
import { openFile } from '#src/store/file'
import { type Filming, fakeXaiMedia, faults } from '../fakes/xai-media'
import { emptyFolder, startGroxy } from '../support/executable'
import { xaiAt } from '../support/gateway'
import { INSTANCE_ENV, sharedDatabase } from '../support/instances'
import { until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'
import { videosAt } from '../support/video-world'

const LONG = 300_000
/** A lease is over after 30 seconds, and looked for every five. */
const TAKEOVER_MS = 60_000
const KILLS = 20

async function start(url: string, xaiUrl: string, folder = emptyFolder()) {
  const server = await startGroxy(folder, { ...INSTANCE_ENV, DATABASE_URL: url, ...xaiAt(xaiUrl) })
  return { ...server, ...videosAt(server.url) }
}

/** Two instances over one database: one makes a video, which the other knows. */
async function pair(filming: Filming) {
  await using stack = new AsyncDisposableStack()
  const xai = stack.use(fakeXaiMedia())
  const database = stack.use(await sharedDatabase())
  xai.alwaysFilms(filming)
  const a = stack.use(await start(database.url, xai.url))
  const b = stack.use(await start(database.url, xai.url))
  const { id } = await a.create()
  await b.becomes(id, 'in_progress')
  const kept = stack.move()
  return { ...{ xai, database, a, b, id }, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

interface Standing {
  readonly id: string
  readonly status: string
  readonly instance: string | null
  readonly upstream_id: string | null
  readonly tries: number
  readonly error: string | null
}

/** What a database that nobody uses says of its videos. */
async function standing(folder: string): Promise<readonly Standing[]> {
  const client = openFile(`${folder}/groxy.db`)
  try {
    const sql = 'SELECT id, status, instance, upstream_id, tries, error FROM videos'
    return (await client.execute(sql)).rows as unknown as Standing[]
  } finally {
    client.close()
  }
}

const isOpen = ({ status }: Standing) => status === 'queued' || status === 'in_progress'

describe('videos of a gateway that is killed again and again', () => {
  test(
    'end all the same, and none is paid for twice that was known to have begun',
    async () => {
      await using xai = fakeXaiMedia()
      const folder = emptyFolder()
      const url = `file:${folder}/groxy.db`
      // So that some are killed between their beginning and the word of it.
      xai.always('videos.generations', (moment) => faults.late(Math.random() * 400)(moment))
      const asked: string[] = []
      const dead = new Set<string | null>([null])
      let lost = 0
      for (let round = 0; round < KILLS; round++) {
        await using gate = await start(url, xai.url, folder)
        const wishes = Array.from({ length: 3 }, async () => asked.push((await gate.create()).id))
        const answered = Promise.allSettled(wishes)
        await Bun.sleep(Math.random() * 3_000)
        gate.signal('SIGKILL')
        await gate.exited
        await answered
        const left = (await standing(folder)).filter(isOpen)
        // Those that this one had, and of which nobody knows whether they have begun.
        const own = left.filter(({ instance }) => !dead.has(instance))
        lost += own.filter((it) => it.upstream_id === null).length
        for (const { instance } of own) dead.add(instance)
      }
      const before = await standing(folder)
      expect(before.map(({ id }) => id)).toEqual(expect.arrayContaining(asked))
      await using gate = await start(url, xai.url, folder)
      for (const { id } of before)
        await until(async () => {
          const { status } = await gate.get(id)
          return status === 'completed' || status === 'failed' || undefined
        }, TAKEOVER_MS * 2)
      const after = await Promise.all(before.map(({ id }) => gate.get(id)))
      const failed = after.filter(({ status }) => status === 'failed')
      for (const { error } of failed) expect(error?.message).toContain('several times in vain')
      expect(xai.callsOf('videos.generations').length).toBeLessThanOrEqual(before.length + lost)
      expect(asked.length).toBeGreaterThan(KILLS)
      for (const { id, status } of after)
        if (status === 'completed')
          expect((await gate.call('GET', `/videos/${id}/content`)).status).toBe(200)
    },
    LONG,
  )
})

describe.skipIf(isWithoutSqld)('videos of two instances over one database', () => {
  test.concurrent(
    'are gone on with by the other when one is killed, without being begun again',
    async () => {
      await using it = await pair({ pollsUntilDone: 6 })
      const { xai, a, b, id } = it
      a.signal('SIGKILL')
      await a.exited
      await b.becomes(id, 'completed', TAKEOVER_MS)
      expect(xai.callsOf('videos.generations')).toHaveLength(1)
      expect((await b.call('GET', `/videos/${id}/content`)).status).toBe(200)
    },
    LONG,
  )

  test.concurrent(
    'are gone on with by the other at once when one is stopped',
    async () => {
      await using it = await pair({ pollsUntilDone: 5 })
      const { xai, database, a, b, id } = it
      const stoppedAt = Date.now()
      a.signal('SIGTERM')
      expect(await a.exited).toBe(0)
      expect(Date.now() - stoppedAt).toBeLessThan(5_000)
      await b.becomes(id, 'completed', 25_000)
      expect(xai.callsOf('videos.generations')).toHaveLength(1)
      const [row] = await database.rows('SELECT tries FROM videos')
      expect(row?.tries).toBe(1)
    },
    LONG,
  )

  test.concurrent(
    'are deleted here while they are made there',
    async () => {
      await using it = await pair({ isNeverDone: true })
      const { xai, a, b, id } = it
      expect((await b.call('DELETE', `/videos/${id}`)).status).toBe(200)
      await Bun.sleep(8_000)
      const asked = xai.callsOf('videos.get').length
      await Bun.sleep(8_000)
      expect(xai.callsOf('videos.get')).toHaveLength(asked)
      expect((await a.call('GET', `/videos/${id}`)).status).toBe(404)
    },
    LONG,
  )
})
