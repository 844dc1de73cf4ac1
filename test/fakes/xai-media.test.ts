import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI, { toFile } from 'openai'
import { until } from '../support/programs'
import { dataUrl, type Json, PNG, xaiClient } from '../support/xai-media-client'
import { fakeXaiMedia, faults, gif, jpeg, png, typeOf, webp } from './xai-media'

let now = 1_760_000_000_000
let xai = fakeXaiMedia()
beforeEach(() => {
  xai = fakeXaiMedia({ keys: ['one', 'two'], now: () => now })
})
afterEach(() => xai.stop())

const { ask, statusOf } = xaiClient(() => xai.url)

async function upload(parts: readonly (readonly [string, string | File])[], key = 'one') {
  const body = new FormData()
  for (const [name, value] of parts) body.append(name, value)
  const headers = { authorization: `Bearer ${key}` }
  const response = await fetch(`${xai.url}/files`, { method: 'POST', headers, body })
  return { status: response.status, ...(await response.json()) }
}
const picture = new File([png('a')], 'a.png', { type: 'image/png' })

test('asks for a key, and refuses a wrong one as xAI does', async () => {
  expect((await fetch(`${xai.url}/models`)).status).toBe(401)
  const [status, body] = await ask('/models', undefined, 'three')
  expect([status, body.code]).toEqual([400, 'Client specified an invalid argument'])
  expect(body.error).toContain('Incorrect API key')
  expect(xai.calls.map(({ account }) => account)).toEqual([undefined, undefined])
  expect((await ask('/nowhere'))[0]).toBe(404)
})

test('lists models, by sort too', async () => {
  const [, { data }] = await ask('/models')
  const ids = data.map(({ id }: Json) => id)
  expect(ids).toContain('grok-imagine-image-2.0')
  expect((await ask('/models/grok-imagine-image-pro'))[1].id).toBe('grok-imagine-image-quality')
  expect(await statusOf('/models/other')).toBe(404)
  const [, { models }] = await ask('/video-generation-models')
  expect(models.map(({ id }: Json) => id)).toEqual(['grok-imagine-video'])
})

describe('pictures', () => {
  test('are drawn, each its own, at an address of the fake', async () => {
    const body = { prompt: 'a cat', n: 2, aspect_ratio: '16:9', resolution: '2k' }
    const [status, { data, usage, created }] = await ask('/images/generations', body)
    expect([status, usage, created]).toEqual([200, { cost_in_usd_ticks: 400_000_000 }, undefined])
    const made = await Promise.all(data.map(async ({ url }: Json) => (await fetch(url)).bytes()))
    expect(made.map(typeOf)).toEqual(['jpeg', 'jpeg'])
    expect(Buffer.compare(made[0], made[1])).not.toBe(0)
    expect(data[0]).toMatchObject({ mime_type: 'image/jpeg', respect_moderation: true })
    expect(xai.media(data[0].url)?.fetches).toBe(1)
    expect(xai.allMedia()).toHaveLength(2)
  })

  test('come as base64, moderated, fewer, or otherwise than asked', async () => {
    const asked = { prompt: 'a cat', n: 2, response_format: 'b64_json' }
    xai.draws({ type: 'png', moderated: [1] }, { count: 1, swapsFormat: true }, { usage: null })
    const [, first] = await ask('/images/generations', asked)
    expect(typeOf(Buffer.from(first.data[0].b64_json, 'base64'))).toBe('png')
    expect(first.data[1]).toMatchObject({ url: '', respect_moderation: false })
    const [, second] = await ask('/images/generations', asked)
    expect([second.data.length, typeof second.data[0].url]).toEqual([1, 'string'])
    expect((await ask('/images/generations', asked))[1].usage).toBeUndefined()
    const [, forbidden] = await ask('/images/generations', { prompt: 'forbidden' })
    expect(forbidden.data[0].respect_moderation).toBe(false)
  })

  test('may be deferred, for the key that asked', async () => {
    const [, { request_id: id }] = await ask('/images/generations', { prompt: 'a', deferred: true })
    expect((await ask(`/images/${id}`, undefined, 'two'))[0]).toBe(404)
    expect((await ask(`/images/${id}`))[0]).toBe(202)
    expect((await ask(`/images/${id}`))[1]).toMatchObject({ status: 'done', data: [{}] })
  })

  const ok = { prompt: 'a' }
  const refused: [status: number, body: unknown][] = [
    [422, { ...ok, size: '1024x1024' }],
    [422, { ...ok, stream: true }],
    [422, { ...ok, aspect_ratio: '5:1' }],
    [422, { ...ok, n: '2' }],
    [400, { ...ok, n: 11 }],
    [400, { prompt: '' }],
    [400, { ...ok, quality: 'low' }],
    [400, { ...ok, model: 'grok-4.7' }],
    [404, { ...ok, model: 'dall-e-3' }],
    [400, { ...ok, deferred: true, response_format: 'b64_json' }],
  ]
  for (const [status, body] of refused)
    test(`are not drawn from ${JSON.stringify(body)}`, async () => {
      expect(await statusOf('/images/generations', body)).toBe(status)
    })

  test('are edited, given in any of the three forms', async () => {
    const { id } = await upload([['file', picture]])
    for (const given of [
      { image: { url: PNG } },
      { images: [{ image_url: 'https://example.org/a.png' }, { file_id: id }] },
      { image: null, images: [{ url: dataUrl('image/webp', webp('a')) }] },
    ])
      expect(await statusOf('/images/edits', { ...ok, ...given })).toBe(200)
    const taken = xai.callsOf('images.edits').map(({ pictures }) => pictures)
    expect(taken[0]).toEqual([{ field: 'image', bytes: new Uint8Array(png('a')) }])
    expect(taken[1]?.[0]).toEqual({ field: 'images', url: 'https://example.org/a.png' })
    expect(taken[1]?.[1]).toMatchObject({ fileId: id })
  })

  const notEdited: [status: number, body: object][] = [
    [400, {}],
    [400, { images: [] }],
    [400, { image: { url: PNG }, images: [{ url: PNG }] }],
    [400, { image: { url: PNG, file_id: 'file_1' } }],
    [400, { image: { url: dataUrl('image/jpeg', png('a')) } }],
    [400, { image: { url: dataUrl('image/gif', gif('a')) } }],
    [400, { image: { url: 'data:image/png;base64,?' } }],
    [400, { image: { url: 'ftp://example.org/a' } }],
    [404, { image: { file_id: 'file_1' } }],
    [422, { image: 'https://example.org/a.png' }],
    [422, { image: { url: PNG, detail: 'high' } }],
    [422, { images: { url: PNG } }],
    [422, { image: { url: PNG }, mask: { url: PNG } }],
  ]
  for (const [status, body] of notEdited)
    test(`are not edited from ${JSON.stringify(body).slice(0, 80)}`, async () => {
      expect(await statusOf('/images/edits', { ...ok, ...body })).toBe(status)
    })

  test('are not edited from a multipart body', async () => {
    const client = new OpenAI({ baseURL: xai.url, apiKey: 'one', maxRetries: 0 })
    const image = await toFile(png('a'), 'a.png', { type: 'image/png' })
    const status = await client.images.edit({ image, prompt: 'a' }).catch((error) => error.status)
    expect(status).toBe(415)
  })
})

