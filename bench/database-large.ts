import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createVault } from '#src/crypto'
import { migrate } from '#src/store/migrate'
import { openRemote } from '#src/store/remote'
import { fill } from '../test/support/filled'
import { sqld } from '../test/support/sqld'
import { startCountingProxy } from './counting-proxy'
import type { DatabaseParts } from './database'
import { cpuMicros } from './gauges'
import { answering, logIn } from './pages'
import { freePort } from './processes'

const SECRET = 'a secret for the bench'
const PASSWORD = 'a password for the bench'
const QUIET = ['model_refresh', 'account_check', 'quota_refresh', 'cleaning', 'media_cleaning']
const SETTLED_MS = 5_000

/** The pages that are opened most, and what a program that watches asks for. */
const PAGES = [
  '/admin',
  '/admin/accounts',
  '/admin/keys',
  '/admin/requests',
  '/admin/models',
  '/admin/system',
  '/admin/settings',
  '/admin/api/overview',
  '/admin/api/accounts',
  '/admin/api/keys',
  '/admin/api/requests',
]

/** What a start, a change and a page cost the database where there are many accounts. */
export async function measureLarge({ processes, executables, folder, effort }: DatabaseParts) {
  const cwd = join(folder, 'database-large')
  await mkdir(cwd)
  await using server = await sqld()
  const client = openRemote(server.url)
  await migrate(client)
  await fill(client, createVault(SECRET), effort.amount, Date.now())
  client.close()
  const proxy = startCountingProxy(server.url)
  const env = {
    GROXY_SECRET: SECRET,
    ADMIN_PASSWORD: PASSWORD,
    GROXY_API_KEY: 'sk-bench-large-key',
  }
  const command = (...words: string[]) =>
    processes.output([executables.groxy, ...words], {
      cwd,
      env: { ...env, DATABASE_URL: server.url },
    })
  for (const name of QUIET) await command('settings', 'set', name, 'false')
  const port = freePort()
  const child = processes.start([executables.groxy], {
    cwd,
    env: { ...env, PORT: String(port), DATABASE_URL: proxy.url },
    log: `${cwd}.log`,
    apart: true,
  })
  const address = `http://127.0.0.1:${port}`
  const during = async (name: string, work: () => Promise<unknown>) => {
    const cpu = await cpuMicros(child.pid)
    const sqldCpu = await cpuMicros(server.pid())
    proxy.take()
    await work()
    await Bun.sleep(SETTLED_MS)
    const { kinds, ...counts } = proxy.take()
    const cpuMs = ((await cpuMicros(child.pid)) - cpu) / 1000
    const sqldMs = ((await cpuMicros(server.pid())) - sqldCpu) / 1000
    console.info(`${name}: ${counts.statements} statements, ${counts.received} bytes`)
    return { name, cpuMs, sqldMs, ...counts, kinds }
  }
  try {
    const changes = [
      await during('start', () => answering(address)),
      await during('nothing', async () => {}),
      await during('a key is made', () => command('keys', 'create', 'one more')),
      await during('a setting is changed', () => command('settings', 'set', 'queue_length', '999')),
      await during('an account is changed', () =>
        command('accounts', 'set', 'web/account-000001', '--weight', '2'),
      ),
    ]
    const cookie = await logIn(address, PASSWORD)
    const pages = []
    for (const path of PAGES) {
      const ask = async () => {
        const answer = await fetch(address + path, { headers: { cookie } })
        await answer.text()
        if (!answer.ok) throw new Error(`${path} is answered with ${answer.status}.`)
      }
      await ask()
      proxy.take()
      await ask()
      const { kinds: _, ...counts } = proxy.take()
      pages.push({ path, ...counts })
    }
    return { amount: effort.amount, changes, pages }
  } finally {
    await processes.stop(child)
    await proxy.stop()
  }
}
