import { describe, expect, test } from 'bun:test'
import type { WebEvent } from '#src/upstream/web/voice'
import {
  decode,
  eventsOf,
  found,
  frame,
  header,
  OPENING,
  said,
  thinking,
  token,
  toolCard,
  toolElement,
  toolResult,
  whole,
} from '../../support/web-answer'

const END = [token('Hi'), whole('Hi')]

/** The parts of a thought. */
function partsOf(events: readonly WebEvent[]): string[] {
  const parts: string[] = []
  for (const event of events)
    if (event.type === 'thinking') parts[event.part] = (parts[event.part] ?? '') + event.text
  return parts
}

/** The items of Responses, with what is said between them. */
const itemsOf = (events: readonly WebEvent[]): string[] =>
  events.flatMap((event) => {
    if (event.type === 'hosted') return [`${event.done ? 'done' : 'begun'} ${event.item.id}`]
    return event.type === 'finish' || event.type === 'thought' ? [] : [event.type]
  })

describe('a thought', () => {
  test('has a part for each section, and ends before the answer', () => {
    const events = eventsOf([
      ...OPENING,
      header('Reading the question', 0),
      thinking('The user', { messageStepId: 0 }),
      thinking(' greets.', { messageStepId: 0 }),
      header(' Answering ', 1),
      thinking('Say Hi.', { messageTag: 'analysis', messageStepId: 1 }),
      thinking('Done.', { messageStepId: 2 }),
      ...END,
    ])
    expect(partsOf(events)).toEqual([
      '**Reading the question**\n\nThe user greets.',
      '**Answering**\n\nSay Hi.',
      'Done.',
    ])
    expect(events.slice(-3).map(({ type }) => type)).toEqual(['thought', 'text', 'finish'])
    expect(events.filter(({ type }) => type === 'thought')).toHaveLength(1)
  })

  test('may come behind the answer too', () => {
    const events = eventsOf([
      thinking('One.'),
      token('Hi'),
      thinking('Two.'),
      token(' you'),
      whole(),
    ])
    expect(events.map(({ type }) => type)).toEqual([
      'thinking',
      'thought',
      'text',
      'thinking',
      'thought',
      'text',
      'finish',
    ])
  })

  test('names the agents that think at the same time', () => {
    const by = (rolloutId: string, step: number) => ({ rolloutId, messageStepId: step })
    const lines = [
      header('Reading', 0, { rolloutId: 'Grok' }),
      thinking('A.', by('Grok', 0)),
      thinking('B.', by('Agent 1', 0)),
      thinking('C.', by('Agent 1', 0)),
      header('Counting', 1, { rolloutId: 'Agent 2' }),
      thinking('D.', by('Grok', 0)),
    ]
    const parts = [
      '**Grok: Reading**\n\nA.',
      '**Agent 1**\n\nB.C.',
      '**Agent 2: Counting**\n\n',
      '**Grok**\n\nD.',
    ]
    expect(partsOf(eventsOf([...lines, ...END]))).toEqual(parts)
    const layout = frame({ uiLayout: { rolloutIds: ['Grok', 'Agent 1', 'Agent 2'] } })
    expect(partsOf(eventsOf([layout, ...lines, ...END]))).toEqual(parts)
  })

  test('does not name the only one', () => {
    const layout = frame({ uiLayout: { rolloutIds: ['Grok'] } })
    const lines = [layout, header('Reading', 0, { rolloutId: 'Grok' }), ...END]
    expect(partsOf(eventsOf(lines))).toEqual(['**Reading**\n\n'])
  })

  test('has the points of a summary on lines of their own', () =>
    expect(
      partsOf(eventsOf([thinking('- One'), thinking('- Two'), thinking(' - 3'), ...END])),
    ).toEqual(['- One\n- Two - 3']))

  test('is filtered as the answer is, each for itself', () => {
    const events = eventsOf([
      thinking('a<grok:ren'),
      thinking('der/>b <'),
      token('c<grok:rend'),
      thinking('d <b>'),
      token('er/>e'),
      whole(),
    ])
    expect(said(events, 'thinking')).toBe('ab <d <b>')
    expect(said(events, 'text')).toBe('ce')
  })

  test('is told even where the answer breaks off', () =>
    expect(said(decode([thinking('Hm <grok:render')]).events, 'thinking')).toBe('Hm <grok:render'))
})

