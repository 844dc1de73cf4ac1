import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Amount } from '../test/support/filled'
import { type Sqld, sqld } from '../test/support/sqld'
import { type CountingProxy, type Counts, startCountingProxy } from './counting-proxy'
import { measureLarge } from './database-large'
import { reportDatabase } from './database-report'
import { fewTurns, manyTurns, TURN_SORTS, type TurnSort } from './database-turns'
import { measureWrites } from './database-writes'
import type { Executables } from './executables'
import { firstAnswer } from './first-answer'
import { cpuMicros, databaseBytes } from './gauges'
import { freePort, type Processes } from './processes'

export interface DatabaseParts {
  readonly processes: Processes
  readonly executables: Executables
  readonly folder: string
  readonly upstream: string
  readonly effort: {
    /** Of each sort of turn: at one a second, and as many as come. */
    readonly slowSeconds: number
    readonly fastSeconds: number
    readonly idleSeconds: number
    readonly writeSeconds: number
    /** What the large database holds. */
    readonly amount: Amount
  }
}

const CLIENTS = 32
/** What is written behind is written, and what start-up left to do is done. */
const SETTLED_MS = 3_000
const STARTED_MS = 8_000

/** A gateway over a libSQL server, with all that goes between them counted. */
interface World {
  readonly address: string
  readonly keys: Readonly<Record<TurnSort['key'], string>>
  readonly server: Sqld
  readonly proxy: CountingProxy
  readonly command: (...words: string[]) => Promise<string>
  readonly pid: number
}

/** Every limit that there is, so wide that none is reached. */
const LIMITS = [
  ...['--rpm', '1000000000', '--tpm', '1000000000', '--concurrency', '100000'],
  ...['--chat-per-day', '1000000000', '--usd-per-day', '100000', '--usd-per-month', '100000'],
]

async function startWorld(parts: DatabaseParts, stack: AsyncDisposableStack): Promise<World> {
  const { processes, executables, folder, upstream } = parts
  const cwd = join(folder, 'database')
  await mkdir(cwd)
  const server = stack.use(await sqld())
  const proxy = startCountingProxy(server.url)
  stack.defer(() => void proxy.stop())
  const env = {
    GROXY_SECRET: 'a secret for the bench',
    GROXY_API_KEY: 'sk-bench-database-key',
    OPENAI_API_KEY: 'sk-upstream',
    OPENAI_BASE_URL: `${upstream}/v1`,
  }
  const command = (...words: string[]) =>
    processes.output([executables.groxy, ...words], {
      cwd,
      env: { ...env, DATABASE_URL: server.url },
    })
  const [limited = ''] = (await command('keys', 'create', 'limited', ...LIMITS)).split('\n')
  const port = freePort()
  const child = processes.start([executables.groxy], {
    cwd,
    env: { ...env, PORT: String(port), DATABASE_URL: proxy.url },
    log: `${cwd}.log`,
    apart: true,
  })
  stack.defer(() => processes.stop(child))
  const address = `http://127.0.0.1:${port}`
  await firstAnswer(address, env.GROXY_API_KEY)
  const keys = { plain: env.GROXY_API_KEY, limited }
  return { address, keys, server, proxy, command, pid: child.pid }
}

/** What turns, an idle minute, pages and a change cost the database, and what it can take at all. */
export async function measureDatabase(parts: DatabaseParts) {
  const { effort } = parts
  await using stack = new AsyncDisposableStack()
  const world = await startWorld(parts, stack)
  await Bun.sleep(STARTED_MS)
  const idle = await measureIdle(world, effort.idleSeconds)
  console.info(`idle: ${(idle.statements / idle.minutes).toFixed(1)} statements a minute`)
  const turns = []
  for (const sort of TURN_SORTS) turns.push(await measureSort(world, sort, effort, idle))
  const writes = await measureWrites(effort.writeSeconds)
  const large = await measureLarge(parts)
  console.info(`\n${reportDatabase({ idle, turns, writes, large })}\n`)
  return { idle, turns, writes, large }
}

async function measureIdle({ proxy }: World, seconds: number) {
  proxy.take()
  await Bun.sleep(seconds * 1000)
  return { minutes: seconds / 60, ...proxy.take() }
}

type Idle = Awaited<ReturnType<typeof measureIdle>>

async function measureSort(
  world: World,
  sort: TurnSort,
  { slowSeconds, fastSeconds }: DatabaseParts['effort'],
  idle: Idle,
) {
  const load = { address: world.address, key: world.keys[sort.key], sort }
  if (sort.keeps) await keepContents(world, 1)
  const slow = await counted(world, idle, () => fewTurns(load, slowSeconds))
  const fast = await counted(world, idle, () => manyTurns(load, CLIENTS, fastSeconds))
  if (sort.keeps) await keepContents(world, 0)
  const of = ({ writes, perSecond }: typeof slow) =>
    `${perSecond.toFixed(0)}/s: ${writes.toFixed(2)} rows a turn`
  console.info(`${sort.name}  ${of(slow)}  ${of(fast)}`)
  return { name: sort.name, slow, fast }
}

async function keepContents({ command }: World, days: number): Promise<void> {
  await command('settings', 'set', 'keep_content_days', String(days))
  await Bun.sleep(SETTLED_MS)
}

/** What turns brought, by the turn, without what the gateway asks when nobody asks it. */
async function counted(
  { proxy, server, pid }: World,
  idle: Idle,
  work: () => ReturnType<typeof fewTurns>,
) {
  await Bun.sleep(SETTLED_MS)
  const bytesBefore = await databaseBytes(server.folder)
  const cpuBefore = await cpuMicros(server.pid())
  const ownBefore = await cpuMicros(pid)
  const begun = performance.now()
  proxy.take()
  const told = await work()
  await Bun.sleep(SETTLED_MS)
  const counts = proxy.take()
  const minutes = (performance.now() - begun) / 60_000
  const spent = (await cpuMicros(server.pid())) - cpuBefore
  const own = (await cpuMicros(pid)) - ownBefore
  const grown = (await databaseBytes(server.folder)) - bytesBefore
  const each = (count: (counts: Counts) => number): number =>
    (count(counts) - (count(idle) / idle.minutes) * minutes) / told.turns
  return {
    ...told,
    requests: each(({ requests }) => requests),
    statements: each(({ statements }) => statements),
    writes: each(({ rowsWritten }) => rowsWritten),
    reads: each(({ rowsRead }) => rowsRead),
    sent: each(({ sent }) => sent),
    received: each(({ received }) => received),
    grown: grown / told.turns,
    sqldMicros: spent / told.turns,
    groxyMicros: own / told.turns,
    counts,
  }
}
