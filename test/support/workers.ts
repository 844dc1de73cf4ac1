import { Database } from 'bun:sqlite'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { executable } from './executable'
import { ASK, KEY } from './gateway'
import { INSTANCE_ENV } from './instances'
import { freePort, startProgram, until } from './programs'
import { parseMetrics } from './prometheus'

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
  /** A copy of the executable, instead. */
  readonly program?: string
  readonly folder: string
  readonly count?: number | 'auto'
  readonly env?: Variables
}

/** Several processes at one port over the file database of a folder, each of which serves. */
export async function startWorkers({
  form = 'executable',
  program: copy,
  folder,
  count = 2,
  env = {},
}: Start) {
  const port = freePort()
  const program = await startProgram({
    command: [...(copy ? [copy] : await commandOf(form)), '--workers', String(count)],
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

interface LoadOptions {
  readonly width: number
  /** Whether each turn opens a connection of its own. */
  readonly apart?: boolean
  readonly key?: string
}

/** Turns without end, half of them streams: which were answered whole, and which went wrong, and how. */
export function load(url: string, { width, apart = true, key = KEY }: LoadOptions) {
  const answered: string[] = []
  const faults: { readonly what: string; readonly at: number }[] = []
  let isRunning = true
  let number = 0
  async function turn(): Promise<void> {
    const stream = number++ % 2 === 0
    const reply = await askAt(url, { key, apart, body: { ...ASK, stream } })
    const text = await reply.text()
    const isWhole = stream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}')
    if (reply.status !== 200 || !isWhole) throw new Error(`${reply.status} ${text.slice(-200)}`)
    answered.push(reply.headers.get('x-request-id') ?? '')
  }
  const work = Array.from({ length: width }, async () => {
    while (isRunning)
      await turn().catch((cause: Error & { code?: string }) =>
        faults.push({ what: cause.code ?? cause.message, at: Date.now() }),
      )
  })
  return {
    answered,
    faults,
    async stop(): Promise<void> {
      isRunning = false
      await Promise.all(work)
    },
  }
}

interface Asked {
  readonly key?: string
  readonly apart?: boolean
  readonly body?: object
  readonly signal?: AbortSignal
}

/** One chat turn. */
export const askAt = (url: string, { key = KEY, apart = true, body = ASK, signal }: Asked = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    keepalive: !apart,
    ...(signal && { signal }),
  })

/** What all processes measure together. */
export async function metricsAt(url: string) {
  const reply = await fetch(`${url}/metrics`, { keepalive: false })
  return parseMetrics(await reply.text())
}

/** A number of each process, by the label of the process. */
export async function byProcess(url: string, name: string): Promise<Map<string, number>> {
  const sums = new Map<string, number>()
  for (const [{ process = '' }, value] of (await metricsAt(url)).values(name))
    sums.set(process, (sums.get(process) ?? 0) + value)
  return sums
}

/** What the ledger of a folder's database holds of requests, when nobody writes any more. */
export function ledgerOf(folder: string) {
  using db = new Database(join(folder, 'data/groxy.db'), { readonly: true })
  const ids = db.query('SELECT request_id AS id FROM ledger').all() as { id: string }[]
  const [sums] = db.query('SELECT sum(turns) AS turns FROM ledger_hours').all() as {
    turns: number
  }[]
  return { ids: ids.map(({ id }) => id), turns: Number(sums?.turns) }
}
