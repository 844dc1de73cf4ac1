import { describe, expect, test } from 'bun:test'
import { learnDelta, matchDelta } from '#src/turn/responses/delta-template'

const event = (number: number, delta: string, more: object = {}) => ({
  ...{ type: 'response.output_text.delta', sequence_number: number, item_id: 'msg_1' },
  ...{ output_index: 0, content_index: 0, delta, ...more },
})
const json = (...parts: Parameters<typeof event>) => JSON.stringify(event(...parts))

const HIDDEN = { logprobs: [], obfuscation: 'aZ09' }

/** What a template that was learnt from one event makes of another. */
function told(from: string, data: string): string | undefined {
  const template = learnDelta(from)
  return template && matchDelta(template, data)
}

describe('a delta like the one before', () => {
  test.each<[string, string, string, string]>([
    ['another number', json(4, 'one'), json(12, ' two'), ' two'],
    ['signs of every script', json(4, 'one'), json(5, ' 世界 👋🏽'), ' 世界 👋🏽'],
    ['no letters at all', json(4, 'one'), json(5, ''), ''],
    ['what hides its length', json(4, 'one', HIDDEN), json(5, 'two', HIDDEN), 'two'],
    [
      'other letters that hide it',
      json(4, 'one', HIDDEN),
      json(5, 'two', { ...HIDDEN, obfuscation: 'Q1' }),
      'two',
    ],
    ['nothing to hide it', json(4, 'one', HIDDEN), json(5, 'two', { logprobs: [] }), 'two'],
    ['no logprobs', json(4, 'one', { logprobs: [] }), json(5, 'two', { logprobs: [] }), 'two'],
  ])('is told by comparing: %s', (_, from, data, delta) => {
    expect(told(from, data)).toBe(delta)
  })
})

describe('a delta that has to be read', () => {
  const likely = { logprobs: [{ token: 'two', logprob: -1, top_logprobs: [] }] }
  test.each<[string, string, string]>([
    ['has letters that are escaped', json(4, 'one'), json(5, 'a "b"')],
    ['has a line break', json(4, 'one'), json(5, 'a\nb')],
    ['belongs to another part', json(4, 'one'), json(5, 'two', { content_index: 1 })],
    ['belongs to another item', json(4, 'one'), json(5, 'two', { item_id: 'msg_2' })],
    ['has logprobs', json(4, 'one', { logprobs: [] }), json(5, 'two', likely)],
    ['says more', json(4, 'one'), json(5, 'two', { extra: 1 })],
    [
      'hides more than letters',
      json(4, 'one', HIDDEN),
      json(5, 'two', { ...HIDDEN, obfuscation: '"' }),
    ],
    ['is cut', json(4, 'one'), json(5, 'two').slice(0, -1)],
    ['has a letter where its number was', json(4, 'one'), json(5, 'two').replace(':5,', ':x,')],
    ['has signs that JSON forbids', json(4, 'one'), json(5, 'two').replace('two', 't\two')],
    ['is another event', json(4, 'one'), json(5, 'two').replace('output_text', 'refusal')],
  ])('%s', (_, from, data) => {
    expect(learnDelta(from)).toBeDefined()
    expect(told(from, data)).toBeUndefined()
  })
})

describe('nothing is learnt', () => {
  test.each<[string, string]>([
    ['without a number', JSON.stringify({ ...event(0, 'one'), sequence_number: undefined })],
    ['with the number behind the letters', `{"delta":"one","sequence_number":4}`],
    ['from letters that are escaped', json(4, 'one"')],
    ['from logprobs', json(4, 'one', { logprobs: [{ token: 'one' }] })],
    ['from what is no JSON', json(4, 'one').replace('{', '[')],
    ['from spaces between', JSON.stringify(event(4, 'one'), undefined, 1)],
  ])('%s', (_, from) => {
    expect(learnDelta(from)).toBeUndefined()
  })
})
