import { describe, expect, test } from 'bun:test'
import { ApiError, UpstreamFault } from '#src/errors'
import { fakeGrokWeb, jpeg } from '../../fakes/grok-web'
import { serverAt } from '../../support/guarded'
import { until } from '../../support/programs'
import {
  chatAsk,
  dataUrl,
  pictured,
  responsesAsk,
  says,
  webSession,
} from '../../support/web-session'

const PNG = Uint8Array.fromBase64(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
)
const PDF = new TextEncoder().encode('%PDF-1.4\n%âãÏÓ\n')
const WAV = new TextEncoder().encode('RIFF\0\0\0\0WAVEfmt ')
const photo = (seed: number) => jpeg(`photo ${seed}`, 600)

/** A server of a client's, with a picture of its own at each path. */
const pictures = () =>
  serverAt((request) => new Response(photo(new URL(request.url).pathname.length)))

const uploads = (grok: ReturnType<typeof fakeGrokWeb>) =>
  grok.calls.filter(({ endpoint }) => endpoint === 'upload')

test('a picture is uploaded by its bytes and hangs on the message', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  await web.tell(chatAsk({ messages: [says('See', pictured(dataUrl('image/gif', PNG)))] }))
  const [upload] = uploads(grok)
  expect(upload?.body).toEqual({
    fileName: 'image.png',
    fileMimeType: 'image/png',
    content: PNG.toBase64(),
  })
  expect(web.asked()).toMatchObject({ message: 'See' })
  expect(web.asked().fileAttachments).toHaveLength(1)
  expect(grok.complaints()).toEqual([])
})

test('the first generation uploads JSON as text', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok, { web_request: 'g1' })
  await web.tell(chatAsk({ messages: [says('See', pictured(dataUrl('image/png', PNG)))] }))
  expect(uploads(grok)[0]?.headers.get('content-type')).toBe('text/plain;charset=UTF-8')
  expect(grok.complaints()).toEqual([])
})

test('files and recordings keep their names and kinds', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  const text = new TextEncoder().encode('# Plan')
  await web.tell(
    chatAsk({
      messages: [
        says(
          'Read',
          { type: 'file', file: { filename: '../a/plan.pdf', file_data: PDF.toBase64() } },
          {
            type: 'file',
            file: { filename: 'plan.md', file_data: dataUrl('text/markdown', text) },
          },
          { type: 'file', file: { file_data: 'data:text/plain,Two%20words' } },
          { type: 'input_audio', input_audio: { format: 'wav', data: WAV.toBase64() } },
        ),
      ],
    }),
  )
  const sent = uploads(grok).map(({ body }) => {
    const { fileName, fileMimeType } = body as Record<string, string>
    return `${fileName} ${fileMimeType}`
  })
  expect(sent.toSorted()).toEqual([
    'audio.wav audio/wav',
    'file.txt text/plain',
    'plan.md text/markdown',
    'plan.pdf application/pdf',
  ])
})

test("a client's address is fetched once a turn over all attempts, and never with anything of ours", async () => {
  await using client = pictures()
  await using grok = fakeGrokWeb({ accounts: [{ name: 'one' }, { name: 'two' }] })
  const web = webSession(grok)
  const ask = chatAsk({ messages: [says('See', pictured(`${client.url}/a`))] })
  await web.tell(ask)
  await web.tell(ask, { account: web.sessionOf('two') })
  expect(client.seen).toHaveLength(1)
  expect(uploads(grok).map(({ account }) => account)).toEqual(['one', 'two'])
  for (const { headers } of client.seen)
    for (const name of ['cookie', 'origin', 'referer', 'x-xai-request-id'])
      expect(headers.get(name)).toBeNull()
})

test('what an account has is not uploaded again, until it is old or not there any more', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  const see = () => chatAsk({ messages: [says('See', pictured(dataUrl('image/png', PNG)))] })
  await web.tell(see())
  await web.tell(see())
  expect(uploads(grok)).toHaveLength(1)
  web.sleep(2 * 60 * 60_000)
  await web.tell(see())
  expect(uploads(grok)).toHaveLength(2)
  let isGone = true
  grok.intercept('new', () => {
    const response = isGone ? Response.json({ code: 5 }, { status: 404 }) : undefined
    isGone = false
    return response
  })
  await web.tell(see())
  expect(uploads(grok)).toHaveLength(3)
})

test('what is refused with files that were just uploaded is refused', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  const see = () => chatAsk({ messages: [says('See', pictured(dataUrl('image/png', PNG)))] })
  const refuse = (status: number, message: string) =>
    grok.intercept('new', () => Response.json({ code: 3, message }, { status }))
  let restore = refuse(400, 'No')
  await web.refusal(see())
  expect([grok.chats().length, uploads(grok).length]).toEqual([1, 1])
  restore()
  await web.tell(see())
  // About what was asked, and not about files.
  restore = refuse(400, '[WKE=grok:content-moderated]')
  await web.refusal(see())
  restore()
  await web.tell(see())
  expect([grok.chats().length, uploads(grok).length]).toEqual([4, 2])
})

test('the same picture twice is one upload, and two names for it', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  const part = pictured(dataUrl('image/png', PNG))
  await web.tell(chatAsk({ messages: [says('Compare', part, part)] }))
  expect(uploads(grok)).toHaveLength(1)
  expect(web.asked().fileAttachments).toHaveLength(2)
})

