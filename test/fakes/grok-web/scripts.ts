import { type Answer, type Script, saidBy, type Turn } from './answers'

/** Which chats a script is for; by default all. */
export interface When {
  /** The name of an account. */
  readonly account?: string
  readonly when?: (turn: Turn) => boolean
}

interface Rule extends When {
  readonly script: Script
}

const matches = ({ account, when }: Rule, turn: Turn): boolean =>
  (account === undefined || account === turn.account.name) && (when?.(turn) ?? true)

/** What is to be said: first what is queued, then the newest script that fits. */
export function createScripts(standard: Script) {
  const queue: Rule[] = []
  const standing: Rule[] = []
  return {
    add(script: Script, when: When = {}): void {
      standing.unshift({ script, ...when })
    },
    queue(scripts: readonly Script[], when: When = {}): void {
      queue.push(...scripts.map((script) => ({ script, ...when })))
    },
    clear(): void {
      queue.length = 0
      standing.length = 0
    },
    queued: (): number => queue.length,
    async answer(turn: Turn): Promise<Answer | Response> {
      const at = queue.findIndex((rule) => matches(rule, turn))
      const [next] = at < 0 ? [] : queue.splice(at, 1)
      const fitting = standing.filter((rule) => matches(rule, turn))
      for (const { script } of [...(next ? [next] : []), ...fitting]) {
        const said = await saidBy(script, turn)
        if (said) return said
      }
      return (await saidBy(standard, turn)) ?? { steps: [] }
    },
  }
}

export type Scripts = ReturnType<typeof createScripts>
