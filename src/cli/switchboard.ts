import type { Told, ToProcess } from './process-messages'

interface SwitchboardParts {
  readonly send: (index: number, message: ToProcess) => void
  /** How long the slowest may take. */
  readonly patienceMs: number
}

/** Which process asks, and its own number for that. */
interface Question {
  readonly asker: number
  readonly id: number
}

interface Gathering {
  readonly question: Question
  readonly waiting: Set<number>
  readonly told: Told[]
  /** How many could not even be asked. */
  readonly absent: number
  readonly timer: ReturnType<typeof setTimeout>
}

/** Passes on to one process what the others measure. */
export function createSwitchboard({ send, patienceMs }: SwitchboardParts) {
  const gatherings = new Map<number, Gathering>()
  let last = 0

  function end(number: number): void {
    const gathering = gatherings.get(number)
    if (!gathering) return
    gatherings.delete(number)
    clearTimeout(gathering.timer)
    const { question, told, waiting, absent } = gathering
    const missing = absent + waiting.size
    send(question.asker, { type: 'gathered', id: question.id, told, missing })
  }

  return {
    /** A process wants to know of the others, of which some are not there now. */
    ask(question: Question, others: readonly number[], absent: number): void {
      const number = ++last
      const timer = setTimeout(() => end(number), patienceMs)
      gatherings.set(number, { question, waiting: new Set(others), told: [], absent, timer })
      for (const index of others) send(index, { type: 'tell', id: number })
      if (others.length === 0) end(number)
    },

    /** A process has said what it measures. */
    told(index: number, number: number, text: string): void {
      const gathering = gatherings.get(number)
      if (!gathering?.waiting.delete(index)) return
      gathering.told.push({ index, text })
      if (gathering.waiting.size === 0) end(number)
    },
  }
}
