import { Database } from 'bun:sqlite'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { firstAnswer } from './first-answer'
import { cpuMicros, pssMb } from './gauges'
import { freePort } from './processes'
import { table } from './report'
import { bodyOf, type Scenario } from './scenarios'
import { median } from './statistics'
import { furnish, groxyEnvironment, type TargetParts } from './targets'

/** What is asked, and how often a second; without a rate as often as it is answered. */
interface Offer {
  readonly scenario: Scenario
  readonly rate?: number
}

const chat = (connections: number): Scenario => ({
  name: `chat, ${connections} connections`,
  model: 'bench',
  connections,
})
const streams = (connections: number): Scenario => ({
  name: `20-chunk streams, ${connections} connections`,
  model: 'bench',
  connections,
  words: 20,
})

/** Below saturation also half of it: what one process does there is what each of two does of the whole. */
const OFFERS: readonly Offer[] = [
  { scenario: chat(32), rate: 500 },
  { scenario: chat(32), rate: 250 },
  { scenario: streams(32), rate: 200 },
  { scenario: streams(32), rate: 100 },
  { scenario: chat(32) },
  { scenario: streams(32) },
  { scenario: chat(8) },
]

const nameOf = ({ scenario, rate }: Offer): string =>
  `${scenario.name}, ${rate ? `${rate}/s` : 'as many as go'}`

/** How much longer than others a process has to warm up: until then it compiles, each process for itself. */
const WARM_UPS = 3
/** What a turn leaves to be written behind is written, and counts. */
const SETTLED_MS = 500

/** What one run of a load generator prints. */
interface Load {
  readonly answers: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly bad: number
}

interface Figures extends Omit<Load, 'answers' | 'seconds'> {
  readonly perSecond: number
  /** Of all its processes, for each answer. */
  readonly cpuMicros: number
  /** How much of that the busiest of its processes took. */
  readonly busiest: number
}

interface Workers {
  readonly count: number
  /** Where its database is. */
  readonly cwd: string
  readonly port: number
  readonly key: string
  /** Its processes, the supervisor among them. */
  readonly pids: readonly number[]
}

interface WorkersParts extends TargetParts {
  readonly upstream: string
  readonly effort: {
    readonly seconds: number
    readonly warmUpSeconds: number
    readonly repetitions: number
  }
}

/** One process beside two at the same port: what a turn costs them, and how many they take. */
export async function measureWorkers(parts: WorkersParts) {
  const { effort } = parts
  const targets = [await start(parts, 1), await start(parts, 2)]
  const entries = targets.map(entriesOf)
  const turns = new Map(targets.map(({ count }) => [count, 0]))
  const measure = async (target: Workers, offer: Offer, seconds: number) => {
    const { answers, ...figures } = await run(parts, target, offer, seconds)
    turns.set(target.count, (turns.get(target.count) ?? 0) + answers)
    return figures
  }
  // Each process has half of it to warm up with.
  for (const target of targets)
    for (const scenario of [chat(32), streams(32)])
      await measure(target, { scenario }, effort.warmUpSeconds * WARM_UPS * target.count)
  const runs: { offer: string; count: number; figures: Figures }[] = []
  for (let repetition = 0; repetition < effort.repetitions; repetition++)
    for (const offer of OFFERS)
      for (const target of repetition % 2 === 0 ? targets : targets.toReversed()) {
        const figures = await measure(target, offer, effort.seconds)
        runs.push({ offer: nameOf(offer), count: target.count, figures })
        console.info(
          `${repetition + 1}  ${nameOf(offer).padEnd(48)} ${target.count}  ${figures.perSecond.toFixed(0)}/s  cpu ${figures.cpuMicros.toFixed(0)} µs  busiest ${figures.busiest.toFixed(2)}  bad ${figures.bad}`,
        )
      }
  const memory = await Promise.all(
    targets.map(async ({ count, pids }) => ({
      count,
      pssMb: (await Promise.all(pids.map(pssMb))).reduce((sum, mb) => sum + mb, 0),
    })),
  )
  const counted = targets.map((target, at) => ({
    count: target.count,
    answers: turns.get(target.count) ?? 0,
    entries: entriesOf(target) - (entries[at] ?? 0),
  }))
  return { runs, memory, counted }
}

/** How many turns its ledger holds. */
function entriesOf({ cwd }: Workers): number {
  using database = new Database(join(cwd, 'groxy.db'), { readonly: true })
  return database.query<{ n: number }, []>('SELECT count(*) AS n FROM ledger').get()?.n ?? 0
}

