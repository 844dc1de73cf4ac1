import { join } from 'node:path'
import { compare } from './comparison'
import { firstAnswer } from './first-answer'
import { measureLongStreams } from './long-streams'
import type { Measure } from './measure'
import { freePort } from './processes'
import type { Dialect } from './scenarios'
import { furnish, launch, type Target, type TargetParts } from './targets'
import { LONG, MANNERS, MIDDLE, modelOf, plainOf, SHORT, streamOf, WAYS } from './ways'

interface DialectParts extends TargetParts {
  readonly measure: Measure
  readonly upstream: string
  readonly effort: Parameters<typeof compare>[2]
}

/** Before each run, so that what the last one left to be written or collected is not counted. */
const PAUSE_MS = 1_000
const FIRST_MODEL = modelOf({ client: 'chat', upstream: 'chat' }, SHORT)

/** A Groxy that is not needed to the end. */
export interface RunningTarget extends Target {
  readonly stop: () => Promise<void>
}

/** What translating between the two dialects costs, in CPU and in memory. */
export async function measureDialects(parts: DialectParts) {
  const { measure, effort } = parts
  const start = await prepare(parts)
  const groxy = await start()
  for (const way of WAYS) await measure.check(groxy, plainOf(way))
  const plan = {
    scenarios: MANNERS.flatMap((manner) => WAYS.map((way) => streamOf(way, manner))),
    warmUp: WAYS.map((way) => streamOf(way, MIDDLE)),
    pauseMs: PAUSE_MS,
  }
  const { results, runs } = await compare([groxy], measure, { ...effort, plan })
  await groxy.stop()
  const memory = await measureLongStreams({ start, measure, effort })
  return { results, memory, runs }
}

export type DialectFigures = Awaited<ReturnType<typeof measureDialects>>

/** Gives Groxy an account for each dialect of an upstream; what is returned starts it. */
async function prepare(parts: DialectParts) {
  const { folder, upstream, processes } = parts
  const homeAt = (port: number) => ({
    cwd: join(folder, 'dialects'),
    env: { PORT: String(port), DATABASE_URL: 'file:groxy.db' },
  })
  const accountOf = (api: Dialect): string[] => {
    const manners = [...MANNERS, ...LONG.map((words) => ({ words }))]
    const ways = WAYS.filter((way) => way.upstream === api)
    const models = new Set(ways.flatMap((way) => manners.map((manner) => modelOf(way, manner))))
    const named = ['--name', api, '--models', [...models].join(',')]
    return [`k-${api}`, ...named, '--base-url', `${upstream}/v1`, '--api', api]
  }
  const key = await furnish(parts, homeAt(0), [accountOf('chat'), accountOf('responses')])
  return async (): Promise<RunningTarget> => {
    const port = freePort()
    const child = launch(parts, homeAt(port))
    const address = `http://127.0.0.1:${port}`
    await firstAnswer(address, key, FIRST_MODEL)
    const stop = () => processes.stop(child)
    return { name: 'groxy', address, key, pid: child.pid, stop }
  }
}
