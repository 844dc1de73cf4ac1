import { describe, expect, test } from 'bun:test'
import type OpenAI from 'openai'
import { faults, jpeg } from '../fakes/xai-media'
import { keyed } from '../support/gateway'
import { mediaPool } from '../support/media-pool'
import { webGateway } from '../support/web-gateway'

const TEXT = 'Moss grows on the north side.'
const textFile = (text = TEXT, name = 'moss.txt') => new File([text], name, { type: 'text/plain' })
const BASE64 = Buffer.from(TEXT).toBase64()
const DATA = `data:text/plain;base64,${BASE64}`
const picture = jpeg('a cat')
const PICTURE = `data:image/jpeg;base64,${picture.toBase64()}`
const GROK = 'grok-4.7'
const GPT = 'gpt-5'

const upload = async (sdk: OpenAI, file: File = textFile()): Promise<string> =>
  (await sdk.files.create({ file, purpose: 'user_data' })).id

const fileIn = (id: string, type = 'input_file') => ({ type, file_id: id }) as never
const asked = (...ids: readonly string[]) =>
  [{ role: 'user', content: [...ids.map((id) => fileIn(id)), TOLD] }] as never
const TOLD = { type: 'input_text', text: 'What does it say?' } as const

const chatted = (...ids: readonly string[]) =>
  [
    {
      role: 'user',
      content: [
        ...ids.map((id) => ({ type: 'file', file: { file_id: id } })),
        { type: 'text', text: 'What does it say?' },
      ],
    },
  ] as never

interface Body {
  readonly messages: readonly { readonly content: readonly Record<string, unknown>[] }[]
  readonly input: readonly {
    readonly content: readonly Record<string, unknown>[]
    readonly output: unknown
  }[]
}

const failed = (call: PromiseLike<unknown>) =>
  call.then(
    () => undefined,
    ({ status, code, param }) => ({ status, code, param }),
  )

