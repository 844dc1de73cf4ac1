import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import fc from 'fast-check'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { openRemote } from '#src/store/remote'
import { type LimitInstance, limitWorld, STEP_MS } from '../support/limit-world'
import { scratch } from '../support/programs'
import { sqld } from '../support/sqld'
import { PLACES } from '../support/two-instances'

const LONG = 300_000
/** Of the same histories each time; `SEED=$RANDOM npx bun test shared-limits` lives through others. */
const SEED = 2_026
const STARTS_AT = Date.parse('2026-01-15T12:00:00Z')
const SECONDS = 150
/** When all is over, demand goes on for so long with all there is. */
const AFTERWARDS = 60

/** What happens, and when. */
interface Event {
  readonly second: number
  readonly what: 'kill' | 'stop' | 'start' | 'down' | 'up' | 'shift'
  readonly which: number
}

interface History {
  readonly limit: number
  readonly instances: number
  /** In so many seconds the limit is used up. */
  readonly lasts: number
  readonly weights: readonly number[]
  readonly events: readonly Event[]
}

const history = (...what: Event['what'][]): fc.Arbitrary<History> =>
  fc.record({
    limit: fc.integer({ min: 100, max: 1500 }),
    instances: fc.integer({ min: 2, max: 4 }),
    lasts: fc.integer({ min: 40, max: 150 }),
    weights: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 12, maxLength: 12 }),
    events: fc.array(
      fc.record({
        second: fc.integer({ min: 5, max: SECONDS }),
        what: fc.constantFrom(...what),
        which: fc.nat(11),
      }),
      { maxLength: 8 },
    ),
  })

/** Live through a history; how many turns of a day's limit were let in. */
async function live(open: () => ReturnType<typeof openRemote>, keyId: string, it: History) {
  const world = limitWorld({ open, startsAt: STARTS_AT, keyId })
  const all: LimitInstance[] = []
  for (let at = 0; at < it.instances; at++) all.push(await world.start())
  const loads = all.map(() => 0)
  let [given, shift] = [0, 0]
  const living = () => all.filter((instance) => instance.isAlive())
  const happen = async ({ what, which }: Event) => {
    const chosen = living()[which % living().length]
    if (what === 'down') world.state.isDown = true
    else if (what === 'up') world.state.isDown = false
    else if (what === 'shift') shift += which
    else if (what === 'start' && !world.state.isDown) all.push(await world.start())
    else if (what === 'stop' && !world.state.isDown && living().length > 1) await chosen?.stop()
    else if (what === 'kill' && living().length > 1) chosen?.kill()
  }
  for (let step = 0; step < ((SECONDS + AFTERWARDS) * 1_000) / STEP_MS; step++) {
    world.state.time += STEP_MS
    if (step > SECONDS * 4) world.state.isDown = false
    for (const event of it.events) if (event.second * 4 === step) await happen(event)
    const weightOf = (at: number) => it.weights[(at + shift) % it.weights.length] ?? 1
    const sum = all.reduce((all, each, at) => all + (each.isAlive() ? weightOf(at) : 0), 0)
    for (const [at, instance] of all.entries()) {
      if (!instance.isAlive()) continue
      await instance.step()
      const load = (loads[at] ?? 0) + (it.limit / it.lasts / 4) * (weightOf(at) / sum)
      loads[at] = load % 1
      given += await instance.ask('chat', it.limit, Math.floor(load))
    }
  }
  const client = open()
  const { rows } = await client.execute({
    sql: 'SELECT sum(used) AS used FROM allowances WHERE key_id = ?',
    args: [keyId],
  })
  return { given, share: given / it.limit, used: Number(rows[0]?.used), state: world.state }
}

describe.each(PLACES)('a limit of a day that instances share over %s', (place) => {
  const stack = new AsyncDisposableStack()
  const runs = place === 'a file' ? 12 : 4
  let open: () => ReturnType<typeof openRemote>
  let keys = 0

  beforeAll(async () => {
    if (place === 'a file') {
      const { path } = stack.use(await scratch('limits'))
      const file = openFile(join(path, 'groxy.db'))
      open = () => file
    } else {
      const { url } = stack.use(await sqld())
      const remote = openRemote(url)
      open = () => remote
    }
    await migrate(open())
  }, LONG)
  afterAll(() => stack.disposeAsync())

  /** Whoever waits in one history does not keep the others. */
  const holds = async (histories: fc.Arbitrary<History>, check: (all: Lived[]) => void) => {
    const seed = Number(process.env.SEED ?? SEED)
    const samples = fc.sample(histories, { numRuns: runs, seed })
    const lived = await Promise.all(
      samples.map(async (it) => ({ it, seed, ...(await live(open, `k${keys++}`, it)) })),
    )
    check(lived)
  }

  test(
    'is given whole, and never more, while instances come and die',
    () =>
      holds(history('kill', 'stop', 'start', 'shift'), (lived) => {
        for (const { it, share, ...rest } of lived) {
          const deaths = it.events.filter(({ what }) => what === 'kill').length
          expect({ it, rest, share, isFair: share <= 1.02 }).toMatchObject({ isFair: true })
          const lost = 0.02 * Math.max(1, deaths)
          expect({ it, rest, share, isWhole: share >= 1 - lost }).toMatchObject({ isWhole: true })
        }
      }),
    LONG,
  )

  test(
    'is given whole, and never more than 102 %, while the database comes and goes',
    () =>
      holds(history('down', 'up', 'stop', 'start', 'shift'), (lived) => {
        for (const { it, share, ...rest } of lived) {
          expect({ it, rest, share, isFair: share <= 1.02 }).toMatchObject({ isFair: true })
          expect({ it, rest, share, isWhole: share >= 0.98 }).toMatchObject({ isWhole: true })
          expect(rest.used).toBe(rest.given)
        }
      }),
    LONG,
  )

  test(
    'is never given beyond 102 % when both happen, whoever dies when',
    () =>
      holds(history('kill', 'stop', 'start', 'shift', 'down', 'up'), (lived) => {
        for (const { it, share, ...rest } of lived)
          expect({ it, rest, share, isFair: share <= 1.02 }).toMatchObject({ isFair: true })
      }),
    LONG,
  )
})

type Lived = Awaited<ReturnType<typeof live>> & { readonly it: History; readonly seed: number }
