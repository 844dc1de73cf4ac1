import { describe, expect, test } from 'bun:test'
import { APIError, toFile } from 'openai'
import { jpeg } from '../../fakes/media/jpeg'
import { png, webp } from '../../fakes/media/pictures'
import { KEY, keyed } from '../../support/gateway'
import { serverAt } from '../../support/guarded'
import { mediaPool } from '../../support/media-pool'
import { fetched, PICTURE_KINDS, type PictureKind } from '../../support/picture-kinds'

const PATH = '/v1/images/edits'
const PROMPT = 'Make it snow'
const A = jpeg('a cat')
const B = png('a dog')
const C = webp('a fox')
const MASK = png('where')

const file = (bytes: Uint8Array<ArrayBuffer>, name = 'a.png') =>
  toFile(bytes, name, { type: 'text/html' })
const dataUrl = (bytes: Uint8Array<ArrayBuffer>) => `data:image/gif;base64,${bytes.toBase64()}`

const rows = PICTURE_KINDS.map((kind): [string, PictureKind] => [kind.name, kind])

describe.each(rows)('pictures that %s changes', (_, kind) => {
  const { editModel: model, masks, type, open } = kind

  test('come back as pictures, of one and of several', async () => {
    await using it = await open()
    for (const image of [await file(A), [await file(A), await file(B), await file(C)]]) {
      const { data } = await it.sdk.images.edit({
        model,
        image,
        prompt: PROMPT,
        response_format: 'url',
      })
      expect(data).toHaveLength(1)
      expect(await fetched(data?.[0]?.url)).toMatchObject({ status: 200, type })
    }
    expect(await it.ledger()).toMatchObject(
      Array(2).fill({ endpoint: 'images.edits', status: 200 }),
    )
  })

  test('are as many as were asked for', async () => {
    await using it = await open()
    const asked = { model, image: await file(A), prompt: PROMPT, n: 3 }
    const { data } = await it.sdk.images.edit(asked)
    expect(data).toHaveLength(3)
  })

  test('may be changed at a place only where the upstream can do that', async () => {
    await using it = await open()
    const asked = { model, image: await file(A), mask: await file(MASK), prompt: PROMPT }
    const answer = await it.sdk.images.edit(asked).catch((cause: unknown) => cause)
    if (masks) return expect(answer).toMatchObject({ data: [{}] })
    expect(answer).toBeInstanceOf(APIError)
    expect(answer).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'mask' })
    expect(await it.ledger()).toMatchObject([{ status: 400 }])
  })
})

/** The pictures that a server was sent last, by field. */
async function sent(
  body: object | FormData,
  kind: 'xai' | 'openai' = 'openai',
): Promise<readonly (readonly [field: string, bytes: Uint8Array | undefined])[]> {
  await using it = await mediaPool({ [kind]: ['one'] })
  const model = kind === 'xai' ? 'grok-imagine-image' : 'gpt-image-1'
  if (body instanceof FormData) body.set('model', model)
  const reply =
    body instanceof FormData
      ? await fetch(it.url + PATH, {
          method: 'POST',
          body,
          headers: { authorization: `Bearer ${KEY}` },
        })
      : await it.post(PATH, { model, prompt: PROMPT, ...body })
  expect(await reply.json()).toMatchObject({ data: [{}] })
  const fake = kind === 'xai' ? it.grok : it.open
  return fake.callsOf('images.edits')[0]?.pictures.map((one) => [one.field, one.bytes]) ?? []
}

/** A form as programs send it. */
function form(fields: readonly (readonly [name: string, value: string | Blob])[]): FormData {
  const body = new FormData()
  for (const [name, value] of [['prompt', PROMPT], ...fields] as const) body.append(name, value)
  return body
}

const blob = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes], { type: 'application/zip' })

