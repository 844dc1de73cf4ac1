import type { BatchProblem, BatchRow, BatchStep } from '../store/batches'

/** Of more problems a page shows only how many there are. */
const MOST_PROBLEMS = 200
const LONGEST_REASON = 300

/** How far a batch is, while several of its things are at work at once. */
export function createProgress({ id, done, ahead, good, problems }: BatchRow, instance: string) {
  const beyond = new Set(ahead)
  const bad: BatchProblem[] = [...problems]
  let all = done
  let well = good
  /** Everything before this position is done. */
  let first = done - beyond.size

  return {
    isDone: (position: number): boolean => position < first || beyond.has(position),

    /** Where work goes on. */
    first: (): number => first,

    note(position: number, problem: BatchProblem | undefined): void {
      all++
      if (!problem) well++
      else if (bad.length < MOST_PROBLEMS)
        bad.push({ ...problem, reason: problem.reason.slice(0, LONGEST_REASON) })
      beyond.add(position)
      while (beyond.delete(first)) first++
    },

    step: (): BatchStep => ({
      ...{ id, instance, done: all, good: well },
      ...{ ahead: [...beyond], problems: [...bad] },
    }),
  }
}

export type BatchProgress = ReturnType<typeof createProgress>
