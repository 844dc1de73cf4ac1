import { expect, test } from 'bun:test'
import { durationOf } from '#src/http/admission'
import { windowAt } from '#src/http/window'
import type { Bucket } from '#src/store/allowances'

const at = (text: string) => Date.parse(text)

test.each<[Bucket, string, number, string]>([
  ['requests', '2026-01-31T23:59:59.999Z', 0, '2026-02-01T00:00:00Z'],
  ['tokens', '2026-01-31T12:00:00Z', 600, '2026-01-31T12:01:00Z'],
  ['chat', '2026-01-31T12:00:00Z', 0, '2026-02-01T00:00:00Z'],
  ['chat', '2026-01-31T12:00:00Z', 480, '2026-01-31T16:00:00Z'],
  ['image', '2026-01-31T16:00:00Z', 480, '2026-02-01T16:00:00Z'],
  ['cost', '2026-01-31T03:00:00Z', -300, '2026-01-31T05:00:00Z'],
  ['cost-month', '2026-01-31T12:00:00Z', 0, '2026-02-01T00:00:00Z'],
  ['cost-month', '2026-01-31T16:00:00Z', 480, '2026-02-28T16:00:00Z'],
  ['cost-month', '2026-12-31T23:00:00Z', 0, '2027-01-01T00:00:00Z'],
  ['cost-month', '2027-01-01T02:00:00Z', -180, '2027-01-01T03:00:00Z'],
])('the window of %s at %s, %i minutes ahead of UTC, ends at %s', (bucket, now, zone, end) => {
  const window = windowAt(bucket, at(now), zone)
  expect(window.endsAt).toBe(at(end))
  expect(windowAt(bucket, window.endsAt - 1, zone).number).toBe(window.number)
  expect(windowAt(bucket, window.endsAt, zone).number).toBe(window.number + 1)
})

test('turns at once are of one window that never ends', () => {
  expect(windowAt('concurrency', at('2026-01-31T12:00:00Z'), 60)).toEqual({
    number: 0,
    endsAt: Number.POSITIVE_INFINITY,
  })
})

test.each([
  [0, '0ms'],
  [59.2, '60ms'],
  [999, '999ms'],
  [1000, '1s'],
  [5001, '6s'],
  [60_000, '1m0s'],
  [359_001, '6m0s'],
])('%d ms are written %p, as OpenAI does', (ms, text) => {
  expect(durationOf(ms)).toBe(text)
})
