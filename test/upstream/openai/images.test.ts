import { expect, test } from 'bun:test'
import type { PictureRequest } from '#src/turn/picture'
import { sizeFor } from '#src/upstream/openai/picture-size'
import { fakeOpenAiMedia, faults, png } from '../../fakes/openai-media'
import { fakeUpstream, sse } from '../../fakes/upstream'
import { drawn, input, refusal, UPSTREAMS } from '../../support/drawing'

const OPEN = { size: undefined, ratio: undefined, resolution: undefined }

test.each<[string, Partial<PictureRequest>, string | undefined]>([
  ['gpt-image-2', {}, undefined],
  ['gpt-image-2', { size: { width: 1000, height: 777 } }, '1000x777'],
  ['gpt-image-2', { size: { width: 640, height: 480 }, ratio: '1:1' }, '640x480'],
  ['gpt-image-2', { ratio: '1:1' }, '1024x1024'],
  ['gpt-image-2', { ratio: '16:9' }, '1360x768'],
  ['gpt-image-2', { ratio: '16:9', resolution: '2k' }, '2736x1536'],
  ['gpt-image-2', { ratio: '9:19.5', resolution: '1.5k' }, '1040x2256'],
  ['gpt-image-2', { resolution: '2k' }, '2048x2048'],
  ['gpt-image-2', { ratio: 'auto', resolution: '2k' }, undefined],
  ['gpt-image-1.5', { ratio: '16:9' }, '1536x1024'],
  ['gpt-image-1', { ratio: '9:20' }, '1024x1536'],
  ['chatgpt-image-latest', { ratio: '4:3', resolution: '2k' }, '1536x1024'],
  ['dall-e-3', { ratio: '16:9' }, '1792x1024'],
  ['dall-e-3', { ratio: '1:1' }, '1024x1024'],
  ['dall-e-2', { ratio: '16:9' }, '1024x1024'],
  ['stable-diffusion-3', { ratio: '3:2' }, '1248x832'],
])('%s is asked for %j as %s', (model, given, size) => {
  expect(sizeFor(model, { ...OPEN, ...given })).toBe(size as string)
})

test.each([
  ['dall-e-3', 1],
  ['dall-e-2', 10],
  ['gpt-image-2', 10],
  ['gpt-5', 10],
])('a server is asked for the pictures of %s, %d in one call, whatever it is', (model, most) => {
  expect(UPSTREAMS.openai.pictures?.most(model, 'generate')).toBe(most)
})

const XAI_ONLY = { storage_options: { filename: 'a' }, output: {}, deferred: true }

test('new pictures are asked for in words of OpenAI alone', async () => {
  await using openai = fakeOpenAiMedia()
  const others = { background: 'opaque', moderation: 'low', user: 'u1', style: null, ...XAI_ONLY }
  const events = await drawn('openai', openai.url, {
    model: 'gpt-image-2',
    count: 2,
    request: { ratio: '16:9', quality: 'low', outputFormat: 'webp', others },
  })
  expect(openai.calls.at(-1)?.body).toEqual({
    ...{ model: 'gpt-image-2', prompt: 'A fox in the snow', n: 2, size: '1360x768' },
    ...{ quality: 'low', output_format: 'webp' },
    ...{ background: 'opaque', moderation: 'low', user: 'u1' },
  })
  expect(events).toMatchObject([
    {
      type: 'about',
      about: {
        ...{ size: '1360x768', quality: 'low', background: 'opaque', output_format: 'webp' },
      },
    },
    { type: 'picture', index: 0, picture: { base64: expect.stringMatching(/^UklG/) } },
    { type: 'picture', index: 1 },
    {
      ...{ type: 'usage', usage: { input: 12, output: 8320, source: 'reported' } },
      inputDetails: { text: 12, image: 0 },
    },
  ])
})

test('models that would answer with addresses are asked for the pictures themselves', async () => {
  await using openai = fakeOpenAiMedia()
  const events = await drawn('openai', openai.url, {
    model: 'dall-e-3',
    request: { partials: 2, others: { style: 'vivid' } },
  })
  const base64 = expect.stringMatching(/^iVBORw/)
  const picture = { base64, revisedPrompt: 'A fox in the snow, in detail' }
  expect(events).toEqual([{ type: 'picture', index: 0, picture }])
  expect(openai.calls.at(-1)?.body).toEqual({
    ...{ model: 'dall-e-3', prompt: 'A fox in the snow', n: 1, style: 'vivid' },
    response_format: 'b64_json',
  })
})

