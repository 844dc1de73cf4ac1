import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createRedactor } from '#src/stream/redact'
import { piecesOf } from '../support/streams'

test('a secret is taken out however the bytes are cut, and nothing else is touched', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constant('aab-secret'),
          fc.string({ unit: fc.constantFrom('a', 'b', '-', 's', 'é') }),
        ),
      ),
      fc.integer({ min: 1, max: 9 }),
      (parts, size) => {
        const redactor = createRedactor('aab-secret')
        const text = parts.join('|')
        const out = piecesOf(new TextEncoder().encode(text), size).map((piece) =>
          redactor.push(piece),
        )
        const bytes = Buffer.concat([...out, redactor.end()])
        expect(bytes.toString()).toBe(text.replaceAll('aab-secret', '[redacted]'))
      },
    ),
  ))

test('an event is not held back', () => {
  const redactor = createRedactor('xai-key')
  const piece = new TextEncoder().encode('data: {}\n\n')
  expect(redactor.push(piece)).toBe(piece)
})
