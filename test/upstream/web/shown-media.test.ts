import { describe, expect, test } from 'bun:test'
import type { TurnEvent } from '#src/turn/event'
import { showMedia } from '#src/upstream/web/shown-media'
import { createTextFlow } from '#src/upstream/web/text-flow'
import { draws, fakeGrokWeb, jpeg } from '../../fakes/grok-web'
import { serverAt } from '../../support/guarded'
import { chatAsk, responsesAsk, webSession } from '../../support/web-session'

const downloads = (grok: ReturnType<typeof fakeGrokWeb>) =>
  grok.calls.filter(({ endpoint }) => endpoint === 'asset')

const itemsOf = (events: readonly TurnEvent[]) =>
  events.flatMap((event) => (event.type === 'hosted' ? [event] : []))

describe('pictures of an answer', () => {
  test('stand in a chat by their addresses, and nothing is downloaded', async () => {
    await using grok = fakeGrokWeb()
    grok.script(draws({ count: 2 }))
    const { text } = await webSession(grok).tell(chatAsk({}))
    expect(text.match(/!\[[^\]]*\]\(http:\/\/127\.0\.0\.1:\d+\/users\/\S+\.jpg\)/g)).toHaveLength(2)
    expect(text).toContain(grok.assetsUrl)
    expect(downloads(grok)).toEqual([])
  })

  test('stand there whole where the setting says so, got with the cookies of their session', async () => {
    await using grok = fakeGrokWeb()
    grok.script(draws({ count: 1 }))
    const { text } = await webSession(grok, { image_format: 'base64' }).tell(chatAsk({}))
    const [, base64 = ''] = /!\[[^\]]*\]\(data:image\/jpeg;base64,([\w+/=]+)\)/.exec(text) ?? []
    const path = downloads(grok)[0]?.path ?? ''
    expect(base64).toBe(grok.asset(path)?.bytes.toBase64() ?? 'nothing')
    expect(downloads(grok).map(({ account }) => account)).toEqual(['one'])
  })

  test('are items of the Responses API too', async () => {
    await using grok = fakeGrokWeb()
    grok.script(draws({ count: 1 }))
    const { events, text } = await webSession(grok, { image_format: 'base64' }).tell(
      responsesAsk({}),
    )
    const [begun, done] = itemsOf(events)
    expect(begun).toMatchObject({
      done: false,
      item: { type: 'image_generation_call', status: 'in_progress', result: null },
    })
    const bytes = grok.asset(downloads(grok)[0]?.path ?? '')?.bytes.toBase64() ?? 'nothing'
    expect(done).toMatchObject({
      done: true,
      item: { id: begun?.item.id, status: 'completed', result: bytes },
    })
    expect(text).toContain(`(${grok.assetsUrl}/`)
    expect(downloads(grok)).toHaveLength(1)
  })

  for (const [name, change] of [
    ['is not there', { status: 404 }],
    ['is a page', { bytes: new TextEncoder().encode('<html>no</html>') }],
    ['is too large', { bytes: jpeg('a', 20_000) }],
    ['breaks off', { bytes: jpeg('a', 2_000), breaksAfter: 1_000 }],
    ['does not come', { bytes: jpeg('a', 60_000), gapMs: 10_000 }],
  ] as const)
    test(`one that ${name} has failed, and the answer goes on`, async () => {
      await using grok = fakeGrokWeb()
      grok.script((turn) => {
        const { path } = turn.picture()
        grok.put('one', { ...change, path })
        return { steps: [], modelResponse: { generatedImageUrls: [path] } }
      })
      const settings = { fetch_timeout_ms: 100, fetch_max_bytes: 16_384 }
      const { events, text } = await webSession(grok, settings).tell(responsesAsk({}))
      expect(itemsOf(events)[1]?.item).toMatchObject({ status: 'failed', result: null })
      expect(text).toContain('![')
      expect(events.at(-1)?.type).toBe('usage')
    })

  test('are waited for no longer than their client stays', async () => {
    await using grok = fakeGrokWeb()
    grok.script((turn) => {
      const { path } = turn.picture()
      grok.put('one', { bytes: jpeg('a', 60_000), gapMs: 10_000, path })
      return { steps: [], modelResponse: { generatedImageUrls: [path] } }
    })
    const abort = new AbortController()
    const told = webSession(grok, { image_format: 'base64' }).tell(chatAsk({}), { abort })
    await grok.arrived({ endpoint: 'asset' }, 1)
    abort.abort(new Error('The client left.'))
    expect(await told.catch((cause) => cause)).toMatchObject({ kind: 'unreachable' })
  })

  test('of another host are shown, and never got with a cookie', async () => {
    await using other = serverAt(() => new Response('no'))
    await using grok = fakeGrokWeb()
    grok.script({ steps: [], modelResponse: { generatedImageUrls: [`${other.url}/a.jpg`] } })
    const { text } = await webSession(grok, { image_format: 'base64' }).tell(chatAsk({}))
    expect(text).toContain(`(${other.url}/a.jpg)`)
    for (const { headers } of other.seen) expect(headers.get('cookie')).toBeNull()
  })
})

