import { describe, expect, test } from 'bun:test'
import { jpeg } from '../fakes/grok-web'
import { CHATS, inFrontOf, RESPONSES } from '../support/every-way'
import { KEY } from '../support/gateway'
import { serverAt } from '../support/guarded'
import { type WebGateway, webGateway } from '../support/web-gateway'

const bytes = jpeg('a cat')
const PICTURE = `data:image/jpeg;base64,${bytes.toBase64()}`

const pictureServer = (picture = bytes) =>
  serverAt(() => new Response(picture, { headers: { 'content-type': 'image/jpeg' } }))

/** What was uploaded, in order. */
const uploads = ({ grok }: Pick<WebGateway, 'grok'>) =>
  grok.callsOf({ endpoint: 'upload' }).map(({ body }) => {
    const { fileName, fileMimeType, content } = body as Record<string, string>
    return { fileName, fileMimeType, content }
  })

const attached = ({ asked }: Pick<WebGateway, 'asked'>) =>
  (asked().fileAttachments as readonly string[]).length

describe('a picture that a program shows', () => {
  const usual = inFrontOf()

  usual('within its request is uploaded once, and hangs on the message', async (it) => {
    const own = jpeg(`a cat, ${it.way}`).toBase64()
    const url = `data:image/jpeg;base64,${own}`
    const told = await it.tell({ text: 'What is it?', pictures: [url, url] })
    expect(told.text).toBe('You said: What is it?')
    expect(uploads(it)).toMatchObject([{ fileMimeType: 'image/jpeg', content: own }])
    expect(attached(it)).toBeGreaterThan(0)
  })

  usual('by its address is fetched without a cookie or a key', async (it) => {
    await using server = pictureServer(jpeg(it.way))
    const { text } = await it.tell({ text: 'What is it?', pictures: [`${server.url}/cat.jpg`] })
    expect(text).toBe('You said: What is it?')
    expect(uploads(it).map(({ content }) => content)).toEqual([jpeg(it.way).toBase64()])
    expect(attached(it)).toBe(1)
    expect(server.seen).toHaveLength(1)
    for (const { headers } of server.seen)
      for (const name of ['cookie', 'authorization', 'x-statsig-id', 'referer', 'origin'])
        expect(headers.get(name)).toBeNull()
  })

  usual(
    'by an address of ours is never asked for there: it may lead nowhere from here',
    async (it) => {
      const body = new FormData()
      body.set('file', new File([jpeg(`ours, ${it.way}`)], 'cat.jpg'))
      const headers = { authorization: `Bearer ${KEY}` }
      const asked = { method: 'POST', headers, body }
      const { url } = await (await fetch(`${it.url}/v1/uploads/image`, asked)).json()
      expect(url).toStartWith('http://groxy.invalid/images/')
      await it.tell({ text: 'What is it?', pictures: [url] })
      expect(uploads(it).map(({ content }) => content)).toEqual([
        jpeg(`ours, ${it.way}`).toBase64(),
      ])
      const lost = await it
        .tell({ pictures: [url.replace(/.\.jpg$/, 'x.jpg')] })
        .catch((cause) => cause)
      expect(lost).toMatchObject({
        status: 400,
        message: expect.stringContaining('leads to nothing'),
      })
      expect(await it.held()).toEqual([])
    },
    { settings: { base_url: 'http://groxy.invalid' } },
  )

  usual('is refused as a fault of the client when it is none', async (it) => {
    await using server = serverAt(() => new Response('<html>no picture</html>'))
    const refused = it.tell({ pictures: [`${server.url}/cat.jpg`] })
    expect(await refused.catch((cause) => cause)).toMatchObject({
      status: 400,
      param: it.isChat
        ? 'messages.0.content.1.image_url.url'
        : expect.stringContaining('image_url'),
    })
    expect(it.grok.chats()).toEqual([])
    expect(await it.held()).toEqual([])
  })

  usual('goes along again where the user speaks of it', async (it) => {
    const shown = it.isChat
      ? { type: 'image_url', image_url: { url: PICTURE } }
      : { type: 'input_image', image_url: PICTURE, detail: 'auto' }
    const before = [
      { role: 'user', content: [shown] as never },
      { role: 'assistant', content: 'A cat.' },
    ] as const
    await it.tell({ before, text: 'And now?' })
    expect(attached(it)).toBe(0)
    await it.tell({ before, text: 'What colour has the picture?' })
    expect(attached(it)).toBe(1)
  })
})

