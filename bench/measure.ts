import { join } from 'node:path'
import { isWhole } from './answer'
import { ask } from './first-answer'
import { cpuMicros, pssMb } from './gauges'
import type { Processes } from './processes'
import { bodyOf, PACED, pathOf, type Scenario } from './scenarios'
import type { Target } from './targets'

/** What one run of a load generator prints. */
interface Load {
  /** Good answers. */
  readonly answers: number
  readonly seconds: number
  /** Time of a whole answer; of paced streams, time to the first word. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** Answers that failed, or streams that were not whole. */
  readonly bad: number
}

/** One run against one target. */
export interface Figures extends Load {
  readonly perSecond: number
  /** CPU time of the target for each answer, all its threads. */
  readonly cpuMicros: number
  /** Memory of the target right after the run. */
  readonly pssMb: number
}

interface MeasureParts {
  readonly processes: Processes
  readonly folder: string
}

/** The load generator of the timed runs. */
export const GENERATOR = Bun.which('wrk') ? 'wrk' : 'fetch'

/** Puts targets under load and reads the gauges around it. */
export function createMeasure({ processes, folder }: MeasureParts) {
  const script = (url: string) => [process.execPath, Bun.fileURLToPath(url)]

  async function load(target: Target, command: readonly string[]): Promise<Figures> {
    const before = await cpuMicros(target.pid)
    const printed = await processes.output(command, { cwd: folder })
    const spent = (await cpuMicros(target.pid)) - before
    const result = JSON.parse(printed.trim().split('\n').pop() ?? '') as Load
    return {
      ...result,
      perSecond: result.answers / result.seconds,
      cpuMicros: spent / result.answers,
      pssMb: await pssMb(target.pid),
    }
  }

  async function bodyFile(scenario: Scenario): Promise<string> {
    const file = join(folder, `${scenario.name.replaceAll(/\W/g, '-')}.json`)
    await Bun.write(file, bodyOf(scenario))
    return file
  }

  async function byFetch(target: Target, scenario: Scenario, seconds: number, requests: number) {
    const { address, key } = target
    const words = [await bodyFile(scenario), key, scenario.connections, seconds, requests]
    const command = script(import.meta.resolve('./fetch-load.ts'))
    const checked = scenario.client ? [JSON.stringify(scenario)] : []
    return load(target, [...command, address + pathOf(scenario), ...words.map(String), ...checked])
  }

  return {
    /** @throws when an answer is not what the fake upstream said */
    async check({ name, address, key }: Target, scenario: Scenario): Promise<void> {
      const { ok, status, text } = await ask(address, key, scenario)
      if (!ok || !isWhole(scenario, text))
        throw new Error(`${name} answers ${scenario.name} wrongly: ${status} ${text.slice(-500)}`)
    },

    /** As much as the connections of the scenario take in so many seconds. */
    async timed(target: Target, scenario: Scenario, seconds: number): Promise<Figures> {
      if (GENERATOR === 'fetch') return byFetch(target, scenario, seconds, Number.POSITIVE_INFINITY)
      const options = ['-t1', `-c${scenario.connections}`, `-d${seconds}s`, '--timeout', '10s']
      const lua = join(import.meta.dir, 'wrk.lua')
      const url = target.address + pathOf(scenario)
      const words = ['--', await bodyFile(scenario), target.key]
      const { client, words: expected } = scenario
      const checked = client && expected ? [client, String(expected)] : []
      return load(target, ['wrk', ...options, '-s', lua, url, ...words, ...checked])
    },

    /** Exactly so many requests. */
    counted: (target: Target, scenario: Scenario, requests: number): Promise<Figures> =>
      byFetch(target, scenario, 86_400, requests),

    /** The paced streams, once. */
    paced(target: Target): Promise<Figures> {
      const { port } = new URL(target.address)
      const command = script(import.meta.resolve('./paced-load.ts'))
      return load(target, [...command, port, target.key])
    },

    /** Every scenario by its right generator. */
    scenario(target: Target, scenario: Scenario, seconds: number): Promise<Figures> {
      return scenario === PACED ? this.paced(target) : this.timed(target, scenario, seconds)
    },
  }
}

export type Measure = ReturnType<typeof createMeasure>