const QUERY = { query: 'bun release' }
const SEARCH = { webSearch: { args: QUERY } }
const PAGE = 'https://example.org/a'

describe('a tool is told of in chat', () => {
  test.each<[string, readonly string[], string]>([
    [
      'by its card',
      [toolCard('k', SEARCH), toolResult('k', found(PAGE))],
      'Searching the web: bun release',
    ],
    [
      'by a card of another spelling',
      [toolCard('k', { web_search: { args: QUERY } }), toolResult('k', found(PAGE))],
      'Searching the web: bun release',
    ],
    [
      'by a card that has its arguments as text',
      [
        toolCard('k', { toolName: 'web_search', args: JSON.stringify(QUERY) }),
        toolResult('k', found(PAGE)),
      ],
      'Searching the web: bun release',
    ],
    [
      'by its element in the token',
      [thinking(toolElement('k', 'web_search', QUERY)), toolResult('k', found(PAGE))],
      'Searching the web: bun release',
    ],
    [
      'by an element that is cut',
      [...toolElement('k', 'web_search', QUERY)]
        .map((it) => thinking(it))
        .concat(toolResult('k', found(PAGE))),
      'Searching the web: bun release',
    ],
    [
      'by both at once',
      [
        toolCard('k', SEARCH, { token: toolElement('k', 'web_search', QUERY) }),
        toolResult('k', found(PAGE)),
      ],
      'Searching the web: bun release',
    ],
    [
      'by its name, and by the element for the rest',
      [
        frame({
          token: toolElement('k', 'web_search', QUERY),
          isThinking: true,
          toolName: 'webSearch',
        }),
        toolResult('k', found(PAGE)),
      ],
      'Searching the web: bun release',
    ],
    [
      'by its mere name',
      [
        frame({ token: '', isThinking: true, toolUsageCardId: 'k', toolName: 'web_search' }),
        toolResult('k', found(PAGE)),
      ],
      'Searching the web',
    ],
    ['by nothing but what it found', [toolResult('k', found(PAGE))], 'Searching the web'],
    [
      'with what it found beside a token',
      [toolCard('k', SEARCH), thinking('', { toolUsageCardId: 'k', ...found(PAGE, PAGE) })],
      'Searching the web: bun release',
    ],
    [
      'with what it found in the same frame',
      [toolCard('k', SEARCH, found(PAGE)), toolResult('k')],
      'Searching the web: bun release',
    ],
    [
      'with what it found told again',
      [toolCard('k', SEARCH), toolResult('k', found(PAGE)), toolResult('k', found(PAGE))],
      'Searching the web: bun release',
    ],
  ])('%s', (_, lines, does) => {
    const events = eventsOf([...lines, ...END])
    expect(said(events, 'thinking')).toBe(`${does}\n- [About ${PAGE}](${PAGE})`)
    const item = {
      type: 'web_search_call',
      id: 'k',
      status: 'completed',
      action: {
        type: 'search',
        query: does.includes(':') ? 'bun release' : '',
        sources: [{ type: 'url', url: PAGE }],
      },
    }
    expect(events.filter(({ type }) => type === 'hosted')).toEqual([
      { type: 'hosted', choice: 0, item, done: true },
    ])
  })

  test.each<[string, object, string]>([
    ['a search of X', { xSearch: { args: QUERY } }, 'Searching X: bun release'],
    ['by its meaning', { x_semantic_search: { args: QUERY } }, 'Searching X: bun release'],
    ['a page', { browsePage: { args: { url: PAGE } } }, `Reading: ${PAGE}`],
    [
      'pictures',
      { searchImages: { args: { imageDescription: 'a cat' } } },
      'Searching for pictures: a cat',
    ],
    [
      'code',
      { codeExecution: { args: { code: 'print(1)', language: 'python' } } },
      'Running code:\n```python\nprint(1)\n```',
    ],
    [
      'word to other agents',
      { chatroomSend: { args: { message: 'Done' } } },
      'Telling the others: Done',
    ],
    ['anything else', { memoryLookup: { args: {} } }, 'Using memory_lookup'],
  ])('whatever it is: %s', (_, tool, does) =>
    expect(said(eventsOf([toolCard('k', tool), ...END]), 'thinking')).toBe(does),
  )

  test('among what is thought', () => {
    const lines = [
      header('Looking', 0),
      thinking('I look.', { messageStepId: 0 }),
      toolCard('k', SEARCH, { messageStepId: 0 }),
      toolCard('l', { xSearch: { args: { query: 'x' } } }, { messageStepId: 0 }),
      toolResult('l', {
        xSearchResults: {
          results: [
            { postId: '1', username: 'bob', text: 'News\nof [bun]' },
            { postId: 2, username: 'ann' },
            { postId: 4, username: 'half \ud83d' },
            { postId: 3 },
          ],
        },
        messageStepId: 0,
      }),
      toolResult('k', {
        webSearchResults: [{ url: 'https://a/(b) c', title: '' }, { title: 'x' }, 7],
        messageStepId: 0,
      }),
      thinking('Good.', { messageStepId: 0 }),
    ]
    expect(partsOf(eventsOf([...lines, ...END]))).toEqual([
      [
        '**Looking**\n',
        'I look.\n',
        'Searching the web: bun release',
        'Searching X: x',
        '- [@bob: News of \\[bun\\]](https://x.com/bob/status/1)',
        '- [@ann](https://x.com/ann/status/2)',
        '- [@half \ud83d](https://x.com/half%20%EF%BF%BD/status/4)',
        '- [https://a/(b) c](https://a/%28b%29%20c)\n',
        'Good.',
      ].join('\n'),
    ])
  })

  test('by the agent that uses it', () => {
    const one = { rolloutId: 'Agent 1' }
    const two = { rolloutId: 'Agent 2' }
    const lines = [
      toolCard('k', SEARCH, one),
      toolCard('l', { webSearch: { args: { query: 'x' } } }, two),
      toolResult(undefined, { ...found('https://b'), ...two }),
      toolResult(undefined, { ...found('https://a'), ...one }),
    ]
    const events = eventsOf([...lines, ...END])
    expect(partsOf(events)).toEqual([
      '**Agent 1**\n\nSearching the web: bun release',
      '**Agent 2**\n\nSearching the web: x\n- [About https://b](https://b)',
      '**Agent 1**\n\n- [About https://a](https://a)',
    ])
    expect(itemsOf(events).filter((it) => it.startsWith('done'))).toEqual(['done l', 'done k'])
  })

  test('by its place where nothing else ties its results to it', () => {
    const at = (messageStepId: number) => ({ messageStepId })
    const lines = [
      toolCard('k', SEARCH, at(0)),
      toolCard('l', SEARCH, at(1)),
      toolResult(undefined, { ...found('https://b'), ...at(1) }),
      toolResult(undefined, { ...found('https://a') }),
    ]
    const events = eventsOf([...lines, ...END])
    expect(itemsOf(events).filter((it) => it.startsWith('done'))).toEqual(['done l', 'done k'])
  })

  test('without lines once the answer has begun, and with what it found all the same', () => {
    const lines = [
      token('Hi'),
      toolCard('k', SEARCH, { isThinking: false }),
      toolResult('k', { ...found(PAGE), isThinking: false }),
    ]
    const events = eventsOf([...lines, whole()])
    expect(said(events, 'thinking')).toBe('')
    expect(itemsOf(events)).toEqual(['text', 'done k'])
  })

  test('by the whole response, where nothing told of it before', () => {
    const pages = { webSearchResults: [{ url: PAGE, title: 'A' }] }
    const alone = eventsOf([whole('Hi', pages)])
    expect(itemsOf(alone)).toEqual(['done id1', 'text'])
    const known = eventsOf([
      toolCard('k', SEARCH),
      toolResult('k', found(PAGE)),
      whole('Hi', pages),
    ])
    expect(itemsOf(known)).toEqual(['thinking', 'thinking', 'done k', 'text'])
  })

  test('by an element that is cut, before the answer begins', () => {
    const cut = [...toolElement('k', 'web_search', QUERY)].map((it) => thinking(it))
    expect(said(eventsOf([...cut, ...END]), 'thinking')).toBe('Searching the web: bun release')
  })

  test('each time, however alike', () => {
    const use = (it: string) => thinking(it, { toolName: 'memory_lookup' })
    expect(said(eventsOf([use('A.'), use('B.'), use('C.'), ...END]), 'thinking')).toBe(
      ['A.', 'Using memory_lookup', 'B.', 'Using memory_lookup', 'C.', 'Using memory_lookup'].join(
        '\n\n',
      ),
    )
  })

  test('and its own output is no thought', () => {
    const output = (it: string) =>
      frame({ token: it, isThinking: true, messageTag: 'raw_function_result' })
    const lines = [
      toolCard('k', SEARCH),
      toolResult('k', { token: '{"x":1}' }),
      output('a'),
      output('b'),
    ]
    expect(said(eventsOf([...lines, ...END]), 'thinking')).toBe('Searching the web: bun release')
  })
})

