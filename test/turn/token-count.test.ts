import { describe, expect, test } from 'bun:test'
import type { TurnFormat, TurnItem, TurnPart, TurnTool } from '#src/turn/request'
import { decodeResponses } from '#src/turn/responses/decode'
import { countTokens } from '#src/turn/token-count'

/** A token is a word, so that sums can be done in the head. */
const words = (text: string) => text.split(' ')
const tokenizer = { count: (text: string) => words(text).length, split: words }

const asked = decodeResponses({ model: 'm' }, [], 'm')
const nothing = countTokens(asked, tokenizer)
const worth = (...items: readonly TurnItem[]) =>
  countTokens({ ...asked, items }, tokenizer) - nothing

/** What a message costs before it says anything. */
const FRAME = worth({ type: 'message', role: 'user', parts: [] })

describe('the tokens of an item', () => {
  test.each<[string, TurnItem, number]>([
    [
      'a call: its name and its arguments',
      { type: 'call', id: 'c', name: 'f', arguments: 'a b c', custom: false },
      4,
    ],
    ['a thought: its text', { type: 'thought', text: 'it may be so', encrypted: 'x y z' }, 4],
    ['what a hosted tool did: its JSON', { type: 'hosted', item: { type: 'a b c' } }, 3],
    [
      'a result: its parts',
      { type: 'result', id: 'c', parts: [{ type: 'text', text: 'two words' }], custom: false },
      2,
    ],
  ])('%s', (_, item, tokens) => {
    expect(worth(item) - FRAME).toBe(tokens)
  })
})

describe('the tokens of a part', () => {
  const data = 'x'.repeat(1_600)
  test.each<[string, TurnPart, number]>([
    ['a text', { type: 'text', text: 'one two three' }, 3],
    ['a refusal', { type: 'refusal', text: 'I will not' }, 3],
    ['a picture, however long its address', { type: 'image', url: `data:,${data}` }, 765],
    ['sound, by its length', { type: 'audio', data, format: 'wav' }, 100],
    ['a file, by its length', { type: 'file', data }, 100],
    ['a file elsewhere, of which nothing is known', { type: 'file', fileId: 'file-1' }, 0],
  ])('%s', (_, part, tokens) => {
    expect(worth({ type: 'message', role: 'user', parts: [part] }) - FRAME).toBe(tokens)
  })
})

test('every item costs its frame', () => {
  const item: TurnItem = { type: 'message', role: 'user', parts: [] }
  expect(FRAME).toBeGreaterThan(0)
  expect(worth(item, item, item)).toBe(3 * FRAME)
})

test('tools and the schema of an answer are counted too', () => {
  const tool: TurnTool = {
    type: 'function',
    name: 'f',
    description: 'tells the time',
    parameters: {},
    strict: undefined,
  }
  expect(countTokens({ ...asked, tools: [tool] }, tokenizer)).toBe(nothing + 3)
  const format: TurnFormat = {
    type: 'schema',
    name: 's',
    description: undefined,
    schema: { title: 'what is said' },
    strict: undefined,
  }
  expect(countTokens({ ...asked, format }, tokenizer)).toBe(nothing + 3)
})
