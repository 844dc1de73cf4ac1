import { describe, expect, test } from 'bun:test'
import { APIError, toFile } from 'openai'
import { draws, failsFirst, jpeg, plain } from '../fakes/grok-web'
import { ownClock } from '../support/own-clock'
import { until } from '../support/programs'
import { type WebGateway, type WebOptions, webGateway } from '../support/web-gateway'

const MODEL = 'grok-imagine-1.0'
const TWO = [{ name: 'one' }, { name: 'two' }]
const ASKED = { model: MODEL, prompt: 'A red cat', response_format: 'b64_json' } as const

const imagining = (options: WebOptions = {}) =>
  webGateway({ ...options, settings: { image_method: 'imagine', ...options.settings } })

const picturesOf = async (it: WebGateway, more: object = {}) =>
  (await it.sdk.images.generate({ ...ASKED, ...more, stream: false })).data ?? []

const refusalOf = (work: Promise<unknown>): Promise<APIError> =>
  work.then(
    () => Promise.reject(new Error('It was not refused.')),
    (cause: unknown) => (cause instanceof APIError ? cause : Promise.reject(cause)),
  )

/** Ask until a session of the two was asked, whichever comes first. */
async function untilAsked(it: WebGateway, account: string): Promise<void> {
  for (let tries = 0; tries < 18; tries++) {
    expect(await picturesOf(it)).toHaveLength(1)
    if (it.grok.callsOf({ account }).some(({ endpoint }) => endpoint !== 'rate-limits')) return
  }
  throw new Error(`${account} was never asked.`)
}

describe('pictures of grok.com in a chat', () => {
  test('are drawn two at a time, side by side', async () => {
    await using it = await webGateway({ accounts: TWO })
    it.grok.script(async (turn) => {
      await it.grok.arrived({ endpoint: 'new' }, 2)
      return draws()(turn)
    })
    const pictures = await picturesOf(it, { n: 3, response_format: 'url' })
    expect(pictures.map(({ url }) => url?.startsWith(`${it.url}/images/`))).toEqual([
      ...[true, true, true],
    ])
    const counts = it.grok.chats().map(({ body }) => Object(body).imageGenerationCount)
    expect(counts.toSorted()).toEqual([1, 2])
    const [first, second] = it.grok.chats()
    expect(second?.at ?? 0).toBeLessThan(first?.endedAt ?? 0)
    for (const { url = '' } of pictures) {
      const picture = await fetch(url)
      expect(picture.headers.get('content-type')).toBe('image/jpeg')
      expect((await picture.bytes()).length).toBeGreaterThan(0)
    }
    expect((await it.ledger())[0]).toMatchObject({ kind: 'web', usageSource: 'estimated' })
  })

  test('come from another session where one is limited in its first line', async () => {
    await using it = await webGateway({ accounts: TWO })
    it.grok.script(failsFirst(), { account: 'one' })
    await untilAsked(it, 'one')
    const held = await it.held()
    expect(held).toMatchObject([{ name: 'one', scope: 'units grok-3', state: 'cooling', hours: 1 }])
  })

  test('are refused where nothing is to be seen, and where words came instead', async () => {
    await using it = await webGateway()
    it.grok.script(draws({ moderated: [0, 1] }))
    const moderated = await refusalOf(picturesOf(it, { n: 2 }))
    expect([moderated.status, moderated.code]).toEqual([400, 'content_policy_violation'])
    it.grok.script(plain('I will not draw that.'))
    const words = await refusalOf(picturesOf(it))
    expect([words.status, words.code, words.param]).toEqual([400, 'no_picture', 'prompt'])
    expect(words.message).toContain('It says: I will not draw that.')
    expect(await it.held()).toEqual([])
  })

  test('are shown while they are made', async () => {
    await using it = await webGateway()
    const types: string[] = []
    const stream = await it.sdk.images.generate({ ...ASKED, stream: true, partial_images: 1 })
    for await (const event of stream) types.push(event.type)
    expect(types).toEqual(['image_generation.partial_image', 'image_generation.completed'])
  })

  test('are changed, several at once, but never a part of one', async () => {
    await using it = await webGateway()
    const file = (name: string) => toFile(jpeg(name), `${name}.jpg`, { type: 'image/jpeg' })
    const image = [await file('a'), await file('b')]
    const asked = { ...ASKED, model: 'grok-imagine-1.0-edit', image }
    const { data } = await it.sdk.images.edit(asked)
    expect(data).toHaveLength(1)
    expect(it.asked()).toMatchObject({ modelName: 'imagine-image-edit', message: 'A red cat' })
    expect(it.grok.callsOf({ endpoint: 'upload' })).toHaveLength(2)
    const refusal = await refusalOf(it.sdk.images.edit({ ...asked, mask: await file('m') }))
    expect([refusal.status, refusal.param]).toEqual([400, 'mask'])
    expect(await it.held()).toEqual([])
  })
})

