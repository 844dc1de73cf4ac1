import { describe, expect, test } from 'bun:test'
import { APIError, toFile } from 'openai'
import { jpeg } from '../../fakes/media/jpeg'
import { faults } from '../../fakes/xai-media'
import { mediaPool } from '../../support/media-pool'
import { fetched, PICTURE_KINDS, type PictureKind, typeOf64 } from '../../support/picture-kinds'
import { until } from '../../support/programs'

const PATH = '/v1/images/generations'
const PROMPT = 'A fern in the rain'
const rows = PICTURE_KINDS.map((kind): [string, PictureKind] => [kind.name, kind])

interface Sent {
  readonly type: string
  readonly b64_json: string
  readonly index: number
  readonly partial_image_index?: number
  readonly usage?: { readonly total_tokens: number }
  readonly url?: string
}

async function all<T>(events: AsyncIterable<T>): Promise<Sent[]> {
  const found: unknown[] = []
  for await (const event of events) found.push(event)
  return found as Sent[]
}

const ABOUT = {
  b64_json: expect.any(String),
  created_at: expect.any(Number),
  size: expect.stringMatching(/^\d+x\d+$/),
  quality: expect.any(String),
  background: expect.any(String),
  output_format: expect.stringMatching(/^(png|jpeg)$/),
}
const USAGE = {
  input_tokens: expect.any(Number),
  output_tokens: expect.any(Number),
  total_tokens: expect.any(Number),
  input_tokens_details: { text_tokens: expect.any(Number), image_tokens: expect.any(Number) },
}

describe.each(rows)('a stream of pictures of %s', (_, kind) => {
  const { model, editModel, previews, type, open } = kind

  test('sends each when it is there, with all that the SDK wants to know', async () => {
    await using it = await open()
    const { data: stream, response } = await it.sdk.images
      .generate({ model, prompt: PROMPT, stream: true })
      .withResponse()
    expect(response.headers.get('x-groxy-model')).toBe(model)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const events = await all(stream)
    // What is matched is changed by it.
    expect(structuredClone(events)).toMatchObject([
      { type: 'image_generation.completed', ...ABOUT, usage: USAGE, index: 0 },
    ])
    expect(typeOf64(events[0]?.b64_json)).toBe(type)
    expect(await it.ledger()).toMatchObject([{ stream: true, status: 200, outcome: 'done' }])
  })

  test('shows previews before, as many as are wanted, where there are any', async () => {
    await using it = await open()
    const asked = { model, prompt: PROMPT, stream: true, partial_images: 1 } as const
    const events = await all(await it.sdk.images.generate(asked))
    const partials = events.filter((event) => event.type === 'image_generation.partial_image')
    expect(partials).toMatchObject(previews ? [{ ...ABOUT, partial_image_index: 0, index: 0 }] : [])
    expect(events.at(-1)).toMatchObject({ type: 'image_generation.completed', usage: USAGE })
  })

  test('sends several, each of them once', async () => {
    await using it = await open()
    const asked = { model, prompt: PROMPT, stream: true, n: 5, partial_images: 2 } as const
    const events = await all(await it.sdk.images.generate(asked))
    const done = events.filter((event) => event.type === 'image_generation.completed')
    expect(done.map(({ index }) => index).toSorted()).toEqual([0, 1, 2, 3, 4])
    expect(new Set(done.map(({ b64_json }) => b64_json)).size).toBe(5)
    for (const { index } of done) {
      const shown = events.filter(
        (one) => one.index === index && one.partial_image_index !== undefined,
      )
      expect(shown.map((one) => one.partial_image_index)).toEqual(shown.map((_one, at) => at))
      expect(shown.length).toBeLessThanOrEqual(2)
      if (shown.length > 0)
        expect(events.findLastIndex((one) => one.index === index)).toBe(
          events.findIndex((one) => one.index === index && one.usage !== undefined),
        )
    }
  })

  test('has an address besides where one is asked for', async () => {
    await using it = await open()
    const asked = { model, prompt: PROMPT, stream: true, response_format: 'url' } as const
    const [event] = await all(await it.sdk.images.generate(asked))
    expect({ ...event }).toMatchObject({
      ...ABOUT,
      url: expect.stringContaining(`${it.url}/images/`),
    })
    expect(await fetched(event?.url)).toMatchObject({ status: 200, type })
  })

  test('of what was changed has names of its own', async () => {
    await using it = await open()
    const image = await toFile(jpeg('a cat'), 'a.jpg')
    const asked = { model: editModel, prompt: PROMPT, image, stream: true } as const
    const events = await all(await it.sdk.images.edit(asked))
    expect(events).toMatchObject([{ type: 'image_edit.completed', ...ABOUT, usage: USAGE }])
    expect(await it.ledger()).toMatchObject([{ endpoint: 'images.edits', stream: true }])
  })
})

