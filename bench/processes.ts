import { openSync } from 'node:fs'

interface Start {
  readonly cwd: string
  /** Standard output and error go to this file. */
  readonly log: string
  readonly env?: Readonly<Record<string, string>>
  /** The core of the measured; everything else stays on the core of this process. */
  readonly apart?: boolean
}

const LOAD_CORE = '0'
const MEASURED_CORE = '1'
const KILL_AFTER_MS = 10_000

/** Starts programs and stops them all, whatever happens. */
export function createProcesses() {
  const started = new Set<Bun.Subprocess>()
  const isPinned =
    navigator.hardwareConcurrency >= 2 &&
    Bun.which('taskset') !== null &&
    Bun.spawnSync(['taskset', '-c', MEASURED_CORE, 'true']).success &&
    Bun.spawnSync(['taskset', '-apc', LOAD_CORE, String(process.pid)]).success

  // Nothing of the caller's environment, so that no real account is ever in the pool.
  const envOf = (more: Start['env']) => ({
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    BUN_CONFIG_MAX_HTTP_REQUESTS: '20000',
    ...more,
  })

  function track<Child extends Bun.Subprocess>(child: Child): Child {
    started.add(child)
    void child.exited.then(() => started.delete(child))
    return child
  }

  async function stop(child: Bun.Subprocess): Promise<void> {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
    await child.exited
    clearTimeout(timer)
  }

  return {
    isPinned,

    /** A server that runs until it is stopped. */
    start(command: readonly string[], { cwd, log, env, apart }: Start): Bun.Subprocess {
      const pin = apart && isPinned ? ['taskset', '-c', MEASURED_CORE] : []
      const file = openSync(log, 'a')
      return track(
        Bun.spawn([...pin, ...command], { cwd, env: envOf(env), stdio: ['ignore', file, file] }),
      )
    },

    /** What a program prints until it ends by itself. */
    async output(command: readonly string[], { cwd, env }: Omit<Start, 'log'>): Promise<string> {
      const child = track(
        Bun.spawn([...command], { cwd, env: envOf(env), stdio: ['ignore', 'pipe', 'inherit'] }),
      )
      const text = await new Response(child.stdout).text()
      const code = await child.exited
      if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${text}`)
      return text
    },

    stop,
    stopAll: () => Promise.all([...started].map(stop)),
  }
}

export type Processes = ReturnType<typeof createProcesses>

/** A port that nobody listens on now. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  listener.stop(true)
  return listener.port
}
