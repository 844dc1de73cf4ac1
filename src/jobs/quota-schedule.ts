import type { Lease } from '../pool/lease'
import type { Member } from '../pool/member'
import { createReturns } from '../pool/returns'
import { jittered } from './jitter'

/** Why an account is asked: it is used, it rests for lack of quota, or an operator wants to know. */
type Why = 'turn' | 'rest' | 'asked'

/** An account that is to be asked now. */
export interface Question {
  readonly id: string
  readonly why: Why
  /** Quotas that turns have taken of since it was last asked. */
  readonly used: ReadonlySet<string>
  /** Whether it is asked since turns are over, as is done now and then while there are turns. */
  readonly isUse: boolean
  /** Who has asked since then, at whatever instance, has asked for this one too. */
  readonly since: number
}

interface ScheduleParts {
  readonly now: () => number
  readonly random: () => number
  /** How often accounts are asked that rest for lack of quota. */
  readonly restMs: (member: Member) => number
  /** Over how long those are asked whose time came while nothing ran. */
  readonly spreadMs: number
}

/** When an account is to be asked, and what for. */
interface Watch {
  used: Set<string>
  /** Since it is used; infinite for not. */
  turnAt: number
  /** Since it rests; infinite for not. */
  restAt: number
  /** How often it is asked while it does. */
  restMs: number
  /** When it was last asked, and when last after a turn. */
  askedAt: number
  turnAskedAt: number
  /** A turn is over since it was last asked. */
  isDone: boolean
  /** For how long an answer still holds that was given before this was asked. */
  holdsMs: number
}

/** After a turn an account is asked soon, … */
const SOON_MS = 2_000
/** … and so often at most while turns go on. */
const OFTEN_MS = 300_000
/** After a turn that was one too many. */
const LIMITED_MS = 10_000
/** An account that told nothing is asked again so much later at its next turn. */
const RETRY_MS = 60_000
/** Instances that look a little early still find that it was time. */
const ALMOST = 0.9

/** Knows which accounts are to be asked for their quotas, and when: a turn and a look cost no search. */
export function createQuotaSchedule({ now, random, restMs, spreadMs }: ScheduleParts) {
  const watches = new Map<string, Watch>()
  const queue = createReturns<string>()

  function watchOf(id: string): Watch {
    const known = watches.get(id)
    if (known) return known
    const watch: Watch = {
      used: new Set(),
      turnAt: Number.POSITIVE_INFINITY,
      restAt: Number.POSITIVE_INFINITY,
      restMs: 0,
      askedAt: Number.NEGATIVE_INFINITY,
      turnAskedAt: Number.NEGATIVE_INFINITY,
      isDone: false,
      holdsMs: RETRY_MS,
    }
    watches.set(id, watch)
    return watch
  }

  function setTurn(id: string, watch: Watch, at: number) {
    watch.turnAt = at
    queue.add(at, id)
  }

  function setRest(member: Member, since: number) {
    const { id } = member.account
    const watch = watchOf(id)
    if (watch.restAt !== Number.POSITIVE_INFINITY) return
    watch.restMs = restMs(member)
    const dueAt = since + jittered(watch.restMs, random)
    watch.restAt = Math.max(dueAt, now() + random() * spreadMs)
    queue.add(watch.restAt, id)
  }

  /** Old entries of the queue find nothing due. */
  function due(id: string, watch: Watch | undefined, at: number): Question | undefined {
    if (!watch || Math.min(watch.turnAt, watch.restAt) > at) return
    const why = watch.restAt <= at ? 'rest' : 'turn'
    const { used } = watch
    watch.used = new Set()
    watch.turnAt = Number.POSITIVE_INFINITY
    if (why === 'rest') watch.restAt = Number.POSITIVE_INFINITY
    watch.askedAt = at
    const isUse = why === 'turn' && watch.isDone
    if (watch.isDone) watch.turnAskedAt = at
    watch.isDone = false
    const holdsMs = isUse ? OFTEN_MS * ALMOST : why === 'rest' ? watch.restMs / 2 : watch.holdsMs
    watch.holdsMs = RETRY_MS
    return { id, why, used, isUse, since: at - holdsMs }
  }

  return {
    /** When somebody is to be asked next; infinite for never. */
    next: queue.next,

    /** Those who are to be asked now, so many at most. */
    *take(most: number): Iterable<Question> {
      let taken = 0
      while (taken < most) {
        const id = queue.take(now())
        if (id === undefined) return
        const question = due(id, watches.get(id), now())
        if (!question) continue
        taken++
        yield question
      }
    },

    /** A turn that takes of a quota began, is over and has taken of it, or was one too many. */
    note({ member, charge, held }: Lease, what: 'taken' | 'over' | 'limited'): void {
      const { id } = member.account
      const watch = watchOf(id)
      const at = now()
      if (charge) watch.used.add(charge.bucket)
      if (what === 'limited') {
        watch.holdsMs = LIMITED_MS
        setTurn(id, watch, at + LIMITED_MS)
        setRest(member, at)
        return
      }
      if (what === 'over') watch.isDone = true
      if (watch.turnAt !== Number.POSITIVE_INFINITY) return
      if (what === 'over') setTurn(id, watch, Math.max(at + SOON_MS, watch.turnAskedAt + OFTEN_MS))
      else if (held && held.resetAt <= at && at - watch.askedAt >= RETRY_MS) setTurn(id, watch, at)
    },

    /** Another instance has asked this one, and what it heard is known here soon. */
    wasAsked({ id, used, isUse }: Question, askedAt: number): void {
      if (!isUse) return
      const watch = watchOf(id)
      watch.turnAskedAt = askedAt
      watch.isDone = true
      for (const bucket of used) watch.used.add(bucket)
      setTurn(id, watch, Math.max(now(), askedAt + OFTEN_MS))
    },

    /** Ask an account at the next look. */
    askSoon: (id: string): void => setTurn(id, watchOf(id), now()),

    /**
     * The account rests for lack of quota: ask it when that may have changed.
     *
     * @param since when it was last heard of
     */
    rest: setRest,

    /** Forget accounts that are gone. */
    keep(isThere: (id: string) => boolean): void {
      for (const id of watches.keys()) if (!isThere(id)) watches.delete(id)
    },
  }
}
