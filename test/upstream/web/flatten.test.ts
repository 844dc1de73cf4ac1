import { describe, expect, test } from 'bun:test'
import type { TurnItem, TurnMessage, TurnPart } from '#src/turn/request'
import { flatten } from '#src/upstream/web/flatten'

const said = (
  role: TurnMessage['role'],
  text: string | readonly TurnPart[],
  name?: string,
): TurnItem => ({
  type: 'message',
  role,
  parts: typeof text === 'string' ? [{ type: 'text', text }] : text,
  ...(name && { name }),
})

const user = (text: string | readonly TurnPart[], name?: string) => said('user', text, name)
const assistant = (text: string) => said('assistant', text)
const words = (text: string): TurnPart => ({ type: 'text', text })
const picture = (url: string): TurnPart => ({ type: 'image', url })
const call = (id: string, name = 'weather'): TurnItem => ({
  type: 'call',
  id,
  name,
  arguments: '{"city":"Oslo"}',
  custom: false,
})
const result = (id: string, ...parts: readonly TurnPart[]): TurnItem => ({
  type: 'result',
  id,
  parts,
  custom: false,
})

const messageOf = (...items: readonly TurnItem[]) =>
  flatten(items, { needsPicture: false, prefix: '' }).message

const urlsOf = (items: readonly TurnItem[], needsPicture = false) =>
  flatten(items, { needsPicture, prefix: '' }).attachables.map((part) =>
    part.type === 'audio' ? part.data : part.url,
  )

describe('a conversation in one message', () => {
  test('a single question stands bare', () => {
    expect(messageOf(user('Hello'))).toBe('Hello')
  })

  test('instructions come first, whatever their place, and the last words of the user bare', () => {
    const items = [
      user('One'),
      said('system', 'Be brief.'),
      assistant('Two'),
      said('developer', 'Be kind.'),
      user('Three'),
    ]
    expect(messageOf(...items)).toBe(
      'system: Be brief.\n\ndeveloper: Be kind.\n\nuser: One\n\nassistant: Two\n\nThree',
    )
  })

  test('several parts are lines of one block', () => {
    expect(messageOf(user([words('One'), words('Two')]), assistant('Three'), user('Four'))).toBe(
      'user: One\nTwo\n\nassistant: Three\n\nFour',
    )
  })

  test('names are told, those of the last speaker too', () => {
    expect(messageOf(user('Hi', 'Ann'), user('Ho', 'Bob'))).toBe('user (Ann): Hi\n\nuser (Bob): Ho')
  })

  test('a beginning of the answer stays what it is', () => {
    expect(messageOf(user('Count'), assistant('One, two,'))).toBe(
      'user: Count\n\nassistant: One, two,',
    )
  })

  test('refusals are what the assistant said, and thoughts are left out', () => {
    const refusal = said('assistant', [{ type: 'refusal', text: 'No.' }])
    const thought: TurnItem = { type: 'thought', text: 'Hm', encrypted: null }
    expect(messageOf(user('Do it'), thought, refusal, user('Why?'))).toBe(
      'user: Do it\n\nassistant: No.\n\nWhy?',
    )
  })

  test('calls and what they gave are told in words, by the name of their tool', () => {
    expect(
      messageOf(user('Weather?'), call('c1'), result('c1', words('12°')), result('c9', words('?'))),
    ).toBe(
      'user: Weather?\n\nassistant: [calls the tool weather with {"city":"Oslo"}]\n\ntool (weather): 12°\n\ntool (c9): ?',
    )
  })

  test('what an upstream searched is told, and what nobody can tell is named', () => {
    const hosted = (type: string, action: object): TurnItem => ({
      type: 'hosted',
      item: { type, action },
    })
    const { message, dropped } = flatten(
      [
        user('News?'),
        hosted('web_search_call', { type: 'search', query: 'news' }),
        hosted('mcp_call', {}),
        assistant('None.'),
        user('Sure?'),
      ],
      { needsPicture: false, prefix: '' },
    )
    expect(message).toBe(
      'user: News?\n\nassistant: [searched the web for: news]\n\nassistant: None.\n\nSure?',
    )
    expect(dropped).toEqual(['mcp_call'])
  })

  test('pictures and files of earlier messages leave a mark, and empty messages nothing', () => {
    const parts = [picture('a'), { type: 'file' as const, data: 'b', filename: 'plan.pdf' }]
    expect(messageOf(user(parts), assistant(''), user('Go on'))).toBe(
      'user: [picture]\n[file plan.pdf]\n\nGo on',
    )
  })

  test('there is always something to say', () => {
    expect(messageOf(user([picture('a')]))).toBe('Look at what is attached.')
  })

  test('a prefix stands before the last words of the user', () => {
    const { message, wish } = flatten([said('system', 'Be brief.'), user('A cat')], {
      needsPicture: false,
      prefix: 'Image Generation: ',
    })
    expect([message, wish]).toEqual(['system: Be brief.\n\nImage Generation: A cat', 'A cat'])
  })
})

describe('what is uploaded', () => {
  const told = (url: string) => user([words('See'), picture(url)])
  const cases: readonly [string, readonly TurnItem[], readonly string[]][] = [
    ['only of the last message', [told('a'), assistant('I see'), told('b')], ['b']],
    ['nothing, when the last message has none', [told('a'), assistant('I see'), user('Hm')], []],
    ['of all that was said since the last answer', [told('a'), told('b'), user('Hm')], ['a', 'b']],
    [
      'the latest earlier one, when it is spoken of',
      [told('a'), assistant('1'), told('b'), assistant('2'), user('What is in the picture?')],
      ['b'],
    ],
    ['the same in Chinese', [told('a'), assistant('1'), user('图里有什么')], ['a']],
    [
      'what was asked before a tool was called',
      [told('a'), call('c1'), result('c1', words('12°'))],
      ['a'],
    ],
    [
      'the same when the tool was put in words',
      [
        told('a'),
        assistant('<tool_call>{}</tool_call>'),
        user('<tool_result call="c1">12°</tool_result>'),
      ],
      ['a'],
    ],
    [
      'what a tool gave',
      [user('Draw'), call('c1'), result('c1', words('See'), picture('b'))],
      ['b'],
    ],
    ['that of the question whose answer was begun', [told('a'), assistant('It is')], ['a']],
  ]
  for (const [name, items, urls] of cases)
    test(name, () => expect(urlsOf(items)).toEqual([...urls]))

  const drawn = (result: string | null): TurnItem => ({
    type: 'hosted',
    item: { type: 'image_generation_call', id: 'ig', status: 'completed', result },
  })

  for (const [name, items] of [
    ['with its words', [user('A cat'), drawn('a'), drawn('b'), assistant('Here'), user('Blue')]],
    ['without', [user('A cat'), drawn('b'), user('Blue')]],
    ['and not what became none', [user('A cat'), drawn('b'), drawn(null), user('Blue')]],
  ] as const)
    test(`a picture that was drawn, ${name}, where nothing can be done without one`, () => {
      expect(urlsOf(items, true)).toEqual(['b'])
      expect(urlsOf(items)).toEqual([])
    })

  test('an earlier picture, where nothing can be done without one', () => {
    expect(urlsOf([told('a'), assistant('Nice'), user('Make it blue')], true)).toEqual(['a'])
  })
})
