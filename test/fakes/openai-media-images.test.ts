import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { bareClient, clientOf, fileOf, refusal } from '../support/openai-media-client'
import { fakeOpenAiMedia, faults, gif, jpeg, png, typeOf, webp } from './openai-media'

const now = 1_760_000_000_000
let openai = fakeOpenAiMedia()
let client = clientOf(openai)

beforeEach(() => {
  openai = fakeOpenAiMedia({ keys: ['one', 'two'], now: () => now })
  client = clientOf(openai)
})
afterEach(() => openai.stop())

const { post, refused } = bareClient(() => openai.url)

const decoded = (base64 = '') => new Uint8Array(Buffer.from(base64, 'base64'))

describe('pictures', () => {
  const prompt = 'a cat'
  const model = 'gpt-image-1'

  test('are base64 from GPT models, with all that is said of them', async () => {
    const asked = { prompt, model, n: 2, size: '1536x1024', output_format: 'webp' } as const
    const { data = [], usage, ...about } = await client.images.generate(asked)
    expect(data.map(({ b64_json }) => typeOf(decoded(b64_json)))).toEqual(['webp', 'webp'])
    expect(data[0]?.b64_json).not.toBe(data[1]?.b64_json)
    expect(about).toMatchObject({
      ...{ created: 1_760_000_000, size: '1536x1024', quality: 'high' },
      ...{ background: 'opaque', output_format: 'webp' },
    })
    expect(usage?.total_tokens).toBe(12 + 2 * 4160)
    const free = await client.images.generate({ prompt, model: 'gpt-image-2', size: '1600x912' })
    const bytes = Buffer.from(decoded(free.data?.[0]?.b64_json))
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1600, 912])
  })

  test('are addresses from DALL-E, or base64 as asked, or otherwise', async () => {
    const asked = { prompt, model: 'dall-e-3' } as const
    const { data = [], usage } = await client.images.generate(asked)
    const [picture] = data
    expect([usage, picture?.revised_prompt]).toEqual([undefined, 'a cat, in detail'])
    const url = picture?.url ?? ''
    expect(typeOf(await (await fetch(url)).bytes())).toBe('png')
    expect(openai.media(url)?.fetches).toBe(1)
    const base64 = await client.images.generate({ ...asked, response_format: 'b64_json' })
    expect(base64.data?.[0]?.b64_json).toBeString()
    openai.draws({ swapsFormat: true }, { bytes: jpeg('a'), manner: { status: 500 } })
    expect((await client.images.generate(asked)).data?.[0]?.b64_json).toBeString()
    const broken = await client.images.generate(asked)
    expect((await fetch(broken.data?.[0]?.url ?? '')).status).toBe(500)
    openai.alwaysDraws({ count: 3, usage: null })
    const many = await client.images.generate({ prompt, model })
    expect([many.data?.length, many.usage]).toEqual([3, undefined])
  })

  test('are streamed with partial ones', async () => {
    const asked = { prompt, model, stream: true, partial_images: 2 } as const
    const events = []
    for await (const event of await client.images.generate(asked)) events.push(event)
    const [first, second, last] = events
    expect(first).toEqual({
      ...{ type: 'image_generation.partial_image', created_at: 1_760_000_000 },
      ...{ size: '1024x1024', quality: 'high', background: 'opaque', output_format: 'png' },
      ...{ partial_image_index: 0, b64_json: expect.any(String) },
    })
    expect(second).toMatchObject({ partial_image_index: 1 })
    expect(last).toMatchObject({ type: 'image_generation.completed', usage: { input_tokens: 12 } })
    const raw = await (await post('/images/generations', asked)).text()
    expect(raw.match(/^event: .+/gm)).toHaveLength(3)
    expect(raw).not.toContain('[DONE]')
  })

  test('break off while they are streamed', async () => {
    const fails = { code: 'moderation_blocked', message: 'Your picture was refused.' }
    openai.draws({ fails, partials: 1, gapMs: 1 }, {}, { ignoresStream: true })
    const asked = { prompt, model, stream: true } as const
    const heard: string[] = []
    const listen = async () => {
      for await (const { type } of await client.images.generate(asked)) heard.push(type)
    }
    await expect(listen()).rejects.toThrow('refused')
    expect(heard).toEqual(['image_generation.partial_image'])
    openai.script('images.generations', faults.cut())
    await expect(listen()).rejects.toThrow()
    const json = await post('/images/generations', asked)
    expect(json.headers.get('content-type')).toStartWith('application/json')
  })

  const wrong: [code: string, body: object][] = [
    ['missing_required_parameter', { prompt: '' }],
    ['moderation_blocked', { prompt: 'forbidden' }],
    ['unknown_parameter', { response_format: 'url' }],
    ['unknown_parameter', { style: 'vivid' }],
    ['unknown_parameter', { aspect_ratio: '1:1' }],
    ['invalid_value', { size: '512x512' }],
    ['invalid_value', { quality: 'hd' }],
    ['invalid_value', { n: 11 }],
    ['invalid_type', { n: '2' }],
    ['invalid_type', { stream: 'true' }],
    ['invalid_value', { partial_images: 4 }],
    ['invalid_value', { background: 'transparent', output_format: 'jpeg' }],
    ['invalid_value', { output_format: 'gif' }],
    ['invalid_value', { model: 'dall-e-3', n: 2 }],
    ['invalid_value', { model: 'dall-e-2', size: '1792x1024' }],
    ['unknown_parameter', { model: 'dall-e-3', stream: true }],
    ['string_above_max_length', { model: 'dall-e-2', prompt: 'a'.repeat(1001) }],
    ['invalid_value', { model: 'gpt-image-2', size: '1000x1000' }],
    ['invalid_value', { model: 'gpt-image-2', size: '3840x1024' }],
    ['invalid_value', { model: 'gpt-5' }],
  ]
  for (const [code, body] of wrong)
    test(`are not drawn from ${JSON.stringify(body).slice(0, 80)}`, async () => {
      expect(await refused('/images/generations', { prompt, model, ...body })).toEqual([400, code])
    })

  test('are drawn by the model that is meant when none is named', async () => {
    const drawn = async (body: object) => (await post('/images/generations', body)).json()
    expect((await drawn({ prompt })).data[0].url).toBeString()
    expect((await drawn({ prompt, model: null, output_format: 'jpeg' })).size).toBe('1024x1024')
    expect(await refused('/images/generations', { prompt, model: 'x' })).toEqual([
      ...[404, 'model_not_found'],
    ])
  })
})