test('pictures to be changed come as a form, with a mask, byte for byte', async () => {
  await using openai = fakeOpenAiMedia()
  const [one, large, mask] = [png('one'), png('two', 700_001), png('mask')]
  const edit = (pictures: PictureRequest['pictures']) =>
    drawn('openai', openai.url, {
      model: 'gpt-image-1.5',
      count: 2,
      request: {
        ...{ work: 'edit', pictures, mask: input(mask, 'm"a\r\nsk.png', 'mask') },
        ...{ prompt: 'Ein Fuchs – 🦊', size: { width: 1024, height: 1024 } },
        others: { input_fidelity: 'high', background: 'auto', ...XAI_ONLY },
      },
    })
  await edit([input(one)])
  const events = await edit([input(one), input(large, 'b.png')])
  const [single, several] = openai.callsOf('images.edits')
  expect(single?.files.map(({ field }) => field)).toEqual(['image', 'mask'])
  expect(single?.body).toEqual({
    ...{ model: 'gpt-image-1.5', prompt: 'Ein Fuchs – 🦊', n: '2', size: '1024x1024' },
    ...{ input_fidelity: 'high', background: 'auto' },
  })
  expect(several?.files).toEqual([
    { field: 'image[]', filename: 'fox.png', type: 'image/png', bytes: one },
    { field: 'image[]', filename: 'b.png', type: 'image/png', bytes: large },
    { field: 'mask', filename: 'm%22a%0D%0Ask.png', type: 'image/png', bytes: mask },
  ])
  expect(events.at(-1)).toMatchObject({ usage: { input: 12 + 194 * 3 } })
})

test.each([
  ['generate', []],
  ['edit', [input(png('one'))]],
] as const)('previews come as they are made (%s)', async (work, pictures) => {
  await using openai = fakeOpenAiMedia()
  openai.draws({ partials: 1 })
  const request = { work, pictures, partials: 2 }
  const events = await drawn('openai', openai.url, { model: 'gpt-image-1', request })
  expect(events).toMatchObject([
    { type: 'partial', index: 0, picture: { base64: expect.any(String) } },
    { type: 'about', about: { size: '1024x1024' } },
    { type: 'picture', index: 0, picture: { base64: expect.any(String) } },
    { type: 'usage', inputDetails: { text: 12 } },
  ])
  const { body, headers } = openai.calls.at(-1) ?? {}
  expect({ ...body, partial_images: String(body?.partial_images) }).toMatchObject({
    partial_images: '2',
  })
  expect([headers?.get('accept'), headers?.get('accept-encoding')]).toEqual([
    'text/event-stream',
    'identity',
  ])
})

test('of several pictures no previews are asked for: OpenAI streams one', async () => {
  await using openai = fakeOpenAiMedia()
  const asked = { model: 'gpt-image-1', count: 2, request: { partials: 2 } }
  const events = await drawn('openai', openai.url, asked)
  expect(events.filter(({ type }) => type === 'picture')).toHaveLength(2)
  expect(openai.calls.at(-1)?.body).not.toHaveProperty('stream')
})

test('a server that does not stream answers all the same', async () => {
  await using openai = fakeOpenAiMedia()
  openai.draws({ ignoresStream: true })
  const events = await drawn('openai', openai.url, {
    model: 'gpt-image-1',
    request: { partials: 2 },
  })
  expect(events.map(({ type }) => type)).toEqual(['about', 'picture', 'usage'])
})

test.each([
  ["Unknown parameter: 'response_format'.", 'response_format'],
  ['Streaming is not supported for this model.', undefined],
])('a server that refuses what nobody asked for is asked without: %s', async (message, param) => {
  await using server = fakeUpstream(({ body }) => {
    const { response_format, stream } = JSON.parse(body)
    if (response_format || stream)
      return Response.json({ error: { message, param } }, { status: 400 })
    return Response.json({ data: [{ url: '/made/1.png' }] })
  })
  const asked = { model: 'flux', request: { partials: 1 } }
  expect(await drawn('openai', server.url, asked)).toEqual([
    { type: 'picture', index: 0, picture: { url: new URL('/made/1.png', server.url).href } },
  ])
  expect(server.seen).toHaveLength(2)
})

test('what the client asked for itself is not taken back', async () => {
  await using openai = fakeOpenAiMedia()
  const asked = { model: 'gpt-image-1', request: { partials: 1, others: { style: 'vivid' } } }
  expect(await refusal('openai', openai.url, asked)).toMatchObject({
    details: { status: 400, param: 'style' },
  })
  expect(openai.calls).toHaveLength(1)
})

