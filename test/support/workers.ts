import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { executable } from './executable'
import { INSTANCE_ENV } from './instances'
import { freePort, startProgram, until } from './programs'

type Variables = Readonly<Record<string, string>>

/** What the program is run from. */
export const FORMS = ['source', 'executable'] as const
export type Form = (typeof FORMS)[number]

const SOURCE = [process.execPath, join(import.meta.dir, '../../src/main.ts')]

/** How a form of the program is run. */
export const commandOf = async (form: Form): Promise<string[]> =>
  form === 'source' ? SOURCE : [await executable()]

interface Start {
  readonly form?: Form
  readonly folder: string
  readonly count?: number | 'auto'
  readonly env?: Variables
}

/** Several processes at one port over the file database of a folder, each of which serves. */
export async function startWorkers({ form = 'executable', folder, count = 2, env = {} }: Start) {
  const port = freePort()
  const program = await startProgram({
    command: [...(await commandOf(form)), '--workers', String(count)],
    cwd: folder,
    port,
    path: '/health',
    env: { PORT: String(port), ...INSTANCE_ENV, ...env },
  })
  const it = {
    ...program,
    port,
    /** Its processes that live now, in order. */
    processes: () => processesOf(program.pid),
    /** The process of a number, when it is another than the one before. */
    replaced: (index: number, before: number) =>
      until(() => {
        const found = processesOf(program.pid).find((one) => one.index === index)
        return found && found.pid !== before ? found : undefined
      }),
    events: () => eventsOf(program.output()),
    /** Resolves when so many processes have said that they serve, besides the first one. */
    serving: (others: number) =>
      until(() => {
        const events = eventsOf(program.output())
        return (
          events.filter(({ event }) => event === 'process_serves').length >= others || undefined
        )
      }),
    async [Symbol.asyncDispose]() {
      const left = processesOf(program.pid)
      await program[Symbol.asyncDispose]()
      for (const { pid } of left) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    },
  }
  if (typeof count === 'number') await it.serving(count - 1)
  return it
}

export type Workers = Awaited<ReturnType<typeof startWorkers>>

interface Process {
  readonly pid: number
  readonly index: number
  readonly name: string
}

/** The processes that a supervisor has started, as they were told. */
export function processesOf(supervisor: number): Process[] {
  const found: Process[] = []
  for (const pid of childrenOf(supervisor)) {
    const place = variableOf(pid, 'GROXY_PROCESS')
    if (place) found.push({ pid, ...(JSON.parse(place) as Omit<Process, 'pid'>) })
  }
  return found.toSorted((one, other) => one.index - other.index)
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function variableOf(pid: number, name: string): string | undefined {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return variables.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)
  } catch {
    return
  }
}

/** Whether a process is there, and is not one that has ended and was not looked after. */
export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z')
  } catch {
    return false
  }
}

/** Every line of a log that is not of a terminal; a line that is not whole is no JSON. */
const eventsOf = (output: string): Record<string, unknown>[] =>
  output
    .slice(0, output.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
