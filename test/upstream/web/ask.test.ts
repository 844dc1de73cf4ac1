import { describe, expect, test } from 'bun:test'
import { UpstreamFault } from '#src/errors'
import { TimeUp } from '#src/net/http'
import { fakeGrokWeb, jpeg, plain, resetsMidway, silent, stallsMidway } from '../../fakes/grok-web'
import { serverAt } from '../../support/guarded'
import { ownClock } from '../../support/own-clock'
import {
  chatAsk,
  dataUrl,
  pictured,
  responsesAsk,
  says,
  webSession,
} from '../../support/web-session'

for (const [form, generation] of [
  ['g1', 'G1'],
  ['g2', 'G2'],
  ['g3', 'G3'],
] as const)
  test(`asks in the form ${form} as the web app does`, async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok, { web_request: form })
    const { text } = await web.tell(chatAsk({}))
    expect(text).toContain('Hello')
    expect(grok.complaints()).toEqual([])
    expect(grok.chats().map((call) => call.generation)).toEqual([generation])
  })

test('a turn of the Responses API is asked the same way', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  await web.tell(responsesAsk({ instructions: 'Be brief.', input: 'Hello' }))
  expect(web.asked().message).toBe('system: Be brief.\n\nHello')
})

test('what it took is reckoned once, at the end', async () => {
  await using grok = fakeGrokWeb()
  grok.script(plain('one two three'))
  const { events } = await webSession(grok).tell(chatAsk({}))
  expect(events.filter(({ type }) => type === 'usage')).toEqual([
    {
      type: 'usage',
      usage: { input: 8, cached: 0, output: 3, reasoning: 0, costTicks: null, source: 'estimated' },
    },
  ])
  expect(events.at(-1)?.type).toBe('usage')
})

describe('an abort', () => {
  test('reaches grok.com at once while it answers', async () => {
    await using grok = fakeGrokWeb()
    grok.script(stallsMidway('Some words'))
    const web = webSession(grok)
    const abort = new AbortController()
    const told = web.tell(chatAsk({}), { abort }).catch((cause) => cause)
    await grok.arrived({ endpoint: 'new' }, 1)
    await Bun.sleep(20)
    using clock = ownClock()
    const at = clock.now()
    abort.abort()
    await grok.left()
    expect(clock.now() - at).toBeLessThan(50)
    expect(await told).toBeInstanceOf(UpstreamFault)
  })

  test('for want of time is told as such', async () => {
    await using grok = fakeGrokWeb()
    grok.script(silent())
    const web = webSession(grok)
    const abort = new AbortController()
    setTimeout(() => abort.abort(new TimeUp('Too late.')), 30)
    const fault = await web.refusal(chatAsk({}), { abort })
    expect([fault.kind, fault.message]).toEqual(['timeout', 'Too late.'])
  })

  test('while a picture is fetched leaves grok.com alone', async () => {
    await using slow = serverAt(() => new Promise<Response>(() => {}))
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 30)
    const ask = chatAsk({ messages: [says('See', pictured(`${slow.url}/a`))] })
    await web.refusal(ask, { abort })
    expect(grok.calls).toEqual([])
  })

  test('while pictures are uploaded ends with those', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok, { uploads_at_once: 1 })
    const abort = new AbortController()
    grok.intercept('upload', () => {
      abort.abort()
      return undefined
    })
    const parts = ['a', 'b', 'c'].map((name) => pictured(dataUrl('image/jpeg', jpeg(name))))
    await web.refusal(chatAsk({ messages: [says('See', ...parts)] }), { abort })
    await Bun.sleep(20)
    expect(grok.calls.map(({ endpoint }) => endpoint)).toEqual(['upload'])
  })

  test('before anything leaves grok.com alone', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    await web.refusal(chatAsk({}), { abort: aborted() })
    expect(grok.calls).toEqual([])
  })
})

describe('a connection', () => {
  test('that breaks within the answer is a fault, and nothing is sent again', async () => {
    await using grok = fakeGrokWeb()
    grok.script(resetsMidway('Some words'))
    const fault = await webSession(grok).refusal(chatAsk({}))
    expect(fault.kind).toBe('broken')
    expect(grok.chats()).toHaveLength(1)
  })

  test('that does not come about is one too', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    await grok.stop()
    expect((await web.refusal(chatAsk({}))).kind).toBe('unreachable')
  })
})

function aborted(): AbortController {
  const abort = new AbortController()
  abort.abort()
  return abort
}
