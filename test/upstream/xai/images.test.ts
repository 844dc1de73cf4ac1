import { expect, test } from 'bun:test'
import type { PictureRequest } from '#src/turn/picture'
import { mannerFor } from '#src/upstream/xai/picture-manner'
import { fakeXaiMedia, faults, png } from '../../fakes/xai-media'
import { drawn, input, refusal, UPSTREAMS } from '../../support/drawing'

const MODEL = 'grok-imagine-image-2.0'

test.each<[Partial<PictureRequest>, object]>([
  [{}, {}],
  [{ size: { width: 1024, height: 1024 } }, { aspect_ratio: '1:1', resolution: '1k' }],
  [{ size: { width: 256, height: 256 } }, { aspect_ratio: '1:1', resolution: '1k' }],
  [{ size: { width: 1536, height: 1024 } }, { aspect_ratio: '3:2', resolution: '1k' }],
  [{ size: { width: 1024, height: 1536 } }, { aspect_ratio: '2:3', resolution: '1k' }],
  [{ size: { width: 1792, height: 1024 } }, { aspect_ratio: '16:9', resolution: '1.5k' }],
  [{ size: { width: 1024, height: 1792 } }, { aspect_ratio: '9:16', resolution: '1.5k' }],
  [{ size: { width: 2048, height: 2048 } }, { aspect_ratio: '1:1', resolution: '2k' }],
  [{ size: { width: 3840, height: 2160 } }, { aspect_ratio: '16:9', resolution: '2k' }],
  [{ size: { width: 4000, height: 10 } }, { aspect_ratio: '5:2', resolution: '1k' }],
  [
    { size: { width: 1024, height: 1024 }, ratio: '21:9', resolution: '2k' },
    { aspect_ratio: '21:9', resolution: '2k' },
  ],
  [{ ratio: '9:19.5' }, { aspect_ratio: '9:19.5' }],
  [{ ratio: '5:4' }, { aspect_ratio: '4:3' }],
  [{ ratio: 'auto' }, { aspect_ratio: 'auto' }],
  [{ quality: 'low' }, { quality: 'low' }],
  [{ quality: 'medium' }, { quality: 'medium' }],
  [{ quality: 'high' }, { quality: 'medium' }],
  [{ quality: 'hd' }, { quality: 'medium' }],
  [{ quality: 'standard' }, { quality: 'auto' }],
  [{ quality: 'auto' }, { quality: 'auto' }],
  [{ quality: 'splendid' }, {}],
])('xAI is told of %j as %j', (given, told) => {
  const whole = { size: undefined, ratio: undefined, resolution: undefined, quality: undefined }
  expect<object>(mannerFor(MODEL, { ...whole, ...given })).toEqual(told)
})

test('a model without a number is not told of a quality, which it refuses', async () => {
  await using xai = fakeXaiMedia()
  const events = await drawn('xai', xai.url, {
    model: 'grok-imagine-image',
    request: { quality: 'high' },
  })
  expect(events).toContainEqual(expect.objectContaining({ type: 'picture' }))
  expect(xai.calls.at(-1)?.body).not.toHaveProperty('quality')
})

test.each([
  ['grok-imagine-image', 10],
  ['grok-imagine-image-2.0', 10],
  ['grok-2-image-1212', 10],
  ['grok-imagine-video', undefined],
  ['grok-imagine-1.0-video', undefined],
  ['grok-4.7', undefined],
  ['grok-embedding-small', undefined],
])('of %s xAI makes %p pictures in one call', (model, most) => {
  expect(UPSTREAMS.xai.pictures?.most(model, 'generate')).toBe(most as number)
})

test('new pictures are asked for by their addresses, with what they cost', async () => {
  await using xai = fakeXaiMedia()
  const others = { ...{ user: 'u1', style: 'vivid', background: 'opaque' }, moderation: 'low' }
  const events = await drawn('xai', xai.url, {
    model: MODEL,
    count: 3,
    request: { others: { ...others, deferred: true, storage_options: null } },
  })
  expect(events.map(({ type }) => type)).toEqual(['about', ...Array(3).fill('picture'), 'usage'])
  expect(events[0]).toEqual({ type: 'about', about: { output_format: 'jpeg' } })
  expect(events[3]).toEqual({
    ...{ type: 'picture', index: 2 },
    picture: {
      url: expect.stringMatching(/^http:/),
      revisedPrompt: 'A fox in the snow, in detail',
    },
  })
  expect(events[4]).toMatchObject({ usage: { costTicks: 600_000_000, source: 'reported' } })
  const [call] = xai.callsOf('images.generations')
  expect(call?.body).toEqual({
    ...{ model: MODEL, prompt: 'A fox in the snow', n: 3, response_format: 'url', user: 'u1' },
  })
})

