import { createName } from '#src/crypto'
import { createCounters } from '#src/http/counters'
import { type Bucket, createAllowances } from '#src/store/allowances'
import type { Patient } from '#src/store/patient'

/** How long a step of a history is. */
export const STEP_MS = 250
const TICK_MS = 2_000

interface WorldParts {
  /** A connection for each instance. */
  readonly open: () => Patient
  readonly startsAt: number
  readonly keyId: string
}

/** Instances that come and die over one database that comes and goes, by a clock of its own. */
export function limitWorld({ open, startsAt, keyId }: WorldParts) {
  const state = { time: startsAt, isDown: false, asked: 0, living: 0 }
  let names = 0

  async function start() {
    const store = createAllowances(open() as Parameters<typeof createAllowances>[0])
    const work: Promise<unknown>[] = []
    const guarded = async <T>(question: () => Promise<T>): Promise<T> => {
      state.asked++
      if (state.isDown) throw new Error('down')
      return question()
    }
    let isDead = false
    state.living++
    const counters = createCounters({
      instance: createName(`${keyId}-${++names}`),
      allowances: {
        ...store,
        hold: (holder, wants) => guarded(() => store.hold(holder, wants)),
        book: (holder, wants) => guarded(() => store.book(holder, wants)),
        taken: (...asked) => guarded(() => store.taken(...asked)),
      },
      now: () => state.time,
      later: (promise) => void work.push(promise),
      zoneMinutes: () => 0,
      rivals: () => state.living,
      onFault: () => undefined,
    })
    await counters.learn()
    let tickedAt = state.time - Math.floor((names * 617) % TICK_MS)
    return {
      counters,
      /** Let in as many of these turns as may be; how many these are. */
      async ask(bucket: Bucket, limit: number, turns: number): Promise<number> {
        let given = 0
        for (let turn = 0; turn < turns; turn++) {
          const need = { counter: counters.counterOf(keyId, bucket, limit), amount: 1 }
          const taken = counters.take([need])
          const lacking = taken instanceof Promise ? await taken : taken
          await Promise.all(work.splice(0))
          if (lacking) continue
          given++
          counters.settle(need, 1)
        }
        return given
      },
      async step(): Promise<void> {
        if (isDead || state.time - tickedAt < TICK_MS) return
        tickedAt = state.time
        await counters.tick()
      },
      isAlive: () => !isDead,
      /** As with kill -9: nobody hears of it, but those who count the living, later. */
      kill(): void {
        isDead = true
        state.living--
      },
      async stop(): Promise<void> {
        isDead = true
        state.living--
        await counters.giveBack()
      },
    }
  }
  return { state, start }
}

export type LimitInstance = Awaited<ReturnType<ReturnType<typeof limitWorld>['start']>>