test('a private address in a request is not called', async () => {
  const addresses = ['http://127.0.0.2:9/a.png', 'http://169.254.169.254/', 'http://10.0.0.1/a.png']
  await using it = await webGateway()
  for (const url of addresses) {
    const content = [{ type: 'image_url' as const, image_url: { url } }]
    const messages = [{ role: 'user' as const, content }]
    const refused = it.sdk.chat.completions.create({ model: 'grok-4', messages })
    expect(await refused.catch((cause) => cause)).toMatchObject({ status: 400 })
  }
  expect(it.grok.chats()).toEqual([])
})

test('a picture is fetched once, however many accounts are tried', async () => {
  await using server = pictureServer()
  await using it = await webGateway({ accounts: [{ name: 'one' }, { name: 'two' }] })
  it.grok.queue([Response.json({ code: 13, message: 'Internal error' }, { status: 500 })])
  const content = [
    { type: 'text' as const, text: 'What?' },
    { type: 'image_url' as const, image_url: { url: server.url } },
  ]
  const answer = await it.sdk.chat.completions.create({
    ...{ model: 'grok-4', messages: [{ role: 'user', content }] },
  })
  expect(answer.choices[0]?.message.content).toBe('You said: What?')
  expect(server.seen).toHaveLength(1)
  // Each account has its own copy.
  expect(uploads(it)).toHaveLength(2)
})

describe('a file that a program sends', () => {
  const usual = inFrontOf()

  usual('is uploaded under its name', async (it) => {
    const pdf = new TextEncoder().encode(`%PDF-1.4\n% ${it.way}\n1 0 obj\n<<>>\nendobj\n%%EOF\n`)
    const file_data = `data:application/pdf;base64,${pdf.toBase64()}`
    const wish = { text: 'Sum it up', files: [{ filename: 'a.pdf', file_data }] }
    expect((await it.tell(wish)).text).toBe('You said: Sum it up')
    expect(attached(it)).toBe(1)
    expect(uploads(it)).toEqual([
      { fileName: 'a.pdf', fileMimeType: 'application/pdf', content: pdf.toBase64() },
    ])
  })

  usual(
    'may be at an address',
    async (it) => {
      await using server = serverAt(() => new Response(`a,b\n1,${it.way}\n`))
      const content = [
        { type: 'input_text', text: 'Sum it up' },
        { type: 'input_file', file_url: `${server.url}/table.csv` },
      ]
      await it.tell({ responses: { input: [{ role: 'user', content }] } })
      expect(uploads(it)).toMatchObject([
        { fileName: 'table.csv', content: btoa(`a,b\n1,${it.way}\n`) },
      ])
      expect(server.seen[0]?.headers.get('cookie')).toBeNull()
    },
    { ways: RESPONSES },
  )

  usual(
    'may be a recording',
    async (it) => {
      const wave = `RIFF\x24\0\0\0WAVEfmt \x10\0\0\0${it.way}`
      const data = new TextEncoder().encode(wave).toBase64()
      const content = [
        { type: 'text', text: 'Who speaks?' },
        { type: 'input_audio', input_audio: { data, format: 'wav' } },
      ]
      const { text } = await it.tell({ chat: { messages: [{ role: 'user', content }] } })
      expect(text).toBe('You said: Who speaks?')
      expect(attached(it)).toBe(1)
      expect(uploads(it)).toMatchObject([
        { fileName: 'audio.wav', fileMimeType: expect.stringMatching(/^audio\/(?:x-)?wav$/) },
      ])
    },
    { ways: CHATS },
  )

  usual('that is too large for grok.com is told of as that', async (it) => {
    it.grok.limitUploads({ bytes: 10, status: 413 })
    const picture = `data:image/jpeg;base64,${jpeg(`${it.way} large`).toBase64()}`
    const refused = await it.tell({ pictures: [picture] }).catch((cause) => cause)
    it.grok.limitUploads(undefined)
    expect(refused).toMatchObject({ code: 'file_too_large' })
    expect(refused.status).toBeOneOf([400, 413])
    expect(await it.held()).toEqual([])
  })
})
