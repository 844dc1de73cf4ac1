import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { draws, fakeGrokWeb, jpeg, stallsMidway } from '../fakes/grok-web'
import { isWithoutSqld } from '../support/sqld'
import { dataUrl, pictured, says } from '../support/web-session'
import { type WorkerWorld, workerWorld } from '../support/worker-world'

describe.skipIf(isWithoutSqld)('sessions of grok.com on Workers', () => {
  const grok = fakeGrokWeb()
  let world: WorkerWorld
  let worker: Awaited<ReturnType<WorkerWorld['another']>>
  beforeAll(async () => {
    world = await workerWorld()
    const { sso } = grok.account('one')
    const session = { kind: 'web', name: 'one', baseUrl: grok.url, secret: sso } as const
    await world.stores.accounts.add(session)
    worker = await world.another({ WEB_ASSETS_URL: grok.assetsUrl })
  }, 120_000)
  afterAll(async () => {
    await worker?.[Symbol.asyncDispose]()
    await world?.[Symbol.asyncDispose]()
    await grok.stop()
  })

  test('change pictures, and show the new ones', async () => {
    const messages = [says('Make it blue', pictured(dataUrl('image/jpeg', jpeg('a'))))]
    const reply = await worker.ask({ model: 'grok-imagine-1.0-edit', messages })
    const { choices } = (await reply.json()) as {
      readonly choices: [{ readonly message: { readonly content: string } }]
    }
    expect(choices[0].message.content.match(/!\[[^\]]*\]\(http\S+\)/g)).toHaveLength(2)
    expect(grok.complaints()).toEqual([])
  })

  test('give the Responses API the pictures themselves', async () => {
    grok.queue([draws({ count: 1 })])
    const reply = await fetch(`${worker.url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'grok-imagine-1.0', input: 'A cat' }),
    })
    const { output } = (await reply.json()) as {
      readonly output: readonly { readonly type: string; readonly result?: string }[]
    }
    const item = output.find(({ type }) => type === 'image_generation_call')
    const path = grok.calls.findLast(({ endpoint }) => endpoint === 'asset')?.path ?? ''
    expect(item?.result).toBe(grok.asset(path)?.bytes.toBase64() ?? 'nothing')
  })

  test('tell grok.com of a client that leaves', async () => {
    grok.queue([stallsMidway('Some words')])
    const abort = new AbortController()
    const reply = await worker.ask({ model: 'grok-4-fast', stream: true }, { signal: abort.signal })
    await reply.body?.getReader().read()
    abort.abort()
    expect((await grok.left()).endpoint).toBe('new')
  })

  test('refuse an address that is not public', async () => {
    const messages = [says('See', pictured(`${grok.url}/a.png`))]
    const reply = await worker.ask({ model: 'grok-4-fast', messages })
    const { error } = (await reply.json()) as { readonly error: { readonly param: string } }
    expect([reply.status, error.param]).toEqual([400, 'messages.0.content.1.image_url.url'])
  })
})