describe('a tool is an item of Responses', () => {
  const responses = (lines: readonly string[]) =>
    eventsOf([...lines, ...END], { dialect: 'responses' })
  const hosted = (events: readonly WebEvent[]) =>
    events.flatMap((event) => (event.type === 'hosted' ? [event.item] : []))

  test('while it runs and when it is done, and nothing is said of it among the thoughts', () => {
    const events = responses([
      thinking('A.'),
      toolCard('k', SEARCH),
      toolResult('k', found(PAGE)),
      thinking('B.'),
    ])
    expect(events.map(({ type }) => type)).toEqual([
      'thinking',
      'thought',
      'hosted',
      'hosted',
      'thinking',
      'thought',
      'text',
      'finish',
    ])
    const action = { type: 'search', query: 'bun release' }
    expect(hosted(events)).toEqual([
      { type: 'web_search_call', id: 'k', status: 'in_progress', action },
      {
        type: 'web_search_call',
        id: 'k',
        status: 'completed',
        action: { ...action, sources: [{ type: 'url', url: PAGE }] },
      },
    ])
    expect(said(events, 'thinking')).toBe('A.B.')
  })

  test('one after the other, whatever the order of their results', () => {
    const cards = ['k', 'l', 'm'].map((id) => toolCard(id, { webSearch: { args: { query: id } } }))
    const results = (...ids: string[]) => ids.map((id) => toolResult(id, found(`https://${id}`)))
    expect(itemsOf(responses([...cards, ...results('k', 'l', 'm')]))).toEqual([
      ...['begun k', 'done k', 'begun l', 'done l', 'begun m', 'done m'],
      'text',
    ])
    expect(itemsOf(responses([...cards, ...results('m', 'l', 'k')]))).toEqual([
      ...['begun k', 'done k', 'done l', 'done m'],
      'text',
    ])
    for (const item of hosted(responses([...cards, ...results('m', 'l', 'k')])))
      if (item.status === 'completed')
        expect(item.action).toMatchObject({ sources: [{ url: `https://${item.id}` }] })
  })

  test('that anything else which is said ends', () => {
    const lines = [
      toolCard('k', SEARCH),
      toolCard('l', SEARCH),
      toolCard('m', SEARCH),
      toolResult('m', found(PAGE)),
      thinking('A.'),
      toolResult('k', found(PAGE)),
      thinking('B.'),
    ]
    expect(itemsOf(responses(lines))).toEqual([
      ...['begun k', 'done m', 'thinking', 'thinking', 'done l', 'text'],
    ])
  })

  test('that runs code', () => {
    const code = { codeExecution: { args: { code: 'print(1)', language: 'python' } } }
    const item = { type: 'code_interpreter_call', id: 'k', code: 'print(1)', container_id: '' }
    for (const [ran, outputs] of [
      [{ stdout: '1\n', exitCode: 0 }, [{ type: 'logs', logs: '1\n' }]],
      [{}, null],
    ] as const)
      expect(
        hosted(responses([toolCard('k', code), toolResult('k', { codeExecutionResult: ran })])),
      ).toEqual([
        { ...item, status: 'in_progress', outputs: null },
        { ...item, status: 'completed', outputs: outputs as never },
      ])
  })

  test('that reads a page', () => {
    const events = responses([
      toolCard('k', { browse_page: { args: { url: PAGE } } }),
      toolResult('k'),
    ])
    expect(hosted(events).map(({ action }) => action)).toEqual([
      { type: 'open_page', url: PAGE },
      { type: 'open_page', url: PAGE },
    ])
  })

  test('or a line where Responses has no such item', () => {
    const events = responses([
      toolCard('k', { chatroom_send: { args: { message: 'Done' } } }),
      toolResult('k'),
    ])
    expect(itemsOf(events)).toEqual(['thinking', 'text'])
    expect(said(events, 'thinking')).toBe('Telling the others: Done')
  })

  test('of which only so many are kept', () => {
    const cards = Array.from({ length: 1000 }, (_, id) =>
      toolCard(`k${id}`, { webSearch: { args: {} } }),
    )
    expect(itemsOf(responses(cards)).length).toBeLessThan(300)
  })
})
