import { describe, expect, test } from 'bun:test'
import { createChatEncoder } from '#src/turn/chat/encode'
import type { TurnEvent } from '#src/turn/event'
import { encode } from '../../support/response-samples'
import {
  card,
  citationCard,
  eventsOf,
  found,
  renderTag,
  thinking,
  token,
  toolCard,
  toolResult,
  whole,
} from '../../support/web-answer'

const A = 'https://example.org/a'
const B = 'https://example.org/b'
const CARDS = [citationCard('a', A), citationCard('b', B)]

/** What a client of chat makes of an answer: its text, and the sources with the text they stand for. */
function inChat(lines: readonly string[], filteredTags?: readonly string[]) {
  const encoder = createChatEncoder(
    {
      model: 'grok-4',
      includeUsage: false,
      choices: 1,
      showThinking: true,
      promptBytes: 0,
      newId: () => 'id',
      created: 0,
    },
    { stream: false },
  )
  for (const event of eventsOf(lines, filteredTags && { filteredTags }))
    encoder.push(event as TurnEvent)
  const { choices, citations } = JSON.parse(encoder.answer())
  const { content, annotations = [] } = choices[0].message
  return {
    content,
    cited: annotations.map((it: Annotation) => cited(content, it.url_citation)),
    citations,
  }
}

interface Source {
  readonly url: string
  readonly title: string
  readonly start_index: number
  readonly end_index: number
}

interface Annotation {
  readonly url_citation: Source
}

const cited = (text: string, { url, start_index: start, end_index: end }: Source) => [
  url,
  text.slice(start, end),
]

/** The same of a client of Responses: each text with its sources. */
function inResponses(lines: readonly string[]) {
  const { encoder } = encode(eventsOf(lines, { dialect: 'responses' }) as TurnEvent[])
  encoder.end()
  const { output } = JSON.parse(encoder.answer())
  return output
    .filter(({ type }: { type: string }) => type === 'message')
    .flatMap(({ content }: { content: { text: string; annotations: Source[] }[] }) => content)
    .map(({ text, annotations }: { text: string; annotations: Source[] }) => ({
      content: text,
      cited: annotations.map((it) => cited(text, it)),
    }))
}

