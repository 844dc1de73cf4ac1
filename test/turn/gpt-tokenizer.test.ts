import { expect, test } from 'bun:test'
import ranks from 'gpt-tokenizer/bpeRanks/cl100k_base'
import { createGptTokenizer } from '#src/turn/gpt-tokenizer'

const tokenizer = createGptTokenizer(ranks as never)

test.each([
  ['letters', 'a'],
  ['signs', '!'],
  ['spaces', ' '],
  ['line ends', '\n'],
  ['gaps of all kinds', ' \t\r\n'],
  ['signs and line ends', `${'!'.repeat(500)}${'\n'.repeat(500)}`],
])('a long text of nothing but %s is counted at once', (_, piece) => {
  const text = piece.repeat(Math.ceil(50_000 / piece.length))
  const begun = performance.now()
  expect(tokenizer.count(text)).toBeGreaterThan(100)
  expect(performance.now() - begun).toBeLessThan(1_000)
  expect(tokenizer.split(text).join('')).toBe(text)
})
