import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from './programs'

/** A coding agent that people use with gateways; pinned, so that its changes are not our failures. */
const PACKAGE = '@mariozechner/pi-coding-agent'
const VERSION = '0.73.1'
const CACHE = join(import.meta.dir, '../../node_modules/.cache/groxy/agent')

/** The agent's command, fetched from the npm registry when it is first needed; it weighs 200 MB. */
export async function fetchAgent(): Promise<readonly string[]> {
  const home = join(CACHE, `pi-${VERSION}`)
  const node = Bun.which('node')
  if (!node) throw new Error('There is no node, which the agent runs on.')
  const command = [node, join(home, 'node_modules', PACKAGE, 'dist/cli.js')]
  if (await Bun.file(command[1] ?? '').exists()) return command
  const fresh = `${home}-${process.pid}`
  await mkdir(fresh, { recursive: true })
  try {
    const { code, stderr } = await runProgram([
      Bun.which('npm') ?? 'npm',
      'install',
      '--prefix',
      fresh,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      `${PACKAGE}@${VERSION}`,
    ])
    if (code !== 0) throw new Error(`npm could not install ${PACKAGE}@${VERSION}:\n${stderr}`)
    await rename(fresh, home)
    return command
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}
