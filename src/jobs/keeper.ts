import type { Member } from '../pool/member'
import type { Pool } from '../pool/pool'
import type { Rest } from '../pool/rest'
import { sleep } from '../sleep'
import type { AccountQuota, AccountQuotas } from '../store/account-quotas'
import { type AccountState, type AccountStates, CLEARED, NO_QUOTA } from '../store/account-states'
import { createHorizon } from '../store/pulse'

interface KeeperParts {
  readonly pool: () => Pool
  readonly states: AccountStates
  readonly quotas: AccountQuotas
  readonly now: () => number
  /** Finish work after the response: a tracked promise on a machine, `waitUntil` on Workers. */
  readonly later: (work: Promise<unknown>) => void
  readonly onFault: (cause: unknown) => void
}

/** What changed is written this long after the first change. */
const DELAY_MS = 500
/** A Worker may be stopped with its timer; then the next change sets another. */
const STALE_MS = 5_000
/** Clocks of instances differ; what others wrote is looked for so far back. */
const OVERLAP_MS = 10_000

/** Words are looked through beyond so many: a client makes up models without end. */
const MOST_WORDS = 4_096

/** What was last said about a rest, and when. */
interface Word {
  readonly at: number
  /** When the rest ends, or would have ended; null for never. */
  readonly until: number | null
  readonly faults: number
}

/**
 * Keeps what is held against accounts, and what is left of their quotas, in the database: a restart
 * forgets nothing, and instances learn from each other.
 */
export function createKeeper({ pool, states, quotas, now, later, onFault }: KeeperParts) {
  /** What is to be written, by account and scope. */
  let changed = new Map<string, AccountState>()
  const reported = new Set<Member>()
  /** The last word on each rest that this instance had or heard, the oldest first. */
  const words = new Map<string, Word>()
  let mostWords = MOST_WORDS
  let scheduledAt = Number.NEGATIVE_INFINITY
  const horizons = { states: createHorizon(OVERLAP_MS), quotas: createHorizon(OVERLAP_MS) }

  function schedule() {
    if (now() - scheduledAt < STALE_MS) return
    scheduledAt = now()
    later(sleep(DELAY_MS).then(save))
  }

  async function save(): Promise<void> {
    scheduledAt = Number.NEGATIVE_INFINITY
    const rows = changed
    const members = [...reported]
    changed = new Map()
    reported.clear()
    try {
      await states.save([...rows.values()])
      await quotas.save(members.flatMap(quotaRows))
    } catch (cause) {
      onFault(cause)
      // What has changed since is newer.
      for (const [name, row] of rows) if (!changed.has(name)) changed.set(name, row)
      for (const member of members) reported.add(member)
    }
  }

  function learn(name: string, { at, until, faults }: Word) {
    const known = words.get(name)
    words.delete(name)
    const isLonger = faults > 0 && known !== undefined && known.faults > 0 && !endsBy(known, until)
    words.set(name, { at, until: isLonger ? known.until : until, faults })
    if (words.size <= mostWords) return
    for (const known of words.keys()) {
      if (words.size <= MOST_WORDS / 2) break
      if (known !== name && isSpent(known)) words.delete(known)
    }
    mostWords = Math.max(MOST_WORDS, words.size * 2)
  }

  /** Nothing is held in that scope. Words on whole accounts are few, and tell old clearings from new. */
  function isSpent(name: string): boolean {
    const accountId = accountIn(name)
    const scope = name.slice(accountId.length + 1)
    if (scope === '' || changed.has(name)) return false
    return !pool().member(accountId)?.scoped?.has(scope)
  }

  /** An operator cleared accounts: nothing that was known of them before counts any more. */
  function forget(cleared: ReadonlyMap<string, AccountState>) {
    for (const name of words.keys()) if (cleared.has(accountIn(name))) words.delete(name)
    for (const accountId of cleared.keys()) {
      const member = pool().member(accountId)
      if (!member) continue
      reported.delete(member)
      member.quotas = undefined
      pool().recall(accountId, undefined, undefined)
    }
    for (const [name, row] of changed) {
      const clearedAt = cleared.get(row.accountId)?.updatedAt
      if (clearedAt === undefined) continue
      if (row.updatedAt < clearedAt) changed.delete(name)
      else if (row.faults > 0) pool().recall(row.accountId, row.scope, toRest(row))
    }
  }

  const isNew = ({ accountId, scope, updatedAt }: AccountState) =>
    updatedAt > (words.get(nameOf(accountId, scope))?.at ?? 0)

  /** Believe what was stored, unless we know better since. */
  function take(rows: readonly AccountState[]) {
    // What was found out since a clearing is among the rows, and is believed after it.
    const cleared = rows.filter((row) => row.reason === CLEARED && isNew(row))
    if (cleared.length > 0) forget(new Map(cleared.map((row) => [row.accountId, row])))
    for (const row of cleared) learn(nameOf(row.accountId, row.scope), wordOf(row))
    for (const row of rows) {
      if (!isNew(row)) continue
      const { accountId, scope, faults } = row
      const name = nameOf(accountId, scope)
      const ours = restOf(pool().member(accountId), scope)
      // A word that was heard is heard once.
      if (faults === 0 && ours && ours.until > endOf(row)) {
        // The end of a shorter rest than ours.
        learn(name, { at: row.updatedAt, until: untilOf(ours), faults: ours.faults })
        continue
      }
      learn(name, wordOf(row))
      // An upstream's own word on when a quota returns counts even where it is sooner.
      if (row.reason === NO_QUOTA) pool().recall(accountId, scope, undefined)
      pool().recall(accountId, scope, faults > 0 ? toRest(row) : undefined)
    }
  }

  /** Believe what was read at a time, and know from when on to ask next time. */
  function hear(held: readonly AccountState[], left: readonly AccountQuota[], at: number) {
    take(held)
    pool().recallQuotas(left)
    horizons.states.seen(timesOf(held), at)
    horizons.quotas.seen(timesOf(left), at)
  }

  const stateOf = (accountId: string, scope: string, rest: Rest): AccountState => ({
    ...{ accountId, scope, state: rest.state, reason: rest.reason },
    ...{ until: untilOf(rest), faults: rest.faults },
    updatedAt: words.get(nameOf(accountId, scope))?.at ?? now(),
  })

  return {
    /** Up to where it is known what was stored. */
    horizons,

    /** Something was held against an account, or no longer is. */
    noteRest({ account }: Member, scope: string, rest: Rest | undefined): void {
      const name = nameOf(account.id, scope)
      // The end of a rest names the rest by when it would have ended.
      const { until: ended } = words.get(name) ?? UNSAID
      const row: AccountState = {
        accountId: account.id,
        scope,
        state: rest?.state ?? 'cooling',
        reason: rest?.reason ?? '',
        until: rest ? untilOf(rest) : ended,
        faults: rest?.faults ?? 0,
        updatedAt: now(),
      }
      changed.set(name, row)
      learn(name, wordOf(row))
      schedule()
    },

    /** An upstream said what is left of a quota. */
    noteQuota(member: Member): void {
      reported.add(member)
      schedule()
    },

    /** Learn what was stored before this instance began, or since an account came. */
    async recall(): Promise<void> {
      const at = now()
      // An account that left and came back starts anew with what is stored.
      for (const name of words.keys()) if (!pool().member(accountIn(name))) words.delete(name)
      const [held, left] = await Promise.all([states.all(), quotas.all()])
      hear(held, left, at)
    },

    /** Learn what was kept at a time, where the database cannot be asked; what came later is followed. */
    learn: hear,

    /** What is held against accounts now, and what is left of quotas that were used: what is worth keeping. */
    *held(): Generator<AccountState> {
      for (const { account, rest, scoped } of pool().members()) {
        if (rest) yield stateOf(account.id, '', rest)
        for (const [scope, one] of scoped ?? []) yield stateOf(account.id, scope, one)
      }
    },
    *left(): Generator<AccountQuota> {
      for (const member of pool().members())
        for (const quota of quotaRows(member))
          if (quota.remaining < (quota.limit ?? Number.POSITIVE_INFINITY)) yield quota
    },

    /** Learn what other instances have found out. */
    async follow(): Promise<void> {
      const at = now()
      try {
        const [held, left] = await Promise.all([
          states.changedSince(horizons.states.since()),
          quotas.changedSince(horizons.quotas.since()),
        ])
        hear(held, left, at)
      } catch (cause) {
        onFault(cause)
      }
    },

    /** Write what waits, now. */
    save,
  }
}

