import type { Config } from '../config'
import { SetupError } from '../errors'
import { filePath } from './paths'

/**
 * How many processes are to share the port: what `WORKERS` says, and for `auto` the cores that this program
 * may use, where several can share a port.
 *
 * @throws SetupError where several cannot do what one can
 */
export function workerCount(
  config: Config,
  system: string = process.platform,
  cores: number = navigator.hardwareConcurrency,
): number {
  const isAuto = config.WORKERS === 'auto'
  // Bun knows of affinity and of the quota of a container.
  const count = isAuto ? Math.max(1, cores) : Number(config.WORKERS)
  if (count === 1) return 1
  if (system !== 'linux') {
    if (isAuto) return 1
    throw new SetupError(
      `${NAMES[system] ?? system} cannot share a port among processes, so there can be only one.`,
      'Leave out --workers and WORKERS, or run Groxy on Linux.',
    )
  }
  if (filePath(config) === ':memory:') {
    if (isAuto) return 1
    throw new SetupError(
      'A database in memory belongs to one process.',
      'Set DATABASE_URL to a file, or leave out --workers and WORKERS.',
    )
  }
  return count
}

const NAMES: Readonly<Record<string, string>> = { darwin: 'macOS', win32: 'Windows' }
