/** How far work is that has so many rows or objects, and bytes. */
export interface Amount {
  readonly count: number
  readonly bytes: number
}

interface ProgressParts {
  readonly write: (line: string) => void
  readonly now: () => number
  /** How often it says how far it is. */
  readonly everyMs: number
}

const MB = 1_000_000

/** A number for people. */
export const many = (count: number): string => count.toLocaleString('en-US')

/** Bytes for people. */
export const size = (bytes: number): string =>
  bytes < MB ? `${many(Math.ceil(bytes / 1000))} kB` : `${many(Number((bytes / MB).toFixed(1)))} MB`

/** Says how far a copy is, now and then. */
export function createProgress({ write, now, everyMs }: ProgressParts) {
  let part = ''
  let unit = ''
  let begunAt = 0
  let saidAt = now()
  let done: Amount = { count: 0, bytes: 0 }

  function line(): string {
    const seconds = Math.max((now() - begunAt) / 1000, 0.001)
    const rates = `${many(Math.round(done.count / seconds))} ${unit}/s, ${size(done.bytes / seconds)}/s`
    return `${part}: ${standing()} (${rates})`
  }

  const standing = () => `${many(done.count)} ${unit}, ${size(done.bytes)}`

  return {
    /** Something else is copied from now on. */
    begin(name: string, counted: string): void {
      part = name
      unit = counted
      begunAt = now()
      done = { count: 0, bytes: 0 }
    },

    note(amount: Amount): void {
      done = amount
      if (now() - saidAt < everyMs) return
      saidAt = now()
      write(line())
    },

    /** What was begun is done. */
    end(amount: Amount): void {
      done = amount
      if (amount.count > 0) write(line())
    },

    /** For whoever asks where it stopped. */
    where: (): string => (part ? `in ${part}, after ${standing()}` : 'at its beginning'),

    say: write,
  }
}

export type Progress = ReturnType<typeof createProgress>
