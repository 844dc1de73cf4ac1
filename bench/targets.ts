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

interface TargetParts {
  readonly processes: Processes
  readonly executables: Executables
  readonly folder: string
}

/** More accounts than the one of the environment, so that the pool has a choice. */
const MORE_ACCOUNTS = ['second', 'third', 'fourth']

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
  const { processes, executables, folder } = parts
  const port = freePort()
  const cwd = join(folder, 'groxy')
  await mkdir(cwd)
  const env = groxyEnvironment(port, upstream)
  const command = (...words: string[]) =>
    processes.output([executables.groxy, ...words], { cwd, env })
  for (const name of MORE_ACCOUNTS) await command('accounts', 'add', 'openai', 'k', '--name', name)
  const limits = ['--rpm', '1000000000', '--concurrency', '100000']
  const [key = ''] = (await command('keys', 'create', 'bench', ...limits)).split('\n')
  const log = join(folder, 'groxy.log')
  const { pid } = processes.start([executables.groxy], { cwd, log, env, apart: true })
  const address = `http://127.0.0.1:${port}`
  await firstAnswer(address, key)
  return { name: 'groxy', address, key, pid }
}

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
