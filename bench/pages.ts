import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createApp } from '#src/app'
import { createPlatform } from '#src/cli/platform'
import { readConfig } from '#src/config'
import { createVault } from '#src/crypto'
import { createLog } from '#src/log'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'
import { adminPaths } from '../test/support/admin-paths'
import { fill } from '../test/support/filled'
import type { Executables } from './executables'
import { freePort, type Processes } from './processes'
import { table } from './report'
import { median } from './statistics'

interface PageParts {
  readonly processes: Processes
  readonly executables: Pick<Executables, 'groxy'>
  readonly folder: string
  readonly amount: { readonly accounts: number; readonly keys: number; readonly turns: number }
  readonly times: number
}

const SECRET = 'a secret for the bench'
const PASSWORD = 'a password for the bench'
/** What start-up leaves to be done is done, and the pool has its states. */
const SETTLED_MS = 6_000
/** A first byte later than this is too late for a page. */
const LATE_MS = 50

/** Milliseconds to the first byte of every page and every JSON list of the admin page, of a large database. */
export async function measurePages(parts: PageParts) {
  const { processes, executables, folder, amount, times } = parts
  const cwd = join(folder, 'pages')
  await mkdir(cwd)
  const { paths, filledMs } = await prepare(join(cwd, 'groxy.db'), amount)
  console.info(`filled in ${(filledMs / 1000).toFixed(1)} s`)
  const port = freePort()
  const env = {
    PORT: String(port),
    DATABASE_URL: 'file:groxy.db',
    GROXY_SECRET: SECRET,
    ADMIN_PASSWORD: PASSWORD,
    GROXY_API_KEY: 'sk-bench-pages-key',
  }
  const child = processes.start([executables.groxy], { cwd, log: `${cwd}.log`, env, apart: true })
  try {
    const address = `http://127.0.0.1:${port}`
    await answering(address)
    await Bun.sleep(SETTLED_MS)
    const cookie = await logIn(address, PASSWORD)
    const pages = []
    for (const path of paths) pages.push(await measure(address, path, cookie, times))
    return { amount, times, pages }
  } finally {
    await processes.stop(child)
  }
}

type PageFigures = Awaited<ReturnType<typeof measurePages>>

async function prepare(path: string, amount: PageParts['amount']) {
  const client = openFile(path)
  await migrate(client)
  const vault = createVault(SECRET)
  const begun = performance.now()
  await fill(client, vault, amount, Date.now())
  const filledMs = performance.now() - begun
  const { rows } = await client.execute({
    sql: 'SELECT request_id FROM ledger WHERE id = ?',
    args: [Math.ceil(amount.turns / 2)],
  })
  const paths = adminPaths(await routes(), {
    account: 'a000007',
    key: 'k0007',
    request: String(rows[0]?.request_id),
    model: 'grok-4',
  })
  client.close()
  return { paths, filledMs }
}

/** What the app says that it takes. */
async function routes() {
  const client = openFile(':memory:')
  await migrate(client)
  const vault = createVault(SECRET)
  const stores = createStores({ client, vault, now: Date.now })
  const config = readConfig({ DATABASE_URL: 'file::memory:' })
  const log = createLog({ level: 'silent', write: () => {}, readable: false, now: Date.now })
  const state = { client, secret: SECRET, vault, stores, applied: [] }
  return createApp(createPlatform(config, state, log)).routes()
}

/** Wait until a server lives. */
export async function answering(address: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const answer = await fetch(`${address}/health`).catch(() => undefined)
    if (answer?.ok) return
    await Bun.sleep(50)
  }
  throw new Error('Groxy did not start.')
}

/** The cookies of an operator who has logged in. */
export async function logIn(address: string, password: string): Promise<string> {
  const { headers } = await fetch(`${address}/admin/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: address, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ password }),
  })
  return headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
}

/** @returns the first time, then the middle and the worst of the others */
async function measure(address: string, path: string, cookie: string, times: number) {
  const all: number[] = []
  let [status, bytes] = [0, 0]
  for (let time = 0; time <= times; time++) {
    const begun = performance.now()
    const answer = await fetch(address + path, { headers: { cookie }, redirect: 'manual' })
    const reader = answer.body?.getReader()
    await reader?.read()
    all.push(performance.now() - begun)
    bytes = 0
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read())
      bytes += piece.value.length
    status = answer.status
  }
  const [firstMs = Number.NaN, ...warm] = all
  return { path, status, bytes, firstMs, p50Ms: median(warm), worstMs: Math.max(...warm) }
}

/** The slowest first, for people. */
export function reportPages({ amount, pages }: PageFigures): string {
  const late = pages.filter(({ p50Ms }) => p50Ms > LATE_MS)
  const rows = pages
    .toSorted((a, b) => b.p50Ms - a.p50Ms)
    .map(({ path, status, firstMs, p50Ms, worstMs }) => [path, status, firstMs, p50Ms, worstMs])
  return [
    `${amount.accounts} accounts, ${amount.keys} keys, ${amount.turns} turns: first byte in ms`,
    table(['page', 'status', 'first', 'p50', 'worst'], rows),
    late.length === 0
      ? `None takes longer than ${LATE_MS} ms.`
      : `Longer than ${LATE_MS} ms: ${late.map(({ path }) => path).join(', ')}`,
  ].join('\n')
}
