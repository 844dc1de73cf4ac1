import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { compilePattern } from '#src/turn/json-schema/pattern'

/** Whether a pattern is found, and in how many steps. */
function look(source: string, text: string) {
  let steps = 0
  const found = compilePattern(source)?.test(text, (more) => {
    steps += more
  })
  return { found, steps }
}

describe('the same as JavaScript finds', () => {
  const ATOMS = [
    'a',
    'b',
    '.',
    '[ab]',
    '[^a]',
    '[a-c\\]]',
    '\\d',
    '\\w',
    '\\W',
    '\\s',
    '\\b',
    '\\B',
    '^',
    '$',
    '\\.',
  ]
  const MORE = [
    '(a|b)',
    '(?:ab)',
    '(?<n>ab|)',
    '\\u0061',
    '\\x62',
    '😀',
    '\\u{1F600}',
    '\\p{L}',
    '\\cJ',
    '{',
    '-',
  ]
  const atom = fc.constantFrom(...ATOMS, ...MORE)
  const often = fc.constantFrom(
    '',
    '',
    '',
    '*',
    '+',
    '?',
    '{2}',
    '{1,2}',
    '{0,}',
    '*?',
    '+?',
    '{2,3}?',
  )
  const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { maxDepth: 3 },
      fc.tuple(atom, often).map((parts) => parts.join('')),
      fc.array(tie('pattern'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
      fc.array(tie('pattern'), { minLength: 1, maxLength: 3 }).map((all) => `(${all.join('|')})`),
      fc.tuple(tie('pattern'), often).map(([inner, count]) => `(?:${inner})${count}`),
    ),
  }))
  const signs = fc.constantFrom('a', 'b', 'c', ' ', '.', '1', '😀', '\n', ']', '{')
  const text = fc.array(signs, { maxLength: 8 }).map((all) => all.join(''))

  test('whatever the pattern and the text', () =>
    fc.assert(
      fc.property(pattern, text, (source, given) => {
        expect(look(source, given).found).toBe(native(source)?.test(given))
      }),
      { numRuns: 3_000 },
    ))

  /** JSON Schema means patterns with the flag `u`; many are written without. */
  function native(source: string): RegExp | undefined {
    for (const flag of ['u', ''])
      try {
        return new RegExp(source, flag)
      } catch {
        // Perhaps with the other flag.
      }
    return
  }

  test.each([
    ['^[\\w.+-]+@[\\w-]+\\.[a-z]{2,}$', 'a.b+c@d-e.org', 'a@b'],
    ['^\\+?[0-9]{7,15}$', '+4712345678', '12'],
    ['^#(?:[0-9a-fA-F]{3}){1,2}$', '#abcdef', '#abcd'],
    ['^\\d{4}-\\d{2}(-\\d{2})?$', '2026-01', '2026-1'],
    ['^[A-Z]{3}\\-\\@$', 'ABC-@', 'AB-@'],
    ['^$|^x', '', 'y'],
    ['\\bcat\\b', 'a cat!', 'concat'],
    ['^[^\\s]+$', 'word', 'two words'],
  ])('%s', (source, good, bad) => {
    expect([look(source, good).found, look(source, bad).found]).toEqual([true, false])
  })
})

test.each([
  ['what is no pattern', '('],
  ['what looks around', '^(?=.*[A-Z])(?!x)\\w+$'],
  ['what looks back', '(?<=a)b'],
  ['what refers back', '(a)\\1'],
  ['what refers back by name', '(?<n>a)\\k<n>'],
  ['what becomes too long', '((a{99}){99}){99}'],
  ['what repeats nothing', '((?:){1000000}){1000000}'],
  ['what is too long', 'a'.repeat(2_001)],
  ['what changes the flags', '(?i:a)'],
])('has no answer to %s', (_, source) => {
  expect(compilePattern(source)).toBeUndefined()
})

test.each(['(a+)+$', '(a|a)*b', '(.*)*x', 'a*a*a*a*b', '(a?){30}a{30}$', '^(a+)+$'])(
  'reads each sign once: %s',
  (source) => {
    const [short, long] = [1_000, 10_000].map((count) => look(source, `${'a'.repeat(count)}!`))
    expect([short?.found, long?.found]).toEqual([false, false])
    expect(long?.steps).toBeLessThan(12 * (short?.steps ?? 0))
  },
)

test('stops at the first sign where a text can begin nowhere else', () => {
  expect(look('^b', 'a'.repeat(1_000)).steps).toBeLessThan(10)
})