describe('the pictures of a request', () => {
  test.each([
    ['one field', [['image', blob(A)]], [A]],
    [
      'a list',
      [
        ['image[]', blob(A)],
        ['image[]', blob(B)],
      ],
      [A, B],
    ],
    [
      'numbers',
      [
        ['image[0]', blob(A)],
        ['image[1]', blob(B)],
        ['image[2]', blob(C)],
      ],
      [A, B, C],
    ],
    [
      'one name',
      [
        ['image', blob(B)],
        ['image', blob(A)],
      ],
      [B, A],
    ],
    ['a text', [['image', dataUrl(A)]], [A]],
  ] as const)('come in a form with %s', async (_, fields, wanted) => {
    const pictures = await sent(form(fields))
    expect(pictures.map(([, bytes]) => bytes)).toEqual([...wanted])
  })

  test('come in a form with a mask, and fields that are texts', async () => {
    const pictures = await sent(
      form([
        ['image', blob(B)],
        ['mask', blob(MASK)],
        ['n', '1'],
        ['output_compression', '90'],
        ['stream', 'false'],
      ]),
    )
    expect(pictures).toEqual([
      ['image', B],
      ['mask', MASK],
    ])
  })

  test.each([
    ["OpenAI's list", { images: [{ image_url: dataUrl(A) }, { image_url: dataUrl(B) }] }, [A, B]],
    ["xAI's picture", { image: { url: dataUrl(A), type: 'image_url' } }, [A]],
    ["xAI's list", { images: [{ url: dataUrl(A) }, { url: dataUrl(C) }] }, [A, C]],
    ['an address alone', { image_url: dataUrl(A) }, [A]],
    ['a text', { image: dataUrl(A) }, [A]],
  ] as const)('come in JSON as %s, over either server', async (_, fields, wanted) => {
    for (const kind of ['xai', 'openai'] as const) {
      const pictures = await sent(fields, kind)
      expect(pictures.map(([, bytes]) => bytes)).toEqual([...wanted])
    }
  })

  test('come from addresses, once for all calls', async () => {
    await using server = serverAt(() => new Response(A))
    await using it = await mediaPool({ openai: ['one'], models: ['gpt-image-1'] })
    const body = { prompt: PROMPT, image_url: `${server.url}/a`, model: 'gpt-image-1', n: 2 }
    const streamed = { ...body, stream: true, partial_images: 1 }
    expect((await (await it.post(PATH, streamed)).text()).match(/^event/gm)).toHaveLength(4)
    expect(server.seen).toHaveLength(1)
    expect(it.open.callsOf('images.edits')).toHaveLength(2)
  })

  test('may be what was made here before, by its address, signed or not', async () => {
    for (const media_link_hours of [0, 1]) {
      await using it = await mediaPool({ openai: ['one'], settings: { media_link_hours } })
      const fields = { model: 'gpt-image-1', prompt: PROMPT, response_format: 'url' } as const
      const { data } = await it.sdk.images.generate(fields)
      const made = data?.[0]?.url ?? ''
      const reply = await it.post(PATH, { ...fields, image_url: made })
      expect(reply.status).toBe(200)
      const [{ pictures } = { pictures: [] }] = it.open.callsOf('images.edits')
      expect(pictures[0]?.bytes).toEqual(await (await fetch(made)).bytes())
      const lost = await it.post(PATH, { ...fields, image_url: made.replace(/.\./, 'x.') })
      expect([lost.status, (await lost.json()).error.param]).toEqual([400, 'image_url'])
    }
  })

  test('come from files of the key, and of no other', async () => {
    await using it = await mediaPool({ openai: ['one'] })
    const { id } = await it.sdk.files.create({ file: await file(B), purpose: 'vision' })
    const masked = await it.sdk.files.create({ file: await file(MASK), purpose: 'vision' })
    const body = {
      model: 'gpt-image-1',
      prompt: PROMPT,
      images: [{ file_id: id }],
      mask: { file_id: masked.id },
    }
    expect((await it.post(PATH, body)).status).toBe(200)
    const [{ pictures } = { pictures: [] }] = it.open.callsOf('images.edits')
    expect(pictures.map(({ bytes }) => bytes)).toEqual([B, MASK])
    const other = await keyed(it, {})
    const refused = await other.post(PATH, body)
    expect(refused.status).toBe(400)
    expect((await refused.json()).error).toMatchObject({
      code: 'file_not_found',
      param: 'images.0.file_id',
    })
  })
})

const SVG = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')

describe('is refused before anyone is asked, and given back:', () => {
  test.each([
    ['no picture', { prompt: PROMPT }, 'image'],
    ['no prompt', { image_url: dataUrl(A) }, 'prompt'],
    ['an SVG', { prompt: PROMPT, image_url: dataUrl(SVG) }, 'image_url'],
    ['an empty picture', { prompt: PROMPT, image: 'data:image/png;base64,' }, 'image'],
    ['an unknown file', { prompt: PROMPT, image: { file_id: 'file-x' } }, 'image.file_id'],
    ['a private address', { prompt: PROMPT, image_url: 'http://192.168.0.1/a' }, 'image_url'],
    ['a mask that is none', { prompt: PROMPT, image: dataUrl(A), mask: dataUrl(SVG) }, 'mask'],
    ['a wrong number', { prompt: PROMPT, image: dataUrl(A), n: 11 }, 'n'],
  ])('%s', async (_, body, param) => {
    await using it = await mediaPool({ openai: ['one'] })
    const key = await keyed(it, { dailyImage: 1 })
    const reply = await key.post(PATH, { model: 'gpt-image-1', ...body })
    expect(reply.status).toBe(400)
    expect((await reply.json()).error).toMatchObject({ type: 'invalid_request_error', param })
    expect(it.open.callsOf('images.edits')).toEqual([])
    const right = { model: 'gpt-image-1', prompt: PROMPT, image: dataUrl(A) }
    expect((await key.post(PATH, right)).status).toBe(200)
  })

  test.each([
    ['none at all', [], "'images' must not have fewer than 1 items."],
    ['17', Array(17).fill(dataUrl(A)), "'images' must not have more than 16 items."],
  ])('a list of %s, with how many it may be', async (_, images, message) => {
    await using it = await mediaPool({ openai: ['one'] })
    const reply = await it.post(PATH, { model: 'gpt-image-1', prompt: PROMPT, images })
    expect(await reply.json()).toMatchObject({ error: { message, param: 'images' } })
  })

  test('a form without a picture, and one with a file that is none', async () => {
    await using it = await mediaPool({ openai: ['one'] })
    const headers = { authorization: `Bearer ${KEY}` }
    for (const [fields, param] of [
      [[], 'image'],
      [[['image', new Blob([SVG], { type: 'image/png' })]], 'image'],
      [
        [
          ['image', blob(A)],
          ['image', new Blob([SVG])],
        ],
        'image[1]',
      ],
      [
        [
          ['image', blob(A)],
          ['n', 'two'],
        ],
        'n',
      ],
      [
        [
          ['image', blob(A)],
          ['stream', 'perhaps'],
        ],
        'stream',
      ],
    ] as const) {
      const body = form(fields)
      const reply = await fetch(it.url + PATH, { method: 'POST', body, headers })
      expect([reply.status, (await reply.json()).error.param]).toEqual([400, param])
    }
    expect(it.open.callsOf('images.edits')).toEqual([])
  })

  test('what is neither a form nor JSON', async () => {
    await using it = await mediaPool({ openai: ['one'] })
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'text/plain' }
    const reply = await fetch(it.url + PATH, { method: 'POST', body: 'x', headers })
    expect(reply.status).toBe(415)
  })
})
