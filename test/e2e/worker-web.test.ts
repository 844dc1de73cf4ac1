import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { draws, type FakeGrokWeb, fakeGrokWeb, jpeg, silent, thinks } from '../fakes/grok-web'
import { until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'
import { tell, WAYS } from '../support/web-ways'
import { type WorkerWorld, workerWorld } from '../support/worker-world'

const PICTURE = `data:image/jpeg;base64,${jpeg('a cat').toBase64()}`
/** What a Worker's log must not have. */
const FAULTS = /hung|"bug"|"error"|unreachable|uncaught/i

describe.skipIf(isWithoutSqld)('sessions of grok.com on Workers', () => {
  let world: WorkerWorld
  let grok: FakeGrokWeb
  beforeAll(async () => {
    world = await workerWorld()
    grok = fakeGrokWeb({ accounts: [{ name: 'one', tier: 'super' }] })
    const secret = grok.account('one').sso
    await world.stores.accounts.add({ kind: 'web', name: 'one', baseUrl: grok.url, secret })
  }, 120_000)
  afterAll(async () => {
    await grok?.stop()
    await world?.[Symbol.asyncDispose]()
  })

  test('think, look at pictures, draw, and tell their tier', async () => {
    await using worker = await world.another({ WEB_ASSETS_URL: grok.assetsUrl })
    const client = new OpenAI({ baseURL: `${worker.url}/v1`, apiKey: world.key, maxRetries: 0 })
    grok.script(thinks('A cat.', [['Looking', 'It has whiskers.']]))
    const asked = { model: 'grok-4.1', text: 'What is it?', pictures: [PICTURE] }
    for (const way of WAYS) {
      const told = await tell(client, way, asked)
      expect(told).toMatchObject({ text: 'A cat.', model: 'grok-4.1' })
      expect(told.thoughts).toContain('It has whiskers.')
      expect(told.usage.input).toBeGreaterThan(0)
    }
    for (const { body } of grok.chats())
      expect((body as { fileAttachments: unknown[] }).fileAttachments).toHaveLength(1)
    grok.script(draws({ count: 1 }))
    const { items } = await tell(client, 'a streamed response', { ...asked, text: 'Draw' })
    expect(items).toMatchObject([{ type: 'image_generation_call', status: 'completed' }])
    const path = grok.callsOf({ endpoint: 'asset' })[0]?.path ?? ''
    expect(items[0]?.result).toBe(grok.asset(path)?.bytes.toBase64() ?? 'nothing')
    // A Worker learns what is left by the cron trigger.
    expect(await worker.tick()).toBe('ok')
    await until(async () => {
      const [account] = (await world.stores.accounts.list()).filter(({ kind }) => kind === 'web')
      return account?.tier === 'super' || undefined
    })
    expect(worker.output()).not.toMatch(FAULTS)
    expect(grok.complaints()).toEqual([])
  }, 60_000)

  test('fetch no private address, and let go of grok.com when the client leaves', async () => {
    await using worker = await world.another({ WEB_ASSETS_URL: grok.assetsUrl })
    const client = new OpenAI({ baseURL: `${worker.url}/v1`, apiKey: world.key, maxRetries: 0 })
    const refused = tell(client, 'a chat', { model: 'grok-4.1', pictures: [`${grok.url}/a.jpg`] })
    expect(await refused.catch((cause) => cause)).toMatchObject({ status: 400 })
    grok.forget()
    grok.script(silent())
    const leaving = new AbortController()
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    const reply = client.chat.completions
      .create({ model: 'grok-4.1', messages, stream: true }, { signal: leaving.signal })
      .catch(() => 'left')
    await grok.arrived({ endpoint: 'new' }, 1)
    leaving.abort()
    expect(await reply).toBe('left')
    expect((await grok.left()).endpoint).toBe('new')
    expect(grok.complaints()).toEqual([])
  }, 60_000)

  test('draw by the page Imagine, and hang up when the client leaves', async () => {
    await world.stores.settings.set('image_method', 'imagine')
    await using worker = await world.another({ WEB_ASSETS_URL: grok.assetsUrl })
    const client = new OpenAI({ baseURL: `${worker.url}/v1`, apiKey: world.key, maxRetries: 0 })
    grok.forget()
    const asked = { model: 'grok-imagine-1.0', prompt: 'A cat', n: 4 } as const
    const { data } = await client.images.generate({ ...asked, response_format: 'b64_json' })
    expect(new Set(data?.map(({ b64_json: base64 }) => base64?.slice(0, 4)))).toEqual(
      new Set(['/9j/']),
    )
    expect(data).toHaveLength(4)
    const events: string[] = []
    const shown = { ...asked, n: 1, stream: true, partial_images: 1 } as const
    for await (const { type } of await client.images.generate(shown)) events.push(type)
    expect(events).toEqual(['image_generation.partial_image', 'image_generation.completed'])
    expect(grok.callsOf({ endpoint: 'imagine' })).toHaveLength(2)
    grok.forget()
    grok.queueImagine({ stallAfter: 0 })
    const leaving = new AbortController()
    const reply = client.images
      .generate({ ...asked }, { signal: leaving.signal })
      .catch(() => 'left')
    await grok.arrived({ endpoint: 'imagine' }, 1)
    leaving.abort()
    expect(await reply).toBe('left')
    expect((await grok.left()).endpoint).toBe('imagine')
    expect(worker.output()).not.toMatch(FAULTS)
    expect(grok.complaints()).toEqual([])
  }, 60_000)
})
