import { describe, expect, test } from 'bun:test'
import { decodeChatAnswer } from '#src/turn/chat/answer-decoder'
import { createChatDecoder } from '#src/turn/chat/decoder'
import { createChatEncoder } from '#src/turn/chat/encode'
import type { HostedItem, TurnEvent } from '#src/turn/event'
import { decodeResponsesAnswer } from '#src/turn/responses/decoder'
import { encode } from '../support/response-samples'
import { finish, texts } from '../support/scripted'
import { readEvents } from '../support/streams'

interface Annotation {
  readonly url: string
  readonly start_index: number
  readonly end_index: number
}

const TERMS = {
  ...{ model: 'm', includeUsage: false, choices: 1, showThinking: true, promptBytes: 0 },
  ...{ newId: () => '1', created: 1, names: new Map() },
}

const thinking: TurnEvent = { type: 'thinking', choice: 0, text: 'Hm', part: 0 }
const call: TurnEvent = { type: 'call', choice: 0, id: 'c', name: 'f', custom: false }
const refusal: TurnEvent = { type: 'refusal', choice: 0, text: 'No.' }

/** A search, as it begins and as it is done. */
const search = (id: string, ...urls: readonly string[]): TurnEvent[] =>
  [false, true].map((done) => ({
    type: 'hosted',
    choice: 0,
    item: {
      ...{ type: 'web_search_call', id, status: done ? 'completed' : 'in_progress' },
      action: {
        ...{ type: 'search', query: 'moss' },
        ...(done && { sources: urls.map((url) => ({ type: 'url', url })) }),
      },
    },
    done,
  }))

/** Says a text and names its source, which is called as the text. */
const sourced = (...said: readonly string[]): TurnEvent[] => {
  const whole = said.join('')
  const word = whole.trim()
  const start = whole.indexOf(word)
  const citation = { url: `https://${word}/`, title: word, start, end: start + word.length }
  return [...texts(...said), { type: 'citation', choice: 0, citation }]
}

const ANSWER: readonly TurnEvent[] = [
  thinking,
  ...search('ws_1', 'https://found/', 'https://one/'),
  ...sourced('On', 'e'),
  ...search('ws_2', 'https://late/'),
  ...sourced(' t', 'wo '),
  thinking,
  ...sourced('three'),
  refusal,
  ...sourced(' four'),
  finish(),
]
const WORDS = ['One', 'two', 'three', 'four']

function chatAnswer(events: readonly TurnEvent[], thinkTags = false) {
  const encoder = createChatEncoder({ ...TERMS, thinkTags })
  const stream = events.map((event) => encoder.push(event)).join('') + encoder.end()
  return { stream, answer: JSON.parse(encoder.answer()) }
}

describe('in chat', () => {
  test.each([false, true])('sources point at their words (think_tags: %p)', (thinkTags) => {
    const { stream, answer } = chatAnswer(ANSWER, thinkTags)
    const { content, annotations } = answer.choices[0].message
    const words = annotations.map(({ url_citation: it }: { url_citation: Annotation }) => [
      content.slice(it.start_index, it.end_index),
      it.url,
    ])
    expect(words).toEqual(WORDS.map((word) => [word, `https://${word}/`]))
    const told = readEvents(stream)
      .flatMap(
        (event) => (event as { choices?: { delta: { annotations?: unknown[] } }[] }).choices ?? [],
      )
      .flatMap(({ delta }) => delta.annotations ?? [])
    expect(told).toEqual(annotations)
  })

  test('what was searched is told at the root, once, in the order that it came up', () => {
    const { stream, answer } = chatAnswer(ANSWER)
    const all = ['found', 'one', 'One', 'late', 'two', 'three', 'four'].map(
      (it) => `https://${it}/`,
    )
    expect(answer.citations).toEqual(all)
    const told = readEvents(stream).map((event) => (event as { citations?: unknown }).citations)
    expect(told.filter(Boolean)).toEqual([all])
  })

  test.each<[string, HostedItem]>([
    [
      'another tool',
      { type: 'code_interpreter_call', action: { sources: [{ url: 'https://a/' }] } },
    ],
    ['a search without an action', { type: 'web_search_call' }],
    ['a search without sources', { type: 'web_search_call', action: { type: 'search' } }],
    [
      'sources without addresses',
      { type: 'web_search_call', action: { sources: [null, { url: 1 }] } },
    ],
  ])('there is nothing to tell of %s', (_, item) => {
    const hosted = {
      type: 'hosted',
      choice: 0,
      item: { id: 'x', ...item },
      done: true,
    } as TurnEvent
    expect(chatAnswer([hosted, ...texts('a'), finish()]).answer).not.toHaveProperty('citations')
  })
})