/** Groxy with so many processes, each furnished the same, all on every core. */
async function start(parts: WorkersParts, count: number): Promise<Workers> {
  const port = freePort()
  const cwd = join(parts.folder, `groxy-${count}`)
  const env = { ...groxyEnvironment(port, parts.upstream), WORKERS: String(count) }
  const key = await furnish(parts, { cwd, env }, [['k-second', '--name', 'second']])
  const { processes, executables } = parts
  const pinned = processes.isPinned
    ? ['taskset', '-c', `0-${navigator.hardwareConcurrency - 1}`]
    : []
  const command = [...pinned, executables.groxy]
  const { pid } = processes.start(command, { cwd, env, log: `${cwd}.log` })
  await firstAnswer(`http://127.0.0.1:${port}`, key)
  await Bun.sleep(1_000)
  const children = count === 1 ? [] : childrenOf(pid)
  if (count > 1 && children.length !== count) throw new Error(`Not ${count} processes serve.`)
  return { count, cwd, port, key, pids: [pid, ...children] }
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

async function run(
  { processes, folder }: WorkersParts,
  { port, key, pids }: Workers,
  { scenario, rate }: Offer,
  seconds: number,
): Promise<Figures & Pick<Load, 'answers'>> {
  const bodyFile = join(folder, `${scenario.name.replaceAll(/\W/g, '-')}.json`)
  await Bun.write(bodyFile, bodyOf(scenario))
  const script = Bun.fileURLToPath(import.meta.resolve('./offered-load.ts'))
  const words = [port, key, bodyFile, scenario.connections, seconds, rate ?? ''].map(String)
  const before = await Promise.all(pids.map(cpuMicros))
  const printed = await processes.output([process.execPath, script, ...words], { cwd: folder })
  await Bun.sleep(SETTLED_MS)
  const after = await Promise.all(pids.map(cpuMicros))
  const spent = after.map((micros, at) => micros - (before[at] ?? 0))
  const all = spent.reduce((sum, micros) => sum + micros, 0)
  const load = JSON.parse(printed.trim().split('\n').pop() ?? '') as Load
  return {
    answers: load.answers,
    perSecond: load.answers / load.seconds,
    cpuMicros: all / load.answers,
    busiest: Math.max(...spent) / all,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    bad: load.bad,
  }
}

/** The figures of one and of two beside each other, as Markdown. */
export function reportWorkers({
  runs,
  memory,
  counted,
}: Awaited<ReturnType<typeof measureWorkers>>): string {
  const figuresOf = (count: number, offer: Offer) =>
    runs
      .filter((one) => one.offer === nameOf(offer) && one.count === count)
      .map(({ figures }) => figures)
  const cpuOf = (count: number, offer: Offer) =>
    median(figuresOf(count, offer).map(({ cpuMicros }) => cpuMicros))
  /** Of two processes, beside one that has as much to do as each of them. */
  const halves = (offer: Offer) => {
    const half = OFFERS.find(
      ({ scenario, rate }) =>
        rate && rate * 2 === offer.rate && scenario.words === offer.scenario.words,
    )
    return half ? cpuOf(2, offer) / cpuOf(1, half) : ''
  }
  const rows = OFFERS.map((offer) => {
    const of = (count: number) => figuresOf(count, offer)
    const middle = (count: number, field: keyof Figures) =>
      median(of(count).map((figures) => figures[field]))
    const ratio = (field: keyof Figures) => middle(2, field) / middle(1, field)
    return [
      nameOf(offer),
      ...[middle(1, 'cpuMicros'), middle(2, 'cpuMicros'), ratio('cpuMicros'), halves(offer)],
      ...[middle(1, 'perSecond'), middle(2, 'perSecond'), ratio('perSecond')],
      ...[middle(1, 'p99Ms'), middle(2, 'p99Ms'), middle(2, 'busiest')],
      [...of(1), ...of(2)].reduce((sum, { bad }) => sum + bad, 0),
    ]
  })
  const head =
    'offered,CPU µs of one,of two,÷,÷ one at half of it,answers/s of one,of two,÷,p99 ms of one,of two,busiest,bad'
  return [
    'Two processes at one port beside one (CPU of all processes for each answer):',
    table(head.split(','), rows),
    'Memory (PSS, MB):',
    table(
      ['processes', 'MB'],
      memory.map((one) => [one.count, one.pssMb]),
    ),
    'Turns that were answered, and entries of the ledger:',
    table(
      ['processes', 'answered', 'in the ledger'],
      counted.map((one) => [one.count, one.answers, one.entries]),
    ),
  ].join('\n\n')
}
