import { expect, test } from 'bun:test'
import { toFile } from 'openai'
import { type Fault, faults, png } from '../../fakes/xai-media'
import { mediaPool } from '../../support/media-pool'
import { ownClock } from '../../support/own-clock'

const MODELS = { xai: 'grok-imagine-image-2.0', openai: 'gpt-image-1.5' } as const
type Side = keyof typeof MODELS

const PATH = '/v1/images/generations'
const ask = (kind: Side, fields: object = {}) => ({
  ...{ model: MODELS[kind], prompt: 'A fox', response_format: 'b64_json' },
  ...fields,
})

/** Two accounts of a kind, of which the fake is told apart by its side. */
async function pair(kind: Side, settings: Record<string, unknown> = {}, now = Date.now) {
  const it = await mediaPool({ [kind]: ['one', 'two'], settings, now })
  const fake = kind === 'xai' ? it.grok : it.open
  return { ...it, fake, [Symbol.asyncDispose]: () => it[Symbol.asyncDispose]() }
}

const WRONG_KEY = 'Incorrect API key provided: ke***.'

const FAULTS: readonly (readonly [name: string, kind: Side, fault: Fault, effect: string])[] = [
  ['a limit', 'xai', faults.limited(60), 'cooling'],
  ['a limit', 'openai', faults.limited(60), 'cooling'],
  ['a wrong key', 'xai', faults.refused(400, WRONG_KEY), 'suspect'],
  ['a wrong key', 'openai', faults.refused(401, WRONG_KEY), 'suspect'],
  ['nonsense', 'xai', faults.malformed(), 'cooling'],
  ['nonsense', 'openai', faults.malformed(), 'cooling'],
  ['an answer without pictures', 'openai', faults.says({ data: [] }), 'cooling'],
  ['an answer that breaks off', 'xai', faults.cut(), 'cooling'],
  ['an answer that breaks off', 'openai', faults.cut(), 'cooling'],
  ['a reset', 'xai', faults.resets(), 'cooling'],
  ['a reset', 'openai', faults.resets(), 'cooling'],
  ['silence', 'xai', faults.hangs(), 'cooling'],
  ['silence', 'openai', faults.hangs(), 'cooling'],
  ['an outage', 'xai', faults.refused(503), 'cooling'],
  ['an outage', 'openai', faults.refused(503), 'cooling'],
]

test.each(FAULTS)('%s is made good by another account (%s)', async (_, kind, fault, effect) => {
  using clock = ownClock()
  const settings = { answer_timeout_ms: 300, account_check: false }
  await using it = await pair(kind, settings, clock.now)
  it.fake.always({ endpoint: 'images.generations', account: 'key-one' }, fault)
  const made = new Set<string | null>()
  // Which of the two comes first, chance decides.
  while (it.fake.callsOf('images.generations', 'key-one').length === 0) {
    const reply = await it.post(PATH, ask(kind))
    expect(reply.status).toBe(200)
    expect((await reply.json()).data).toMatchObject([{ b64_json: expect.any(String) }])
    made.add(reply.headers.get('x-groxy-account'))
  }
  expect([...made]).toEqual(['two'])
  expect((await it.held()).map((held) => held.split(' ')[0])).toEqual(['one'])
  const tried = (await it.ledger()).flatMap(({ attemptLog }) => attemptLog ?? [])
  expect(tried.find((attempt) => attempt.effect)?.effect).toBe(effect)
})

const MODERATED = 'Generated image rejected by content moderation.'

const FORBIDDEN: readonly (readonly [name: string, kind: Side, fault: Fault | undefined])[] = [
  ['a refusal of xAI', 'xai', faults.refused(400, MODERATED)],
  ['a refusal with status 200', 'xai', faults.says({ code: 'invalid_argument', error: MODERATED })],
  ['a picture that xAI keeps back', 'xai', undefined],
  ['a list that xAI leaves empty', 'xai', faults.says({ data: [] })],
  ['a refusal of OpenAI', 'openai', undefined],
]

