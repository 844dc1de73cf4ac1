import { join } from 'node:path'
import { fetchPackages, node } from './packages'

const PACKAGE = '@mariozechner/pi-coding-agent'
const VERSION = '0.73.1'

/** The command of a coding agent that people use with gateways; it weighs 200 MB. */
export async function fetchAgent(): Promise<readonly string[]> {
  const packages = [`${PACKAGE}@${VERSION}`]
  const home = await fetchPackages({ name: 'pi', version: VERSION, packages })
  return [node(), join(home, 'node_modules', PACKAGE, 'dist/cli.js')]
}
