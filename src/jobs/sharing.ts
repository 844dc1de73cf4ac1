import { faultFields, type Log } from '../log'
import type { Asked, AskKind, Asks, Wanted } from '../store/asks'

interface SharingParts {
  readonly asks: Asks
  /** Names this instance to the others; asked when it is first needed. */
  readonly instance: () => string
  readonly now: () => number
  readonly log: Log
}

/** Who takes something on and says nothing for so long has died over it. */
const LEASE_MS = 30_000
/** So many are taken on by one statement. */
const AT_ONCE = 500

const ALL_OURS: ReadonlyMap<string, Asked> = new Map()

/** Shares what upstreams are asked among the instances: each thing is asked by one of them. */
export function createSharing({ asks, instance, now, log }: SharingParts) {
  return {
    /** Take on what nobody else asks; gives what others do or did. Without a database everybody is alone. */
    async take(kind: AskKind, wanted: readonly Wanted[]): Promise<ReadonlyMap<string, Asked>> {
      if (wanted.length === 0) return ALL_OURS
      const others = new Map<string, Asked>()
      try {
        for (let at = 0; at < wanted.length; at += AT_ONCE) {
          const lease = { instance: instance(), expiresAt: now() + LEASE_MS }
          const some = wanted.slice(at, at + AT_ONCE)
          for (const one of await asks.take(kind, some, lease, now())) others.set(...one)
        }
      } catch (cause) {
        log.warn('database_unreachable', faultFields(cause))
      }
      return others
    },

    /** These were asked, whatever came of it. */
    async end(kind: AskKind, subjects: readonly string[]): Promise<void> {
      if (subjects.length === 0) return
      await asks
        .end(kind, subjects, instance())
        .catch((cause) => log.warn('database_unreachable', faultFields(cause)))
    },
  }
}

export type Sharing = ReturnType<typeof createSharing>

/** When to think again of what another asks: when it should be done, or when it is to be asked anew. */
export const againAt = ({ askedAt, expiresAt }: Asked, everyMs: number): number =>
  expiresAt > 0 ? expiresAt : askedAt + everyMs
