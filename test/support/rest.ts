import type { FakeAccount, Heard } from '../fakes/pool'

/** How long an account has to be left alone, at least, after its first, second, … failed try. */
export type Rest = (round: number) => number

/** 30 s, doubling with each failure in a row up to 10 min. */
export const doubling: Rest = (round) => Math.min(30_000 * 2 ** (round - 1), 600_000)
/** The same each time. */
export const always =
  (ms: number): Rest =>
  () =>
    ms

/** Turns that were under way when the first failure was judged cannot be called back. */
const JUDGED_WITHIN_MS = 1_000
const CLOCKS_DIFFER_MS = 500

interface Held {
  /** What the rest is for: the account, or one of its models. */
  readonly by: 'account' | 'model'
  readonly rest: Rest
}

/**
 * What is wrong with how often a failing account was asked: calls within a rest, and more than one
 * probe after it. Also says how many rounds of calls there were.
 */
export function restFaults(account: FakeAccount, { by, rest }: Held) {
  const scopes = Map.groupBy(account.calls, ({ model }) => (by === 'model' ? model : ''))
  const found = [...scopes].map(([scope, calls]) =>
    inScope(`${account.name} ${scope}`, calls, rest),
  )
  return {
    faults: found.flatMap(({ faults }) => faults),
    rounds: Math.max(0, ...found.map(({ rounds }) => rounds)),
  }
}

function inScope(name: string, calls: readonly Heard[], rest: Rest) {
  const faults: string[] = []
  const left = calls.toSorted((a, b) => a.at - b.at)
  let rounds = 0
  let mayAgainAt = Number.NEGATIVE_INFINITY
  while (left.length > 0) {
    rounds++
    const firstAt = left[0]?.at ?? 0
    if (firstAt < mayAgainAt - CLOCKS_DIFFER_MS)
      faults.push(`${name}: asked ${Math.round(mayAgainAt - firstAt)} ms before its rest was over`)
    const ends = left.map(({ endedAt }) => endedAt ?? Number.POSITIVE_INFINITY)
    const judgedAt = Math.min(...ends)
    const round = left.filter(({ at }) => at <= judgedAt + JUDGED_WITHIN_MS)
    left.splice(0, round.length)
    if (rounds > 1 && round.length > 1)
      faults.push(`${name}: ${round.length} probes after rest ${rounds - 1}, instead of one`)
    mayAgainAt = judgedAt + rest(rounds)
  }
  return { faults, rounds }
}
