import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Programs from the npm registry that tests run as their users do; pinned, so that their changes are not our failures. */
interface Packages {
  /** Names the folder, with the version. */
  readonly name: string
  readonly version: string
  /** `name@version` of each. */
  readonly packages: readonly string[]
}

const CACHE = join(import.meta.dir, '../../node_modules/.cache/groxy')
const PATIENCE_MS = 300_000

/** The folder that the packages are installed in; they are fetched when they are first needed. */
export async function fetchPackages({ name, version, packages }: Packages): Promise<string> {
  const home = join(CACHE, `${name}-${version}`)
  const done = join(home, 'node_modules/.package-lock.json')
  if (await Bun.file(done).exists()) return home
  const fresh = `${home}-${process.pid}`
  await mkdir(fresh, { recursive: true })
  try {
    await install(fresh, packages)
    // Another test process may have been faster.
    await rename(fresh, home).catch(async (cause) => {
      if (!(await Bun.file(done).exists())) throw cause
    })
    return home
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** What a test needs from the registry: undefined where that is out of reach, but in CI a failure. */
export function obtained<T>(what: string, fetching: Promise<T>): Promise<T | undefined> {
  return fetching.catch((cause: unknown) => {
    if (process.env.CI) throw cause
    console.warn(`Tests of ${what} are skipped, because it cannot be had: ${cause}`)
    return undefined
  })
}

/** The command that runs a Node program, up to its script. */
export function node(): string {
  const path = Bun.which('node')
  if (!path) throw new Error('There is no node, which such programs run on.')
  return path
}

async function install(prefix: string, packages: readonly string[]): Promise<void> {
  const child = Bun.spawn(
    [
      Bun.which('npm') ?? 'npm',
      'install',
      ...['--prefix', prefix],
      ...['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
      ...packages,
    ],
    // The whole environment, where proxies and registries are named.
    { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe', timeout: PATIENCE_MS },
  )
  const [code, said] = await Promise.all([child.exited, new Response(child.stderr).text()])
  if (code !== 0) throw new Error(`npm could not install ${packages.join(' ')}:\n${said}`)
}