describe('files', () => {
  test('are kept for their key, listed in pages, and forgotten', async () => {
    const stored = await upload([
      ['expires_after', '3600'],
      ['file', picture],
    ])
    expect(stored).toMatchObject({ status: 200, filename: 'a.png', expires_at: 1_760_003_600 })
    for (let at = 0; at < 2; at++) await upload([['file', picture]])
    const [, first] = await ask('/files?limit=2')
    const [, second] = await ask(`/files?limit=2&pagination_token=${first.pagination_token}`)
    expect([first.data.length, second.data.length, second.pagination_token]).toEqual([2, 1, null])
    expect(second.data[0].id).toBe(stored.id)
    expect((await ask('/files?order=asc'))[1].data[0].id).toBe(stored.id)
    expect(await statusOf('/files?limit=0')).toBe(400)
    expect((await ask(`/files/${stored.id}`, undefined, 'two'))[0]).toBe(404)
    const headers = { authorization: 'Bearer one' }
    const content = await fetch(`${xai.url}/files/${stored.id}/content`, { headers })
    expect(Buffer.compare(await content.bytes(), png('a'))).toBe(0)
    now += 3_600_000
    expect(await statusOf(`/files/${stored.id}`)).toBe(404)
    const [{ id }] = first.data
    const remove = () => fetch(`${xai.url}/files/${id}`, { method: 'DELETE', headers })
    expect([(await remove()).status, (await remove()).status]).toEqual([200, 404])
    xai.loseFile(stored.id)
    expect(xai.files()).toHaveLength(1)
  })

  test('are refused when they are not right', async () => {
    const late = [
      ['file', picture],
      ['expires_after', '3600'],
    ] as const
    expect((await upload(late)).status).toBe(400)
    expect((await upload([late[1]])).status).toBe(400)
    expect((await upload([['expires_after', '60'], late[0]])).status).toBe(400)
    expect((await upload([...late.slice(0, 1), ['other', 'x']])).status).toBe(400)
    const large = new File([new Uint8Array(50_000_001)], 'a.bin')
    expect((await upload([['file', large]])).status).toBe(413)
    expect(await statusOf('/files', {})).toBe(415)
  })

  test('are known in turns by their ids', async () => {
    const { id } = await upload([['file', picture]])
    const chat = (file_id: string, key?: string) => {
      const messages = [{ role: 'user', content: [{ type: 'file', file: { file_id } }] }]
      return ask('/chat/completions', { model: 'grok-4.7', messages }, key)
    }
    const [status, { choices }] = await chat(id)
    expect([status, choices[0].message.content]).toEqual([200, 'Hello there'])
    expect([(await chat('file_1'))[0], (await chat(id, 'two'))[0]]).toEqual([404, 404])
    const respond = (file_id: string, type = 'input_file') => {
      const input = [{ role: 'user', content: [{ type, file_id }] }]
      return ask('/responses', { model: 'grok-4.7', input })
    }
    expect([(await respond(id))[0], (await respond('file_1'))[0]]).toEqual([200, 404])
    expect((await ask('/chat/completions', { model: 'other', messages: [] }))[0]).toBe(404)
    const file = { type: 'file', file: { file_data: 'data:text/plain;base64,YQ==' } }
    const messages = [{ role: 'user', content: [file] }]
    expect(await statusOf('/chat/completions', { model: 'grok-4.7', messages })).toBe(400)
    expect(await statusOf('/responses', { model: 'grok-4.7' })).toBe(422)
  })
})

