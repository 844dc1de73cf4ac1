import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { bucketServer } from '../fakes/r2'
import { fakeUpstream, hello } from '../fakes/upstream'
import { batchOf, entry } from '../support/entries'
import { openaiAt } from '../support/gateway'
import { noise } from '../support/object-stores'
import { groxy, until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'
import { keyIn, post, type WorkerWorld, workerWorld } from '../support/worker-world'

const LONG = 120_000
const DAY_MS = 86_400_000
/** What a Worker's log must not have. */
const FAULTS = /hung|never complete|never generate|uncaught|"bug"|"error"/i

// What timers do on a machine is done by the cron trigger alone: here nobody calls a Worker that works.

describe.skipIf(isWithoutSqld)('the scheduled handler of a Worker', () => {
  let world: WorkerWorld
  beforeAll(async () => {
    world = await workerWorld()
  }, LONG)
  afterAll(() => world?.[Symbol.asyncDispose]())

  const rows = async (sql: string) => (await world.client.execute(sql)).rows
  const count = async (sql: string) => Number((await rows(sql))[0]?.[0])
  /** As if all that is done once an hour had been done long ago. */
  const makeDue = () => world.client.execute('DELETE FROM jobs')
  const jobOf = async (name: string) =>
    (await rows(`SELECT state, note FROM jobs WHERE name = '${name}'`))[0]

  test(
    'removes what is older than settings keep, once for many Workers and ticks at a time',
    async () => {
      await using one = await world.another()
      await using other = await world.another()
      const old = Array.from({ length: 700 }, (_, at) =>
        entry(`old-${at}`, { at: Date.now() - 90 * DAY_MS }),
      )
      await world.stores.ledger.append(batchOf([...old, entry('new', { at: Date.now() })]))
      await makeDue()
      const ticks = [one, other, one, other].map((worker) => worker.tick())
      expect(await Promise.all(ticks)).toEqual(['ok', 'ok', 'ok', 'ok'])
      expect(await count("SELECT count(*) FROM ledger WHERE request_id LIKE 'old-%'")).toBe(0)
      expect(await count("SELECT count(*) FROM ledger WHERE request_id = 'new'")).toBe(1)
      expect((await jobOf('cleaning'))?.state).toBe('done')
      const logs = one.output() + other.output()
      expect(logs.match(/"event":"cleaned"/g)).toHaveLength(1)
      expect(logs).not.toMatch(FAULTS)
    },
    LONG,
  )

  describe.each(['the database', 'a bucket'])('with files in %s', (place) => {
    test(
      'removes those that have expired, and what nobody refers to',
      async () => {
        await using bucket = bucketServer()
        const bound = place === 'a bucket' ? { bucketPort: bucket.port } : {}
        const start = () => world.another({}, bound)
        const objects = async () =>
          place === 'a bucket'
            ? bucket.objects.size
            : count('SELECT count(DISTINCT object_id) FROM object_parts')
        const bytes = noise(3 * 1024 * 1024)
        const ids: string[] = []
        {
          await using worker = await start()
          const sdk = new OpenAI({ baseURL: `${worker.url}/v1`, apiKey: world.key, maxRetries: 0 })
          for (const name of ['goes.bin', 'stays.bin']) {
            const made = { file: new File([bytes], name), purpose: 'user_data' as const }
            ids.push((await sdk.files.create(made)).id)
          }
          const read = await (await sdk.files.content(ids[0] ?? '')).arrayBuffer()
          expect(Bun.deepEquals(new Uint8Array(read), bytes)).toBe(true)
        }
        expect(await objects()).toBe(2)
        await world.client.execute(`UPDATE files SET expires_at = 1 WHERE id = '${ids[0]}'`)
        await makeDue()
        await using worker = await start()
        expect(await worker.tick()).toBe('ok')
        expect(await objects()).toBe(1)
        expect((await jobOf('media'))?.state).toBe('done')
        const sdk = new OpenAI({ baseURL: `${worker.url}/v1`, apiKey: world.key, maxRetries: 0 })
        expect((await sdk.files.list()).data.map(({ id }) => id)).toEqual(ids.slice(1))
        await sdk.files.delete(ids[1] ?? '')
        expect(await objects()).toBe(0)
        expect(worker.output()).not.toMatch(FAULTS)
      },
      LONG,
    )
  })

  test(
    'asks again about an account that another Worker was refused with',
    async () => {
      await using upstream = fakeUpstream()
      const start = () => world.another(openaiAt(upstream.url))
      {
        await using one = await start()
        // What a Worker does when it first reads the database is over.
        expect((await one.ask({})).status).toBe(200)
        expect(await one.tick()).toBe('ok')
        upstream.script(refusing)
        expect((await one.ask({})).status).toBe(502)
        await until(async () => (await states()).includes('suspect') || undefined)
      }
      const asked = upstream.asked().length
      await using other = await start()
      expect(await other.tick()).toBe('ok')
      expect(await until(async () => ((await states())[0] === 'expired' ? 'so' : undefined))).toBe(
        'so',
      )
      expect(upstream.asked()).toHaveLength(asked)
      await world.client.execute('DELETE FROM account_states')
    },
    LONG,
  )

  const refusing = () => Response.json({ error: { message: 'bad key' } }, { status: 401 })
  const states = async () =>
    (await rows('SELECT state FROM account_states')).map(({ state }) => state)

  test(
    'tells what keys have used, and writes what a database that was away did not take',
    async () => {
      const name = 'counted'
      const key = keyIn(await groxy(['keys', 'create', name, '--chat-per-day', '500'], world.env))
      await using worker = await world.another()
      const ask = async () => {
        const answer = await post({ url: worker.url, key }, {})
        expect([answer.status, await answer.text()]).toEqual([
          200,
          expect.stringContaining('there'),
        ])
        return answer.headers.get('x-request-id')
      }
      await ask()
      expect(await worker.tick()).toBe('ok')
      await world.database.kill()
      const asked: (string | null)[] = []
      try {
        for (let turn = 0; turn < 3; turn++) asked.push(await ask())
        // Let what was to be written be refused.
        await Bun.sleep(1_500)
      } finally {
        await world.database.restart()
      }
      expect(await worker.tick()).toBe('ok')
      const written = () =>
        count(`SELECT count(*) FROM ledger WHERE request_id IN ('${asked.join("', '")}')`)
      expect(await until(async () => ((await written()) === 3 ? 3 : undefined))).toBe(3)
      await until(async () => {
        expect(await worker.tick()).toBe('ok')
        const said = await groxy(['keys', 'usage'], world.env)
        return /counted +chat today +4 +500/.test(said) || undefined
      })
      expect(worker.output()).not.toMatch(/hung|never complete|never generate|"bug"/)
    },
    LONG,
  )

  test(
    'begins nothing twice while a run before it takes long, and that one comes to its end',
    async () => {
      await using worker = await world.another()
      const gate = Promise.withResolvers<void>()
      let lists = 0
      worker.upstream.script(async ({ path }) => {
        if (path !== '/v1/models') return Response.json(hello())
        lists++
        await gate.promise
        return Response.json({ data: [{ id: 'grok-4' }, { id: 'grok-late' }] })
      })
      await world.client.execute('DELETE FROM model_lists')
      const first = worker.tick()
      await until(() => (lists > 0 ? true : undefined))
      expect(await Promise.all([worker.tick(), worker.tick()])).toEqual(['ok', 'ok'])
      expect(lists).toBe(1)
      gate.resolve()
      expect(await first).toBe('ok')
      const { data } = await (
        await fetch(`${worker.url}/v1/models`, {
          headers: { authorization: `Bearer ${world.key}` },
        })
      ).json()
      expect(data.map(({ id }: { id: string }) => id)).toContain('grok-late')
      expect(worker.output()).not.toMatch(FAULTS)
    },
    LONG,
  )
})
