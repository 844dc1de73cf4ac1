import { describe, expect, spyOn, test } from 'bun:test'
import { age, list, noteOnWorkers, parse, table, UsageError, wholeNumber } from '#src/cli/command'

const OPTIONS = {
  name: { type: 'string' },
  json: { type: 'boolean' },
  tag: { type: 'string', multiple: true },
} as const

/** What refuses, and what its operator is told to do. */
function refusalOf(act: () => unknown) {
  try {
    return { did: act() }
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause
    return { said: cause.message, remedy: cause.remedy }
  }
}

describe('what is on a command line', () => {
  test('is words, options and lists of them, in any order', () => {
    const args = ['add', '--name', 'web', '--tag', 'a', 'one', '--json', '--tag=b']
    const { values, lists, words } = parse(args, OPTIONS, 'x')
    expect(words).toEqual(['add', 'one'])
    expect([values.name, values.json, lists.tag]).toEqual(['web', true, ['a', 'b']])
    expect(parse([], OPTIONS, 'x').values.name).toBeUndefined()
  })

  test.each([
    [['--nmae', 'web'], "Unknown option '--nmae'."],
    [['--name'], "Option '--name <value>' argument missing."],
    [['--json=yes'], "Option '--json' does not take an argument."],
  ])('%p is not understood, and why is said in one sentence', (args, said) => {
    const remedy = 'Usage: groxy keys list [--json]'
    expect(refusalOf(() => parse(args, OPTIONS, 'keys list [--json]'))).toEqual({ said, remedy })
  })
})

describe('a whole number', () => {
  test.each([
    [undefined, undefined],
    ['1', 1],
    ['250', 250],
  ])('of %p is %p', (given, number) => {
    expect(wholeNumber('days', given)).toBe(number)
  })

  test.each(['0', '-3', '1.5', 'many', ''])('is not %p', (given) => {
    expect(refusalOf(() => wholeNumber('days', given))).toEqual({
      said: '--days must be a whole number of at least 1.',
      remedy: `Got "${given}".`,
    })
  })
})

test.each([
  ['a,b', ['a', 'b']],
  [' a , ,b,', ['a', 'b']],
  ['', []],
  [true, undefined],
  [undefined, undefined],
])('the list in %p is %p', (given, items) => {
  expect(list(given)).toEqual(items)
})

test.each([
  [-5, '0 s'],
  [119_400, '119 s'],
  [120_000, '2 min'],
  [7_199_000, '120 min'],
  [7_200_000, '2 h'],
  [172_799_000, '48 h'],
  [172_800_000, '2 d'],
])('%p milliseconds are said as %p', (ms, said) => {
  expect(age(ms)).toBe(said)
})

test('columns are as wide as what is widest in them, and no line ends in spaces', () => {
  const rows = [
    ['web', '2 h', ''],
    ['a longer name', '', 'x'],
  ]
  expect(table(['name', 'age', 'note'], rows).split('\n')).toEqual([
    'name           age  note',
    'web            2 h',
    'a longer name       x',
  ])
  expect(table(['name', 'age'], [])).toBe('name  age')
})

test('only over a remote database a Worker may have no proxies', () => {
  const said = spyOn(console, 'info').mockImplementation(() => {})
  try {
    noteOnWorkers(false)
    expect(said).not.toHaveBeenCalled()
    noteOnWorkers(true)
    expect(said.mock.calls.join()).toContain('Workers have no proxies')
  } finally {
    said.mockRestore()
  }
})
