import { readConfig } from '../config'
import type { Readiness } from '../http/health'
import { type Command, parse } from './command'

const TIMEOUT_MS = 3_000

const ask = (path: string): Promise<Response | undefined> =>
  fetch(`http://127.0.0.1:${readConfig(process.env).PORT}${path}`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => undefined)

/** `groxy health` */
export const healthCommand: Command = {
  usage: 'health',
  help: 'Asks for /health at the port that PORT names, and says how it stands to traffic (/ready). Exit code 0 when it answers, 1 when not.',
  async run(args) {
    parse(args, {}, 'health')
    // Docker hands the proxy of its configuration to every container.
    process.env.NO_PROXY = '127.0.0.1'
    const response = await ask('/health')
    if (!response?.ok) {
      const { PORT } = readConfig(process.env)
      console.info(`Groxy does not answer at http://127.0.0.1:${PORT}/health.`)
      return 1
    }
    console.info(`Groxy answers.${standing((await (await ask('/ready'))?.json()) ?? {})}`)
    return 0
  },
}

/** What is not as it should be. */
function standing({ status, database, snapshot_age_seconds: age }: Partial<Readiness>): string {
  if (status === 'draining') return ' It is stopping.'
  if (status === 'starting') return ' It is starting.'
  if (database === 'away') return ` Its database is away: turns go by what was true ${age} s ago.`
  if (database === 'read-only') return ' Its database takes no writes.'
  return ''
}
