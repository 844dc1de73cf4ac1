import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { bareClient, clientOf, fileOf, refusal } from '../support/openai-media-client'
import { fakeOpenAiMedia, faults, png } from './openai-media'

let now = 1_760_000_000_000
let openai = fakeOpenAiMedia()
let client = clientOf(openai)

beforeEach(() => {
  openai = fakeOpenAiMedia({ keys: ['one', 'two'], now: () => now })
  client = clientOf(openai)
})
afterEach(() => openai.stop())

const { post, refused } = bareClient(() => openai.url)

test('asks for a key, and lists its models', async () => {
  expect((await fetch(`${openai.url}/models`)).status).toBe(401)
  expect(await refusal(clientOf(openai, 'three').models.list())).toEqual([401, 'invalid_api_key'])
  const ids = (await client.models.list()).data.map(({ id }) => id)
  expect(ids).toContain('gpt-image-1')
  expect((await client.models.retrieve('dall-e-3')).id).toBe('dall-e-3')
  expect(await refusal(client.models.retrieve('a/b'))).toEqual([404, 'model_not_found'])
  await using other = fakeOpenAiMedia({ models: ['a/b'], lacks: ['files', 'embeddings'] })
  expect((await clientOf(other).models.retrieve('a/b')).id).toBe('a/b')
  expect(await refusal(clientOf(other).files.list())).toEqual([404, null])
  const embed = clientOf(other).embeddings.create({ model: 'a/b', input: 'a' })
  expect(await refusal(embed)).toEqual([404, null])
})

test('embeds: base64 as the SDK asks by itself, numbers as the API gives by itself', async () => {
  const model = 'text-embedding-3-small'
  const { data, usage } = await client.embeddings.create({ model, input: ['a', 'b'] })
  expect(openai.calls[0]?.body.encoding_format).toBe('base64')
  const plain = await (await post('/embeddings', { model, input: ['a', 'b'] })).json()
  expect(plain.data[1].embedding).toEqual(data[1]?.embedding)
  expect([plain.data[1].embedding.length, usage.total_tokens]).toEqual([1536, 2])
  const tokens = { model, input: [[1, 2], [3]], dimensions: 3 }
  expect((await (await post('/embeddings', tokens)).json()).data[1].embedding).toHaveLength(3)
  for (const [body, code] of [
    [{ input: '' }, 'invalid_value'],
    [{ input: [1, 'a'] }, 'invalid_value'],
    [{ input: 'a', dimensions: 2000 }, 'invalid_value'],
    [{ input: 'a', dimensions: 2, model: 'text-embedding-ada-002' }, 'invalid_value'],
    [{ input: 'a', encoding_format: 'int8' }, 'invalid_value'],
    [{ input: 'a', model: undefined }, 'missing_required_parameter'],
  ] as const)
    expect(await refused('/embeddings', { model, ...body })).toEqual([400, code])
  expect(await refused('/embeddings', { model: 'x', input: 'a' })).toEqual([404, 'model_not_found'])
})

