import { describe, expect, test } from 'bun:test'
import {
  type AccountOptions,
  draws,
  failedLine,
  failsMidway,
  fakeGrokWeb,
  jpeg,
  plain,
  section,
  stallsMidway,
  thinks,
} from '../fakes/grok-web'
import { gateway, readEvents, textOf } from '../support/gateway'
import { serverAt } from '../support/guarded'
import { ownClock } from '../support/own-clock'
import { dataUrl, pictured, says } from '../support/web-session'

/** A gateway with sessions of a fake grok.com. */
async function world(
  accounts: readonly AccountOptions[] = [{ name: 'one' }],
  settings: Record<string, unknown> = {},
) {
  const grok = fakeGrokWeb({ accounts })
  const it = await gateway({
    env: { WEB_ASSETS_URL: grok.assetsUrl },
    settings,
    reachable: () => true,
  })
  for (const { name, tier } of accounts)
    await it.stores.accounts.add({
      kind: 'web',
      name,
      baseUrl: grok.url,
      secret: grok.account(name).sso,
      tier,
    })
  await it.app.refresh()
  const chat = (request: object) =>
    it.post('/v1/chat/completions', {
      model: 'grok-4',
      messages: [{ role: 'user', content: 'Hello' }],
      ...request,
    })
  return {
    ...it,
    grok,
    chat,
    async [Symbol.asyncDispose]() {
      await it[Symbol.asyncDispose]()
      await grok[Symbol.asyncDispose]()
    },
  }
}

type Body = {
  readonly model: string
  readonly choices: [{ message: { content: string; reasoning_content?: string } }]
  readonly usage: { completion_tokens: number; estimated?: boolean }
  readonly error: { code: string; param: string; message: string }
  readonly output: { type: string; result?: string; content?: [{ text: string }] }[]
}

const bodyOf = async (response: Response) => (await response.json()) as Body

test('a session answers a chat whole and streamed', async () => {
  await using it = await world()
  it.grok.script(thinks('Hi there'))
  const whole = await bodyOf(await it.chat({}))
  expect(whole).toMatchObject({ model: 'grok-4', usage: { estimated: true } })
  expect(whole.choices[0].message.content).toBe('Hi there')
  expect(whole.choices[0].message.reasoning_content).toContain('The user greets.')
  expect(whole.usage.completion_tokens).toBeGreaterThan(1)
  const events = readEvents(await (await it.chat({ stream: true })).text())
  expect(textOf(events)).toBe('Hi there')
  expect(events.at(-1)).toBe('[DONE]')
  expect(it.grok.complaints()).toEqual([])
})

test('what it was not told is named in a header', async () => {
  await using it = await world()
  const response = await it.chat({ temperature: 0.5, video_config: {} })
  expect(response.headers.get('x-groxy-dropped')).toBe('temperature, video_config')
})

test('a session answers the Responses API, with pictures as items', async () => {
  await using it = await world()
  it.grok.script(draws({ count: 1 }))
  const request = { model: 'grok-imagine-1.0', input: 'A cat' }
  const { output } = await bodyOf(await it.post('/v1/responses', request))
  const item = output.find(({ type }) => type === 'image_generation_call')
  const path = it.grok.calls.find(({ endpoint }) => endpoint === 'asset')?.path ?? ''
  expect(item?.result).toBe(it.grok.asset(path)?.bytes.toBase64() ?? 'nothing')
})

test('a video stands in the answer as a player, and its progress in what was thought', async () => {
  await using it = await world()
  const model = 'grok-imagine-1.0-video'
  const { choices } = await bodyOf(await it.chat({ model, messages: [says('Waves')] }))
  const [{ message }] = choices
  expect(message.content).toMatch(
    /^<video controls preload="none" poster="http\S+"><source src="http\S+\.mp4" type="video\/mp4"><\/video>$/,
  )
  expect(message.reasoning_content).toContain('50 %')
  expect(it.grok.complaints()).toEqual([])
})

test('a picture is changed, and the new ones stand in the answer', async () => {
  await using it = await world()
  const messages = [says('Make it blue', pictured(dataUrl('image/jpeg', jpeg('a'))))]
  const { choices } = await bodyOf(await it.chat({ model: 'grok-imagine-1.0-edit', messages }))
  expect(choices[0].message.content.match(/!\[[^\]]*\]\(http\S+\)/g)).toHaveLength(2)
  expect(it.grok.complaints()).toEqual([])
})

describe('when a session is refused, another one answers', () => {
  for (const [state, stream] of [
    ['expired', false],
    ['blocked', true],
    ['email_rejected', false],
    ['challenged', true],
    ['anti_bot', false],
    ['anti_bot_in_band', true],
    ['limited', false],
    ['limited_in_band', true],
    ['heavy_usage_in_band', false],
    ['usage_limit_in_band', true],
  ] as const)
    test(`${state}${stream ? ', streamed' : ''}`, async () => {
      await using it = await world([{ name: 'bad', state }, { name: 'good' }])
      it.grok.script(plain('Hi there'))
      for (let turn = 0; turn < 3; turn++) {
        const response = await it.chat({ stream, prompt_cache_key: `c${turn}` })
        expect([response.status, await response.text()]).toEqual([
          200,
          expect.stringContaining('there'),
        ])
      }
      expect(it.grok.chats('good')).toHaveLength(3)
    })
})