describe('a source stands for the text before it', () => {
  test.each<[string, readonly string[], string, readonly (readonly [string, string])[]]>([
    [
      'from the beginning',
      [token('Bun is'), token(` out.${renderTag('a')}`)],
      'Bun is out.',
      [[A, 'Bun is out.']],
    ],
    [
      'since the last line break',
      [token('News:\n\n'), token(`- Bun is out${renderTag('a')}\n- So it is${renderTag('b')}\n`)],
      'News:\n\n- Bun is out\n- So it is\n',
      [
        [A, '- Bun is out'],
        [B, '- So it is'],
      ],
    ],
    [
      'since the last source',
      [token(`One.${renderTag('a')} Two.${renderTag('b')} Three.`)],
      'One. Two. Three.',
      [
        [A, 'One.'],
        [B, ' Two.'],
      ],
    ],
    [
      'and several for the same',
      [token(`One.${renderTag('a')}`), token(`${renderTag('b')} Two.`)],
      'One. Two.',
      [
        [A, 'One.'],
        [B, 'One.'],
      ],
    ],
    [
      'where its tag is cut',
      [...`One.${renderTag('a')} Two <b>.${renderTag('b')}`].map((it) => token(it)),
      'One. Two <b>.',
      [
        [A, 'One.'],
        [B, ' Two <b>.'],
      ],
    ],
    ['where there is none', [token(`${renderTag('a')}One.`)], 'One.', [[A, '']]],
    [
      'where it is cited again',
      [token(`One.${renderTag('a')}\nTwo.${renderTag('a')}`)],
      'One.\nTwo.',
      [
        [A, 'One.'],
        [A, 'Two.'],
      ],
    ],
  ])('%s', (_, lines, content, sources) => {
    const answer = [...CARDS, ...lines, whole()]
    expect(inChat(answer)).toMatchObject({ content, cited: sources })
    expect(inResponses(answer)).toEqual([{ content, cited: sources }])
  })

  test('whenever its card comes', () => {
    const sources = [
      [B, ' Two.'],
      [A, 'One.'],
    ]
    const lines = [token(`One.${renderTag('a')} Two.${renderTag('b')}`), token(' Three.')]
    for (const cards of [
      [CARDS[1] ?? '', CARDS[0] ?? '', whole()],
      [
        whole('', {
          cardAttachmentsJson: [...CARDS]
            .reverse()
            .map((it) => JSON.parse(it).result.response.cardAttachment.jsonData),
        }),
      ],
    ])
      expect(inChat([...lines, ...cards])).toMatchObject({
        content: 'One. Two. Three.',
        cited: sources,
      })
  })

  test('even behind what a search found meanwhile, in chat', () => {
    const lines = [
      token(`One.${renderTag('a')}`),
      toolResult('k', { ...found(B), isThinking: false }),
      ...CARDS,
      token(' Two.'),
    ]
    expect(inChat([...lines, whole()])).toMatchObject({ cited: [[A, 'One.']], citations: [A, B] })
  })

  test('of the whole response, where nothing came before', () => {
    const cards = CARDS.map((it) => JSON.parse(it).result.response.cardAttachment)
    const answer = [
      whole(`One.${renderTag('a')} Two.${renderTag('b')}`, { cardAttachmentsJson: cards }),
    ]
    expect(inChat(answer).cited).toEqual([
      [A, 'One.'],
      [B, ' Two.'],
    ])
  })

  test('where its tag is to stay as well', () => {
    const tag = renderTag('a')
    expect(inChat([...CARDS, token(`One.${tag}`), token(' Two.'), whole()], [])).toMatchObject({
      content: `One.${tag} Two.`,
      cited: [[A, 'One.']],
    })
  })

  test('and in Responses in the same text', () => {
    const lines = [
      ...CARDS,
      token(`One.${renderTag('a')} `),
      thinking('Hm.'),
      token(`Two.${renderTag('b')}`),
      toolCard('k', { webSearch: { args: { query: 'q' } } }),
      toolResult('k', found(A)),
      token(`${renderTag('a')}Three.`),
      whole(),
    ]
    expect(inResponses(lines)).toEqual([
      { content: 'One. ', cited: [[A, 'One.']] },
      { content: 'Two.', cited: [[B, 'Two.']] },
      { content: 'Three.', cited: [[A, '']] },
    ])
    expect(inChat(lines)).toMatchObject({
      content: 'One. Two.Three.',
      cited: [
        [A, 'One.'],
        [B, 'Two.'],
        [A, ''],
      ],
    })
  })

  test('but not for another piece of text, where its card comes too late', () => {
    const lines = [
      token(`One.${renderTag('a')}`),
      thinking('Hm.'),
      token('Two.'),
      ...CARDS,
      whole(),
    ]
    expect(inResponses(lines)).toEqual([
      { content: 'One.', cited: [] },
      { content: 'Two.', cited: [] },
    ])
    const [one = '', thought = '', ...more] = lines
    for (const dialect of ['chat', 'responses'] as const) {
      const events = eventsOf([one, thought, ...CARDS, ...more], { dialect })
      expect(events.some(({ type }) => type === 'citation')).toBeFalse()
    }
  })
})

describe('no source', () => {
  test.each<[string, readonly string[]]>([
    ['is a tag without a card', [token(`One.${renderTag('z')}`)]],
    ['is a tag among the thoughts', [thinking(`One.${renderTag('a')}`), token('One.')]],
    ['is a card without a tag', [token('One.')]],
    [
      'is a picture',
      [
        card({ id: 'p', url: A, type: 'render_searched_image' }),
        token('One.<grok:render card_id="p" type="render_searched_image"/>'),
        token('<grok:render card_id="a" type="render_file"></grok:render>'),
      ],
    ],
    ['is a tag without a name', [token('One.<grok:render type="render_inline_citation"/>')]],
    ['is a card without an address', [card({ id: 'y' }), token(`One.${renderTag('y')}`)]],
  ])('%s', (_, lines) => {
    const { content, cited } = inChat([...CARDS, ...lines, whole()])
    expect({ content, cited }).toEqual({ content: 'One.', cited: [] })
  })
})

describe('the title of a source', () => {
  const titleOf = (lines: readonly string[]) => {
    const event = eventsOf([...lines, token(`One.${renderTag('a')}`), whole()]).find(
      ({ type }) => type === 'citation',
    )
    return event?.type === 'citation' ? event.citation.title : undefined
  }
  test('is that of its card', () =>
    expect(titleOf([toolResult('k', found(A)), citationCard('a', A, { title: 'T' })])).toBe('T'))
  test('else what the search said of it', () =>
    expect(titleOf([toolResult('k', found(A)), citationCard('a', A)])).toBe(`About ${A}`))
  test('else its address', () => expect(titleOf([citationCard('a', A)])).toBe(A))
})

test('what searches found is at the root of a chat, cited or not', () => {
  const lines = [
    toolCard('k', { webSearch: { args: { query: 'q' } } }),
    toolResult('k', found(A, 'https://c')),
    ...CARDS,
    token(`One.${renderTag('b')}${renderTag('a')}`),
    whole(),
  ]
  expect(inChat(lines).citations).toEqual([A, 'https://c', B])
})