describe('a file that a turn names, over xAI', () => {
  test('is uploaded once an account, and known there by its own id', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const id = await upload(it.sdk)
    for (let turn = 0; turn < 3; turn++) {
      const answer = await it.sdk.responses.create({ model: GROK, input: asked(id), store: false })
      expect(answer.output_text).toBe('Hello there')
    }
    await it.sdk.chat.completions.create({ model: GROK, messages: chatted(id) })
    const [sent, ...more] = it.grok.callsOf('files.create')
    expect(more).toEqual([])
    expect(sent?.parts).toEqual(['expires_after', 'file'])
    expect(Number(sent?.body.expires_after)).toBe(86_400)
    expect(sent?.headers.get('content-length')).toMatch(/^\d+$/)
    expect(sent?.files.map(({ filename, bytes }) => [filename, bytes.length])).toEqual([
      ['moss.txt', TEXT.length],
    ])
    expect(sent?.files[0]?.type).toStartWith('text/plain')
    const there = it.grok.files()[0]?.id
    const [response] = it.grok.callsOf('responses').map(({ body }) => body as unknown as Body)
    expect(response?.input[0]?.content).toEqual([{ type: 'input_file', file_id: there }, TOLD])
    const [chat] = it.grok.callsOf('chat').map(({ body }) => body as unknown as Body)
    expect(chat?.messages[0]?.content[0]).toEqual({ type: 'file', file: { file_id: there } })
    expect(JSON.stringify(it.grok.calls.map(({ body }) => body))).not.toContain(id)
  })

  test('is shown as a picture where it is one', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const id = await upload(it.sdk, new File([picture], 'cat.jpg'))
    await it.sdk.responses.create({
      model: GROK,
      input: [{ role: 'user', content: [fileIn(id, 'input_image'), fileIn(id)] }],
    })
    const [call] = it.grok.callsOf('responses').map(({ body }) => body as unknown as Body)
    const shown = { type: 'input_image', image_url: PICTURE, detail: 'auto' }
    expect(call?.input[0]?.content).toEqual([shown, shown])
    const content = [{ type: 'image_url', image_url: { url: id, detail: 'low' } }] as never
    await it.sdk.chat.completions.create({ model: GROK, messages: [{ role: 'user', content }] })
    const [chat] = it.grok.callsOf('chat').map(({ body }) => body as unknown as Body)
    expect(chat?.messages[0]?.content).toEqual([
      { type: 'image_url', image_url: { url: PICTURE, detail: 'low' } },
    ])
    expect(it.grok.callsOf('files.create')).toEqual([])
    const text = await upload(it.sdk)
    const wrong = it.sdk.responses.create({
      model: GROK,
      input: [{ role: 'user', content: [fileIn(text, 'input_image')] }],
    })
    expect(await failed(wrong)).toEqual({
      status: 400,
      code: 'invalid_image_format',
      param: 'input[0].content[0].file_id',
    })
  })

  test('is uploaded again, once, when xAI has lost it', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const id = await upload(it.sdk)
    const ask = () => it.sdk.responses.create({ model: GROK, input: asked(id), store: false })
    await ask()
    it.grok.loseFile(String(it.grok.files()[0]?.id))
    await ask()
    expect(it.grok.callsOf('files.create')).toHaveLength(2)
    expect(it.grok.callsOf('responses').map(({ status }) => status)).toEqual([200, 404, 200])
    it.grok.always({ endpoint: 'responses' }, faults.refused(404, 'The file is not there.'))
    expect(await failed(ask())).toMatchObject({ status: 404 })
    expect(it.grok.callsOf('files.create')).toHaveLength(3)
    expect(it.grok.callsOf('responses')).toHaveLength(5)
  })

  test('is uploaded to the next account as well when the first one fails', async () => {
    for (const endpoint of ['responses', 'files.create'] as const) {
      await using it = await mediaPool({ xai: ['one', 'two'] })
      const id = await upload(it.sdk)
      const ask = () => it.sdk.responses.create({ model: GROK, input: asked(id), store: false })
      if (endpoint === 'responses') await ask()
      it.grok.script(endpoint, faults.refused(503))
      await ask()
      const uploads = it.grok.callsOf('files.create')
      const statuses = endpoint === 'responses' ? [200, 200] : [503, 200]
      expect(uploads.map(({ status }) => status)).toEqual(statuses)
      expect(new Set(uploads.map(({ account }) => account)).size).toBe(2)
      expect(await it.held()).toHaveLength(1)
    }
  })

  test('goes along where a call of a tool gave it, and in turns that go on', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const id = await upload(it.sdk)
    const first = await it.sdk.responses.create({ model: GROK, input: asked(id), store: true })
    const items = await it.sdk.responses.inputItems.list(first.id)
    expect(JSON.stringify(items.data)).toContain(id)
    const input = [
      { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: [fileIn(id)] },
    ] as never
    await it.sdk.responses.create({ model: GROK, input, previous_response_id: first.id })
    const there = it.grok.files()[0]?.id
    const call = it.grok.callsOf('responses').at(-1)?.body as unknown as Body
    expect(call.input[0]?.content[0]?.file_id).toBe(there)
    expect(call.input.at(-1)?.output).toEqual([{ type: 'input_file', file_id: there }])
    expect(it.grok.callsOf('files.create')).toHaveLength(1)
  })

  test('is refused by name where it was deleted, has expired, or is not the key’s', async () => {
    let now = Date.now()
    await using it = await mediaPool({ xai: ['one'], now: () => now })
    const id = await upload(it.sdk)
    const first = await it.sdk.responses.create({ model: GROK, input: asked(id), store: true })
    const other = await keyed(it, {})
    const stranger = await other.post('/v1/responses', { model: GROK, input: asked(id) })
    expect([stranger.status, await stranger.json()]).toMatchObject([
      400,
      { error: { code: 'file_not_found', param: 'input[0].content[0].file_id' } },
    ])
    const lasting = await it.sdk.files.create({
      file: textFile(),
      purpose: 'user_data',
      expires_after: { anchor: 'created_at', seconds: 3600 },
    })
    now += 3_600_000
    const chat = it.sdk.chat.completions.create({ model: GROK, messages: chatted(id, lasting.id) })
    const notFound = { status: 400, code: 'file_not_found' }
    expect(await failed(chat)).toEqual({ ...notFound, param: 'messages.0.content.1.file.file_id' })
    await it.sdk.files.delete(id)
    const next = it.sdk.responses.create({
      model: GROK,
      input: 'And now?',
      previous_response_id: first.id,
    })
    expect(await failed(next)).toEqual({ ...notFound, param: 'input' })
    const made = it.sdk.responses.create({ model: GROK, input: asked('file-nothing') })
    expect(await failed(made)).toMatchObject(notFound)
    expect(it.grok.callsOf('responses')).toHaveLength(1)
    expect(await it.held()).toEqual([])
  })

  test('is waited for where the database is away, and holds nothing against the account', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const id = await upload(it.sdk)
    await it.client.execute('ALTER TABLE files RENAME TO away')
    const ask = () => it.sdk.responses.create({ model: GROK, input: asked(id), store: false })
    expect(await failed(ask())).toMatchObject({ status: 503, code: 'not_ready' })
    await it.client.execute('ALTER TABLE away RENAME TO files')
    expect((await ask()).output_text).toBe('Hello there')
    expect(await it.held()).toEqual([])
  })

  test('passes under an id of xAI’s own as it is', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const refused = it.sdk.responses.create({ model: GROK, input: asked('file_abc') })
    expect(await failed(refused)).toMatchObject({ status: 404 })
    expect(it.grok.callsOf('files.create')).toEqual([])
  })
})