test('embeds as numbers and as base64', async () => {
  const model = 'grok-embedding-small'
  const asked = { model, input: ['a', 'b'], dimensions: 4 }
  const [, plain] = await ask('/embeddings', asked)
  const [, coded] = await ask('/embeddings', { ...asked, encoding_format: 'base64' })
  const bytes = Uint8Array.from(Buffer.from(coded.data[1].embedding, 'base64'))
  expect([...new Float32Array(bytes.buffer)]).toEqual(plain.data[1].embedding)
  expect(plain.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 })
  for (const [status, body] of [
    [400, { input: new Array(129).fill('a') }],
    [422, { input: [] }],
    [422, { encoding_format: 'int8' }],
    [400, { dimensions: 0 }],
    [400, { model: 'grok-4.7' }],
  ] as const)
    expect(await statusOf('/embeddings', { ...asked, ...body })).toBe(status)
})

test('goes wrong as it is told to, for one account or all', async () => {
  const again = () => ask('/images/generations', { prompt: 'a' }).catch(({ code }) => [code])
  xai.script('images.generations', faults.limited(3), faults.refused(503), faults.resets())
  xai.script('*', faults.cut(), faults.says({ code: 'The service is unavailable', error: 'x' }))
  expect((await again())[0]).toBe(429)
  expect((await again())[1].code).toBe('The service is currently unavailable')
  expect([(await again())[0], (await again())[0]]).toEqual(['ECONNRESET', 'ECONNRESET'])
  expect((await again())[1]).toEqual({ code: 'The service is unavailable', error: 'x' })
  const off = xai.always({ endpoint: '*', account: 'two' }, faults.refused(500))
  expect((await ask('/models', undefined, 'two'))[0]).toBe(500)
  expect((await ask('/models'))[0]).toBe(200)
  off()
  expect((await ask('/models', undefined, 'two'))[0]).toBe(200)
  xai.script('models', faults.malformed(), faults.says('<html>', 200), faults.late(30))
  await expect(ask('/models')).rejects.toThrow()
  await expect(ask('/models')).rejects.toThrow()
  expect(await statusOf('/models')).toBe(200)
})

test('knows who hangs up', async () => {
  xai.script('models', faults.hangs(), faults.stalls(10))
  for (let at = 0; at < 2; at++) {
    const headers = { authorization: 'Bearer one' }
    const before = xai.calls.length
    const leaving = new AbortController()
    const { signal } = leaving
    const asked = fetch(`${xai.url}/models`, { headers, signal }).then((said) => said.text())
    const why = asked.catch(({ name }: Error) => name)
    await until(() => xai.calls.length > before || undefined)
    expect(await Promise.race([why, Bun.sleep(50)])).toBeUndefined()
    leaving.abort()
    expect(await why).toBe('AbortError')
    await xai.calls.at(-1)?.gone
  }
  xai.always('models', faults.refused(500))
  xai.clear()
  xai.forget()
  expect(await statusOf('/models')).toBe(200)
  expect(xai.calls).toHaveLength(1)
})

test('serves what is made as it is told to', async () => {
  xai.serves({ body: '<svg/>', type: 'image/svg+xml' })
  const drawn = async () => (await ask('/images/generations', { prompt: 'a' }))[1].data[0].url
  expect(await (await fetch(await drawn())).text()).toBe('<svg/>')
  xai.alwaysDraws({ bytes: jpeg('known'), manner: { status: 503 } })
  const url = await drawn()
  expect((await fetch(url)).status).toBe(503)
  const hosted = xai.media(url)
  if (hosted) hosted.manner = {}
  expect(Buffer.compare(await (await fetch(url)).bytes(), jpeg('known'))).toBe(0)
})
