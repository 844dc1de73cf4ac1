import { expect, test } from 'bun:test'
import ranks from 'gpt-tokenizer/bpeRanks/cl100k_base'
import { createGptTokenizer } from '#src/turn/gpt-tokenizer'
import { decodeResponses } from '#src/turn/responses/decode'
import { countTokens } from '#src/turn/token-count'
import { ownClock } from '../support/own-clock'

const tokenizer = createGptTokenizer(ranks as never)

test.each([
  ['letters', 'a'],
  ['signs', '!'],
  ['spaces', ' '],
  ['line ends', '\n'],
  ['gaps of all kinds', ' \t\r\n'],
  ['signs and line ends', `${'!'.repeat(500)}${'\n'.repeat(500)}`],
])('a long text of nothing but %s is counted at once', (_, piece) => {
  const text = piece.repeat(Math.ceil(200_000 / piece.length))
  using clock = ownClock()
  const begun = clock.now()
  expect(tokenizer.count(text)).toBeGreaterThan(100)
  expect(clock.now() - begun).toBeLessThan(1_000)
  expect(tokenizer.split(text).join('')).toBe(text)
})

test('many long texts are counted in the time of some, as far as those tell', () => {
  let seed = 1
  const sign = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return String.fromCharCode(33 + (seed % 90))
  }
  const items = Array.from({ length: 40 }, () => {
    const text = Array.from({ length: 200_000 }, sign).join('')
    return { type: 'message', role: 'user', parts: [{ type: 'text', text }] } as const
  })
  const asked = decodeResponses({ model: 'm' }, [], 'm')
  const one = countTokens({ ...asked, items: items.slice(0, 1) }, tokenizer)
  using clock = ownClock()
  const begun = clock.now()
  const all = countTokens({ ...asked, items }, tokenizer)
  expect(clock.now() - begun).toBeLessThan(2_500)
  expect(all / one).toBeWithin(39, 41)
})