test('usage in tokens is told with what of it were pictures', async () => {
  await using xai = fakeXaiMedia()
  const usage = {
    ...{ cost_in_usd_ticks: 7, input_tokens: 30, output_tokens: 5, total_tokens: 35 },
    input_tokens_details: { text_tokens: 10, image_tokens: 20, cached_tokens: 0 },
  }
  xai.draws({ usage }, { usage: null })
  const [told, silent] = [
    await drawn('xai', xai.url, { model: MODEL }),
    await drawn('xai', xai.url, { model: MODEL }),
  ]
  expect(told.at(-1)).toMatchObject({
    usage: { input: 30, output: 5, costTicks: 7 },
    inputDetails: { text: 10, image: 20 },
  })
  expect(silent.at(-1)).toMatchObject({ type: 'picture' })
})

test('a picture to be changed comes as `image`, several as `images`, byte for byte', async () => {
  await using xai = fakeXaiMedia()
  const [one, large] = [png('one'), png('two', 700_001)]
  for (const pictures of [[input(one)], [input(one), input(large, 'b.png')]])
    await drawn('xai', xai.url, { model: MODEL, request: { work: 'edit', pictures } })
  const [single, several] = xai.callsOf('images.edits')
  expect(single?.pictures).toEqual([{ field: 'image', bytes: one }])
  expect(several?.pictures).toEqual([
    { field: 'images', bytes: one },
    { field: 'images', bytes: large },
  ])
  const length = Number(several?.headers.get('content-length'))
  expect(length).toBeGreaterThan((large.length * 4) / 3)
})

test('what xAI keeps back is told apart from what it shows', async () => {
  await using xai = fakeXaiMedia()
  xai.draws({ moderated: [1] }, { count: 0 })
  const some = await drawn('xai', xai.url, { model: MODEL, count: 2 })
  expect(some.filter(({ type }) => type === 'picture' || type === 'blocked')).toMatchObject([
    { type: 'picture', index: 0 },
    { type: 'blocked', index: 1 },
  ])
  const none = await drawn('xai', xai.url, { model: MODEL, count: 2 })
  expect(none.filter(({ type }) => type === 'blocked').map((event) => event)).toEqual([
    { type: 'blocked', index: 0 },
    { type: 'blocked', index: 1 },
  ])
})

test('base64 is taken where addresses were asked for', async () => {
  await using xai = fakeXaiMedia()
  xai.draws({ swapsFormat: true })
  const events = await drawn('xai', xai.url, { model: MODEL })
  expect(events[1]).toMatchObject({ picture: { base64: expect.stringMatching(/^\/9j\//) } })
})

test('a mask is refused before anything is sent', async () => {
  await using xai = fakeXaiMedia()
  const request = { mask: input(png('m'), 'm.png', 'mask'), pictures: [input(png('a'))] }
  const cause = await refusal('xai', xai.url, {
    model: MODEL,
    request: { work: 'edit', ...request },
  })
  expect(cause).toMatchObject({ kind: 'unable', details: { status: 400, param: 'mask' } })
  expect(xai.calls).toEqual([])
})

const MODERATED = {
  code: 'Client specified an invalid argument',
  error: 'Generated image rejected by content moderation.',
}

test.each([
  ['a refusal', faults.refused(400, MODERATED.error), 'refused', 400, 'content_policy_violation'],
  ['a 200 that is one', faults.says(MODERATED), 'refused', 400, 'content_policy_violation'],
  ['a 403', faults.refused(403, MODERATED.error), 'refused', 400, 'content_policy_violation'],
  [
    'a wrong key',
    faults.refused(400, 'Incorrect API key provided: ke***.'),
    'refused',
    400,
    'Client specified an invalid argument',
  ],
  [
    'a blocked team',
    faults.refused(403, 'Your team was blocked for breaking our policy.'),
    'refused',
    403,
    'The caller does not have permission to execute the specified operation',
  ],
  [
    'an overload',
    faults.says({ code: 'The service is currently unavailable', error: 'Try later.' }),
    'refused',
    503,
    'The service is currently unavailable',
  ],
  ['half an answer', faults.malformed(), 'malformed', undefined, undefined],
  ['a page', faults.says('<html>'), 'malformed', undefined, undefined],
  ['no list', faults.says({ data: 'none' }), 'malformed', undefined, undefined],
  ['an entry of nothing', faults.says({ data: [7] }), 'malformed', undefined, undefined],
  ['a reset', faults.resets(), 'broken', undefined, undefined],
  ['a cut', faults.cut(), 'broken', undefined, undefined],
])('%s is the fault that it is', async (_, fault, kind, status, code) => {
  await using xai = fakeXaiMedia()
  xai.script('images.generations', fault)
  const cause = await refusal('xai', xai.url, { model: MODEL })
  expect(cause).toMatchObject({ kind, details: { ...(status && { status, code }) } })
})
