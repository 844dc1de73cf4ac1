import { expect, test } from 'bun:test'
import { remember } from '#src/upstream/web/remember'

test('the oldest is forgotten where there are too many, and given back', () => {
  const map = new Map<string, number>()
  expect(remember(map, 'a', 1, 2)).toBeUndefined()
  expect(remember(map, 'b', 2, 2)).toBeUndefined()
  expect(remember(map, 'c', 3, 2)).toBe(1)
  expect([...map.keys()]).toEqual(['b', 'c'])
  expect(remember(map, 'b', 4, 2)).toBeUndefined()
  expect(remember(new Map(), 'a', 1, 0)).toBe(1)
})