test.each(FORBIDDEN)('%s is told to the client and held against nobody', async (_, kind, fault) => {
  await using it = await pair(kind)
  if (fault) it.fake.always('images.generations', fault)
  const reply = await it.post(PATH, ask(kind, { prompt: 'forbidden' }))
  expect(reply.status).toBe(400)
  const { error } = await reply.json()
  expect(error.code).toBe('content_policy_violation')
  expect(await it.held()).toEqual([])
  const accounts = it.fake.callsOf('images.generations').map(({ account }) => account)
  expect(new Set(accounts).size).toBe(1)
})

test('a picture is made by xAI for whoever asks as OpenAI has it', async () => {
  await using it = await mediaPool({ xai: ['one'] })
  const { data } = await it.sdk.images.generate({
    ...{ model: MODELS.xai, prompt: 'A fox', n: 2, size: '1792x1024', quality: 'high' },
    ...{ background: 'opaque', output_format: 'png', response_format: 'b64_json', user: 'u1' },
  })
  expect(data).toHaveLength(2)
  expect(it.grok.calls.at(-1)?.body).toEqual({
    ...{ model: MODELS.xai, prompt: 'A fox', n: 2, response_format: 'url', user: 'u1' },
    ...{ aspect_ratio: '16:9', resolution: '1.5k', quality: 'medium' },
  })
  expect((await it.ledger())[0]).toMatchObject({ costTicks: 400_000_000, costSource: 'reported' })
})

test('a mask leads on to an account that knows what to do with it', async () => {
  await using it = await mediaPool({ openai: ['two'] })
  const wanted = { kind: 'xai', name: 'one', secret: 'key-one', baseUrl: it.grok.url } as const
  await it.stores.accounts.add({ ...wanted, models: [MODELS.openai] })
  await it.app.refresh()
  const [image, mask] = [
    await toFile(png('fox'), 'fox.png', { type: 'image/png' }),
    await toFile(png('mask'), 'mask.png', { type: 'image/png' }),
  ]
  const { data } = await it.sdk.images.edit({
    ...{ model: MODELS.openai, prompt: 'A hat' },
    ...{ image: [image, image], mask },
  })
  expect(data).toMatchObject([{ b64_json: expect.any(String) }])
  expect(it.open.callsOf('images.edits')[0]?.files.map(({ field }) => field)).toEqual([
    ...['image[]', 'image[]', 'mask'],
  ])
  expect(it.grok.callsOf('images.edits')).toEqual([])
  expect(await it.held()).toEqual([])
  expect((await it.ledger())[0]?.attemptLog).toMatchObject([{ fault: 'unable' }, {}])
})

test('where nobody knows, a mask is refused by its name', async () => {
  await using it = await mediaPool({ xai: ['one'] })
  const [image, mask] = [await toFile(png('fox'), 'f.png'), await toFile(png('m'), 'm.png')]
  const asked = { model: MODELS.xai, prompt: 'A hat', image, mask }
  const refused = await it.sdk.images.edit(asked).catch((cause) => cause)
  expect(refused).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'mask' })
  expect(it.grok.callsOf('images.edits')).toEqual([])
})

test('previews of OpenAI reach the client as they come', async () => {
  await using it = await mediaPool({ openai: ['one'] })
  const stream = await it.sdk.images.generate({
    ...{ model: 'gpt-image-1', prompt: 'A fox', stream: true, partial_images: 2 },
  })
  const types: string[] = []
  for await (const { type } of stream) types.push(type)
  expect(types).toEqual([
    'image_generation.partial_image',
    'image_generation.partial_image',
    'image_generation.completed',
  ])
})

test("a model that draws nothing is refused in its server's own words", async () => {
  await using it = await mediaPool({ openai: ['one', 'two'], xai: ['three'] })
  const reply = await it.post(PATH, ask('openai', { model: 'gpt-5' }))
  expect([reply.status, (await reply.json()).error]).toMatchObject([
    400,
    { message: "The model 'gpt-5' does not draw.", param: 'model' },
  ])
  expect(it.open.callsOf('images.generations')).toHaveLength(1)
  expect(await it.held()).toEqual([])
  const other = await it.post(PATH, ask('xai', { model: 'grok-4.7' }))
  expect([other.status, (await other.json()).error.param]).toEqual([400, 'model'])
  expect(it.grok.callsOf('images.generations')).toEqual([])
})
