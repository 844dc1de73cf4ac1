import { createBooks } from '#src/dispatch/book'
import { createFailOver } from '#src/dispatch/fail-over'
import { createWorks, type Work, type WorkEvent } from '#src/dispatch/work'
import { createPricing } from '#src/ledger/price'
import type { Account, Kind } from '#src/pool/account'
import type { Key } from '#src/store/keys'
import type { LedgerEntry } from '#src/store/ledger'
import type { Route } from '#src/store/schema'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import type { Usage } from '#src/turn/usage'
import type { Upstream, WorkCall } from '#src/upstream/upstream'
import { MODEL, poolOf } from './accounts-pool'

/** What a work says of itself in these tests. */
export interface Said extends WorkEvent {
  readonly at?: number
}

/** What an account does when it is asked: says this, one after another, waits, or throws. */
export type Step = Said | Error | ((call: WorkCall) => Promise<void>)

export const said = (at: number): Said => ({ type: 'said', at })
export const took = (usage: Partial<Usage>): Said => ({
  type: 'usage',
  usage: {
    input: 0,
    cached: 0,
    output: 0,
    reasoning: 0,
    costTicks: null,
    source: 'reported',
    ...usage,
  },
})

/** Keeps silent until the call is ended, as an upstream does that hangs. */
export const silent: Step = ({ abort }) =>
  new Promise((_, reject) => {
    const end = () => reject(abort.signal.reason)
    if (abort.signal.aborted) return end()
    abort.signal.addEventListener('abort', end, { once: true })
  })

const NONE: Upstream = {
  ask: () => Promise.reject(new TypeError('Nobody asks.')),
  models: async () => [],
  check: async () => [],
}

/** Works over accounts of a pool, each of which does what it is told, by its id. */
export function worksWorld(
  accounts: readonly Account[],
  script: Readonly<Record<string, readonly Step[]>>,
  routes: Readonly<Record<string, Route>> = {},
) {
  const it = poolOf(accounts, routes)
  const { pool, waiting, catalog, now } = it
  const written: LedgerEntry[] = []
  const ended: LedgerEntry[] = []
  const asked: string[] = []
  let letGo = 0
  const pricing = createPricing({ modelOf: () => undefined, now })
  const books = createBooks({ now, pricing, record: (entry) => written.push(entry) })
  const failOver = createFailOver({ pool, waiting, books, now })
  const kinds: readonly Kind[] = ['xai', 'openai', 'web', 'demo']
  const named = kinds.map((kind) => [kind, { ...NONE }] as const)
  const upstreams = Object.fromEntries(named) as Record<Kind, Upstream>
  const works = createWorks({ pool, books, failOver, catalog, upstreams, now })

  async function* act(call: WorkCall): AsyncGenerator<Said> {
    asked.push(`${call.account.id} ${call.model}`)
    let isOver = false
    try {
      for (const step of script[call.account.id] ?? []) {
        if (step instanceof Error) {
          isOver = true
          throw step
        }
        if (typeof step === 'function') await step(call)
        else yield step
      }
      isOver = true
    } finally {
      if (!isOver) letGo++
    }
  }

  return {
    ...it,
    works,
    upstreams,
    written,
    ended,
    asked,
    letGo: () => letGo,
    work: (parts: Partial<Work<Said>> = {}): Work<Said> => ({
      requestId: 'req_1',
      key: { id: 'k' } as Key,
      endpoint: 'images.generations',
      model: MODEL,
      stream: false,
      signal: new AbortController().signal,
      settings: { ...DEFAULT_SETTINGS, max_attempts: 3 },
      onEnd: (entry) => ended.push(entry),
      can: () => true,
      lacking: 'It cannot do that.',
      begin: (_, call) => act(call),
      ...parts,
    }),
  }
}
