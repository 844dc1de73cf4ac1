import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type FakeUpstream, fakeUpstream } from '../fakes/upstream'
import { logIn } from '../support/admin-session'
import { createCrowd, type Member, steadily } from '../support/chaos'
import { createWorks, FILMED, REFUSED, SESSIONS, SHARED, type Works } from '../support/chaos-works'
import { emptyFolder, executable, startGroxy } from '../support/executable'
import { openaiAt } from '../support/gateway'
import { INSTANCE_ENV, type SharedDatabase, sharedDatabase } from '../support/instances'
import { KEY } from '../support/key'
import { until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'

const LONG = 150_000
const OUTAGE_MS = 20_000
const TURN = { model: 'grok-4', messages: [{ role: 'user', content: 'Hi' }] }

const ones = (count: number): number[] => Array.from({ length: count }, () => 1)

describe.skipIf(isWithoutSqld)(
  'what three executables over one libSQL server do behind turns',
  () => {
    const crowd = createCrowd()
    const stack = new AsyncDisposableStack()
    const operators = new Map<Member, Awaited<ReturnType<typeof logIn>>>()
    let upstream: FakeUpstream
    let database: SharedDatabase
    let works: Works
    let heirs: readonly Member[]

    async function start(name: string): Promise<Member> {
      const env = { ...INSTANCE_ENV, DATABASE_URL: database.url, ...openaiAt(upstream.url) }
      const server = stack.use(await startGroxy(emptyFolder(), { ...env, ...works.env }))
      const headers = { authorization: `Bearer ${KEY}` }
      await until(async () => {
        const reply = await fetch(`${server.url}/v1/models`, { headers })
        return (await reply.text()).includes('"grok-4"') || undefined
      })
      const operator = await logIn(server, INSTANCE_ENV.ADMIN_PASSWORD)
      const member = crowd.add(name, server)
      operators.set(member, operator)
      return member
    }

    async function operate(member: Member, path: string, body?: unknown): Promise<unknown> {
      const reply = await operators.get(member)?.api(path, body)
      const text = await reply?.text()
      if (!reply?.ok) throw new Error(`${path}: ${reply?.status} ${text}`)
      return text
    }

    beforeAll(async () => {
      await executable()
      upstream = stack.use(fakeUpstream())
      database = stack.use(await sharedDatabase())
      works = stack.use(createWorks())
      const dying = await start('dying')
      await works.refreshAt(dying, { crowd, database, operate })
      const one = await start('one')
      const two = await start('two')
      await works.share()
      const asked = { kind: 'turn', key: KEY, path: '/chat/completions', body: TURN }
      const ends = [steadily(20, () => crowd.send(asked)), works.film()]
      for (const member of [one, two, dying]) await works.use(member)
      await Bun.sleep(4_000)
      await works.judged()
      await works.filmLong(dying, 'dying')
      await works.filmUnnoted(dying)
      await crowd.kill(dying)
      await works.died()
      await Bun.sleep(6_000)
      await works.filmLong(one, 'cut off')
      await database.server.kill()
      await Bun.sleep(OUTAGE_MS)
      await database.server.restart()
      heirs = [one, two, await start('four')]
      await Bun.sleep(12_000)
      for (const end of ends) await end()
    }, LONG)
    afterAll(() => stack.disposeAsync())

    test('goes along with turns, none of which fails for a connection that was refused', () => {
      const failed = crowd.told.filter(
        ({ status, member, at }) => status !== 200 && !(member.wasKilled && at <= works.diedAt()),
      )
      expect(failed.map(({ status, text, member: { name } }) => ({ status, text, name }))).toEqual(
        [],
      )
      expect(crowd.refused.length).toBeGreaterThan(0)
      expect(crowd.refused.every(({ member }) => member.wasKilled)).toBe(true)
      expect(crowd.told.length).toBeGreaterThan(800)
    })

    test('are videos that end completed, and are begun upstream once', async () => {
      const { films, noted, strange } = works
      const [, second] = heirs
      if (!second) throw new Error('There is no second.')
      expect(strange).toEqual([])
      const all = await works.filmed(second)
      expect(all.filter(({ status }) => status !== 'completed')).toEqual([])
      expect(films.length).toBeGreaterThan(15)
      for (const at of Array(FILMED).keys())
        for (const name of ['dying', 'cut off'])
          expect(works.begun(`${name} ${at}.`)).toHaveLength(1)
      // Nobody could know of this one that it was begun.
      expect(works.begun('unnoted.')).toHaveLength(2)
      const again = films.filter(({ prompt, id, member }) => {
        const times = works.begun(prompt)
        const mayBeTwo = member.wasKilled && noted.get(id) === false
        return times.length !== 1 && !(mayBeTwo && times.length === 2)
      })
      expect(again.map(({ prompt, member: { name } }) => `${prompt} ${name}`)).toEqual([])
      expect(films.filter(({ member: { wasKilled } }) => wasKilled).length).toBeGreaterThan(FILMED)
    }, 90_000)

    test('is a job that was asked for, which another one does once when its own has died', async () => {
      const row = await until(async () => {
        const found = await works.jobRow()
        return found?.state === 'done' && found.wanted === null ? found : undefined
      }, 60_000)
      expect(row.instance).not.toBe(works.refresher())
      expect(row).toMatchObject({ tries: 2, done: row.total })
      const { lister } = works
      const all = lister.countsOf('held')
      expect([...lister.countsOf('held', works.diedAt()).values()]).toEqual(ones(all.size))
      expect(Number(row.total)).toBe(all.size + SHARED + 2)
      // Once when they were new, once by each of the two that did the job.
      expect([...all.values()].every((times) => times === 2 || times === 3)).toBe(true)
      const twice = [...all.values()].filter((times) => times === 3).length
      expect(twice).toBeWithin(8, all.size)
    }, 90_000)

    test('is what upstreams are asked for all of them by one', async () => {
      const { lister, grok } = works
      const shared = lister.countsOf('shared', 0, works.diedAt())
      expect([...shared.values()]).toEqual(ones(SHARED))
      expect([...lister.countsOf('refused').values()]).toEqual(ones(REFUSED))
      const states = await database.rows('SELECT state FROM account_states WHERE faults > 0')
      expect(states.map(({ state }) => state)).toEqual(ones(REFUSED).map(() => 'expired'))
      const quotas = new Map<string, number>()
      for (const { account = '' } of grok.callsOf({ endpoint: 'rate-limits' }))
        quotas.set(account, (quotas.get(account) ?? 0) + 1)
      expect(grok.callsOf({ endpoint: 'new' })).toHaveLength(3 * SESSIONS.length)
      // Once when it was new, and once after the turns that all had it do.
      expect(Object.fromEntries(quotas)).toEqual(
        Object.fromEntries(SESSIONS.map((name) => [name, 2])),
      )
      const kinds = await database.rows('SELECT kind, count(*) AS count FROM asks GROUP BY kind')
      expect(Object.fromEntries(kinds.map(({ kind, count }) => [kind, count]))).toMatchObject({
        check: REFUSED,
        quota: SESSIONS.length,
        use: SESSIONS.length,
      })
    })
  },
)
