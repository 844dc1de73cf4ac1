import type { Member } from '../pool/member'
import type { Pool } from '../pool/pool'
import type { Rest } from '../pool/rest'
import type { AccountQuota, AccountQuotas } from '../store/account-quotas'
import { type AccountState, type AccountStates, CLEARED } from '../store/account-states'

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

/**
 * Keeps what is held against accounts, and what is left of their quotas, in the database: a restart
 * forgets nothing, and instances learn from each other.
 */
export function createKeeper({ pool, states, quotas, now, later, onFault }: KeeperParts) {
  /** What is to be written, by account and scope. */
  let changed = new Map<string, AccountState>()
  const reported = new Set<Member>()
  /** When this instance last had its own word about a rest. */
  const ownWord = new Map<string, number>()
  let scheduledAt = Number.NEGATIVE_INFINITY
  let seenUntil = 0

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

  /** Believe what was stored, unless we know better since. */
  function take(rows: readonly AccountState[]) {
    for (const row of rows) {
      const { accountId, scope, faults, updatedAt } = row
      if (updatedAt <= (ownWord.get(nameOf(accountId, scope)) ?? 0)) continue
      if (faults > 0) pool().recall(accountId, scope, toRest(row))
      else if (row.reason === CLEARED) pool().recall(accountId, undefined, undefined)
      else pool().recall(accountId, scope, undefined)
      // A word that was heard is heard once.
      ownWord.set(nameOf(accountId, scope), updatedAt)
    }
  }

  return {
    /** Something was held against an account, or no longer is. */
    noteRest({ account }: Member, scope: string, rest: Rest | undefined): void {
      ownWord.set(nameOf(account.id, scope), now())
      changed.set(nameOf(account.id, scope), {
        accountId: account.id,
        scope,
        state: rest?.state ?? 'cooling',
        reason: rest?.reason ?? '',
        until: rest ? (Number.isFinite(rest.until) ? rest.until : null) : 0,
        faults: rest?.faults ?? 0,
        updatedAt: now(),
      })
      schedule()
    },

    /** An upstream said what is left of a quota. */
    noteQuota(member: Member): void {
      reported.add(member)
      schedule()
    },

    /** Learn what was stored before this instance began, or since an account came. */
    async recall(): Promise<void> {
      seenUntil = now()
      // An account that left and came back starts anew with what is stored.
      for (const name of ownWord.keys())
        if (!pool().member(name.slice(0, name.indexOf('\n')))) ownWord.delete(name)
      const [held, left] = await Promise.all([states.all(), quotas.all()])
      take(held)
      pool().recallQuotas(left)
    },

    /** Learn what other instances have found out. */
    async follow(): Promise<void> {
      const since = seenUntil - OVERLAP_MS
      seenUntil = now()
      try {
        take(await states.changedSince(since))
      } catch (cause) {
        onFault(cause)
      }
    },

    /** Write what waits, now. */
    save,
  }
}

const nameOf = (accountId: string, scope: string): string => `${accountId}\n${scope}`

const toRest = ({ state, reason, until, faults }: AccountState): Rest => ({
  state,
  reason,
  until: until ?? Number.POSITIVE_INFINITY,
  faults,
})

const quotaRows = ({ account, quotas }: Member): AccountQuota[] =>
  [...(quotas ?? [])].map(([bucket, { limit, remaining, resetAt, source, at }]) => ({
    accountId: account.id,
    bucket,
    limit,
    remaining,
    resetAt,
    source,
    updatedAt: at,
  }))

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
