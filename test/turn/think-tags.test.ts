import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Compile } from 'typebox/schema'
import { ApiError } from '#src/errors'
import { readObject } from '#src/json'
import { createChatEncoder } from '#src/turn/chat/encode'
import type { StreamTerms } from '#src/turn/chat/native-stream'
import { withoutThoughts } from '#src/turn/chat/think-tags'
import type { TurnEvent } from '#src/turn/event'
import { accumulate } from '../support/chat-stream'
import { type Definitions, FIXTURE } from '../support/official'
import { cite, finish, texts } from '../support/scripted'
import { readEvents } from '../support/streams'
import { gathered, turnEvents } from '../support/turn-events'

type Json = Record<string, unknown>

const official: Definitions = await Bun.file(FIXTURE).json()
const isAnswer = Compile({ $defs: official, $ref: '#/$defs/CreateChatCompletionResponse' })

const terms = (changes: Partial<StreamTerms> = {}): StreamTerms => ({
  model: 'grok-4',
  includeUsage: false,
  choices: 1,
  showThinking: true,
  thinkTags: true,
  promptBytes: 40,
  newId: () => '1',
  created: 1700000000,
  ...changes,
})

const thinking = (text: string, part = 0): TurnEvent => ({
  type: 'thinking',
  choice: 0,
  text,
  part,
})
const thought: TurnEvent = { type: 'thought', choice: 0, encrypted: null }
const call: TurnEvent = { type: 'call', choice: 0, id: 'c', name: 'f', custom: false }
const refusal: TurnEvent = { type: 'refusal', choice: 0, text: 'No.' }
const hosted: TurnEvent = {
  type: 'hosted',
  choice: 0,
  item: { type: 'web_search_call', id: 'ws_1' },
  done: true,
}

function streamOf(events: readonly TurnEvent[], changes?: Partial<StreamTerms>): string {
  const encoder = createChatEncoder(terms(changes))
  return events.map((event) => encoder.push(event)).join('') + encoder.end()
}

function answerOf(events: readonly TurnEvent[], changes?: Partial<StreamTerms>) {
  const encoder = createChatEncoder(terms(changes), { stream: false })
  for (const event of events) encoder.push(event)
  encoder.end()
  return JSON.parse(encoder.answer())
}

const deltasOf = (events: readonly TurnEvent[]): unknown[] =>
  readEvents(streamOf(events))
    .filter((event) => event !== '[DONE]')
    .flatMap((event) => ((event as Json).choices as Json[]).map(({ delta }) => delta))

const contentOf = (events: readonly TurnEvent[]): string =>
  deltasOf(events)
    .map((delta) => (delta as Json).content ?? '')
    .join('')

describe('thinking stands in the content, between tags', () => {
  test('the role comes with the first of it, and the answer after its end', () => {
    const events = [
      thinking('a'),
      thinking('b'),
      thinking('c', 1),
      thought,
      ...texts('x', 'y'),
      finish(),
    ]
    expect(deltasOf(events)).toEqual([
      { role: 'assistant', content: '<think>\na' },
      { content: 'b' },
      { content: '\n\nc' },
      { content: '\n</think>\n' },
      { content: 'x' },
      { content: 'y' },
      {},
    ])
  })

  test.each<[string, TurnEvent[], string]>([
    ['before text', [thinking('a'), ...texts('x')], '<think>\na\n</think>\nx'],
    ['before a call', [thinking('a'), call], '<think>\na\n</think>\n'],
    ['before a refusal', [thinking('a'), refusal], '<think>\na\n</think>\n'],
    ['before the finish', [thinking('a'), finish()], '<think>\na\n</think>\n'],
    ['at the end, without a finish', [thinking('a'), thought], '<think>\na\n</think>\n'],
    [
      'not while tools of the upstream are at work',
      [thinking('a'), hosted, thinking('b', 1), ...texts('x')],
      '<think>\na\n\nb\n</think>\nx',
    ],
    [
      'each time that it thinks again',
      [thinking('a'), thought, ...texts('x'), thinking('b'), ...texts('y')],
      '<think>\na\n</think>\nx<think>\nb\n</think>\ny',
    ],
    ['never where nothing was thought', [...texts('x'), finish()], 'x'],
    ['never where what was thought is not shown', [thought, ...texts('x'), finish()], 'x'],
  ])('the tag is closed %s', (_, events, content) => {
    expect(contentOf(events)).toBe(content)
    expect(answerOf(events).choices[0].message.content).toBe(content)
    expect(streamOf(events)).not.toContain('reasoning_content')
  })

  test('the tag is closed where the answer breaks off, in each choice that is thinking', () => {
    const encoder = createChatEncoder(terms({ choices: 3 }))
    const other = { ...thinking('b'), choice: 1 } as TurnEvent
    const said = [thinking('a'), other, ...texts('x')].map((event) => encoder.push(event)).join('')
    const events = readEvents(said + encoder.fail(new ApiError('upstream_error', 'Gone.')))
    expect(events.slice(-2)).toMatchObject([
      { choices: [{ index: 1, delta: { content: '\n</think>\n' } }] },
      { error: { message: 'Gone.' } },
    ])
    expect(JSON.stringify(events).split('</think>')).toHaveLength(3)
  })

  test('it is hidden with all other thinking', () => {
    const events = [thinking('a'), thought, ...texts('x'), finish()]
    expect(streamOf(events, { showThinking: false })).not.toContain('think>')
    expect(answerOf(events, { showThinking: false }).choices[0].message.content).toBe('x')
  })

  test('sources point at the same words as without', () => {
    const events = [
      thinking('abc'),
      ...texts('one two'),
      cite(4, 7),
      thinking('d'),
      ...texts('six'),
      cite(0, 3),
    ]
    const { content, annotations } = answerOf(events).choices[0].message
    const cited = annotations.map(
      ({
        url_citation: { start_index, end_index },
      }: Json & { url_citation: { start_index: number; end_index: number } }) =>
        content.slice(start_index, end_index),
    )
    expect(cited).toEqual(['two', 'six'])
  })

  const BLOCK = /<think>\n(.*?)\n<\/think>\n/gs
  /** Nobody can tell a tag from one that was thought, or said. */
  const untagged = turnEvents({ choices: 2 }).filter(
    (all) => !JSON.stringify(all).includes('think>'),
  )

  test('whatever is said: the stream is the answer, and the tags hold what was thought', () =>
    fc.assert(
      fc.property(untagged, (events) => {
        const changes = { choices: gathered(events).choices.length, includeUsage: true }
        const answer = answerOf(events, changes)
        expect(accumulate(readEvents(streamOf(events, changes)))).toEqual(answer)
        expect(isAnswer.Errors(answer)).toEqual([true, []])
        const plain = answerOf(events, { ...changes, thinkTags: false })
        for (const [index, { message }] of (answer.choices as { message: Json }[]).entries()) {
          const { reasoning_content: thoughts = '', ...was } = plain.choices[index].message
          expect({ ...message, content: 0, annotations: 0 }).toEqual({
            ...was,
            content: 0,
            annotations: 0,
          })
          const content = String(message.content ?? '')
          expect(content.replaceAll(BLOCK, '')).toBe(was.content ?? '')
          const blocks = [...content.matchAll(BLOCK)].map(([, inner]) => inner).join('')
          expect(blocks.replaceAll(/\s/g, '')).toBe(thoughts.replaceAll(/\s/g, ''))
        }
      }),
    ))
})

