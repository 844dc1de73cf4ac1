import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createTagFilter } from '#src/upstream/web/tag-filter'

const TAGS = ['xaiArtifact', 'xai:tool_usage_card', 'grok:render', 'b']

interface Wanted {
  readonly filtered?: readonly string[]
  readonly watched?: readonly string[]
}

/** What is left of a text that comes in pieces, and the elements that were told of. */
function filter(pieces: readonly string[], { filtered = TAGS, watched = [] }: Wanted = {}) {
  let text = ''
  const told: string[] = []
  const it = createTagFilter({
    filtered,
    watched,
    text: (piece) => {
      expect(piece).not.toBe('')
      text += piece
    },
    element: (name, raw) => told.push(`${name} at ${text.length}: ${raw}`),
  })
  for (const piece of pieces) it.push(piece)
  it.end()
  return { text, told }
}

const cut = (text: string, size: number): string[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
    text.slice(at * size, (at + 1) * size),
  )

const SIZES = [1, 2, 3, 5, 8, 1000]

const leaves = (text: string, left: string) => {
  for (const size of SIZES) expect(filter(cut(text, size)).text).toBe(left)
}

const RENDER =
  '<grok:render card_id="x1" card_type="citation_card" type="render_inline_citation"><argument name="citation_id">0</argument></grok:render>'
const CARD =
  '<xai:tool_usage_card><xai:tool_usage_card_id>k</xai:tool_usage_card_id><xai:tool_args><![CDATA[{"a":"</xai:tool_usage_card>"}]]></xai:tool_args></xai:tool_usage_card>'

describe('what is taken out', () => {
  test.each<[string, string, string]>([
    ['an element with its content', `a ${RENDER} z`, 'a  z'],
    ['several in a row', `${RENDER}${RENDER}z${RENDER}`, 'z'],
    ['whatever its case', 'a<GROK:Render>x</grok:RENDER>z', 'az'],
    ['CDATA with what looks like its end', `a${CARD}z`, 'az'],
    ['what is empty', 'a<grok:render/>m<grok:render card_id="/" />z', 'amz'],
    ['an attribute with the end of a tag', 'a<b title="x > y" t=\'>\'>m</b >z', 'az'],
    ['an attribute with spaces about its sign', 'a<b title = "x > y">m</b>z', 'az'],
    ['elements in each other', 'a<b>1<b>2</b>3<b/>4</b>z', 'az'],
    ['an element that is not closed within one that is', 'a<b>1<grok:render>2</b>z', 'az'],
    ['other tags within', 'a<b>1<i>2</i> < 3</b>z', 'az'],
    ['an element behind what is none', 'a <b <b>m</b>z', 'a <b z'],
    ['a tag over several lines', 'a<b\n  c="d"\n>m</b>z', 'az'],
    ['an element that does not end in text', `a${RENDER}`, 'a'],
    [
      'the tags about an artifact, and nothing of it',
      'a<xaiArtifact artifact_id="1" title="x > y" contentType="text/html"><p>if (a < b) {}</p></xaiArtifact>z',
      'a<p>if (a < b) {}</p>z',
    ],
    ['the artifact about another element', `<xaiArtifact>a${RENDER}z</xaiArtifact>`, 'az'],
    ['an artifact within another element', 'a<b>1<xaiArtifact>2</xaiArtifact>3</b>z', 'az'],
  ])('%s', (_, text, left) => leaves(text, left))
})

describe('what stays', () => {
  test.each([
    '<',
    'a < b',
    'a<b',
    'a <b',
    'if (a<b && b>c) {}',
    '<x',
    'for (let i=0;i<x;i++) <-- look',
    '<html><body class="b">text</body></html>',
    'ends with <',
    'ends with <grok',
    'ends with <grok:render',
    'ends with <grok:render card_id="x1',
    'ends with </grok:rend',
    '<grok:renderer>a</grok:renderer>',
    '<grok:render-x>a</grok:render-x>',
    '<bold>a</bold><br><b-1>x</b-1>',
    '< b>a</ b>',
    '<b"c">a</b"c">',
    'a<b and never closed',
    'a<b> and never closed',
    'a<b>and <i>never</i> closed',
    '<b <b <b',
    '</b> alone',
    '<![CDATA[a]]>',
    '<b>x <![CDATA[ </b> is never closed ]] >',
    "<b don't>",
    '<<<>>>',
    '<xaiArtifac',
    '<xaiArtifact title="',
  ])('%s', (text) => leaves(text, text))
})