export type Keeper = ReturnType<typeof createKeeper>

const timesOf = (rows: readonly { readonly updatedAt: number }[]): number[] =>
  rows.map(({ updatedAt }) => updatedAt)

const nameOf = (accountId: string, scope: string): string => `${accountId}\n${scope}`

const accountIn = (name: string): string => name.slice(0, name.indexOf('\n'))

const wordOf = ({ updatedAt: at, until, faults }: AccountState): Word => ({ at, until, faults })

const restOf = (member: Member | undefined, scope: string): Rest | undefined =>
  scope === '' ? member?.rest : member?.scoped?.get(scope)

/** As it is stored: null for never. */
const untilOf = ({ until }: Rest): number | null => (Number.isFinite(until) ? until : null)

const endsBy = (word: Word, until: number | null): boolean =>
  until === null || (word.until !== null && word.until <= until)

/** Up to when a row says that there is a rest, or none any more. */
const endOf = ({ until, faults, updatedAt }: AccountState): number => {
  if (until === null) return Number.POSITIVE_INFINITY
  return faults > 0 ? until : Math.max(until, updatedAt)
}

const toRest = ({ state, reason, until, faults }: AccountState): Rest => ({
  state,
  reason,
  until: until ?? Number.POSITIVE_INFINITY,
  faults,
})

/** What was heard of an account's quotas, less what turns took since. */
const quotaRows = ({ account, quotas }: Member): AccountQuota[] =>
  [...(quotas ?? [])]
    .filter(([, { at }]) => at > 0)
    .map(([bucket, { limit, remaining, resetAt, source, at }]) => ({
      accountId: account.id,
      bucket,
      limit,
      remaining: Math.max(0, remaining),
      resetAt,
      source,
      updatedAt: at,
    }))

const UNSAID: Word = { at: 0, until: 0, faults: 0 }