describe('files', () => {
  test('are kept for their key, listed, fetched and deleted', async () => {
    const expires_after = { anchor: 'created_at', seconds: 3600 } as const
    const create = async (purpose: 'vision' | 'user_data') =>
      client.files.create({ file: await fileOf(png('a')), purpose, expires_after })
    const first = await create('vision')
    expect(first).toMatchObject({ object: 'file', filename: 'a.png', expires_at: 1_760_003_600 })
    const second = await create('user_data')
    const page = await client.files.list({ limit: 1 })
    expect([page.data[0]?.id, page.has_more]).toEqual([second.id, true])
    const all = await Array.fromAsync(client.files.list({ limit: 1 }))
    expect(all.map(({ id }) => id)).toEqual([second.id, first.id])
    const some = await client.files.list({ purpose: 'vision', order: 'asc' })
    expect(some.data.map(({ id }) => id)).toEqual([first.id])
    expect((await client.files.retrieve(first.id)).bytes).toBe(png('a').length)
    expect(await (await client.files.content(first.id)).bytes()).toEqual(new Uint8Array(png('a')))
    const stranger = clientOf(openai, 'two').files.retrieve(first.id)
    expect(await refusal(stranger)).toEqual([404, null])
    expect((await client.files.delete(first.id)).deleted).toBe(true)
    openai.loseFile(second.id)
    expect(openai.files()).toEqual([])
    const third = await create('vision')
    now += 3_600_000
    expect(await refusal(client.files.retrieve(third.id))).toEqual([404, null])
  })

  test('are refused when they are not right', async () => {
    const send = async (...parts: readonly (readonly [string, string | File])[]) => {
      const body = new FormData()
      for (const [name, value] of parts) body.append(name, value)
      const headers = { authorization: 'Bearer one' }
      const response = await fetch(`${openai.url}/files`, { method: 'POST', headers, body })
      return response.ok ? 'taken' : (await response.json()).error.code
    }
    const file = ['file', await fileOf(png('a'))] as const
    expect(await send(['purpose', 'vision'])).toBe('missing_required_parameter')
    expect(await send(file)).toBe('missing_required_parameter')
    expect(await send(file, ['purpose', 'fun'])).toBe('invalid_value')
    expect(await send(file, ['purpose', 'vision'], ['other', 'x'])).toBe('unknown_parameter')
    const after = ['expires_after[seconds]', '60'] as const
    expect(await send(file, ['purpose', 'vision'], after)).toBe('invalid_value')
    const anchor = ['expires_after[anchor]', 'created_at'] as const
    expect(await send(file, ['purpose', 'vision'], anchor, after)).toBe('invalid_value')
    expect(await refused('/files', {})).toEqual([415, null])
    expect((await client.files.list()).data).toEqual([])
    expect(await refusal(client.files.list({ limit: 20_000 }))).toEqual([400, 'invalid_value'])
  })

  test('are known in turns by their ids, or come with them', async () => {
    const { id } = await client.files.create({ file: await fileOf(png('a')), purpose: 'user_data' })
    const chat = (file: object) => {
      const content = [{ type: 'file' as const, file }]
      return client.chat.completions.create({
        model: 'gpt-5',
        messages: [{ role: 'user', content }],
      })
    }
    expect((await chat({ file_id: id })).choices[0]?.message.content).toBe('Hello there')
    expect(await refusal(chat({ file_id: 'file-1' }))).toEqual([404, null])
    const file_data = 'data:application/pdf;base64,JVBERi0='
    expect(await refusal(chat({ file_data, filename: 'a.pdf' }))).toBe('taken')
    expect(await refusal(chat({ file_data: 'JVBERi0=' }))).toEqual([400, 'invalid_value'])
    const content = [{ type: 'input_file' as const, file_id: id }]
    const answer = await client.responses.create({
      ...{ model: 'gpt-5', input: [{ role: 'user', content }] },
    })
    expect(answer.output_text).toBe('Hello there')
    expect(await refusal(client.responses.create({ model: 'dall-e-2', input: 'a' }))).toEqual([
      ...[400, 'invalid_value'],
    ])
    expect(await refused('/responses', { model: 'x' })).toEqual([404, 'model_not_found'])
  })
})

test('goes wrong as it is told to', async () => {
  const list = () => refusal(client.models.list())
  openai.script('models', faults.resets(), faults.limited(2), faults.refused(503))
  expect(await list()).toEqual([undefined, undefined])
  expect(await list()).toEqual([429, 'rate_limit_exceeded'])
  expect(await list()).toEqual([503, null])
  openai.always({ endpoint: 'models', account: 'one' }, faults.refused(500))
  expect(await list()).toEqual([500, null])
  openai.clear()
  expect(await list()).toBe('taken')
})