test('pictures within addresses, or addresses with base64 before them, are pictures', async () => {
  const data = 'data:image/png;base64,iVBORw0KGgo='
  await using server = fakeUpstream(() =>
    Response.json({ data: [{ url: data }, { b64_json: data }, { b64_json: 'iVBORw0KGgo=' }] }),
  )
  const events = await drawn('openai', server.url, { model: 'flux', count: 3 })
  expect(events.map((event) => 'picture' in event && event.picture.base64)).toEqual(
    Array(3).fill('iVBORw0KGgo='),
  )
})

const completed = (fields: object = {}) =>
  JSON.stringify({ type: 'image_generation.completed', b64_json: 'AA==', ...fields })

test('a stream is not waited for when its picture is there', async () => {
  await using server = fakeUpstream(() => {
    const bytes = new TextEncoder().encode(`data: ${completed()}\n\n`)
    const open = new ReadableStream({ start: (controller) => controller.enqueue(bytes) })
    return new Response(open, { headers: { 'content-type': 'text/event-stream' } })
  })
  const asked = { model: 'gpt-image-1', request: { partials: 1 } }
  expect(await drawn('openai', server.url, asked)).toHaveLength(1)
  await server.seen[0]?.aborted
})

test('an abort ends a stream and its connection', async () => {
  await using server = fakeUpstream(() => {
    const open = new ReadableStream({ start() {} })
    return new Response(open, { headers: { 'content-type': 'text/event-stream' } })
  })
  const abort = new AbortController()
  const ended = refusal('openai', server.url, {
    ...{ model: 'gpt-image-1', request: { partials: 1 } },
    abort,
  })
  while (server.seen.length === 0) await Bun.sleep(1)
  abort.abort()
  expect(await ended).toMatchObject({ name: 'UpstreamFault' })
  await server.seen[0]?.aborted
})

test.each([
  ['ends too early', [], 'broken'],
  ['says what is no JSON', ['no'], 'malformed'],
  ['completes without a picture', [completed({ b64_json: '' })], 'malformed'],
  ['only says that it is done', ['[DONE]'], 'broken'],
  ['tells other things', [JSON.stringify({ type: 'ping' })], 'broken'],
])('a stream that %s is a fault', async (_, events, kind) => {
  await using server = fakeUpstream(() => sse(events))
  const asked = { model: 'gpt-image-1', request: { partials: 1 } }
  expect(await refusal('openai', server.url, asked)).toMatchObject({ kind })
})

test.each([
  ['moderation_blocked', 'refused', 400, 'content_policy_violation'],
  ['rate_limit_exceeded', 'refused', 429, 'rate_limit_exceeded'],
])('an error %s within a stream is one of the request', async (code, kind, status, told) => {
  await using openai = fakeOpenAiMedia()
  openai.draws({ fails: { code, message: 'It was refused.' } })
  const asked = { model: 'gpt-image-1', request: { partials: 1 } }
  const cause = await refusal('openai', openai.url, asked)
  expect(cause).toMatchObject({ kind, details: { status, code: told } })
})

test.each([
  ['no list', faults.says({ created: 1 }), 'malformed', undefined, undefined],
  ['an empty list', faults.says({ data: [] }), 'malformed', undefined, undefined],
  ['an empty entry', faults.says({ data: [{}] }), 'malformed', undefined, undefined],
  ['an address of nothing', faults.says({ data: [{ url: 'http://' }] }), 'malformed'],
  ['a page', faults.says('<html>'), 'malformed'],
  ['half an answer', faults.malformed(), 'malformed'],
  ['a cut', faults.cut(), 'broken'],
  ['a reset', faults.resets(), 'broken'],
  ['a limit', faults.limited(7), 'refused', 429],
  ['a wrong key', faults.refused(401, 'Incorrect API key provided.'), 'refused', 401],
])('%s is the fault that it is', async (...row) => {
  const [, fault, kind, status] = row
  await using openai = fakeOpenAiMedia()
  openai.script('images.generations', fault)
  const cause = await refusal('openai', openai.url, { model: 'gpt-image-2' })
  expect(cause).toMatchObject({ kind, details: { ...(status && { status }) } })
})

test('a picture that is kept back by name of a field is told apart', async () => {
  await using server = fakeUpstream(() =>
    Response.json({ data: [{ url: '', respect_moderation: false }, { b64_json: 'AA==' }] }),
  )
  expect(await drawn('openai', server.url, { model: 'flux', count: 2 })).toMatchObject([
    { type: 'blocked', index: 0 },
    { type: 'picture', index: 1 },
  ])
})

test("the rules' refusal of a prompt has one name", async () => {
  await using openai = fakeOpenAiMedia()
  for (const model of ['gpt-image-2', 'dall-e-3']) {
    const cause = await refusal('openai', openai.url, { model, request: { prompt: 'forbidden' } })
    expect(cause).toMatchObject({ details: { status: 400, code: 'content_policy_violation' } })
  }
})