describe('pictures of the page Imagine of grok.com', () => {
  test('come whole, four a round, in the shape that is wanted', async () => {
    await using it = await imagining({ settings: { web_request: 'g3' } })
    const pictures = await picturesOf(it, { n: 6, size: '1792x1024' })
    expect(new Set(pictures.map(({ b64_json: base64 }) => base64)).size).toBe(6)
    const rounds = it.grok.callsOf({ endpoint: 'imagine' })
    const properties = rounds.map(
      ({ messages }) => Object(messages.at(-1)).item.content[0].properties,
    )
    expect(properties.map((one) => one.num_generations).toSorted()).toEqual([2, 4])
    expect(properties.map((one) => one.aspect_ratio)).toEqual(['16:9', '16:9'])
    // Nothing is fetched that is here already.
    expect(it.grok.callsOf({ endpoint: 'asset' })).toEqual([])
    const [{ url = '' } = {}] = await picturesOf(it, { response_format: 'url' })
    expect(url).toStartWith(`${it.url}/images/`)
    expect((await fetch(url)).headers.get('content-type')).toBe('image/jpeg')
  })

  test('are shown while they are made', async () => {
    await using it = await imagining()
    const seen: [type: string, index: unknown][] = []
    const asked = { ...ASKED, n: 2, stream: true, partial_images: 2 } as const
    for await (const event of await it.sdk.images.generate(asked))
      seen.push([event.type.split('.')[1] ?? '', Object(event).index])
    expect(seen).toEqual([
      ['partial_image', 0],
      ['completed', 0],
      ['partial_image', 1],
      ['completed', 1],
    ])
  })

  test.each([
    ['limited', 'grok-imagine-1.0 images.generations', 'cooling'],
    ['limited_in_band', 'grok-imagine-1.0 images.generations', 'cooling'],
    ['expired', '', 'suspect'],
    ['blocked', '', 'suspect'],
  ] as const)('come from another session where one is %s', async (state, scope, effect) => {
    // Each call is one picture, of which a session has twenty a day.
    const settings = { account_check: false, web_request: 'g3' }
    await using it = await imagining({ accounts: TWO, settings })
    it.grok.account('one').state = state
    await untilAsked(it, 'one')
    expect(await it.held()).toMatchObject([{ name: 'one', scope, state: effect }])
    // Its chats go on while only the page is limited.
    if (state === 'limited') {
      it.grok.account('one').state = 'valid'
      it.grok.account('two').state = 'expired'
      const { choices } = await it.sdk.chat.completions.create({
        ...{ model: 'grok-3', messages: [{ role: 'user', content: 'Hi' }] },
      })
      expect(choices[0]?.message.content).toContain('Hi')
    }
  })

  test('are barred by a challenge, which is held against no session', async () => {
    await using it = await imagining({ accounts: TWO })
    for (const { name } of TWO) it.grok.account(name).state = 'challenged'
    const refusal = await refusalOf(picturesOf(it))
    expect(refusal.status).toBe(502)
    expect(refusal.message).toContain('operator has to act')
    expect(await it.held()).toEqual([])
    const [row] = await it.ledger()
    expect(JSON.stringify(row?.attemptLog)).toContain('web_cf_clearance')
  })

  test('are limited for all, and the client hears for how long', async () => {
    await using it = await imagining({
      accounts: [{ name: 'one', state: 'limited', retryAfter: 90 }],
    })
    const refusal = await refusalOf(picturesOf(it))
    expect([refusal.status, refusal.headers?.get('retry-after')]).toEqual([429, '90'])
  })

  test('are made good where some are not to be seen, or the socket is cut', async () => {
    await using it = await imagining()
    it.grok.queueImagine({ moderated: [1] }, { cutAfter: 1, gapMs: 20 })
    expect(await picturesOf(it, { n: 2 })).toHaveLength(2)
    expect(it.grok.callsOf({ endpoint: 'imagine' }).length).toBeGreaterThan(1)
  })

  test('are given up when the client leaves', async () => {
    await using it = await imagining()
    it.grok.queueImagine({ stallAfter: 1 })
    const leaving = new AbortController()
    const reply = it.sdk.images
      .generate({ ...ASKED, n: 2 }, { signal: leaving.signal })
      .catch(() => 'left')
    await it.grok.arrived({ endpoint: 'imagine' }, 1)
    leaving.abort()
    expect(await reply).toBe('left')
    expect((await it.grok.left()).endpoint).toBe('imagine')
    const row = await until(async () => (await it.ledger())[0])
    expect(row).toMatchObject({ outcome: 'gone' })
    expect(await it.held()).toEqual([])
  })

  test('are given up when grok.com falls silent', async () => {
    using clock = ownClock()
    const settings = { answer_timeout_ms: 1000 }
    await using it = await imagining({ accounts: TWO, settings, clock: clock.now })
    it.grok.queueImagine({ stallAfter: 0 })
    expect(await picturesOf(it)).toHaveLength(1)
    expect(it.grok.callsOf({ endpoint: 'imagine' })).toHaveLength(2)
    const [row] = await it.ledger()
    expect(row?.attemptLog).toMatchObject([{ fault: 'timeout' }, {}])
  })

  test('are never what edits are made by', async () => {
    await using it = await imagining()
    const image = await toFile(jpeg('a'), 'a.jpg', { type: 'image/jpeg' })
    await it.sdk.images.edit({ ...ASKED, image })
    expect(it.grok.callsOf({ endpoint: 'imagine' })).toEqual([])
    expect(it.asked()).toMatchObject({ modelName: 'imagine-image-edit' })
  })
})
