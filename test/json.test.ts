import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { editObject, readObject, replaceMembers } from '#src/json'

const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }))
const json = (value: unknown, spaces: number) => JSON.stringify(value, null, spaces)

test('reads what JSON.parse reads, however it is spaced', () =>
  fc.assert(
    fc.property(object, fc.integer({ min: 0, max: 3 }), (value, spaces) => {
      const text = json(value, spaces)
      expect(readObject(text).value).toEqual(JSON.parse(text))
    }),
  ))

test('an edit changes the named members and keeps the others letter for letter', () =>
  fc.assert(
    fc.property(
      object,
      fc.string(),
      fc.jsonValue(),
      fc.integer({ min: 0, max: 3 }),
      (value, key, put, spaces) => {
        const read = readObject(json(value, spaces))
        const { [key]: _, ...rest } = JSON.parse(JSON.stringify(value))
        const wanted = JSON.parse(JSON.stringify({ ...rest }))
        expect(JSON.parse(editObject(read, { [key]: undefined }))).toEqual(wanted)
        const replaced = JSON.parse(editObject(read, { [key]: JSON.stringify(put) }))
        expect(Object.hasOwn(replaced, key) ? replaced[key] : undefined).toEqual(
          JSON.parse(JSON.stringify(put)),
        )
      },
    ),
  ))

test('numbers that JavaScript cannot hold pass an edit unharmed', () => {
  const read = readObject('{"seed": 12345678901234567890, "t": 1.0, "model": "a"}')
  expect(editObject(read, { model: '"b"' })).toBe(
    '{"seed": 12345678901234567890,"t": 1.0,"model":"b"}',
  )
})

describe('refuses', () => {
  const deep = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
  const cases: readonly [string, string, string][] = [
    ['a key twice', '{"a":1,"a":2}', 'duplicate_key'],
    ['a key twice, once escaped', '{"model":1,"\\u006dodel":2}', 'duplicate_key'],
    ['a key twice, deep within', '{"a":[{"b":{"c":1,"c":1}}]}', 'duplicate_key'],
    ['a key twice in a long body', `{"a":"${'x'.repeat(5000)}","b":1,"a":2}`, 'duplicate_key'],
    [
      'a key twice among many',
      `{${Array.from({ length: 40 }, (_, i) => `"k${i % 39}":1`)}}`,
      'duplicate_key',
    ],
    ['what nests 10,000 deep', deep(10_000), 'invalid_json'],
    ['a list', '[1]', 'invalid_json'],
    ['null', 'null', 'invalid_json'],
    ['nothing', '', 'invalid_json'],
    ['half an object', '{"a":', 'invalid_json'],
    ['an open string', '{"a":"', 'invalid_json'],
    ['a comma too many', '{"a":1,}', 'invalid_json'],
  ]
  test.each(cases)('%s', (_, text, code) => {
    expect(() => readObject(text)).toThrow(expect.objectContaining({ code }))
  })
})

test('whatever is thrown at it, it answers with an object or an ApiError', () =>
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ nul1') }), (text) => {
      try {
        readObject(text)
      } catch (error) {
        expect(error).toHaveProperty('name', 'ApiError')
      }
    }),
    { numRuns: 2000 },
  ))

test('an object with other members has the rest of its text letter for letter', () => {
  const read = readObject('{"seed": 12345678901234567890, "model": "a", "n": 1}')
  const other = replaceMembers(read as typeof read & { value: { model: string } }, { model: 'b' })
  expect(other.value).toEqual({ ...read.value, model: 'b' })
  expect(other.text).toBe('{"seed": 12345678901234567890,"n": 1,"model":"b"}')
  expect(editObject(other, { n: undefined })).toBe('{"seed": 12345678901234567890,"model":"b"}')
})
