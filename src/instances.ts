import { version } from '../package.json'
import type { Platform } from './platform'
import { atMost } from './sleep'
import type { Stores } from './store/stores'

interface InstancesParts {
  readonly platform: Pick<Platform, 'self' | 'ground' | 'sharesWork' | 'now'>
  readonly stores: Pick<Stores, 'instances'>
  /** The name of this one. */
  readonly instance: () => string
  /** The database did not do as it was asked. */
  readonly onFault: (cause: unknown) => void
}

/** How often an instance says that it lives, and for how long it is believed. */
const KEPT = { everyMs: 10_000, forMs: 30_000 }
/** On Workers it says so when its scheduled handler runs, which is once a minute. */
const KEPT_ON_WORKERS = { everyMs: 30_000, forMs: 180_000 }
/** How long a stop waits for a word that is on its way. */
const PATIENCE_MS = 1_000

/** Says that this instance lives, and knows how many do. */
export function createInstances({ platform, stores, instance, onFault }: InstancesParts) {
  const { self, ground, sharesWork, now } = platform
  const { everyMs, forMs } = sharesWork ? KEPT : KEPT_ON_WORKERS
  let startedAt = ground.startedAt
  let state: 'serving' | 'draining' = 'serving'
  let keptAt = Number.NEGATIVE_INFINITY
  let hasLeft = false
  let writing: Promise<void> = Promise.resolve()
  // Until the database tells: the processes of this machine.
  let living = self.processes

  async function write(): Promise<void> {
    const at = now()
    startedAt ??= at
    try {
      const count = await stores.instances.keep({
        ...{ name: instance(), host: ground.host ?? null, runtime: ground.runtime, version },
        ...{ process: self.index ?? null, state, startedAt: Math.round(startedAt) },
        ...{ seenAt: at, expiresAt: at + forMs },
      })
      keptAt = at
      living = Math.max(1, count)
    } catch (cause) {
      onFault(cause)
    }
  }

  /** Say it now; one that has left says nothing any more. */
  function say(): Promise<void> {
    if (!hasLeft) writing = write()
    return writing
  }

  return {
    /** How many share the database, this one included, as far as was known last. */
    count: (): number => living,

    /** Say that it lives, if it is time to. */
    keep: async (): Promise<void> => {
      if (now() - keptAt >= everyMs) await say()
    },

    /** It takes no more traffic, and nothing new to do behind it. */
    async drain(): Promise<void> {
      state = 'draining'
      await say()
    },

    /** It is gone. */
    async leave(): Promise<void> {
      if (hasLeft) return
      hasLeft = true
      // What is being written would be the last word.
      await atMost(PATIENCE_MS, writing)
      await stores.instances.leave(instance()).catch(onFault)
    },
  }
}

export type Instances = ReturnType<typeof createInstances>
