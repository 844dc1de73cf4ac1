import { expect, test } from 'bun:test'
import { portioned, portionOf } from '#src/pool/portion'

const selves = (processes: number) =>
  Array.from({ length: processes }, (_, index) => ({ processes, index }))

test.each([
  { limit: 10, processes: 1, parts: [10] },
  { limit: 10, processes: 4, parts: [3, 3, 2, 2] },
  { limit: 9, processes: 3, parts: [3, 3, 3] },
  { limit: 1, processes: 3, parts: [1, 1, 1] },
  { limit: 0, processes: 2, parts: [0, 0] },
  { limit: Number.POSITIVE_INFINITY, processes: 2, parts: [Infinity, Infinity] },
])('of $limit each of $processes processes has its part', ({ limit, processes, parts }) => {
  expect(selves(processes).map((self) => portionOf(limit, self))).toEqual([...parts])
})

test('an account without limits has none in any process', () => {
  const account = { maxInFlight: Number.POSITIVE_INFINITY, requestsPerMinute: null, name: 'a' }
  for (const self of selves(2)) expect(portioned(account, self)).toEqual(account)
})

test('turns at once and in a minute are parted, each for itself', () => {
  const account = { maxInFlight: 5, requestsPerMinute: 61 }
  expect(selves(2).map((self) => portioned(account, self))).toEqual([
    { maxInFlight: 3, requestsPerMinute: 31 },
    { maxInFlight: 2, requestsPerMinute: 30 },
  ])
})
