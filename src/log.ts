export const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type Level = (typeof LEVELS)[number]

/** What an event has to say besides its name. Never content, never a secret. */
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>

interface LogParts {
  readonly level: Level
  /** Takes one line without its end. */
  readonly write: (line: string) => void
  /** For a person at a terminal; else JSON. */
  readonly readable: boolean
  readonly now: () => number
  /** The number of the process, where the lines of several are in one log. */
  readonly process?: number
}

/** One line an event: readable on a terminal, JSON elsewhere. */
export function createLog({ level, write, readable, now, process }: LogParts) {
  const least = LEVELS.indexOf(level)
  const mark =
    process === undefined ? '' : readable ? ` process=${process}` : `,"process":${process}`
  let lastMs = Number.NaN
  let lastTime = ''

  /** Many events share a millisecond. */
  function timeOf(ms: number): string {
    if (ms !== lastMs) {
      lastMs = ms
      lastTime = new Date(ms).toISOString()
    }
    return lastTime
  }

  const at = (rank: Exclude<Level, 'silent'>) => {
    const enabled = LEVELS.indexOf(rank) >= least
    return (event: string, fields: Fields = {}): void => {
      if (!enabled) return
      const time = timeOf(now())
      const rest = JSON.stringify(fields).slice(1)
      write(
        readable
          ? `${time.slice(11, 19)} ${rank.padEnd(5)} ${event}${mark}${readableFields(fields)}`
          : `{"time":"${time}","level":"${rank}","event":"${event}"${mark}${rest === '}' ? '' : ','}${rest}`,
      )
    }
  }

  return {
    /** Whether events of a level are written at all: for those that are costly to describe. */
    writes: (rank: Level): boolean => LEVELS.indexOf(rank) >= least,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  }
}

export type Log = ReturnType<typeof createLog>

const readableFields = (fields: Fields): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => ` ${name}=${quoted(value)}`)
    .join('')

const quoted = (value: Fields[string]): string =>
  typeof value === 'string' && /[\s"=]/.test(value) ? JSON.stringify(value) : String(value)

/** What a failure may say in the log: its message and where it came from, without secrets' values. */
export function faultFields(cause: unknown): Fields {
  if (!(cause instanceof Error)) return { error: String(cause) }
  const inner = cause.cause instanceof Error ? cause.cause.message : undefined
  return { error: cause.message, cause: inner }
}