describe('in the Responses API', () => {
  test('sources point at their words, in the part that says them', () => {
    const { encoder } = encode(ANSWER)
    encoder.end()
    const { output } = JSON.parse(encoder.answer())
    const parts = output
      .filter(({ type }: { type: string }) => type === 'message')
      .flatMap(({ content }: { content: object[] }) => content)
      .filter(({ type }: { type: string }) => type === 'output_text')
    const words = parts.flatMap(
      ({ text, annotations }: { text: string; annotations: Annotation[] }) =>
        annotations.map(({ start_index, end_index }) => text.slice(start_index, end_index)),
    )
    expect(words).toEqual(WORDS)
  })

  test('a source that was told of late, of an earlier part, does not point before the beginning', () => {
    const late = {
      type: 'citation',
      choice: 0,
      citation: { url: 'u', title: 't', start: -3, end: -1 },
    }
    const { encoder } = encode([...texts('a'), late as TurnEvent])
    encoder.end()
    expect(JSON.parse(encoder.answer()).output[0].content[0].annotations[0]).toMatchObject({
      start_index: 0,
      end_index: 0,
    })
  })
})

describe('from one to the other', () => {
  const said = [
    ...sourced('one '),
    call,
    ...sourced('two'),
    refusal,
    ...sourced(' three'),
    finish('tool_calls'),
  ]

  test('chat that is read and written again says the same', () => {
    const { stream, answer } = chatAnswer(said)
    const decoder = createChatDecoder(TERMS)
    const streamed = [...decoder.push(new TextEncoder().encode(stream)), ...decoder.end()]
    expect(chatAnswer(streamed).answer.choices).toEqual(answer.choices)
    const whole = decodeChatAnswer(JSON.stringify(answer), TERMS)
    const { annotations, content } = chatAnswer(whole).answer.choices[0].message
    expect({ annotations, content }).toEqual({
      annotations: answer.choices[0].message.annotations,
      content: 'one two three',
    })
  })

  test('Responses that are read and written as chat point at the same words', () => {
    const { encoder } = encode(said)
    encoder.end()
    const { content, annotations } = chatAnswer(decodeResponsesAnswer(encoder.answer(), TERMS))
      .answer.choices[0].message
    const words = annotations.map(({ url_citation: it }: { url_citation: Annotation }) =>
      content.slice(it.start_index, it.end_index),
    )
    expect(words).toEqual(['one', 'two', 'three'])
  })

  test('a chat stream that is read and written as Responses does, too', () => {
    const decoder = createChatDecoder(TERMS)
    const { stream } = chatAnswer(said)
    const events = [...decoder.push(new TextEncoder().encode(stream)), ...decoder.end()]
    const { encoder } = encode(events)
    encoder.end()
    const { output } = JSON.parse(encoder.answer())
    const words = output
      .flatMap(
        ({ content }: { content?: { text?: string; annotations?: Annotation[] }[] }) =>
          content ?? [],
      )
      .flatMap(({ text = '', annotations = [] }: { text?: string; annotations?: Annotation[] }) =>
        annotations.map(({ start_index, end_index }) => text.slice(start_index, end_index)),
      )
    expect(words).toEqual(['one', 'two', 'three'])
  })
})