describe('edits', () => {
  const prompt = 'a hat'
  const model = 'gpt-image-1'

  test('take several pictures and a mask, as the SDK sends them', async () => {
    const image = [await fileOf(png('a')), await fileOf(jpeg('b'), 'jpeg')]
    const mask = await fileOf(png('mask'))
    const asked = { image, mask, prompt, model, n: 2, input_fidelity: 'high' } as const
    const { data } = await client.images.edit(asked)
    expect(data).toHaveLength(2)
    const [call] = openai.callsOf('images.edits', 'one')
    expect(call?.body).toMatchObject({ prompt, model, n: '2' })
    const fields = call?.pictures.map(({ field }) => field)
    expect(fields?.toSorted()).toEqual(['image', 'image', 'mask'])
    expect(call?.pictures[0]?.bytes).toEqual(new Uint8Array(png('a')))
    const events = []
    const streamed = { image: await fileOf(png('a')), prompt, model, partial_images: 1 } as const
    for await (const { type } of await client.images.edit({ ...streamed, stream: true }))
      events.push(type)
    expect(events).toEqual(['image_edit.partial_image', 'image_edit.completed'])
  })

  test('take references in JSON', async () => {
    const file = await client.files.create({ file: await fileOf(png('a')), purpose: 'vision' })
    const image_url = `data:image/webp;base64,${Buffer.from(webp('a')).toString('base64')}`
    const references = [{ image_url }, { file_id: file.id }, { image_url: 'https://a.example/b' }]
    const body = { prompt, images: references, mask: { file_id: file.id } }
    const { data } = await (await post('/images/edits', body)).json()
    expect(data).toHaveLength(1)
    const taken = openai.calls.at(-1)?.pictures
    expect(taken?.map(({ field }) => field)).toEqual(['images', 'images', 'images', 'mask'])
  })

  const dataUrl = (type: string, bytes: Uint8Array) =>
    `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
  const wrongJson: [status: number, code: string | null, body: object][] = [
    [400, 'missing_required_parameter', { images: [] }],
    [400, 'array_above_max_length', { images: new Array(17).fill({}) }],
    [400, 'invalid_value', { images: [{}] }],
    [400, 'invalid_type', { images: ['https://a.example/b'] }],
    [400, 'invalid_value', { images: [{ image_url: 'b.png' }] }],
    [404, null, { images: [{ file_id: 'file-1' }] }],
    [
      400,
      'unsupported_file_mimetype',
      { images: [{ image_url: dataUrl('text/plain', png('a')) }] },
    ],
    [400, 'invalid_image_file', { images: [{ image_url: dataUrl('image/png', gif('a')) }] }],
    [400, 'invalid_value', { images: [{}], model: 'dall-e-2' }],
    [400, 'unknown_parameter', { images: [{}], response_format: 'url' }],
  ]
  for (const [status, code, body] of wrongJson)
    test(`are not made from ${JSON.stringify(body).slice(0, 80)}`, async () => {
      expect(await refused('/images/edits', { prompt, ...body })).toEqual([status, code])
    })

  test('are not made from parts that are not right', async () => {
    const send = async (...parts: readonly (readonly [string, string | File])[]) => {
      const body = new FormData()
      for (const [name, value] of [['prompt', prompt], ['model', model], ...parts] as const)
        body.append(name, value)
      const headers = { authorization: 'Bearer one' }
      const response = await fetch(`${openai.url}/images/edits`, { method: 'POST', headers, body })
      return response.ok ? 'taken' : (await response.json()).error.code
    }
    const picture = await fileOf(png('a'))
    const large = await fileOf(png('b', 0, [16, 16]))
    expect(await send(['image[]', picture], ['stream', 'false'], ['n', '1'])).toBe('taken')
    expect(await send()).toBe('missing_required_parameter')
    expect(await send(['image', picture], ['image', picture])).toBe('duplicate_parameter')
    expect(await send(['image', picture], ['mask', large])).toBe('invalid_value')
    expect(await send(['image', picture], ['mask', await fileOf(jpeg('a'), 'jpeg')])).toBe(
      'invalid_image_file',
    )
    expect(await send(['image', await fileOf(gif('a'), 'gif')])).toBe('unsupported_file_mimetype')
    expect(await send(['image', await fileOf(gif('a'))])).toBe('invalid_image_file')
    expect(await send(['image', picture], ['moderation', 'low'])).toBe('unknown_parameter')
    expect(await send(['image', picture], ['other', picture])).toBe('unknown_parameter')
    expect(await send(['image', picture], ['n', 'two'])).toBe('invalid_type')
    const many = Array.from({ length: 17 }, () => ['image[]', picture] as const)
    expect(await send(...many)).toBe('array_above_max_length')
  })

  test('know the narrower rules of DALL-E', async () => {
    const edit = async (bytes: Uint8Array<ArrayBuffer>, type: string, asked = 'dall-e-2') =>
      refusal(client.images.edit({ image: await fileOf(bytes, type), prompt, model: asked }))
    expect(await edit(png('a'), 'png')).toBe('taken')
    expect(await edit(jpeg('a'), 'jpeg')).toEqual([400, 'invalid_image_file'])
    expect(await edit(png('a'), 'png', 'dall-e-3')).toEqual([400, 'invalid_value'])
  })
})