const STREAM = { prompt: PROMPT, model: 'grok-imagine-image', stream: true }

describe('a stream of pictures', () => {
  test('says what all took, once for each call', async () => {
    await using it = await mediaPool({ openai: ['one'] })
    const asked = { model: 'gpt-image-1', prompt: PROMPT, n: 3, stream: true } as const
    const whole = await all(await it.sdk.images.generate(asked))
    expect(whole.map(({ usage }) => usage?.total_tokens)).toEqual([0, 0, 12 + 3 * 4160])
    const single = await all(await it.sdk.images.generate({ ...asked, partial_images: 1 }))
    const done = single.flatMap(({ usage }) => usage?.total_tokens ?? [])
    expect(done).toEqual([4172, 4172, 4172])
  })

  test('ends without [DONE], and is kept open while nothing comes', async () => {
    await using it = await mediaPool({ xai: ['one'], settings: { heartbeat_ms: 20 } })
    it.grok.alwaysDraws({ count: 1 })
    let calls = 0
    const heard = Promise.withResolvers<void>()
    it.grok.always('images.generations', async (moment) => {
      if (++calls > 1) await heard.promise
      return moment.right()
    })
    const reply = await it.post(PATH, { ...STREAM, n: 2 })
    const decoder = new TextDecoder()
    let text = ''
    for await (const bytes of reply.body ?? []) {
      text += decoder.decode(bytes, { stream: true })
      if (text.split(': ping\n').length > 3) heard.resolve()
    }
    expect(text.match(/^event: image_generation\.completed$/gm)).toHaveLength(2)
    expect(text.match(/^: ping$/gm)?.length).toBeGreaterThan(2)
    expect(text).not.toContain('[DONE]')
    expect(text).toEndWith('}\n\n')
  })

  test.each([
    ['a fault', faults.refused(500), 502, 'upstream_error'],
    ['a refusal', faults.says({ error: 'Not this.' }, 422), 422, null],
    ['a limit', faults.limited(600), 429, 'rate_limit_exceeded'],
  ])('that fails by %s before its first picture fails with a status', async (...row) => {
    const [, fault, status, code] = row
    await using it = await mediaPool({ xai: ['one'] })
    it.grok.always('images.generations', fault)
    const reply = await it.post(PATH, STREAM)
    expect([reply.status, (await reply.json()).error.code]).toEqual([status, code])
    expect(await it.ledger()).toMatchObject([{ stream: true, status, outcome: 'failed' }])
  })

  test('that is moderated fails with a status', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const reply = await it.post(PATH, { ...STREAM, prompt: 'forbidden' })
    expect(reply.status).toBe(400)
    expect((await reply.json()).error.code).toBe('content_policy_violation')
  })

  test('that is not complete ends with an error, after what there was', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    it.grok.alwaysDraws({ count: 1 })
    const reply = await it.post(PATH, { ...STREAM, n: 5 })
    const text = await reply.text()
    expect(reply.status).toBe(200)
    expect(text.match(/^event: image_generation\.completed$/gm)).toHaveLength(3)
    const [, last = ''] = /event: error\ndata: (.*)\n\n$/.exec(text) ?? []
    expect(JSON.parse(last).error).toEqual({
      message: '3 of 5 pictures were made, also after more tries.',
      type: 'server_error',
      param: null,
      code: 'images_incomplete',
    })
    const again = await it.sdk.images.generate({ ...STREAM, n: 5, stream: true })
    const failed = await all(again).catch((cause: unknown) => cause)
    expect(failed).toBeInstanceOf(APIError)
    expect(failed).toMatchObject({ code: 'images_incomplete' })
  })

  test('whose client leaves ends its calls', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    it.grok.draws({ count: 1 })
    let calls = 0
    it.grok.always('images.generations', (moment) =>
      ++calls > 1 ? faults.hangs()(moment) : moment.right(),
    )
    const stream = await it.sdk.images.generate({ ...STREAM, n: 2, stream: true })
    for await (const _event of stream) {
      await until(async () => calls === 2 || undefined)
      break
    }
    await it.grok.callsOf('images.generations')[1]?.gone
    await until(async () => (await it.ledger()).length === 2 || undefined)
    expect((await it.ledger()).map(({ outcome }) => outcome)).toEqual(['gone', 'done'])
  })
})
