import type { Member } from '../pool/member'
import type { Pool } from '../pool/pool'
import type { Rest } from '../pool/rest'
import type { AccountQuota, AccountQuotas } from '../store/account-quotas'
import type { AccountState, AccountStates } from '../store/account-states'

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
  /** What the database is known to hold. */
  let stored = new Set<string>()
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
      for (const name of rows.keys()) stored.add(name)
    } catch (cause) {
      onFault(cause)
      // What has changed since is newer.
      for (const [name, row] of rows) if (!changed.has(name)) changed.set(name, row)
      for (const member of members) reported.add(member)
    }
  }

  const take = (rows: readonly AccountState[]) =>
    pool().recall(rows.filter(({ faults }) => faults > 0).map(toRest))

  return {
    /** Something was held against an account, or no longer is. */
    noteRest({ account }: Member, scope: string, rest: Rest | undefined): void {
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

    /** Learn everything that was stored; what an operator has removed meanwhile is forgotten. */
    async recall(): Promise<void> {
      const rows = await states.all()
      const found = new Set(rows.map(({ accountId, scope }) => nameOf(accountId, scope)))
      for (const name of stored)
        if (!found.has(name) && !changed.has(name)) {
          const [accountId = '', scope = ''] = name.split('\n')
          const member = pool().member(accountId)
          if (member) pool().setRest(member, scope, undefined)
        }
      stored = found
      take(rows)
      pool().recallQuotas(await quotas.all())
      seenUntil = now()
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

export type Keeper = ReturnType<typeof createKeeper>

const nameOf = (accountId: string, scope: string): string => `${accountId}\n${scope}`

const toRest = ({ accountId, scope, state, reason, until, faults }: AccountState) => ({
  accountId,
  scope,
  rest: { state, reason, until: until ?? Number.POSITIVE_INFINITY, faults },
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
