import type { Horizon, Pulse } from './store/pulse'
import type { Stores } from './store/stores'

interface LookParts {
  readonly stores: Pick<Stores, 'pulse'>
  /** Up to where each is known. */
  readonly states: Horizon
  readonly quotas: Horizon
  readonly lists: Horizon
  /** The name of this instance. */
  readonly instance: () => string
  readonly now: () => number
}

/** What has changed since this instance last read it. */
export interface News
  extends Pick<
    Pulse,
    'isJobOpen' | 'isTurnLeft' | 'isVideoLeft' | 'isBatchLeft' | 'isTurnCancelled'
  > {
  readonly hasStates: boolean
  readonly hasLists: boolean
}

/** Looks at the database by one question, and tells what has to be asked besides. */
export function createLook({ stores, states, quotas, lists, instance, now }: LookParts) {
  let last: Pulse | undefined

  return {
    /** How often keys, accounts and settings have changed. */
    async revision(): Promise<number> {
      last = undefined
      const at = now()
      const pulse = await stores.pulse({
        now: at,
        statesSince: states.since(),
        quotasSince: quotas.since(),
        listsSince: lists.since(),
        instance: instance(),
      })
      last = pulse
      states.follow(pulse.states, at)
      quotas.follow(pulse.quotas, at)
      lists.follow(pulse.lists, at)
      return pulse.revision
    },

    /** What the last look has found; undefined while the database does not answer. */
    news(): News | undefined {
      if (!last) return
      return {
        ...last,
        hasStates: states.isPassed(last.states) || quotas.isPassed(last.quotas),
        hasLists: lists.isPassed(last.lists),
      }
    },
  }
}

export type Look = ReturnType<typeof createLook>
