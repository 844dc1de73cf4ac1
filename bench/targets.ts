import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Executables } from './executables'
import { firstAnswer } from './first-answer'
import { freePort, type Processes } from './processes'

/** A server that can be put under load. */
export interface Target {
  readonly name: 'upstream' | 'pass-through' | 'groxy'
  readonly address: string
  readonly key: string
  readonly pid: number
}

export interface TargetParts {
  readonly processes: Processes
  readonly executables: Executables
  readonly folder: string
}

/** More accounts than the one of the environment, so that the pool has a choice. */
const MORE_ACCOUNTS = ['second', 'third', 'fourth'].map((name) => [`k-${name}`, '--name', name])

/** Limits that are looked at, and never reached. */
const LIMITS = ['--rpm', '1000000000', '--concurrency', '100000']

/** Where a Groxy lives, and its environment. */
interface Home {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** Groxy's settings, as a user would write them. */
export const groxyEnvironment = (port: number, upstream: string) => ({
  PORT: String(port),
  DATABASE_URL: 'file:groxy.db',
  OPENAI_API_KEY: 'sk-upstream',
  OPENAI_BASE_URL: `${upstream}/v1`,
})

/** The fake upstream on the core of the load, for the gateways to ask. */
export async function startUpstream({ processes, executables, folder }: TargetParts) {
  const port = freePort()
  const log = join(folder, 'fake-upstream.log')
  processes.start([executables.upstream], { cwd: folder, log, env: { PORT: String(port) } })
  const address = `http://127.0.0.1:${port}`
  await firstAnswer(address, '')
  return address
}

/** Groxy with a key that has limits and a pool of four; its folder holds the database. */
export async function startGroxy(parts: TargetParts, upstream: string): Promise<Target> {
  const port = freePort()
  const home = { cwd: join(parts.folder, 'groxy'), env: groxyEnvironment(port, upstream) }
  const key = await furnish(parts, home, MORE_ACCOUNTS)
  const { pid } = launch(parts, home)
  const address = `http://127.0.0.1:${port}`
  await firstAnswer(address, key)
  return { name: 'groxy', address, key, pid }
}

/** Makes a folder whose database holds these accounts, given as `accounts add openai` takes them; returns a key. */
export async function furnish(
  { processes, executables }: TargetParts,
  { cwd, env }: Home,
  accounts: readonly (readonly string[])[],
): Promise<string> {
  await mkdir(cwd)
  const command = (...words: string[]) =>
    processes.output([executables.groxy, ...words], { cwd, env })
  for (const words of accounts) await command('accounts', 'add', 'openai', ...words)
  const [key = ''] = (await command('keys', 'create', 'bench', ...LIMITS)).split('\n')
  return key
}

/** Starts Groxy in its folder, on the measured core. */
export const launch = ({ processes, executables }: TargetParts, { cwd, env }: Home) =>
  processes.start([executables.groxy], { cwd, env, log: `${cwd}.log`, apart: true })

/** What is compared, each on the measured core; only one is under load at a time. */
export async function startTargets(parts: TargetParts, upstream: string): Promise<Target[]> {
  const { processes, executables, folder } = parts
  async function start(name: Target['name'], file: string): Promise<Target> {
    const port = freePort()
    const { pid } = processes.start([file], {
      cwd: folder,
      log: join(folder, `${name}.log`),
      env: { PORT: String(port), UPSTREAM: upstream },
      apart: true,
    })
    const address = `http://127.0.0.1:${port}`
    await firstAnswer(address, '')
    return { name, address, key: 'none', pid }
  }
  return [
    await start('upstream', executables.upstream),
    await start('pass-through', executables.passThrough),
    await startGroxy(parts, upstream),
  ]
}