describe('what is given back', () => {
  const gap = 'x'.repeat(40 * 1024)

  test('an element that is not closed within reach, with those in it taken out', () =>
    leaves(`a<b>1${RENDER}2<xaiArtifact>3</xaiArtifact>${gap}</b>z`, `a<b>123${gap}</b>z`))

  test('each of several that are not closed, when it is out of reach', () =>
    leaves(`a<b><b><grok:render>${gap}<b>1</b>z`, `a<b><b><grok:render>${gap}z`))

  test('an element that is open beside one that is not closed', () => {
    const near = gap.slice(0, 20 * 1024)
    leaves(`<b>${near}<grok:render>${near}</grok:render>z`, `<b>${near}z`)
  })

  test('one after the other, with what is in each taken out', () => {
    const near = gap.slice(0, 20 * 1024)
    const open = '<xai:tool_usage_card>'
    leaves(`<b>${near}${open}1${RENDER}2${gap}`, `<b>${near}${open}12${gap}`)
  })

  test('CDATA that is not closed', () => leaves(`<b><![CDATA[${gap}<b>1</b>`, `<b><![CDATA[${gap}`))

  test('a tag that is too long for one', () => {
    leaves(`<b title="${gap}">1</b>`, `<b title="${gap}">1</b>`)
    leaves(`<b title="${gap.slice(0, 2000)}">1</b>z`, 'z')
  })

  test('while it comes, so that it takes no more memory than that', () => {
    let length = 0
    const it = createTagFilter({
      filtered: TAGS,
      watched: [],
      text: (text) => {
        length += text.length
      },
      element: () => undefined,
    })
    for (const [before, piece] of [
      ['<b>', 'text '],
      ['<b>', '<b>'],
      ['<b><![CDATA[', ']'],
      ['', '<b title="'],
      ['', '<grok:render>'],
    ] as const) {
      length = 0
      it.push(before)
      let pushed = before.length
      for (let count = 0; count < 100_000; count++) {
        it.push(piece)
        pushed += piece.length
        if (pushed - length > 40 * 1024) throw new Error(`It holds ${pushed - length} signs.`)
      }
      it.end()
      expect(length).toBe(pushed)
    }
  })
})

describe('elements that are told of', () => {
  test('where they stand, and taken out', () => {
    for (const size of SIZES)
      expect(filter(cut(`one${RENDER} two${RENDER}`, size), { watched: ['grok:render'] })).toEqual({
        text: 'one two',
        told: [`grok:render at 3: ${RENDER}`, `grok:render at 7: ${RENDER}`],
      })
  })

  test('and left where they are not to be taken out', () => {
    const wanted = { filtered: ['b'], watched: ['grok:render'] }
    for (const size of SIZES)
      expect(filter(cut(`one${RENDER}<b>two</b>`, size), wanted)).toEqual({
        text: `one${RENDER}`,
        told: [`grok:render at 3: ${RENDER}`],
      })
  })

  test('within one that is never closed', () => {
    const told = filter([`<b>one${RENDER}`, ' two'], { watched: ['grok:render'] })
    expect(told).toEqual({ text: '<b>one two', told: [`grok:render at 6: ${RENDER}`] })
  })
})

const plain = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.constantFrom(
        '<',
        '>',
        '</',
        '/>',
        '<x',
        '<g',
        '<div>',
        '</div>',
        '"',
        "'",
        '=',
        '<![CDATA[',
        ']]>',
      ),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(''))

test('any text without these tags comes out as it was', () =>
  fc.assert(
    fc.property(plain, fc.integer({ min: 1, max: 9 }), (text, size) => {
      fc.pre(!/<\/?(?:xaiartifact|xai:tool_usage_card|grok:render|b)(?![\w:.-])/i.test(text))
      expect(filter(cut(text, size)).text).toBe(text)
    }),
  ))

const tagged = fc
  .array(
    fc.oneof(
      plain,
      fc.constantFrom(
        '<b>',
        '</b>',
        '<b/>',
        '<b c="',
        '<xaiArtifact>',
        '</xaiArtifact>',
        RENDER,
        CARD,
      ),
    ),
    { maxLength: 20 },
  )
  .map((pieces) => pieces.join(''))

test('however a text is cut, the same is left of it', () =>
  fc.assert(
    fc.property(tagged, fc.integer({ min: 1, max: 9 }), (text, size) => {
      const wanted = { watched: ['grok:render', 'b'] }
      expect(filter(cut(text, size), wanted)).toEqual(filter([text], wanted))
    }),
    { numRuns: 500 },
  ))