test('uploads run side by side, so many at once, and keep their order', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok, { uploads_at_once: 2 })
  let running = 0
  let most = 0
  grok.intercept('upload', async () => {
    most = Math.max(most, ++running)
    await until(() => most >= 2 || undefined)
    await Bun.sleep(15)
    running--
    return undefined
  })
  const parts = [1, 2, 3, 4, 5].map((seed) => pictured(dataUrl('image/jpeg', photo(seed))))
  await web.tell(chatAsk({ messages: [says('See', ...parts)] }))
  expect(most).toBe(2)
  const ids = web.asked().fileAttachments as string[]
  expect(new Set(ids).size).toBe(5)
})

describe('what cannot be had is the fault of the client', () => {
  const cases: readonly [string, () => object, string][] = [
    ['base64 that is none', () => pictured('!!!'), 'messages.0.content.1.image_url.url'],
    [
      'what is no picture',
      () => pictured(dataUrl('image/png', PDF)),
      'messages.0.content.1.image_url.url',
    ],
    [
      'a recording that is a picture',
      () => ({ type: 'input_audio', input_audio: { format: 'mp3', data: PNG.toBase64() } }),
      'messages.0.content.1.input_audio.data',
    ],
    [
      'a file of nothing',
      () => ({ type: 'file', file: { file_data: 'data:text/plain;base64,' } }),
      'messages.0.content.1.file.file_data',
    ],
    [
      'a scheme that nobody fetches',
      () => pictured('file:///etc/passwd'),
      'messages.0.content.1.image_url.url',
    ],
  ]
  for (const [name, part, param] of cases)
    test(name, async () => {
      await using grok = fakeGrokWeb()
      const web = webSession(grok)
      const problem = await web.refusal(chatAsk({ messages: [says('See', part())] }))
      expect(problem).toBeInstanceOf(ApiError)
      expect([problem.status, problem.details.param]).toEqual([400, param])
      expect(grok.calls).toEqual([])
    })

  test('an address that leads nowhere', async () => {
    await using gone = serverAt(() => new Response('No', { status: 404 }))
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    const part = { type: 'input_image', image_url: `${gone.url}/a` }
    const input = [{ role: 'user' as const, content: [{ type: 'input_text', text: 'See' }, part] }]
    const problem = await web.refusal(responsesAsk({ input }))
    expect([problem.status, problem.details.param]).toEqual([400, 'input[0].content[1].image_url'])
    expect(grok.calls).toEqual([])
  })

  test('more bytes than are taken, one by one and together', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok, { fetch_max_bytes: 1024 })
    const large = new Uint8Array([...PNG, ...new Uint8Array(1024)])
    const one = chatAsk({ messages: [says('See', pictured(dataUrl('image/png', large)))] })
    expect((await web.refusal(one)).message).toContain('larger than 1024 bytes')
    const parts = [1, 2, 3, 4, 5, 6, 7].map((seed) => pictured(dataUrl('image/jpeg', photo(seed))))
    const many = chatAsk({ messages: [says('See', ...parts)] })
    expect((await web.refusal(many)).message).toContain('larger than 4096 bytes')
    expect(grok.calls).toEqual([])
  })

  test('an address that keeps us waiting until the time of the turn is up', async () => {
    await using slow = serverAt(() => new Promise<Response>(() => {}))
    await using grok = fakeGrokWeb()
    const web = webSession(grok, { fetch_timeout_ms: 50 })
    const ask = chatAsk({ messages: [says('See', pictured(`${slow.url}/a`))] })
    const problem = await web.refusal(ask)
    expect([problem.status, problem.name]).toEqual([400, 'ApiError' as never])
    expect(grok.calls).toEqual([])
  })
})

test('the id of an uploaded file is nothing that grok.com knows', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  const part = { type: 'file', file: { file_id: 'file-1' } }
  const problem = await web.refusal(chatAsk({ messages: [says('Read', part)] }))
  expect(problem).toBeInstanceOf(UpstreamFault)
  expect(problem.kind).toBe('unable')
  expect(problem.details.param).toBe('messages.0.content.1.file.file_id')
})

test('a file that is too large for grok.com is named', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  const ask = chatAsk({ messages: [says('See', pictured(dataUrl('image/png', PNG)))] })
  grok.limitUploads({ bytes: 10, status: 413 })
  expect((await web.refusal(ask)).details).toMatchObject({
    status: 413,
    code: 'file_too_large',
    param: 'messages.0.content.1.image_url.url',
  })
  expect(grok.chats()).toEqual([])
})

test('a hundred thousand pictures are refused at once, and none of them is looked at', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  const many = Array.from({ length: 100_000 }, (_, at) => pictured(`picture ${at}`))
  const begun = performance.now()
  const told = web.tell(chatAsk({ messages: [says('See', ...many)] }))
  await expect(told).rejects.toMatchObject({ status: 400, details: { param: 'messages' } })
  expect(performance.now() - begun).toBeLessThan(2_000)
  expect(grok.calls).toEqual([])
})

test.each([
  ['chat', chatAsk({ messages: [says('See', { type: 'file', file: {} })] }), 'messages'],
  ['chat', chatAsk({ messages: [says('See', pictured(''))] }), 'messages'],
  [
    'responses',
    responsesAsk({ input: [{ role: 'user', content: [{ type: 'input_file' }] }] }),
    'input',
  ],
] as const)(
  'an empty part is refused in the dialect %s before anyone is asked',
  async (_, ask, param) => {
    await using grok = fakeGrokWeb()
    const told = webSession(grok).tell(ask)
    const cause = await told.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(cause).toBeInstanceOf(ApiError)
    expect(String(Object(cause).details.param)).toStartWith(param)
    expect(grok.calls).toEqual([])
  },
)
