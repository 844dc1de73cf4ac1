/** What a supervisor's process is, told to it when it starts. */
export interface Place {
  /** Its name among all that share the database. */
  readonly name: string
  /** Its number among the processes of this machine, from 0. */
  readonly index: number
  readonly processes: number
  /** Whether nothing has served yet: then it looks who has the port, and tells what newcomers need. */
  readonly isFirst: boolean
}

/** What one process measures, in Prometheus' text format. */
export interface Told {
  readonly index: number
  readonly text: string
}

/** What a process says to its supervisor. */
export type FromProcess =
  | { readonly type: 'beat' }
  | { readonly type: 'listening'; readonly port: number }
  /** It would like to know what the others measure. */
  | { readonly type: 'ask'; readonly id: number }
  | { readonly type: 'told'; readonly id: number; readonly text: string }
  | { readonly type: 'buried'; readonly names: readonly string[] }

/** What a supervisor says to its processes. */
export type ToProcess =
  | { readonly type: 'stop' }
  /** Say what you measure. */
  | { readonly type: 'tell'; readonly id: number }
  | {
      readonly type: 'gathered'
      readonly id: number
      readonly told: readonly Told[]
      readonly missing: number
    }
  /** Give back what these held, which are gone. */
  | { readonly type: 'bury'; readonly names: readonly string[] }

/** The variable that holds the place, as JSON. */
const PLACE = 'GROXY_PROCESS'

/** The environment of a process at a place. */
export const placeVariable = (place: Place): Readonly<Record<string, string>> => ({
  [PLACE]: JSON.stringify(place),
})

/** Whether a supervisor has started this process, and as which; its own children are not told. */
export function takePlace(env: Record<string, string | undefined>): Place | undefined {
  const text = env[PLACE]
  delete env[PLACE]
  return text ? (JSON.parse(text) as Place) : undefined
}

/** How often a process says that it lives. */
export const BEAT_MS = 5_000
