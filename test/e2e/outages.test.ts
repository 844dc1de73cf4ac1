import { describe, expect, test } from 'bun:test'
import { stat } from 'node:fs/promises'
import { type OutageInstance, type OutageWorld, outageWorld } from '../support/outage'
import { freePort, until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'

const LONG = 120_000
/** What no turn takes on this machine, however much else runs on it, unless it waits for the database. */
const SOON_MS = 2_500
const TURNS = 'SELECT count(*) FROM ledger'

interface Fault {
  readonly says: string
  readonly begin: (world: OutageWorld) => unknown
  readonly end: (world: OutageWorld) => unknown
  /** What `/ready` says of it. */
  readonly told: 'away' | 'read-only'
}

const FAULTS: readonly Fault[] = [
  {
    says: 'is silent',
    begin: ({ server }) => server.signal('SIGSTOP'),
    end: ({ server }) => server.signal('SIGCONT'),
    told: 'away',
  },
  {
    says: 'is killed, and started again',
    begin: ({ server }) => server.kill(),
    end: ({ server }) => server.restart(),
    told: 'away',
  },
  {
    says: 'takes no writes',
    begin: ({ server }) => server.refuseWrites(true),
    end: ({ server }) => server.refuseWrites(false),
    told: 'read-only',
  },
]

const isKept = (world: OutageWorld) =>
  until(async () => (await stat(world.snapshot).catch(() => undefined)) && true)

async function seen(instance: OutageInstance, told: string): Promise<Record<string, unknown>> {
  return until(async () => {
    const { status, body } = await instance.ready()
    expect(status).toBe(200)
    return body.database === told ? body : undefined
  })
}

async function timed<T>(work: Promise<T>): Promise<readonly [T, number]> {
  const begun = performance.now()
  return [await work, performance.now() - begun]
}

describe.skipIf(isWithoutSqld)('while the database', () => {
  test.each(FAULTS)(
    '$says turns go on, and nothing of them is lost',
    async ({ begin, end, told }) => {
      await using world = await outageWorld()
      const instance = await world.start()
      const said = await instance.post('/v1/responses', { model: 'grok-4', input: 'Hi' })
      expect(said.status).toBe(200)
      const { id } = (await said.json()) as { id: string }
      await world.counts(TURNS, 1)
      const running = instance.turn({ stream: true })
      await begin(world)
      for (let number = 0; number < 30; number++) {
        const { status, firstMs, isWhole } = await instance.turn({ stream: number % 10 === 0 })
        expect({ status, isWhole }).toEqual({ status: 200, isWhole: true })
        expect(firstMs).toBeLessThan(SOON_MS)
        await Bun.sleep(300)
      }
      expect(await running).toMatchObject({ status: 200, isWhole: true })
      expect(await seen(instance, told)).toMatchObject({ status: 'ready', database: told })
      expect(await instance.metric('groxy_database_up')).toBe(told === 'away' ? 0 : 1)
      const [stored, storedMs] = await timed(
        instance.post('/v1/responses', { model: 'grok-4', input: 'Hi' }),
      )
      expect([stored.status, storedMs < SOON_MS]).toEqual([200, true])
      const [chained, chainedMs] = await timed(
        instance.post('/v1/responses', { model: 'grok-4', input: 'On', previous_response_id: id }),
      )
      expect(chainedMs).toBeLessThan(8_000)
      expect(chained.status).toBe(told === 'away' ? 503 : 200)
      if (told === 'away') expect(Number(chained.headers.get('retry-after'))).toBeGreaterThan(0)
      const [background, backgroundMs] = await timed(
        instance.post('/v1/responses', { model: 'grok-4', input: 'Later', background: true }),
      )
      expect([background.status, backgroundMs < 8_000]).toEqual([503, true])
      await end(world)
      const turns = 1 + 1 + 30 + 1 + Number(told !== 'away')
      await world.counts(TURNS, turns)
      const next = await instance.post('/v1/responses', {
        ...{ model: 'grok-4', input: 'On', previous_response_id: id },
      })
      expect(next.status).toBe(200)
      await world.counts(TURNS, turns + 1)
      await world.counts('SELECT count(*) FROM responses', turns - 30)
      expect((await instance.ready()).body).toEqual({ status: 'ready' })
      expect(await instance.metric('groxy_database_up')).toBe(1)
      expect(await instance.metric('groxy_ledger_dropped_total')).toBe(0)
    },
    LONG,
  )

  test.each(FAULTS.slice(0, 2))(
    '$says an instance starts with what it has kept',
    async ({ begin, end }) => {
      await using world = await outageWorld()
      const first = await world.start()
      const key = await world.addKey('kept')
      await until(async () => (await first.turn({ key })).status === 200 || undefined)
      await isKept(world)
      expect((await stat(world.snapshot)).mode & 0o777).toBe(0o600)
      // What changed is written soon.
      await Bun.sleep(5_000)
      await first.stop()
      const before = await world.count(TURNS)
      await begin(world)
      const again = await world.start()
      expect(again.startMs).toBeLessThan(10_000)
      await until(() => again.output().includes('started_without_database') || undefined)
      expect(await again.turn({ key })).toMatchObject({ status: 200 })
      expect(await again.turn({ stream: true })).toMatchObject({ status: 200, isWhole: true })
      const { status, body } = await again.ready()
      expect([status, body.status, body.database]).toEqual([200, 'ready', 'away'])
      expect(Number(body.snapshot_age_seconds)).toBeGreaterThan(0)
      expect(await again.metric('groxy_database_up')).toBe(0)
      expect(await again.metric('groxy_snapshot_age_seconds')).toBeGreaterThan(0)
      const page = await fetch(`${again.url}/admin`, {
        headers: { accept: 'text/html', cookie: 'groxy_session=x' },
      })
      expect([page.status, page.headers.get('content-type')]).toEqual([
        503,
        'text/html; charset=utf-8',
      ])
      await end(world)
      const added = await world.addKey('new')
      const back = performance.now()
      await until(async () => (await again.turn({ key: added })).status === 200 || undefined)
      expect(performance.now() - back).toBeLessThan(4_000)
      await world.counts(TURNS, before + 3)
      expect((await again.ready()).body).toEqual({ status: 'ready' })
    },
    LONG,
  )
})

describe.skipIf(isWithoutSqld)('an instance that starts without its database', () => {
  test('is told why it cannot where nothing was kept', async () => {
    await using world = await outageWorld(`http://127.0.0.1:${freePort()}`)
    const started = await world.start().catch((cause: unknown) => String(cause))
    expect(String(started)).toContain('There is no snapshot at')
  })
})
