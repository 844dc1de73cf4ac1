import { describe, expect, test } from 'bun:test'
import { findJson } from '#src/turn/format-prompt/find-json'
import { fit } from '#src/turn/format-prompt/fit'
import { ownClock } from '../support/own-clock'

const FENCE = '```'
const fenced = (json: string, language = 'json') => `${FENCE}${language}\n${json}\n${FENCE}`

describe('what models write around JSON', () => {
  test.each<[string, string, readonly string[]]>([
    ['nothing', '{"a":1}', ['{"a":1}']],
    ['blanks', '\n  {"a": 1}\n\n', ['{"a": 1}']],
    ['a fence', fenced('{"a":1}'), ['{"a":1}']],
    ['a fence that names no language', fenced('{"a":1}', ''), ['{"a":1}']],
    ['a fence of another language', fenced('[1]', 'javascript title="x.js"'), ['[1]']],
    [
      'a fence, and words',
      `Here you are:\n\n${fenced('{\n  "a": 1\n}')}\nAnything else?`,
      ['{\n  "a": 1\n}'],
    ],
    ['a fence behind words', `Here: ${fenced('{"a":1}')}`, ['{"a":1}']],
    ['a fence that is further in', `  ${FENCE}json\n  {"a":1}\n  ${FENCE}`, ['{"a":1}']],
    ['a fence with Windows lines', `${FENCE}json\r\n{"a":1}\r\n${FENCE}`, ['{"a":1}']],
    ['a fence in one line', `${FENCE}json {"a":1} ${FENCE}`, ['{"a":1}']],
    ['a fence that was not closed', `${FENCE}json\n{"a":1}`, ['{"a":1}']],
    ['a fence that closes behind it', `${FENCE}\n{"a":1}${FENCE}`, ['{"a":1}']],
    [
      'a fence within a text',
      `So: {"md":"${FENCE}js\\nx\\n${FENCE}"}`,
      [`{"md":"${FENCE}js\\nx\\n${FENCE}"}`],
    ],
    ['a fence around a text', fenced('"word"'), ['"word"']],
    [
      'a fence around something else, too',
      `${fenced('npm i', 'sh')}\n${fenced('{"a":1}')}`,
      ['{"a":1}'],
    ],
    ['words before', 'Sure! {"a":1}', ['{"a":1}']],
    ['words behind', '{"a":1}\nHope this helps :-}', ['{"a":1}']],
    ['brackets in words', 'As {name} said [sic]: {"a":1}', ['{"a":1}']],
    ['brackets within texts', 'So: {"a":"}]{\\"","b":[{}]} ok', ['{"a":"}]{\\"","b":[{}]}']],
    ['numbers in brackets', 'See [1]. {"a":1}', ['[1]', '{"a":1}']],
    ['several', '{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']],
    ['several fences', `${fenced('{"a":1}')}\n${fenced('{"b":2}')}`, ['{"a":1}', '{"b":2}']],
    ['what is broken', '{"a":1,}', []],
    ['what is half', '{"a":[{"b":1},', []],
    ['what is broken around something whole', 'So: {a: {"b":1}}', []],
    ['a bracket that never closes', 'From [0, 1) on: {"a":1}', []],
    ['only words', 'I cannot do that.', []],
    ['nothing at all', '', []],
    ['a word that is JSON', 'true', ['true']],
    ['a number among words', 'It is 5.', []],
  ])('%s', (_, text, json) => {
    const found = findJson(text)
    expect(found.map((it) => it.json)).toEqual([...json])
    for (const { json: own, start, value } of found) {
      expect(text.slice(start, start + own.length)).toBe(own)
      expect(JSON.parse(own)).toEqual(value)
    }
  })

  test.each([
    ['brackets that never close', '{'.repeat(4_000_000)],
    ['brackets that close', '{}'.repeat(2_000_000)],
    ['quotes', '{"'.repeat(2_000_000)],
    ['fences', `x${FENCE}\n`.repeat(500_000)],
    ['fences around nothing', `${FENCE}\n`.repeat(500_000)],
    ['blanks', `${' '.repeat(4_000_000)}x`],
    ['depth', `${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}x`],
  ])('takes time in proportion to the text: %s', (_, text) => {
    using clock = ownClock()
    const begun = clock.now()
    findJson(text)
    expect(clock.now() - begun).toBeLessThan(3_000)
  })
})

describe('what fits', () => {
  const json = { type: 'json' } as const
  const schema = {
    type: 'schema',
    name: 'n',
    description: undefined,
    strict: undefined,
    schema: { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] },
  } as const

  test.each([
    ['an object', json, '{"b":1}', '{"b":1}'],
    ['what the schema says', schema, 'So: {"a":1}', '{"a":1}'],
    ['the one that the schema says', schema, 'See [1], {"b":2} or {"a":1}.', '{"a":1}'],
    ['the object, when anything is allowed', json, 'See [1]: {"a":1}', '{"a":1}'],
    ['the same twice', json, `${fenced('{"a":1}')}\nOnce more:\n${fenced('{"a":1}')}`, '{"a":1}'],
    [
      'anything, when the schema cannot be followed to its end',
      { ...schema, schema: { $ref: '#' } },
      '[]',
      '[]',
    ],
  ])('%s', (_, format, text, found) => {
    expect(fit(text, format).found?.json).toBe(found)
  })

  test.each([
    ['no object', json, '[1]', 'it must be a JSON object'],
    ['no JSON', json, 'I will not.', 'it holds no whole JSON value'],
    ['half of it', json, '{"a":', /^it holds no whole JSON value \(.+\)$/],
    ['nothing', json, ' ', 'it is empty'],
    ['two', json, '{"a":1} {"b":2}', 'it holds several JSON values, and there must be one'],
    ['another', schema, 'See [1]: {"a":"1"}', 'a must be integer, not "1"'],
  ])('says what is wrong with %s', (_, format, text, wrong) => {
    expect(fit(text, format).wrong).toMatch(wrong)
  })
})