describe('a file that a turn names, over other servers', () => {
  test('is uploaded to those that have files, pictures too where these may be named', async () => {
    await using it = await mediaPool({ openai: ['one'], api: 'both' })
    const [text, shown] = [
      await upload(it.sdk),
      await upload(it.sdk, new File([picture], 'cat.jpg')),
    ]
    const content = [fileIn(text), fileIn(shown, 'input_image')]
    for (let turn = 0; turn < 2; turn++)
      await it.sdk.responses.create({
        model: GPT,
        input: [{ role: 'user', content }],
        store: false,
      })
    const uploads = it.open.callsOf('files.create')
    expect(uploads.map(({ body }) => body.purpose)).toEqual(['user_data', 'vision'])
    expect(uploads[0]?.parts).toEqual([
      'purpose',
      'expires_after[anchor]',
      'expires_after[seconds]',
      'file',
    ])
    const [there, seen] = it.open.files().map(({ id }) => id)
    const call = it.open.callsOf('responses').at(-1)?.body as unknown as Body
    expect(call.input[0]?.content.map(({ file_id }) => file_id)).toEqual([there, seen])
  })

  test('goes along to those that have none, which are asked only once', async () => {
    await using it = await mediaPool({ openai: ['one'], api: 'both', lacks: ['files'] })
    const text = await upload(it.sdk)
    const shown = await upload(it.sdk, new File([picture], 'cat.jpg'))
    for (let turn = 0; turn < 2; turn++)
      await it.sdk.chat.completions.create({ model: GPT, messages: chatted(text, shown) })
    await it.sdk.responses.create({ model: GPT, input: asked(text, shown), store: false })
    expect(it.open.callsOf('files.create')).toHaveLength(1)
    const chat = it.open.callsOf('chat').at(-1)?.body as unknown as Body
    expect(chat.messages[0]?.content.slice(0, 2)).toEqual([
      { type: 'file', file: { file_data: DATA, filename: 'moss.txt' } },
      { type: 'image_url', image_url: { url: PICTURE } },
    ])
    const call = it.open.callsOf('responses').at(-1)?.body as unknown as Body
    expect(call.input[0]?.content.slice(0, 2)).toEqual([
      { type: 'input_file', file_data: DATA, filename: 'moss.txt' },
      { type: 'input_image', image_url: PICTURE, detail: 'auto' },
    ])
  })

  test('goes along where an upload is not taken as it is, and fails where it could not be', async () => {
    await using it = await mediaPool({
      openai: ['one'],
      api: 'both',
      settings: { fetch_max_bytes: 2000, max_body_bytes: 20_000 },
    })
    const id = await upload(it.sdk)
    it.open.script('files.create', faults.refused(400, 'Unknown purpose.'))
    await it.sdk.responses.create({ model: GPT, input: asked(id), store: false })
    const call = it.open.callsOf('responses').at(-1)?.body as unknown as Body
    expect(call.input[0]?.content[0]?.file_data).toBe(DATA)
    await it.sdk.responses.create({ model: GPT, input: asked(id), store: false })
    expect(it.open.callsOf('files.create')).toHaveLength(2)
    it.open.always({ endpoint: 'files.create' }, faults.refused(404))
    const large = await upload(it.sdk, textFile('x'.repeat(2001)))
    const tooLarge = { status: 400, code: 'file_too_large', param: 'input[0].content[0].file_id' }
    const ask = (...ids: string[]) =>
      it.sdk.responses.create({ model: GPT, input: asked(...ids), store: false })
    expect(await failed(ask(large))).toEqual(tooLarge)
    // Each time that it is named it would be written.
    const some = await upload(it.sdk, textFile('x'.repeat(2000)))
    expect(await failed(ask(...Array.from({ length: 8 }, () => some)))).toMatchObject(tooLarge)
    await ask(some, some)
    expect(await it.held()).toEqual([])
  })

  test('arrives at grok.com as an upload', async () => {
    await using it = await webGateway()
    const [text, shown] = [
      await upload(it.sdk),
      await upload(it.sdk, new File([picture], 'cat.jpg')),
    ]
    await it.sdk.chat.completions.create({ model: 'grok-4', messages: chatted(text, shown) })
    await it.sdk.responses.create({ model: 'grok-4', input: asked(text) })
    const uploads = it.grok.callsOf({ endpoint: 'upload' }).map(({ body }) => body)
    expect(uploads).toMatchObject([
      { fileName: 'moss.txt', fileMimeType: 'text/plain', content: BASE64 },
      { fileMimeType: 'image/jpeg', content: picture.toBase64() },
    ])
    expect(it.asked().fileAttachments).toHaveLength(1)
    await it.sdk.files.delete(text)
    const gone = it.sdk.chat.completions.create({ model: 'grok-4', messages: chatted(text) })
    expect(await failed(gone)).toEqual({
      status: 400,
      code: 'file_not_found',
      param: 'messages.0.content.0.file.file_id',
    })
  })
})
