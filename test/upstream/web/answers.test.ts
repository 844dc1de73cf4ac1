import { afterAll, describe, expect, test } from 'bun:test'
import type { TurnEvent } from '#src/turn/event'
import {
  type Answer,
  AROUND_TAGS,
  agents,
  browses,
  cites,
  cutTags,
  draws,
  empty,
  endsMidway,
  failsFirst,
  failsFirstFrame,
  failsInResponse,
  failsInStreamErrors,
  failsMidway,
  failsMidwayFrame,
  fakeGrokWeb,
  films,
  garbage,
  halfLine,
  longLine,
  manyBytes,
  moderatedMidway,
  oddTokens,
  plain,
  runsCode,
  type Script,
  searches,
  searchesX,
  thinks,
  type Wire,
  writesArtifact,
} from '../../fakes/grok-web'
import { chatAsk, responsesAsk, webSession } from '../../support/web-session'

// Every answer that the fake of grok.com has, read from its bytes.

const grok = fakeGrokWeb({ accounts: [{ name: 'one', quota: 1e6 }] })
const session = webSession(grok)
afterAll(() => grok.stop())

const ASKS = { chat: () => chatAsk({}), responses: () => responsesAsk({}) } as const
type Dialect = keyof typeof ASKS

/** What was said of one kind. */
const said = (events: readonly TurnEvent[], kind: 'thinking' | 'text'): string =>
  events.map((event) => (event.type === kind ? event.text : '')).join('')

/** The same without the ids that count the turns. */
const withoutIds = (events: readonly TurnEvent[]) =>
  JSON.parse(JSON.stringify(events).replaceAll(/"id-\d+"/g, '"id"'))

async function tell(script: Script, dialect: Dialect = 'chat') {
  grok.clearScripts()
  grok.script(script)
  return session.tell(ASKS[dialect]())
}

const ANSWERS: Readonly<Record<string, readonly [answer: Answer, text: string]>> = {
  plain: [plain(), 'Hi there'],
  thinking: [thinks(), 'Hi there'],
  agents: [agents(), 'Hi there'],
  'a search': [searches(), 'Bun is out.'],
  'an old search with a source': [searches({ isOld: true, isCited: true }), 'Bun is out.'],
  'a search of X': [searchesX(), 'People talk.'],
  code: [runsCode(), 'It is 4.'],
  'a page': [browses(), 'It says A.'],
  sources: [cites(), 'Bun is fast, they say.'],
  'tags that are cut': [
    cutTags(),
    `${AROUND_TAGS[0]}const a = 1${AROUND_TAGS[1]}${AROUND_TAGS[2]}`,
  ],
  'a document': [writesArtifact(), 'Here: console.log(1) Done.'],
  'odd tokens': [oddTokens(), 'Hi there'],
  nothing: [empty(), ''],
  'signs of many bytes': [manyBytes({}), 'Grüße, 世界! 👩‍🚀 ok'],
  'a line of a megabyte': [longLine(), 'x'.repeat(1_000_000)],
}

const FRAMINGS = ['lines', 'crlf', 'data', 'events', 'joined', 'pretty'] as const
const CHUNKS: readonly NonNullable<Wire['chunks']>[] = ['line', 'all', 7, 1000]

for (const dialect of ['chat', 'responses'] as const)
  describe(`in ${dialect}`, () => {
    for (const [name, [answer, text]] of Object.entries(ANSWERS))
      test(`${name}: is the same however it is framed and cut`, async () => {
        const { events: expected } = await tell(answer, dialect)
        expect(said(expected, 'text') === text).toBeTrue()
        for (const framing of FRAMINGS)
          for (const chunks of CHUNKS) {
            if (text.length > 1_000 && typeof chunks === 'number' && chunks < 1_000) continue
            const wire = { framing, chunks, unended: chunks === 'all', gzip: chunks === 1000 }
            const { events } = await tell({ ...answer, wire }, dialect)
            expect(withoutIds(events)).toEqual(withoutIds(expected))
          }
      }, 30_000)
  })

