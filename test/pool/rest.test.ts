import { expect, test } from 'bun:test'
import { keepRest, type Rest } from '#src/pool/rest'

const until = (at: number): Rest => ({ state: 'cooling', reason: '429', until: at, faults: 1 })

test('of 64 scopes the one whose rest would end first makes room for another', () => {
  const scoped = new Map<string, Rest>()
  for (let number = 0; number < 64; number++)
    keepRest(scoped, `model-${number}`, until(1_000 + ((number + 32) % 64)))
  keepRest(scoped, 'one more', until(5))
  expect(scoped.size).toBe(64)
  expect(scoped.has('model-32')).toBe(false)
  keepRest(scoped, 'one more', until(5_000))
  expect(scoped.size).toBe(64)
  keepRest(scoped, 'the last', until(6_000))
  expect(scoped.has('model-33')).toBe(false)
  expect(scoped.has('one more')).toBe(true)
})
