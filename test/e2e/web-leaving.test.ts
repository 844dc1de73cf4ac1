import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { films, jpeg, type Script, silent, stallsMidway } from '../fakes/grok-web'
import { serverAt } from '../support/guarded'
import { ownClock } from '../support/own-clock'
import { until } from '../support/programs'
import { type WebGateway, webGateway } from '../support/web-gateway'

/** How soon grok.com must know that nobody listens any more. */
const SOON_MS = 50

const PICTURE = `data:image/jpeg;base64,${jpeg('a cat').toBase64()}`
const shown = (url: string) => ({ type: 'image_url', image_url: { url } })

/** Ask, go when it is time to, and tell how long it took until grok.com had noticed. */
async function noticed(it: WebGateway, body: object, go: (it: WebGateway) => Promise<unknown>) {
  it.grok.forget()
  const client = new AbortController()
  const content = [{ type: 'text', text: 'Hi' }]
  const whole = { model: 'grok-4', messages: [{ role: 'user', content }], ...body }
  const reply = it
    .post('/v1/chat/completions', whole, { signal: client.signal })
    .then((answer) => answer.text())
    .catch(() => undefined)
  await go(it)
  using clock = ownClock()
  const at = clock.now()
  client.abort()
  await it.grok.left()
  const took = clock.now() - at
  await reply
  return took
}

const arrived = ({ grok }: WebGateway) => grok.arrived({ endpoint: 'new' }, 1)
/** When some of the answer has come back to the gateway. */
async function begun({ grok }: WebGateway) {
  await until(() => grok.chats()[0]?.firstByteAt)
  await Bun.sleep(20)
}

interface Case {
  readonly when: string
  readonly script?: Script
  readonly body?: object
  readonly go: (it: WebGateway) => Promise<unknown>
}

const video = { model: 'grok-imagine-1.0-video' }
const withPicture = { messages: [{ role: 'user', content: [shown(PICTURE)] }] }

const CASES: readonly Case[] = [
  { when: 'before the first byte', script: silent(), go: arrived },
  { when: 'within the answer', script: stallsMidway(), go: begun },
  { when: 'while a video is made', script: films({ gapMs: 500 }), body: video, go: begun },
  {
    when: 'while a picture is uploaded',
    body: withPicture,
    async go({ grok }) {
      await grok.arrived({ endpoint: 'upload' }, 1)
    },
  },
]

describe('a client that leaves', () => {
  let it: WebGateway
  beforeAll(async () => {
    it = await webGateway({ accounts: [{ name: 'one' }, { name: 'two' }] })
    it.grok.intercept('upload', (call) => call.gone.then(() => undefined))
  })
  afterAll(() => it?.[Symbol.asyncDispose]())
  beforeEach(() => it.grok.clearScripts())

  for (const stream of [false, true])
    test.each(CASES)(`$when is noticed by grok.com at once, streamed: ${stream}`, async (given) => {
      if (given.script !== undefined) it.grok.script(given.script)
      const took = await noticed(it, { stream, ...given.body }, given.go)
      // Nobody else is asked for an answer that nobody waits for.
      expect(it.grok.callsOf({ endpoint: 'new' }).length).toBeLessThanOrEqual(1)
      expect(took).toBeLessThanOrEqual(SOON_MS)
      const row = await until(async () => (await it.ledger())[0])
      expect(row).toMatchObject({ outcome: 'gone' })
      expect(await it.held()).toEqual([])
    })

  test('while its own picture is fetched is noticed by its host', async () => {
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    await using server = serverAt((request) => {
      request.signal.addEventListener('abort', () => resolve())
      return gone.then(() => new Response())
    })
    const client = new AbortController()
    it.grok.forget()
    const messages = [{ role: 'user', content: [shown(server.url)] }]
    const body = { model: 'grok-4', messages }
    const reply = it
      .post('/v1/chat/completions', body, { signal: client.signal })
      .catch(() => 'left')
    await until(() => server.seen[0])
    client.abort()
    await gone
    expect(await reply).toBe('left')
    expect(it.grok.chats()).toEqual([])
  })
})

describe('cookies of a session', () => {
  test('go to grok.com and to its asset host, and to nobody else', async () => {
    await using server = serverAt(() => new Response(jpeg('theirs')))
    await using it = await webGateway({
      accounts: [{ name: 'one' }, { name: 'two' }],
      settings: { image_format: 'base64' },
    })
    it.grok.script((turn) => {
      const { path } = turn.picture()
      const urls = [path, `${server.url}/made.jpg`]
      return { steps: [], modelResponse: { generatedImageUrls: urls } }
    })
    for (const text of ['One', 'Two', 'Three', 'Four', 'Five']) {
      const content = [{ type: 'text', text }, shown(`${server.url}/${text}.jpg`)]
      const messages = [{ role: 'user', content }]
      expect((await it.post('/v1/chat/completions', { model: 'grok-4', messages })).status).toBe(
        200,
      )
    }
    // What an account has made is fetched once, however often it is shown.
    const asked = new Set(it.grok.calls.map(({ account }) => account))
    expect(server.seen).toHaveLength(5 + asked.size)
    for (const { headers } of server.seen)
      for (const name of ['cookie', 'authorization', 'x-statsig-id'])
        expect(headers.get(name)).toBeNull()
    const sso = new Set(['one', 'two'].map((name) => it.grok.account(name).sso))
    expect(it.grok.callsOf({ endpoint: 'asset' })).toHaveLength(5)
    for (const { cookies, account, headers } of it.grok.calls) {
      expect(sso).toContain(cookies.sso ?? '')
      expect(cookies.sso).toBe(it.grok.account(String(account)).sso)
      expect(headers.get('authorization')).toBeNull()
    }
  })
})
