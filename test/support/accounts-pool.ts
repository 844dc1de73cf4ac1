import { NO_EXTRAS } from '#src/extras'
import type { Account } from '#src/pool/account'
import { createCatalog } from '#src/pool/catalog'
import type { Lease } from '#src/pool/lease'
import { createPool } from '#src/pool/pool'
import type { Want } from '#src/pool/select'
import { createWaiting } from '#src/pool/waiting'
import type { Route } from '#src/store/schema'

export const MODEL = 'grok-4'

export const account = (id: string, fields: Partial<Account> = {}): Account => ({
  id,
  kind: 'xai',
  name: id,
  baseUrl: 'https://api.example',
  secret: () => 'secret',
  proxy: () => undefined,
  api: 'chat',
  weight: 1,
  maxInFlight: Number.POSITIVE_INFINITY,
  requestsPerMinute: null,
  models: [MODEL],
  extras: () => NO_EXTRAS,
  tier: undefined,
  offers: undefined,
  ...fields,
})

const PRIORITIES = { xai: 1, openai: 2, web: 3, demo: 4 }

/** A pool with a clock and a die of its own. */
export function poolOf(
  accounts: readonly Account[],
  routes: Readonly<Record<string, Route>> = {},
  hooks: Pick<Parameters<typeof createPool>[0], 'onCharge'> = {},
) {
  let time = 1_000_000
  let seed = 1
  const random = () => {
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647
  }
  const now = () => time
  const pool = createPool({ now, random, onFree: () => waiting.offer(), ...hooks })
  const waiting = createWaiting({
    lease: (want) => pool.lease(want),
    outlook: (want) => pool.outlook(want),
  })
  const catalog = createCatalog({ pool, now, onChange: waiting.offer })
  const update = (next: readonly Account[]) => {
    pool.setAccounts(next)
    catalog.update({ priorities: PRIORITIES, routes: new Map(Object.entries(routes)) })
  }
  update(accounts)
  const want = (fields: Partial<Want> & { readonly asked?: string } = {}): Want => {
    const { asked = MODEL, ...rest } = fields
    const target = catalog.find(asked, 0)?.targets[0]
    return {
      candidates: target?.candidates ?? [],
      model: target?.upstreamModel ?? asked,
      endpoint: 'chat.completions',
      conversation: undefined,
      tokens: 1,
      prefers: undefined,
      tried: [],
      ...rest,
    }
  }
  return {
    pool,
    catalog,
    waiting,
    update,
    want,
    now,
    wait: (ms: number) => (time += ms),
    lease: (fields?: Parameters<typeof want>[0]) => pool.lease(want(fields)),
    /** Lease and hold something against whoever was got. */
    fail(fields: Partial<Parameters<typeof pool.blame>[1]> = {}): Lease {
      const lease = pool.lease(want())
      if (!lease) throw new Error('Nobody is free.')
      pool.blame(lease, { state: 'cooling', reason: 'test', scope: '', ...fields })
      return lease
    },
  }
}