test('what they think is told section by section, and tools with what they found', async () => {
  const thoughts = async (answer: Answer) => said((await tell(answer)).events, 'thinking')
  expect(await thoughts(thinks())).toBe(
    '**Reading the question**\n\nThe user greets.**Choosing an answer**\n\nA greeting it is.',
  )
  expect(await thoughts(agents())).toEndWith(
    '**Agent 3: Plan of Agent 3**\n\nAgent 3 thinks.\n\nTelling the others: Done?',
  )
  expect(await thoughts(searches())).toBe(
    'Searching the web: bun release\n- [A](https://example.org/a)\n- [B](https://example.org/b)',
  )
  expect(await thoughts(searchesX())).toContain('- [@bob: Bun is out!](https://x.com/bob/status/1)')
  expect(await thoughts(runsCode())).toBe('Running code:\n```python\nprint(2 + 2)\n```')
})

describe('errors end an answer', () => {
  test.each<[string, Answer, string, string]>([
    ['on the first line', failsFirst(), 'refused', ''],
    ['in the first frame', failsFirstFrame(), 'refused', ''],
    ['in the middle', failsMidway(), 'refused', 'words'],
    ['in a frame in the middle', failsMidwayFrame(), 'refused', 'words'],
    ['in the whole response', failsInResponse(), 'refused', 'words'],
    ['in the errors of the stream', failsInStreamErrors(), 'refused', 'words'],
    ['by moderation', moderatedMidway(), 'refused', 'words'],
    ['without a word', endsMidway(), 'broken', 'words'],
    ['within a line', halfLine(), 'broken', 'words'],
    ['with nonsense', garbage(), 'broken', 'words'],
  ])('%s', async (_, answer, kind, text) => {
    for (const chunks of CHUNKS) {
      grok.clearScripts()
      grok.script({ ...answer, wire: { chunks } })
      const reply = await session.begin(chatAsk({}))
      if (reply.form !== 'events') throw new Error('That is no answer in events.')
      const events: TurnEvent[] = []
      const read = async () => {
        for await (const event of reply.events) events.push(event)
      }
      await expect(read()).rejects.toMatchObject({ name: 'UpstreamFault', kind })
      expect(said(events, 'text')).toBe(text && 'These words come before the end')
    }
  })
})

describe('pictures and videos', () => {
  const ask = (model: string) => chatAsk({ model })
  const IMAGE = /!\[[^\]]*\]\(\S+\)/g

  test.each<[string, Parameters<typeof draws>[0], number]>([
    ['as frames', {}, 2],
    ['as cards', { cards: true }, 2],
    ['in the last word only', { onlyFinal: true }, 2],
    ['with placeholders', { placeholders: true, isAbsolute: true }, 2],
    ['one of them moderated', { moderated: [0] }, 1],
  ])('are shown: %s', async (_, drawing, count) => {
    grok.clearScripts()
    grok.script(draws(drawing))
    for (const model of ['grok-4', 'grok-imagine-1.0']) {
      const { text, events } = await session.tell(ask(model))
      expect(text.match(IMAGE)).toHaveLength(count)
      expect(text.replaceAll(IMAGE, '').trim()).toBe('')
      if (!drawing?.onlyFinal) expect(said(events, 'thinking')).toContain('Picture 2: 100 %')
    }
  })

  test('all of them moderated, are refused', async () => {
    grok.clearScripts()
    for (const [script, model] of [
      [draws({ moderated: [0, 1] }), 'grok-4'],
      [draws({ moderated: [0, 1], cards: true }), 'grok-imagine-1.0'],
      [films({ moderated: true }), 'grok-imagine-1.0-video'],
    ] as const) {
      grok.script(script)
      const { events, text } = await session.tell(ask(model))
      expect(text).toBe('')
      expect(
        events.flatMap((event) => (event.type === 'refusal' ? [event.text] : [])),
      ).toHaveLength(1)
      expect(events).toContainEqual({ type: 'finish', choice: 0, reason: 'content_filter' })
    }
  })

  test('are players with nothing beside them', async () => {
    grok.clearScripts()
    grok.script(films())
    const { text, events } = await session.tell(ask('grok-imagine-1.0-video'))
    expect(text).toMatch(/^<video .*<\/video>$/)
    expect(said(events, 'thinking').split('\n')).toEqual(
      [1, 5, 13, 20, 50, 95, 100].map((progress) => `Video: ${progress} %`),
    )
  })

  test('that never come are a fault', async () => {
    for (const script of [films({ isNeverDone: true }), films({ onlyAssetId: true })]) {
      grok.clearScripts()
      grok.script(script)
      expect(await session.refusal(ask('grok-imagine-1.0-video'))).toMatchObject({
        kind: 'malformed',
        message: 'grok.com ended its answer without the video.',
      })
    }
  })
})
