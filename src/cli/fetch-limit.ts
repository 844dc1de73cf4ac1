import { isCompiled } from './self'

/** Bun reads it when the process starts, and only then. */
export const FETCH_LIMIT = 'BUN_CONFIG_MAX_HTTP_REQUESTS'

/** Bun's `fetch` keeps at most 256 requests open unless it is told otherwise; the rest wait. */
const MANY = '20000'

/**
 * Start again with the limit lifted, in place: same process id, nothing left behind. Only the server
 * needs it, the other commands are quicker without.
 */
export async function liftFetchLimit(): Promise<void> {
  const [first = 'serve'] = process.argv.slice(2)
  const command = first.startsWith('-') ? 'serve' : first
  const asks = process.argv
    .slice(2)
    .some((word) => ['--help', '-h', '--version', '-v'].includes(word))
  if (process.env[FETCH_LIMIT] || command !== 'serve' || asks) return
  const script = isCompiled() ? [] : [...process.execArgv, Bun.main]
  const args = [...script, ...process.argv.slice(2)]
  const env = { ...process.env, [FETCH_LIMIT]: MANY }
  if (process.platform !== 'win32' && process.execve)
    process.execve(process.execPath, [process.execPath, ...args], env as Record<string, string>)
  // Windows cannot replace a process, so this one waits for the other.
  const child = Bun.spawn([process.execPath, ...args], {
    env,
    stdio: ['inherit', 'inherit', 'inherit'],
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  process.exit(await child.exited)
}
