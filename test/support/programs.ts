import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dir, '../..')

type Variables = Readonly<Record<string, string>>

interface Start {
  readonly command: readonly string[]
  /** The port that the program was told to answer on. */
  readonly port: number
  readonly cwd?: string
  /** Nothing of this process's environment reaches the program but its path and home. */
  readonly env?: Variables
  /** What is asked until there is an answer, of whatever status. */
  readonly path?: string
}

const PATIENCE_MS = 20_000
const POLL_MS = 20

/** Start a program and wait until it answers; it is killed at the end of the scope. */
export async function startProgram({ command, port, cwd = ROOT, env = {}, path = '/' }: Start) {
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...inherited(), ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const said: string[] = []
  const heard = Promise.all([gather(child.stdout, said), gather(child.stderr, said)])
  const url = `http://127.0.0.1:${port}`
  const program = {
    url,
    pid: child.pid,
    /** What it has written so far, on both streams. */
    output: (): string => said.join(''),
    /** Resolves with the exit code. */
    exited: child.exited,
    signal: (name: NodeJS.Signals): void => child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child.exited
      await heard
    },
  }
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`${command[0]} has ended:\n${said.join('')}`)
      return (await answers(url + path)) || undefined
    })
    return program
  } catch (cause) {
    await program[Symbol.asyncDispose]()
    throw new Error(`${command[0]} did not start:\n${said.join('')}`, { cause })
  }
}

/** Start Groxy from source, at a free port. */
export function startSource(env: Variables) {
  const port = freePort()
  return startProgram({
    command: [process.execPath, 'src/main.ts'],
    port,
    path: '/health',
    env: { ...env, PORT: String(port) },
  })
}

interface Run {
  readonly env?: Variables
  readonly cwd?: string
  /** What it reads from its standard input. */
  readonly input?: string
}

/** Run a program to its end. */
export async function runProgram(
  command: readonly string[],
  { env = {}, cwd = ROOT, input }: Run = {},
) {
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...inherited(), ...env },
    stdin: input === undefined ? 'ignore' : new Blob([input]),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const waited = waitingOf(child.pid)
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return { code, stdout, stderr, waitedMs: waited.end() }
}

/** For how long a program that could go on had no processor, where the system says so. */
function waitingOf(pid: number) {
  let ms = 0
  const look = () => {
    try {
      ms = Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
    } catch {
      // It has ended, or this is no Linux.
    }
  }
  const timer = setInterval(look, POLL_MS)
  return {
    end(): number {
      clearInterval(timer)
      return ms
    },
  }
}

/** Run `groxy` from source; a command that fails is the test's failure. */
export async function groxy(args: readonly string[], env: Variables): Promise<string> {
  const command = [process.execPath, 'src/main.ts', ...args]
  const { code, stdout, stderr } = await runProgram(command, { env })
  if (code !== 0) throw new Error(`groxy ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
  return stdout
}

/** How much memory a process holds, in bytes; on Linux. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text()
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

/**
 * A port that nobody listens on. Not one of those that systems give out when asked for any: another test
 * could be given it before the program that it is for has begun.
 */
export function freePort(): number {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true)
      return port
    } catch {
      // Somebody else has it.
    }
  }
}

const FIRST_PORT = 10_000
const PORTS = 20_000

/** A folder of its own, gone at the end of the scope. */
export async function scratch(name: string) {
  const path = await mkdtemp(join(tmpdir(), `groxy-${name}-`))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Look again and again until there is something to see. */
export async function until<T>(
  look: () => Promise<T | undefined> | T | undefined,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const end = Date.now() + patienceMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (Date.now() > end) throw new Error(`Nothing was seen within ${patienceMs} ms.`)
    await Bun.sleep(POLL_MS)
  }
}

const inherited = (): Variables => {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME }
}

async function gather(stream: ReadableStream<Uint8Array>, into: string[]): Promise<void> {
  const decoder = new TextDecoder()
  for await (const bytes of stream) into.push(decoder.decode(bytes, { stream: true }))
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    (response) => response.body?.cancel().then(() => true) ?? true,
    () => false,
  )