describe('what was thought aloud is left out of a request', () => {
  const asking = (messages: readonly unknown[], more = '') =>
    readObject(
      `{"model":"m","messages":${JSON.stringify(messages)},"seed":12345678901234567890${more}}`,
    ) as never
  const left = (messages: readonly unknown[]) =>
    withoutThoughts(asking(messages)).value.messages as unknown

  const CALLS = [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }]
  test.each<[string, Json, Json]>([
    ['a text', { content: '<think>\na\n</think>\nx' }, { content: 'x' }],
    ['a text with blanks', { content: '\n <think>a</think>\n\n x ' }, { content: 'x ' }],
    ['a thought alone', { content: '<think>\na\n</think>\n' }, { content: '' }],
    [
      'a thought before calls',
      { content: '<think>\na\n</think>\n', tool_calls: CALLS },
      { content: null, tool_calls: CALLS },
    ],
    [
      'the first part',
      {
        content: [
          { type: 'text', text: '<think>a</think>x' },
          { type: 'text', text: 'y' },
        ],
      },
      {
        content: [
          { type: 'text', text: 'x' },
          { type: 'text', text: 'y' },
        ],
      },
    ],
    [
      'a part that is a thought alone',
      {
        content: [
          { type: 'text', text: '<think>a</think>' },
          { type: 'text', text: 'y' },
        ],
      },
      { content: [{ type: 'text', text: 'y' }] },
    ],
    [
      'the only part',
      { content: [{ type: 'text', text: '<think>a</think>' }] },
      { content: [{ type: 'text', text: '' }] },
    ],
  ])('%s', (_, message, wanted) => {
    const user = { role: 'user', content: '<think>mine</think>' }
    expect(left([user, { role: 'assistant', ...message }, user])).toEqual([
      user,
      { role: 'assistant', ...wanted },
      user,
    ])
  })

  test('the rest of the request stays in its own words', () => {
    const { text, members } = withoutThoughts(
      asking([{ role: 'assistant', content: '<think>a</think>x' }]),
    )
    expect(text).toBe(
      '{"model":"m","seed":12345678901234567890,"messages":[{"role":"assistant","content":"x"}]}',
    )
    expect([...members().keys()]).toEqual(['model', 'seed', 'messages'])
  })

  test.each<[string, Json]>([
    ['later in a text', { role: 'assistant', content: 'x <think>a</think>' }],
    ['that does not end', { role: 'assistant', content: '<think>a' }],
    ['of others', { role: 'user', content: '<think>a</think>x' }],
    ['where nothing is said', { role: 'assistant', content: null, tool_calls: CALLS }],
    [
      'where there are no words',
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    ],
    ['where there are no parts', { role: 'assistant', content: [] }],
    ['in plain parts', { role: 'assistant', content: [{ type: 'text', text: 'x' }] }],
  ])('tags stay %s', (_, message) => {
    const request = asking([message])
    expect(withoutThoughts(request)).toBe(request)
  })

  test('in a time that does not depend on what they look like', () => {
    const begun = performance.now()
    left([
      { role: 'assistant', content: '<think>'.repeat(500_000) },
      { role: 'assistant', content: ' '.repeat(1_000_000) },
    ])
    expect(performance.now() - begun).toBeLessThan(2_000)
  })
})
