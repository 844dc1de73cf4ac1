import { UpstreamFault } from '../errors'
import { inParallel } from '../parallel'
import type { Account, Kind } from '../pool/account'
import { type KeyRefusal, refusesKey } from '../upstream/fault'
import type { Upstream } from '../upstream/upstream'
import { inquire, PARALLEL } from './inquiry'
import type { Job } from './runner'
import { againAt, type Sharing } from './sharing'

interface CheckParts {
  readonly upstreams: Readonly<Record<Kind, Upstream>>
  /** Accounts that were refused once, and of which nobody knows yet whether they still work. */
  readonly suspects: () => Iterable<Account>
  /** Told what the upstream says: the account works, is refused for good, or nobody knows. */
  readonly verdict: (account: Account, found: 'alive' | 'unknown' | KeyRefusal) => void
  readonly sharing: Sharing
  readonly isOn: () => boolean
  readonly now: () => number
}

/** How soon an account is asked about again when nothing was learnt. */
const AGAIN_MS = 60_000
/** Instances that look a little early still find that it was time. */
const ALMOST = 0.9

/**
 * Asks about accounts that were refused: a single 401 may be a fault of the upstream's, a second one
 * on a call that costs nothing is a verdict.
 */
export function createAccountCheck(parts: CheckParts): Job {
  const { upstreams, suspects, verdict, sharing, isOn, now } = parts
  /** When each suspect may be asked about again. */
  const notBefore = new Map<string, number>()
  /** What this instance has taken on, and not begun. */
  let taken: readonly Account[] | undefined

  const waiting = (asked: boolean): Account[] =>
    [...suspects()].filter(({ id }) => asked || (notBefore.get(id) ?? 0) <= now())

  /** Those that no other instance asks about. */
  async function take(asked: boolean): Promise<readonly Account[]> {
    const accounts = waiting(asked)
    const since = asked ? now() : now() - AGAIN_MS * ALMOST
    const wanted = accounts.map(({ id }) => ({ subject: id, since }))
    const others = await sharing.take('check', wanted)
    if (asked) return accounts
    for (const [id, other] of others) notBefore.set(id, againAt(other, AGAIN_MS))
    return accounts.filter(({ id }) => !others.has(id))
  }

  async function check(account: Account, signal: AbortSignal): Promise<void> {
    notBefore.set(account.id, now() + AGAIN_MS)
    try {
      await inquire(signal, (abort) => upstreams[account.kind].check(account, abort))
      notBefore.delete(account.id)
      verdict(account, 'alive')
    } catch (cause) {
      if (signal.aborted) return
      const refusal = cause instanceof UpstreamFault ? refusesKey(cause) : undefined
      if (refusal) notBefore.delete(account.id)
      verdict(account, refusal ?? 'unknown')
    }
  }

  return {
    name: 'accounts',
    isOn,
    dueAt: () => (waiting(false).length > 0 ? 0 : Number.POSITIVE_INFINITY),

    async reserve() {
      taken = await take(false)
      return taken.length > 0
    },

    async run(signal, progress, asked) {
      const accounts = (!asked && taken) || (await take(asked))
      taken = undefined
      for (const [id, at] of notBefore) if (at <= now()) notBefore.delete(id)
      let done = 0
      await inParallel(
        accounts,
        PARALLEL,
        async (account) => {
          await check(account, signal)
          progress(++done, accounts.length)
        },
        signal,
      )
      const ids = accounts.map(({ id }) => id)
      await sharing.end('check', ids)
    },
  }
}
