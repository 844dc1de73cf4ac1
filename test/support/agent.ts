import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** A coding agent that people use with gateways; pinned, so that its changes are not our failures. */
const PACKAGE = '@mariozechner/pi-coding-agent'
const VERSION = '0.73.1'
const CACHE = join(import.meta.dir, '../../node_modules/.cache/groxy/agent')
const PATIENCE_MS = 180_000

/** The agent's command, fetched from the npm registry when it is first needed; it weighs 200 MB. */
export async function fetchAgent(): Promise<readonly string[]> {
  const home = join(CACHE, `pi-${VERSION}`)
  const node = Bun.which('node')
  if (!node) throw new Error('There is no node, which the agent runs on.')
  const script = join(home, 'node_modules', PACKAGE, 'dist/cli.js')
  if (await Bun.file(script).exists()) return [node, script]
  const fresh = `${home}-${process.pid}`
  await mkdir(fresh, { recursive: true })
  try {
    await install(fresh)
    await rename(fresh, home)
    return [node, script]
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

async function install(prefix: string): Promise<void> {
  const child = Bun.spawn(
    [
      Bun.which('npm') ?? 'npm',
      'install',
      ...['--prefix', prefix],
      ...['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
      `${PACKAGE}@${VERSION}`,
    ],
    // The whole environment, where proxies and registries are named.
    { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe', timeout: PATIENCE_MS },
  )
  const [code, said] = await Promise.all([child.exited, new Response(child.stderr).text()])
  if (code !== 0) throw new Error(`npm could not install ${PACKAGE}@${VERSION}:\n${said}`)
}
