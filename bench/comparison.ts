import { pssMb } from './gauges'
import type { Figures, Measure } from './measure'
import { PACED, SCENARIOS, type Scenario } from './scenarios'
import { median } from './statistics'
import type { Target } from './targets'

interface Effort {
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly repetitions: number
  /** How long memory is left alone before the last look. */
  readonly restSeconds: number
}

interface Run {
  readonly target: Target['name']
  readonly scenario: string
  readonly figures: Figures
}

interface Plan {
  readonly scenarios: readonly Scenario[]
  readonly warmUp: readonly Scenario[]
  /** How long all is left alone before each run. */
  readonly pauseMs?: number
}

const PLAN: Plan = {
  scenarios: [...SCENARIOS, PACED],
  warmUp: [
    { name: 'warm-up with chat', model: 'bench', connections: 16 },
    { name: 'warm-up with streams', model: 'bench', connections: 16, words: 20 },
  ],
}

/** Every scenario against every target in turn, so that a noisy minute hurts all of them alike. */
export async function compare(
  targets: readonly Target[],
  measure: Measure,
  { plan = PLAN, ...effort }: Effort & { readonly plan?: Plan },
) {
  const { seconds, warmUpSeconds, repetitions, restSeconds } = effort
  const { scenarios, warmUp, pauseMs = 0 } = plan
  const idle = await memoryOf(targets)
  for (const target of targets)
    for (const scenario of warmUp) await measure.timed(target, scenario, warmUpSeconds)
  for (const target of targets)
    for (const scenario of scenarios) await measure.check(target, scenario)

  const runs: Run[] = []
  for (let repetition = 0; repetition < repetitions; repetition++)
    // Nobody is always first.
    for (const scenario of scenarios)
      for (const target of rotate(targets, repetition)) {
        if (pauseMs) await Bun.sleep(pauseMs)
        const figures = await measure.scenario(target, scenario, seconds)
        runs.push({ target: target.name, scenario: scenario.name, figures })
        console.info(progress(repetition, scenario, target, figures))
      }
  await Bun.sleep(restSeconds * 1000)
  const after = await memoryOf(targets)

  const results = scenarios.map(({ name }) => ({
    scenario: name,
    targets: Object.fromEntries(
      targets.map((target) => [target.name, middle(figuresOf(runs, target, name))]),
    ) as Record<Target['name'], Figures>,
  }))
  const memory = targets.map((target, index) => {
    const loaded = Math.max(...figuresOf(runs, target).map((figures) => figures.pssMb))
    return { target: target.name, idle: idle[index] ?? 0, loaded, after: after[index] ?? 0 }
  })
  return { results, memory, runs }
}

export type Comparison = Awaited<ReturnType<typeof compare>>

const memoryOf = (targets: readonly Target[]): Promise<number[]> =>
  Promise.all(targets.map(({ pid }) => pssMb(pid)))

const rotate = <T>(list: readonly T[], by: number): T[] => {
  const first = by % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}

const figuresOf = (runs: readonly Run[], { name }: Target, scenario?: string): Figures[] =>
  runs
    .filter((run) => run.target === name && (!scenario || run.scenario === scenario))
    .map(({ figures }) => figures)

/** Medians; what was bad is added up, as one bad answer is one too many. */
function middle(all: readonly Figures[]): Figures {
  const fields = Object.keys(all[0] ?? {}) as (keyof Figures)[]
  const medians = fields.map((field) => [field, median(all.map((figures) => figures[field]))])
  const bad = all.reduce((sum, figures) => sum + figures.bad, 0)
  return { ...(Object.fromEntries(medians) as Figures), bad }
}

const progress = (repetition: number, { name }: Scenario, target: Target, figures: Figures) =>
  [
    `${repetition + 1}`,
    name.padEnd(32),
    target.name.padEnd(12),
    `${figures.perSecond.toFixed(0)}/s`.padStart(8),
    `p50 ${figures.p50Ms.toFixed(2)} ms`.padStart(14),
    `p99 ${figures.p99Ms.toFixed(2)} ms`.padStart(15),
    `cpu ${figures.cpuMicros.toFixed(0)} µs`.padStart(11),
    `core ${((figures.cpuMicros * figures.perSecond) / 1e4).toFixed(0)} %`.padStart(10),
    `bad ${figures.bad}`,
  ].join('  ')
