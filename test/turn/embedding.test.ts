import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { readVector, writeVector } from '#src/turn/embedding'

const vector = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 })

test('numbers come back from base64 as 32-bit floats', () =>
  fc.assert(
    fc.property(vector, (numbers) => {
      expect(readVector(writeVector(numbers))).toEqual([...new Float32Array(numbers)])
    }),
  ))

test('base64 comes back from its numbers as it was', () =>
  fc.assert(
    fc.property(vector, (numbers) => {
      const base64 = writeVector(numbers)
      expect(writeVector(readVector(base64) ?? [])).toBe(base64)
    }),
  ))

test('base64 is what the SDKs decode: little-endian', () =>
  fc.assert(
    fc.property(vector, (numbers) => {
      const { buffer } = Uint8Array.from(Buffer.from(writeVector(numbers), 'base64'))
      expect([...new Float32Array(buffer)]).toEqual([...new Float32Array(numbers)])
    }),
  ))

test.each([
  ['nothing', ''],
  ['half a number', 'AAA='],
  ['no base64', '!!!!'],
  ['what is no number', writeVector([Number.NaN])],
  ['what has no end', writeVector([Number.POSITIVE_INFINITY])],
])('%s is no vector', (_, base64) => {
  expect(readVector(base64)).toBeUndefined()
})
