/** A process that ends sooner than this was no use. */
export const QUICK_MS = 5_000

const MOST_FAILURES = 5
const FIRST_DELAY_MS = 250
const MOST_DELAY_MS = 30_000

/** How long to wait before a process is replaced that ended so often soon after its start. */
export const delayOf = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 2))

interface Attempt {
  readonly isListening: boolean
  readonly failures: number
}

/** Whether nobody serves any more, and starting again does not help. */
export const isHopeless = (attempts: readonly Attempt[]): boolean =>
  attempts.every(({ isListening }) => !isListening) &&
  attempts.some(({ failures }) => failures >= MOST_FAILURES)