test('a moderated request is refused once, as the fault of its client', async () => {
  await using it = await world([
    { name: 'one', state: 'moderated' },
    { name: 'two', state: 'moderated' },
  ])
  const response = await it.chat({})
  expect([response.status, (await bodyOf(response)).error.code]).toEqual([400, 'content_moderated'])
  expect(it.grok.chats()).toHaveLength(1)
})

test("a client's unreachable picture is its own fault, and no session's", async () => {
  await using gone = serverAt(() => new Response('No', { status: 404 }))
  await using it = await world()
  const response = await it.chat({ messages: [says('See', pictured(`${gone.url}/a.png`))] })
  const { error } = await bodyOf(response)
  expect([response.status, error.param]).toEqual([400, 'messages.0.content.1.image_url.url'])
  expect(it.grok.chats()).toEqual([])
  expect((await it.chat({})).status).toBe(200)
})

test('a picture that a client names is fetched once, though several sessions are tried', async () => {
  await using client = serverAt(() => new Response(jpeg('a')))
  await using it = await world([
    { name: 'one', state: 'limited' },
    { name: 'two', state: 'limited' },
    { name: 'three' },
  ])
  const messages = [says('See', pictured(`${client.url}/a.jpg`))]
  expect((await it.chat({ messages })).status).toBe(200)
  expect(client.seen.map(({ headers }) => headers.get('cookie'))).toEqual([null])
})

test('a picture in a message is uploaded to the session that answers', async () => {
  await using it = await world()
  const messages = [says('See', pictured(dataUrl('image/jpeg', jpeg('a'))))]
  expect((await it.chat({ messages })).status).toBe(200)
  expect(it.grok.complaints()).toEqual([])
})

test('a wrong description of a video is refused before anyone is asked', async () => {
  await using it = await world()
  const model = 'grok-imagine-1.0-video'
  const response = await it.chat({ model, video_config: { preset: 'spicy' } })
  const { error } = await bodyOf(response)
  expect([response.status, error.param]).toEqual([400, 'video_config.preset'])
  expect(it.grok.chats()).toEqual([])
})

test('a client that leaves is told to grok.com within 50 ms', async () => {
  await using it = await world()
  it.grok.script(stallsMidway('Some words'))
  const abort = new AbortController()
  const body = JSON.stringify({
    model: 'grok-4',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
  })
  const response = await it.post('/v1/chat/completions', body, { signal: abort.signal })
  await response.body?.getReader().read()
  using clock = ownClock()
  const at = clock.now()
  abort.abort()
  await it.grok.left()
  expect(clock.now() - at).toBeLessThan(50)
})

test('an answer that fails within is not made again', async () => {
  await using it = await world([{ name: 'one' }, { name: 'two' }])
  // Else the error may be there before a word has gone out, which makes it a plain 502.
  const heard = Promise.withResolvers<void>()
  const { steps } = failsMidway(13, 'Something went wrong', '')
  const said = [...plain('Some words').steps, { wait: heard.promise }, ...steps]
  it.grok.script({ steps: said, closing: false })
  const response = await it.chat({ stream: true })
  let text = ''
  const decoder = new TextDecoder()
  try {
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes, { stream: true })
      if (text.includes('words')) heard.resolve()
    }
  } catch {
    // A broken stream is cut.
  }
  expect(text).toContain('words')
  expect(text).toContain('"error"')
  expect(text).not.toContain('[DONE]')
  expect(it.grok.chats()).toHaveLength(1)
})

describe('nobody else is asked what one has begun to answer', () => {
  const STREAMED = {
    model: 'grok-4',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
  }
  const cut = async (response: Response) => await response.text().catch(() => 'cut')

  test('though nothing of it has gone out, since thoughts are not shown', async () => {
    await using it = await world([{ name: 'one' }, { name: 'two' }])
    it.grok.script({
      steps: [...section('Looking', 'Thinking about it.'), failedLine(13, 'Something went wrong')],
      closing: false,
    })
    const response = await it.chat({ stream: true, reasoning_effort: 'none' })
    expect(response.status).toBe(502)
    await cut(response)
    expect(it.grok.chats()).toHaveLength(1)
  })

  test('though its end came along with its first words', async () => {
    await using it = await world([{ name: 'one' }, { name: 'two' }])
    it.grok.script({ ...failsMidway(), wire: { chunks: 'all' } })
    await cut(await it.chat({ stream: true }))
    expect(it.grok.chats()).toHaveLength(1)
  })

  test('but by a key that wants to be rescued', async () => {
    await using it = await world([{ name: 'one' }, { name: 'two' }])
    const { secret } = await it.stores.keys.create({ name: 'rescued', rescue: 'buffer' })
    await it.app.refresh()
    it.grok.queue([failsMidway(), plain('All is well')])
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    const response = await it.post('/v1/chat/completions', STREAMED, { headers })
    expect(textOf(readEvents(await response.text()))).toBe('All is well')
    expect(it.grok.chats()).toHaveLength(2)
  })
})

test('pictures that take their time to be uploaded take none from the answer', async () => {
  const settings = { first_byte_timeout_ms: 1_500, uploads_at_once: 1 }
  await using it = await world([{ name: 'one' }], settings)
  it.grok.intercept('upload', async () => {
    await Bun.sleep(700)
    return undefined
  })
  const pictures = ['a', 'b', 'c'].map((name) => pictured(dataUrl('image/jpeg', jpeg(name, 600))))
  const response = await it.chat({ stream: true, messages: [says('See', ...pictures)] })
  expect(response.status).toBe(200)
  expect(textOf(readEvents(await response.text()))).not.toBe('')
  expect(it.grok.chats()).toHaveLength(1)
})
