import { expect, test } from 'bun:test'
import { createRing, hashText } from '#src/pool/ring'
import { account, poolOf } from '../support/accounts-pool'

const names = (count: number) => Array.from({ length: count }, (_, at) => `account-${at}`)
const conversations = Array.from({ length: 2_000 }, (_, at) => hashText(`conversation ${at}`))
const ringOf = (ids: readonly string[]) => createRing(ids.map((id) => ({ id, weight: 1 })))

function homes(ids: readonly string[]): string[] {
  const ring = ringOf(ids)
  return conversations.map((hash) => {
    const found = ring.find(hash, Number.POSITIVE_INFINITY, () => true)
    return ids[found?.index ?? -1] ?? ''
  })
}

test('conversations spread evenly', () => {
  const counts = Map.groupBy(homes(names(20)), (id) => id)
  expect(counts.size).toBe(20)
  for (const { length } of counts.values()) expect(length).toBeWithin(50, 200)
})

test.each([2, 3, 10])(
  'each of %i accounts has a fair part of them, whatever they are called',
  (count) => {
    for (let world = 0; world < 100; world++) {
      const ids = names(count).map((name) => `${name} of ${world}`)
      const counts = Map.groupBy(homes(ids), (id) => id)
      expect(counts.size).toBe(count)
      const fair = conversations.length / count
      for (const { length } of counts.values()) expect(length).toBeWithin(fair / 2, fair * 1.6)
    }
  },
)

test('rings of few and of very many share by how many they are', () => {
  const few = ringOf(names(1_000))
  const many = ringOf(Array.from({ length: 9_000 }, (_, at) => `other-${at}`))
  const ofFew = conversations.filter((hash) => {
    const found = many.find(hash, Number.POSITIVE_INFINITY, () => true)
    return few.find(hash, found?.distance ?? 0, () => true) !== undefined
  })
  expect(ofFew.length / conversations.length).toBeWithin(0.07, 0.14)
})

test('who leaves moves only conversations of its own', () => {
  const before = homes(names(20))
  const after = homes(names(20).filter((id) => id !== 'account-7'))
  for (const [at, home] of before.entries()) if (home !== 'account-7') expect(after[at]).toBe(home)
})

test('who comes takes about its share and moves nothing else', () => {
  const before = homes(names(20))
  const after = homes(names(21))
  const moved = after.filter((home, at) => home !== before[at])
  expect(new Set(moved)).toEqual(new Set(['account-20']))
  expect(moved.length).toBeWithin(40, 200)
})

test('a heavier account has more of them', () => {
  const ring = createRing([
    { id: 'light', weight: 1 },
    { id: 'heavy', weight: 4 },
  ])
  const heavy = conversations.filter(
    (hash) => ring.find(hash, Number.POSITIVE_INFINITY, () => true)?.index === 1,
  )
  expect(heavy.length / conversations.length).toBeWithin(0.6, 0.95)
})

test('an empty ring, and one where nobody is fit, find nobody', () => {
  expect(ringOf([]).find(1, 1e12, () => true)).toBeUndefined()
  expect(ringOf(names(5)).find(1, 1e12, () => false)).toBeUndefined()
})

test('a conversation stays, moves while its account rests, and comes back', () => {
  const it = poolOf(names(20).map((id) => account(id)))
  const conversation = hashText('a talk')
  const turn = () => {
    const lease = it.lease({ conversation })
    if (!lease) throw new Error('Nobody is free.')
    return lease
  }
  const first = turn()
  it.pool.succeed(first)
  for (let at = 0; at < 50; at++) {
    const next = turn()
    expect(next.account.id).toBe(first.account.id)
    it.pool.succeed(next)
  }
  it.pool.blame(turn(), { state: 'cooling', reason: '', scope: '' })
  const other = turn()
  expect(other.account.id).not.toBe(first.account.id)
  it.pool.succeed(other)
  it.wait(30_000)
  expect(turn().account.id).toBe(first.account.id)
})

test('a conversation that swamps its account is spread', () => {
  const it = poolOf(names(20).map((id) => account(id)))
  const ids = Array.from({ length: 200 }, () => it.lease({ conversation: 7 })?.account.id)
  const counts = [...Map.groupBy(ids, (id) => id).values()].map(({ length }) => length)
  expect(Math.max(...counts)).toBeLessThan(40)
})
