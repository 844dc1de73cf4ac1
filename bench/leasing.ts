import { NO_EXTRAS } from '#src/extras'
import type { Account } from '#src/pool/account'
import { createCatalog } from '#src/pool/catalog'
import type { Lease } from '#src/pool/lease'
import { createPool } from '#src/pool/pool'
import { hashText } from '#src/pool/ring'
import { median, quantile } from './statistics'

/** Each account offers three of them. */
const MODELS = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7']
const OFFERED = [0, 1, 3]
/** One account of so many rests. */
const RESTING = 10
/** Turns that run at the same time. */
const AT_ONCE = 64
/** Conversations that the turns with affinity belong to. */
const CONVERSATIONS = 10_000
const BATCH = 2_000

const nameOf = (index: number): string => MODELS[index % MODELS.length] ?? ''

const accountOf = (index: number): Account => ({
  id: `account-${index}`,
  kind: 'openai',
  api: 'chat',
  name: `account-${index}`,
  baseUrl: `http://127.0.0.1:${1 + (index % 4)}/v1`,
  secret: () => 'secret',
  weight: 1 + (index % 3),
  maxInFlight: 100,
  requestsPerMinute: null,
  proxy: () => undefined,
  models: OFFERED.map((step) => nameOf(index + step)),
  extras: () => NO_EXTRAS,
  tier: undefined,
  offers: undefined,
})

/**
 * A pool of so many accounts, a tenth of them resting. The one place that knows how the pool is asked.
 */
function poolOf(size: number) {
  const pool = createPool({ now: Date.now, random: Math.random })
  const catalog = createCatalog({ pool, now: Date.now, onChange: () => {} })
  pool.setAccounts(Array.from({ length: size }, (_, index) => accountOf(index)))
  catalog.update({ priorities: { xai: 1, openai: 2, web: 3, demo: 4 }, routes: new Map() })
  const until = Date.now() + 3_600_000
  const rest = { state: 'cooling', reason: 'bench', until, faults: 1 } as const
  for (let index = 0; index < size; index += RESTING) pool.recall(accountOf(index).id, '', rest)
  return {
    /** Take an account for a turn. */
    leaseOnce(model: string, conversation: number | undefined): Lease {
      const target = catalog.find(model, conversation ?? 0)?.targets[0]
      const asked = { model, endpoint: 'chat.completions', conversation, tokens: 100 }
      const want = { ...asked, prefers: undefined, tried: [] }
      const lease = target && pool.lease({ ...want, candidates: target.candidates })
      if (!lease) throw new Error(`No account is free for ${model}.`)
      return lease
    },
    release: (lease: Lease): void => pool.release(lease),
  }
}

/** What a lease and its release cost in pools of these sizes, in turn, in microseconds. */
export function measureLeases(sizes: readonly number[], turns: number) {
  const subjects = sizes.map((size) => ({ size, ...runner(size), micros: [] as number[] }))
  // The first batches teach the compiler.
  for (const { run } of subjects) for (let batch = 0; batch < 10; batch++) run(BATCH)
  for (let done = 0; done < turns; done += BATCH)
    for (const { run, micros } of subjects) micros.push(...run(BATCH))
  return subjects.map(({ size, micros, firstMicros }) => ({
    accounts: size,
    firstMicros,
    medianMicros: median(micros),
    p99Micros: quantile(micros, 0.99),
  }))
}

/** Takes turns through a pool, of which some always run, and times each. */
function runner(size: number) {
  const { leaseOnce, release } = poolOf(size)
  const talks = Array.from({ length: CONVERSATIONS }, (_, index) =>
    hashText(`conversation ${index}`),
  )
  const startedAt = Bun.nanoseconds()
  release(leaseOnce(nameOf(0), talks[0]))
  const firstMicros = (Bun.nanoseconds() - startedAt) / 1_000
  const held: Lease[] = []
  for (let turn = 0; turn < AT_ONCE; turn++) held.push(leaseOnce(nameOf(turn), undefined))
  let turn = 0
  const run = (turns: number): number[] => {
    const micros: number[] = []
    for (let count = 0; count < turns; count++, turn++) {
      const at = turn % AT_ONCE
      const oldest = held[at]
      // Half of the turns belong to conversations, as the others cannot be told apart.
      const talk = turn % 2 === 0 ? talks[(turn * 7) % CONVERSATIONS] : undefined
      const model = nameOf(turn)
      const from = Bun.nanoseconds()
      if (oldest) release(oldest)
      held[at] = leaseOnce(model, talk)
      micros.push((Bun.nanoseconds() - from) / 1_000)
    }
    return micros
  }
  return { run, firstMicros }
}
