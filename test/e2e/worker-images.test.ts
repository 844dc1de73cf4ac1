import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI, { toFile } from 'openai'
import { type FakeGrokWeb, fakeGrokWeb } from '../fakes/grok-web'
import { jpeg } from '../fakes/media/jpeg'
import { fakeOpenAiMedia } from '../fakes/openai-media'
import { fakeXaiMedia, faults } from '../fakes/xai-media'
import { fetched, typeOf64 } from '../support/picture-kinds'
import { until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'
import { type WorkerWorld, workerWorld } from '../support/worker-world'

const PROMPT = 'A fern in the rain'
/** What a Worker's log must not have. */
const FAULTS = /hung|"bug"|"error"|unreachable|uncaught/i

const MODELS = [
  ['xAI', 'grok-imagine-image', 'grok-imagine-image'],
  ['OpenAI', 'gpt-image-1', 'gpt-image-1'],
  ['grok.com', 'grok-imagine-1.0', 'grok-imagine-1.0-edit'],
] as const

describe.skipIf(isWithoutSqld)('pictures on Workers', () => {
  let world: WorkerWorld
  let grok: FakeGrokWeb
  const xai = fakeXaiMedia()
  const openai = fakeOpenAiMedia({ models: ['gpt-image-1'] })
  beforeAll(async () => {
    world = await workerWorld()
    grok = fakeGrokWeb({ accounts: [{ name: 'one' }] })
    const { sso } = grok.account('one')
    for (const [kind, baseUrl, secret] of [
      ['xai', xai.url, 'key-1'],
      ['openai', openai.url, 'key-1'],
      ['web', grok.url, sso],
    ] as const)
      await world.stores.accounts.add({ kind, name: kind, baseUrl, secret })
  }, 120_000)
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    for (const fake of [grok, xai, openai]) await fake?.stop()
  })

  test('are made, changed and streamed over every kind', async () => {
    await using worker = await world.another({ WEB_ASSETS_URL: grok.assetsUrl })
    expect(await worker.tick()).toBe('ok')
    const { images } = new OpenAI({
      baseURL: `${worker.url}/v1`,
      apiKey: world.key,
      maxRetries: 0,
    })
    for (const [name, model, editModel] of MODELS) {
      const asked = { model, prompt: PROMPT, n: 3 }
      const { data } = await images.generate({ ...asked, response_format: 'url' })
      expect(data, name).toHaveLength(3)
      for (const { url = '' } of data ?? []) {
        expect(await fetched(url)).toMatchObject({ status: 200 })
        const part = await fetch(url, { headers: { range: 'bytes=4-9' } })
        expect([part.status, (await part.bytes()).length], name).toEqual([206, 6])
      }
      const image = await toFile(jpeg('a cat'), 'a.jpg')
      const changed = await images.edit({
        model: editModel,
        prompt: PROMPT,
        image: [image, image],
        response_format: 'b64_json',
      })
      expect(typeOf64(changed.data?.[0]?.b64_json)).toBeDefined()
      const types: string[] = []
      for await (const event of await images.generate({ ...asked, stream: true }))
        types.push(event.type)
      expect(types, name).toEqual(Array(3).fill('image_generation.completed'))
    }
    expect(worker.output()).not.toMatch(FAULTS)
    expect(grok.complaints()).toEqual([])
  }, 120_000)

  test('are let go of when their client leaves a stream', async () => {
    await using worker = await world.another()
    expect(await worker.tick()).toBe('ok')
    const { images } = new OpenAI({
      baseURL: `${worker.url}/v1`,
      apiKey: world.key,
      maxRetries: 0,
    })
    xai.forget()
    xai.draws({ count: 1 })
    let calls = 0
    xai.always('images.generations', (moment) =>
      ++calls > 1 ? faults.hangs()(moment) : moment.right(),
    )
    const asked = { model: 'grok-imagine-image', prompt: PROMPT, n: 2, stream: true } as const
    for await (const _event of await images.generate(asked)) {
      await until(async () => calls === 2 || undefined)
      break
    }
    await xai.callsOf('images.generations')[1]?.gone
    expect(worker.output()).not.toMatch(FAULTS)
  }, 60_000)
})
