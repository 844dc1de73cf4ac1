import { expect, test } from 'bun:test'
import { letGo } from '#src/stream/bytes'

test('bytes that are let go of are gone, and those that are part of others stay', () => {
  const whole = Uint8Array.of(1, 2, 3)
  letGo(whole.subarray(1))
  expect(whole).toEqual(Uint8Array.of(1, 2, 3))
  letGo(whole)
  expect(whole.length).toBe(0)
  const shared = new Uint8Array(new SharedArrayBuffer(3))
  letGo(shared)
  expect(shared.length).toBe(3)
})
