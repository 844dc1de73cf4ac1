import { Database } from 'bun:sqlite'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createVault } from '#src/crypto'
import type { Executables } from './executables'
import { firstAnswer } from './first-answer'
import { pssMb } from './gauges'
import { measureLeases } from './leasing'
import { freePort, type Processes } from './processes'
import { table } from './report'
import { median } from './statistics'

interface PoolParts {
  readonly processes: Processes
  readonly executables: Executables
  readonly folder: string
  readonly upstream: string
  readonly startUps: number
  readonly leases: number
}

const SIZES = [50, 50_000] as const
const SECRET = 'a secret for the bench'
const KEY = 'sk-bench-pool-key'
/** Start-up leaves garbage, which is collected after a second. */
const SETTLED_MS = 4_000

/** A small and a large pool side by side: a lease, memory, start-up. */
export async function measurePool(parts: PoolParts) {
  const leases = measureLeases(SIZES, parts.leases)
  const folders = await Promise.all(SIZES.map((size) => prepare(parts, size)))
  const runs = SIZES.map((size) => ({ size, startMs: [] as number[], mb: [] as number[] }))
  for (let time = 0; time < parts.startUps; time++)
    for (const [index, { size, startMs, mb }] of runs.entries()) {
      const seen = await start(parts, folders[index] ?? '')
      startMs.push(seen.startMs)
      mb.push(seen.mb)
      console.info(`${size} accounts  ${seen.startMs.toFixed(0)} ms  ${seen.mb.toFixed(1)} MB`)
    }
  const processes = runs.map(({ size, startMs, mb }) => ({
    accounts: size,
    startMs: median(startMs),
    pssMb: median(mb),
  }))
  return { leases, processes }
}

type PoolFigures = Awaited<ReturnType<typeof measurePool>>

/** A folder with a database of so many accounts, as `groxy accounts add` would have left it. */
async function prepare(parts: PoolParts, size: number): Promise<string> {
  const { processes, executables, folder, upstream } = parts
  const cwd = join(folder, `pool-${size}`)
  await mkdir(cwd)
  await processes.output([executables.groxy, 'migrate'], { cwd, env: environment(0) })
  const vault = createVault(SECRET)
  const sealed: string[] = []
  for (let index = 0; index < size; index++) sealed.push(await vault.seal(`sk-account-${index}`))
  using database = new Database(join(cwd, 'groxy.db'))
  const insert = database.prepare(
    `INSERT INTO accounts (id, kind, name, base_url, secret, hint, enabled, weight, models, created_at)
      VALUES (?, 'openai', ?, ?, ?, 'abcd', 1, 1, ?, 0)`,
  )
  database.transaction(() => {
    for (const [index, secret] of sealed.entries()) {
      const id = index.toString(16).padStart(32, '0')
      const models = JSON.stringify(['bench', `m${index % 8}`, `m${(index + 1) % 8}`])
      insert.run(id, `account-${index}`, `${upstream}/v1`, secret, models)
    }
  })()
  return cwd
}

const environment = (port: number) => ({
  PORT: String(port),
  DATABASE_URL: 'file:groxy.db',
  GROXY_SECRET: SECRET,
  GROXY_API_KEY: KEY,
})

/** Start Groxy in a folder: how long until it answers, and how much memory it keeps. */
async function start({ processes, executables }: PoolParts, cwd: string) {
  const port = freePort()
  const startedAt = performance.now()
  const log = `${cwd}.log`
  const env = environment(port)
  const child = processes.start([executables.groxy], { cwd, log, env, apart: true })
  await firstAnswer(`http://127.0.0.1:${port}`, KEY)
  const startMs = performance.now() - startedAt
  await Bun.sleep(SETTLED_MS)
  const mb = await pssMb(child.pid)
  child.kill('SIGKILL')
  await child.exited
  return { startMs, mb }
}

/** The figures, and what they are held to, as Markdown. */
export function reportPool({ leases, processes }: PoolFigures): string {
  const [small, large] = processes
  const [few, many] = leases
  return [
    'A lease and its release:',
    table(
      ['accounts', 'first µs', 'median µs', 'p99 µs'],
      leases.map(({ accounts, firstMicros, medianMicros, p99Micros }) => [
        accounts,
        firstMicros,
        medianMicros,
        p99Micros,
      ]),
    ),
    'The executable:',
    table(
      ['accounts', 'start ms', 'PSS MB'],
      processes.map(({ accounts, startMs, pssMb: mb }) => [accounts, startMs, mb]),
    ),
    'The large pool beside the small one, and what it is held to:',
    table(
      ['what', 'figure', 'target'],
      [
        ['median lease, µs', many?.medianMicros ?? Number.NaN, '< 20'],
        [
          'median lease, ratio',
          (many?.medianMicros ?? Number.NaN) / (few?.medianMicros ?? Number.NaN),
          '≤ 2',
        ],
        ['memory, MB more', (large?.pssMb ?? Number.NaN) - (small?.pssMb ?? Number.NaN), '< 100'],
        [
          'start-up, ms more',
          (large?.startMs ?? Number.NaN) - (small?.startMs ?? Number.NaN),
          '< 1,000',
        ],
      ],
    ),
  ].join('\n\n')
}
