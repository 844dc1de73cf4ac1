import { expect, test } from 'bun:test'
import { ApiError } from '#src/errors'
import { checkMetadata } from '#src/state/metadata'

const pairs = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']))

test.each([
  ['nothing', undefined],
  ['null', null],
  ['none', {}],
  ['sixteen', pairs(16)],
  ['the longest key', { ['k'.repeat(64)]: 'v' }],
  ['the longest value', { k: 'v'.repeat(512) }],
  ['the longest value of characters of two units', { k: '😀'.repeat(512) }],
])('metadata may be: %s', (_, value) => {
  expect(checkMetadata(value)).toEqual(value ?? {})
})

test.each([
  ['a text', 'x'],
  ['a list', ['x']],
  ['seventeen', pairs(17)],
  ['a longer key', { ['k'.repeat(65)]: 'v' }],
  ['a longer value', { k: 'v'.repeat(513) }],
  ['a number', { k: 1 }],
  ['an object', { k: {} }],
])('metadata may not be: %s', (_, value) => {
  const check = () => checkMetadata(value, 'meta')
  expect(check).toThrow(ApiError)
  try {
    check()
  } catch (error) {
    expect((error as ApiError).toBody().error).toMatchObject({
      type: 'invalid_request_error',
      code: 'invalid_value',
      param: 'meta',
    })
  }
})
