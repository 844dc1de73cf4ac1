import { expect, test } from 'bun:test'
import { mayUse } from '#src/http/allow-list'
import { ownClock } from '../support/own-clock'

test.each([
  [null, 'anything', true],
  [[], 'anything', false],
  [['grok-4'], 'grok-4', true],
  [['grok-4'], 'grok-4-mini', false],
  [['grok-4*'], 'grok-4', true],
  [['grok-4*'], 'grok-4-mini', true],
  [['grok-4*'], 'grok-3', false],
  [['*-mini'], 'grok-4-mini', true],
  [['*-mini'], '-mini-x', false],
  [['grok*mini'], 'grokmini', true],
  [['grok-*-mini'], 'grok-mini', false],
  [['a*b*c'], 'a-b-c', true],
  [['a*b*c'], 'a-c-b', false],
  [['ab*ba'], 'aba', false],
  [['a*a*a'], 'aa', false],
  [['a*b*b'], 'ab', false],
  [['*'], '', true],
  [['**'], 'x', true],
  [['gpt.4*'], 'gptx4', false],
  [['one', 'tw*'], 'two', true],
] as const)('a key with the models %p may use %p: %p', (models, model, may) => {
  expect(mayUse({ models }, model)).toBe(may)
})

test('a pattern of many stars takes no time over a long name', () => {
  const models = [`${'a*'.repeat(40)}b`]
  using clock = ownClock()
  const began = clock.now()
  expect(mayUse({ models }, 'a'.repeat(100_000))).toBe(false)
  expect(clock.now() - began).toBeLessThan(100)
})
