import { describe, expect, test } from 'bun:test'
import { NO_EXTRAS } from '#src/extras'
import type { Account, Charge } from '#src/pool/account'
import { newHost } from '#src/pool/host'
import { type Member, newMember, newShelf, type Quota } from '#src/pool/member'
import { shelve } from '#src/pool/shelving'
import { survey } from '#src/pool/survey'

const NOW = 1_000_000
const LATER = NOW + 60_000

const account = (id: string): Account => ({
  ...{ id, kind: 'web', name: id, baseUrl: 'https://grok.com', secret: () => 'x' },
  ...{ proxy: () => undefined, api: 'chat', weight: 1, maxInFlight: 2 },
  ...{ requestsPerMinute: null, models: null, extras: () => NO_EXTRAS, tier: undefined },
  offers: undefined,
})

const quota = (remaining: number): Quota => ({
  ...{ limit: 10, remaining, resetAt: LATER, source: 'reported', at: NOW, pending: 0, words: 1 },
})

/** `a` and `b` take one unit of the same quota, `c` four of it. */
const CHARGES = new Map<string, Charge>([
  ['a', { bucket: 'units x', cost: 1 }],
  ['b', { bucket: 'units x', cost: 1 }],
  ['c', { bucket: 'units x', cost: 4 }],
])

function shelfOf(members: readonly Partial<Member>[], charges?: ReadonlyMap<string, Charge>) {
  const models = ['a', 'b', 'c'].map((id) => ({ id }))
  const offers = charges && { models, charges, rank: 0 }
  const shelf = newShelf({ kind: 'web', host: newHost(), models, offers })
  for (const [at, more] of members.entries())
    shelve(Object.assign(newMember(account(String(at))), more), shelf, NOW)
  return shelf
}

const rest = { state: 'cooling', reason: '', until: LATER, faults: 1 } as const
const readyOf = (shelf: ReturnType<typeof shelfOf>) =>
  ['a', 'b', 'c'].map(
    (id) =>
      survey(['a', 'b', 'c'], () => [shelf], NOW)
        .get(id)
        ?.map(({ ready }) => ready)[0],
  )

describe('who serves a model', () => {
  test('is counted by kind, over all shelves', () => {
    const [one, other] = [shelfOf([{}, {}]), shelfOf([{}])]
    const found = survey(['a', 'z'], (id) => (id === 'a' ? [one, other] : []), NOW)
    expect(found.get('a')).toEqual([{ kind: 'web', accounts: 3, ready: 3 }])
    expect(found.get('z')).toEqual([])
  })

  test.each([
    ['that rest', [{ rest }], [1, 1, 1]],
    ['that are full', [{ inFlight: 2 }], [1, 1, 1]],
    ['whose quota is used up', [{ quotas: new Map([['units x', quota(0)]]) }], [1, 1, 1]],
    [
      'whose quota is not enough for all',
      [{ quotas: new Map([['units x', quota(2)]]) }],
      [2, 2, 1],
    ],
    ['that rest from one model', [{ scoped: new Map([['b', rest]]) }], [2, 1, 2]],
    ['that rest from a quota', [{ scoped: new Map([['units x', rest]]) }], [1, 1, 1]],
    ['whose rest is over', [{ scoped: new Map([['b', { ...rest, until: NOW }]]) }], [2, 2, 2]],
  ] as const)('leaves out accounts %s', (_, members, ready) => {
    expect(readyOf(shelfOf([{}, ...members] as Partial<Member>[], CHARGES))).toEqual([...ready])
  })

  test('goes by each model where nothing is known beforehand', () => {
    const quotas = new Map([['requests b', quota(0)]])
    expect(readyOf(shelfOf([{}, { quotas }]))).toEqual([2, 1, 2])
  })

  test('is nobody while their host is down', () => {
    const shelf = shelfOf([{}, {}])
    shelf.host.openUntil = LATER
    expect(readyOf(shelf)).toEqual([0, 0, 0])
  })
})
