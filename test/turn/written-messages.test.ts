import { describe, expect, test } from 'bun:test'
import { writeMessages } from '#src/turn/chat/written-messages'
import type { TurnCall, TurnItem, TurnPart } from '#src/turn/request'

function write(items: readonly TurnItem[]) {
  const dropped = new Set<string>()
  const nameOf = ({ name }: TurnCall) => name
  const messages = writeMessages(items, { nameOf, dropped })
  return { messages: JSON.parse(JSON.stringify(messages)), dropped: [...dropped] }
}
const messagesOf = (items: readonly TurnItem[]) => write(items).messages

const text = (it: string): TurnPart => ({ type: 'text', text: it })
const say = (role: 'user' | 'assistant' | 'developer' | 'system', it: string): TurnItem => ({
  type: 'message',
  role,
  parts: [text(it)],
})
const call = (id: string, name = 'f', more: object = {}): TurnItem => ({
  type: 'call',
  id,
  name,
  arguments: '{}',
  custom: false,
  ...more,
})
const gives = (id: string, ...parts: TurnPart[]): TurnItem => ({
  type: 'result',
  id,
  parts,
  custom: false,
})
const wireCall = (id: string, name = 'f', given = '{}') => ({
  id,
  type: 'function',
  function: { name, arguments: given },
})
const PICTURE: TurnPart = { type: 'image', url: 'https://p/1', detail: 'original' }

describe('a conversation becomes chat messages', () => {
  const cases: [string, TurnItem[], unknown[]][] = [
    [
      'calls in a row, with the words before them, are one message; results follow in the calls’ order',
      [
        say('assistant', 'Let me see.'),
        call('a'),
        call('b'),
        gives('b', text('2')),
        gives('a', text('1')),
      ],
      [
        { role: 'assistant', content: 'Let me see.', tool_calls: [wireCall('a'), wireCall('b')] },
        { role: 'tool', tool_call_id: 'a', content: '1' },
        { role: 'tool', tool_call_id: 'b', content: '2' },
      ],
    ],
    [
      'calls one after the other stay apart',
      [call('a'), gives('a', text('1')), call('b'), gives('b', text('2'))],
      [
        { role: 'assistant', content: null, tool_calls: [wireCall('a')] },
        { role: 'tool', tool_call_id: 'a', content: '1' },
        { role: 'assistant', content: null, tool_calls: [wireCall('b')] },
        { role: 'tool', tool_call_id: 'b', content: '2' },
      ],
    ],
    [
      'words between calls join their message, thoughts leave no trace',
      [
        call('a'),
        { type: 'thought', text: 'hm', encrypted: 'x' },
        say('assistant', 'And'),
        call('b'),
        gives('a'),
        gives('b'),
      ],
      [
        { role: 'assistant', content: 'And', tool_calls: [wireCall('a'), wireCall('b')] },
        { role: 'tool', tool_call_id: 'a', content: '' },
        { role: 'tool', tool_call_id: 'b', content: '' },
      ],
    ],
    [
      'a call without output gets one that says so, and what came later stays behind it',
      [call('a'), say('user', 'Never mind.')],
      [
        { role: 'assistant', content: null, tool_calls: [wireCall('a')] },
        { role: 'tool', tool_call_id: 'a', content: 'There is no output of this call.' },
        { role: 'user', content: 'Never mind.' },
      ],
    ],
    [
      'a result that comes late is moved to its call',
      [call('a'), say('user', 'Well?'), gives('a', text('1'))],
      [
        { role: 'assistant', content: null, tool_calls: [wireCall('a')] },
        { role: 'tool', tool_call_id: 'a', content: '1' },
        { role: 'user', content: 'Well?' },
      ],
    ],
    [
      'an id that is used again belongs to the newest call that waits',
      [call('a'), gives('a', text('1')), call('a'), gives('a', text('2'))],
      [
        { role: 'assistant', content: null, tool_calls: [wireCall('a')] },
        { role: 'tool', tool_call_id: 'a', content: '1' },
        { role: 'assistant', content: null, tool_calls: [wireCall('a')] },
        { role: 'tool', tool_call_id: 'a', content: '2' },
      ],
    ],
    [
      'a result without a call is told by the user',
      [gives('gone', text('42'))],
      [{ role: 'user', content: 'Output of the tool call gone:\n42' }],
    ],
    [
      'pictures of results follow in a message of the user, after all results',
      [call('a', 'shoot'), call('b'), gives('a', text('Here:'), PICTURE), gives('b', PICTURE)],
      [
        { role: 'assistant', content: null, tool_calls: [wireCall('a', 'shoot'), wireCall('b')] },
        { role: 'tool', tool_call_id: 'a', content: 'Here:' },
        {
          role: 'tool',
          tool_call_id: 'b',
          content: 'The output follows in the next message of the user.',
        },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'From the output of shoot:' },
            { type: 'image_url', image_url: { url: 'https://p/1', detail: 'high' } },
            { type: 'text', text: 'From the output of f:' },
            { type: 'image_url', image_url: { url: 'https://p/1', detail: 'high' } },
          ],
        },
      ],
    ],
    [
      'text is one string, other parts make a list',
      [
        { type: 'message', role: 'user', parts: [text('a'), text('b')], name: 'Ada' },
        {
          type: 'message',
          role: 'user',
          parts: [
            text('a'),
            { type: 'audio', data: 'UklG', format: 'wav' },
            { type: 'file', data: 'data:,x', filename: 'x.txt' },
            { type: 'file', url: 'https://f/x.pdf' },
          ],
        },
        {
          type: 'message',
          role: 'assistant',
          parts: [text('No.'), { type: 'refusal', text: 'I will not.' }],
        },
      ],
      [
        { role: 'user', content: 'a\nb', name: 'Ada' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'input_audio', input_audio: { data: 'UklG', format: 'wav' } },
            { type: 'file', file: { filename: 'x.txt', file_data: 'data:,x' } },
            { type: 'text', text: 'File: https://f/x.pdf' },
          ],
        },
        { role: 'assistant', content: 'No.\nI will not.' },
      ],
    ],
  ]
  test.each(cases)('%s', (_, items, messages) => {
    expect(messagesOf(items)).toEqual(messages)
  })

  test('a developer is a system (C25)', () => {
    const { messages } = write([say('developer', 'Be brief.'), say('system', 'Be kind.')])
    expect(messages.map(({ role }: { role: string }) => role)).toEqual(['system', 'system'])
  })

  test('what upstreams’ tools did is left out, and said once to be', () => {
    const search: TurnItem = { type: 'hosted', item: { type: 'web_search_call', id: 'ws_1' } }
    const { messages, dropped } = write([search, say('user', 'So?'), search])
    expect([messages.length, dropped]).toEqual([1, ['web_search_call']])
  })

  test('a picture that only an id names is refused', () => {
    const items: TurnItem[] = [
      { type: 'message', role: 'user', parts: [{ type: 'image', fileId: 'file-1' }] },
    ]
    expect(() => write(items)).toThrow('pictures by address or as data only')
  })
})