describe('how they are written', () => {
  const shown = async (event: object, terms: object = {}) => {
    const events: TurnEvent[] = []
    const all = showMedia(
      {
        type: 'media',
        sort: 'image',
        url: 'https://a.example/b.jpg',
        title: 'T',
        id: 'i',
        ...event,
      },
      {
        dialect: 'chat',
        imageFormat: 'url',
        videoFormat: 'html',
        publish: async (_sort, url) => ({ url, bytes: async () => new Uint8Array(0) }),
        read: async () => undefined,
        ...terms,
      },
    )
    for await (const one of all) events.push(one)
    return events.map((one) => (one.type === 'text' ? one.text : one.type)).join('')
  }

  test('a picture as Markdown that nothing can break out of', async () => {
    expect(await shown({ title: 'A [b]\n(c)', url: 'https://a.example/b (1).jpg' })).toBe(
      '![A \\[b\\] (c)](https://a.example/b%20%281%29.jpg)',
    )
  })

  test('a video as a player, with its first picture', async () => {
    const event = { sort: 'video', url: 'https://a.example/v.mp4?a=1&b="', poster: 'https://a/p' }
    expect(await shown(event)).toBe(
      '<video controls preload="none" poster="https://a/p"><source src="https://a.example/v.mp4?a=1&#38;b=&#34;" type="video/mp4"></video>',
    )
  })

  test('a video by its address', async () => {
    expect(await shown({ sort: 'video', url: 'https://a/v.mp4' }, { videoFormat: 'url' })).toBe(
      'https://a/v.mp4',
    )
  })
})

describe('within a text', () => {
  const text = (text: string): TurnEvent => ({ type: 'text', choice: 0, text })

  test('pictures stand on lines of their own', () => {
    const flow = createTextFlow('chat')
    const said = [
      flow.said(text('Look:')),
      flow.shown(text('![a](b)')),
      flow.shown(text('![c](d)')),
      flow.said(text('Nice?')),
      flow.said(text(' Yes.')),
    ]
    expect(said.map((event) => ('text' in event ? event.text : '')).join('')).toBe(
      'Look:\n\n![a](b)\n\n![c](d)\n\nNice? Yes.',
    )
  })

  const WHOLE = 'Look:\n\n![a](b)\n\nNice and blue'
  for (const [name, start, end, words] of [
    ['behind a picture', 5, 9, 'Nice'],
    ['before it', 0, 5, 'Look:'],
    ['around it', 0, 9, 'Look:\n\n![a](b)\n\nNice'],
  ] as const)
    test(`citations stand for the words that they stood for, ${name}`, () => {
      const flow = createTextFlow('chat')
      flow.said(text('Look:'))
      flow.shown(text('![a](b)'))
      flow.said(text('Nice and blue'))
      const citation = { url: 'u', title: 't', start, end }
      const event = flow.said({ type: 'citation', choice: 0, citation })
      const told = event.type === 'citation' ? event.citation : citation
      expect(WHOLE.slice(told.start, told.end)).toBe(words)
    })

  test('in a chat places count anew after a thought, and lines stay apart', () => {
    const flow = createTextFlow('chat')
    flow.said(text('Look:'))
    flow.shown(text('![a](b)'))
    flow.said({ type: 'thinking', choice: 0, text: 'Hm', part: 0 })
    expect(flow.said(text('Nice'))).toEqual(text('\n\nNice'))
    const citation = { url: 'u', title: 't', start: 0, end: 4 }
    expect(flow.said({ type: 'citation', choice: 0, citation })).toMatchObject({
      citation: { start: 2, end: 6 },
    })
  })

  test('in the Responses API a picture begins a text with places of its own', () => {
    const flow = createTextFlow('responses')
    flow.said(text('Look:'))
    flow.shown({ type: 'hosted', choice: 0, item: { type: 'image_generation_call' }, done: true })
    expect(flow.shown(text('![a](b)'))).toEqual(text('![a](b)'))
    flow.said(text('Nice'))
    const citation = { url: 'u', title: 't', start: 0, end: 4 }
    expect(flow.said({ type: 'citation', choice: 0, citation })).toMatchObject({
      citation: { start: 9, end: 13 },
    })
  })
})
