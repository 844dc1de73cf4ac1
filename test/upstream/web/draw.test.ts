import { describe, expect, test } from 'bun:test'
import {
  draws,
  type FakeGrokWeb,
  failsFirst,
  failsMidway,
  fakeGrokWeb,
  jpeg,
  plain,
  refusals,
} from '../../fakes/grok-web'
import { draw, input } from '../../support/web-pictures'
import { webSession } from '../../support/web-session'

const FORMS = ['g1', 'g2', 'g3'] as const
const EDIT = { work: 'edit', prompt: 'Make it blue', pictures: [input(jpeg('a'))] } as const

const urlsIn = (grok: FakeGrokWeb, pictures: readonly { picture: { url?: string } }[]) =>
  pictures.map(({ picture }) => grok.asset(picture.url ?? '')?.type)

const endpoints = (grok: FakeGrokWeb) => grok.calls.map(({ endpoint }) => endpoint)

describe('what grok.com draws', () => {
  test.each([
    ['grok-imagine-1.0', 'generate', 2],
    ['grok-imagine-0.9', 'generate', 2],
    ['grok-imagine-1.0-edit', 'generate', undefined],
    ['grok-imagine-1.0', 'edit', 2],
    ['grok-imagine-1.0-edit', 'edit', 2],
    ['grok-imagine-0.9', 'edit', undefined],
    ['grok-imagine-1.0-video', 'generate', undefined],
    ['grok-4', 'generate', undefined],
    ['grok-4', 'edit', undefined],
    ['no-model', 'generate', undefined],
  ] as const)('%s: %s at most %p at a time', async (model, work, most) => {
    await using grok = fakeGrokWeb()
    const { web, set } = webSession(grok)
    expect(web.pictures?.most(model, work)).toBe(most as number)
    set({ image_method: 'imagine' })
    const imagined = work === 'generate' && most ? 4 : most
    expect(web.pictures?.most(model, work)).toBe(imagined as number)
  })

  for (const form of FORMS)
    test(`is drawn in a chat in the form ${form}, and told by its address`, async () => {
      await using grok = fakeGrokWeb()
      const it = webSession(grok, { web_request: form, web_temporary: form !== 'g2' })
      const { types, pictures, events, steps } = await draw(it)
      expect(types).toEqual(['picture', 'picture', 'usage'])
      expect(pictures.map(({ index }) => index)).toEqual([0, 1])
      expect(urlsIn(grok, pictures)).toEqual(['image/jpeg', 'image/jpeg'])
      expect(it.asked()).toMatchObject({
        message: 'Image Generation: A red cat',
        toolOverrides: { imageGen: true },
        imageGenerationCount: 2,
        fileAttachments: [],
        temporary: form !== 'g2',
      })
      expect(events.at(-1)).toEqual({
        type: 'usage',
        usage: {
          ...{ input: 3, cached: 0, output: 0, reasoning: 0, costTicks: null, source: 'estimated' },
        },
        inputDetails: { text: 3, image: 0 },
      })
      expect(steps).toBe(1)
      // What is told by its address is not fetched.
      expect(endpoints(grok)).toEqual(['new'])
      expect(grok.complaints()).toEqual([])
    })

  for (const form of FORMS)
    test(`is one picture in the form ${form} where one is wanted`, async () => {
      await using grok = fakeGrokWeb()
      const it = webSession(grok, { web_request: form })
      expect((await draw(it, { count: 1 })).types).toEqual(['picture', 'usage'])
      expect(it.asked()).toMatchObject({ imageGenerationCount: 1 })
      expect(grok.complaints()).toEqual([])
    })

  test('is shown before it is done to those who want to see', async () => {
    await using grok = fakeGrokWeb()
    const { types, partials, pictures } = await draw(webSession(grok), {
      request: { partials: 2 },
    })
    expect(types).toEqual(['partial', 'picture', 'partial', 'picture', 'usage'])
    const paths = pictures.map(({ picture }) => picture.url ?? '')
    expect(partials.map(({ index, picture }) => [index, picture.base64])).toEqual(
      paths.map((path, index) => {
        const preview = grok.asset(path.replace('/image.jpg', '-part-0/image.jpg'))
        return [index, preview?.bytes.toBase64()]
      }),
    )
    expect(endpoints(grok)).toEqual(['new', 'asset', 'asset'])
  })

  test('is drawn all the same where what it looks like before cannot be had', async () => {
    await using grok = fakeGrokWeb()
    grok.script((turn) => {
      const answer = draws({ count: 1 })(turn)
      return JSON.parse(JSON.stringify(answer).replaceAll('-part-0', '-part-7'))
    })
    const { types } = await draw(webSession(grok), { request: { partials: 1 }, count: 1 })
    expect(types).toEqual(['picture', 'usage'])
  })

  test.each([
    ['that are cards', { cards: true }],
    ['that are absolute', { isAbsolute: true }],
    ['that stand beside placeholders', { placeholders: true }],
    ['that are told at the end only', { onlyFinal: true }],
    ['that are cards at the end only', { cards: true, onlyFinal: true }],
  ])('comes with addresses %s', async (_, how) => {
    await using grok = fakeGrokWeb()
    grok.script(draws(how))
    const { types, pictures } = await draw(webSession(grok))
    expect(types).toEqual(['picture', 'picture', 'usage'])
    expect(urlsIn(grok, pictures)).toEqual(['image/jpeg', 'image/jpeg'])
  })

  test('is told where some of it, or all of it, is not to be seen', async () => {
    await using grok = fakeGrokWeb()
    const it = webSession(grok)
    grok.script(draws({ moderated: [0] }))
    const some = await draw(it)
    expect(some.types).toEqual(['picture', 'blocked', 'usage'])
    expect([some.pictures[0]?.index, some.blocked]).toEqual([1, [0]])
    grok.script(draws({ moderated: [0, 1] }))
    expect((await draw(it)).types).toEqual(['blocked', 'blocked', 'usage'])
  })

  test('is never more than was wanted, but makes good what is not to be seen', async () => {
    await using grok = fakeGrokWeb()
    const it = webSession(grok)
    grok.script(draws({ count: 3 }))
    expect((await draw(it, { count: 1 })).types).toEqual(['picture', 'usage'])
    for (const moderated of [[0], [1], [0, 2]]) {
      grok.script(draws({ count: 3, moderated }))
      const { types, pictures } = await draw(it, { count: 1, request: { partials: 1 } })
      expect(types.filter((type) => type !== 'partial')).toEqual(['picture', 'usage'])
      expect(pictures[0]?.index).toBe(0)
    }
  })

  test('may be words, which refuse, and say nothing of the session', async () => {
    await using grok = fakeGrokWeb()
    grok.script(plain('I cannot draw that: your invalid api key is blocked-user.'))
    const { events, fault } = await draw(webSession(grok))
    expect(events).toEqual([])
    expect(fault).toEqual({
      kind: 'refused',
      message:
        'grok.com drew no picture. It says: I cannot draw that: your invalid api key is blocked-user.',
      ...{ status: 400, code: 'no_picture', param: 'prompt', begun: true },
    })
  })

  test('may be nothing at all, which is no answer', async () => {
    await using grok = fakeGrokWeb()
    grok.script(plain(''))
    const { fault } = await draw(webSession(grok))
    expect([fault?.kind, fault?.message]).toEqual([
      'malformed',
      'grok.com ended its answer without a picture.',
    ])
  })

  test('is refused in the first line, or as a whole', async () => {
    await using grok = fakeGrokWeb()
    const it = webSession(grok)
    grok.script(failsFirst())
    expect((await draw(it)).fault).toMatchObject({ kind: 'refused', status: 429 })
    for (const [refusal, fault] of [
      [refusals.limited(7), { status: 429, retryAfterMs: 7000 }],
      [refusals.moderated(), { status: 400, code: 'content_moderated' }],
      [refusals.challenged(), { status: 403, code: 'challenge' }],
      [refusals.expired(), { status: 401, code: 'bad_session' }],
    ] as const) {
      const stop = grok.intercept('new', () => refusal)
      expect((await draw(it)).fault).toMatchObject({ kind: 'refused', ...fault })
      stop()
    }
  })

  test('is handed on up to where it breaks off', async () => {
    await using grok = fakeGrokWeb()
    const it = webSession(grok)
    const half = (steps: number) => (turn: Parameters<ReturnType<typeof draws>>[0]) => {
      const { steps: all = [] } = draws()(turn)
      const { steps: ends = [] } = failsMidway()
      return { steps: [...all.slice(0, steps), ...ends.slice(-1)], closing: false }
    }
    grok.script(half(3))
    const one = await draw(it)
    expect([one.types, one.fault?.status]).toEqual([['picture'], 500])
    grok.script(half(5))
    const all = await draw(it)
    expect([all.types, all.fault]).toEqual([['picture', 'picture', 'usage'], undefined])
  })

  test('ends when it is given up', async () => {
    await using grok = fakeGrokWeb()
    const abort = new AbortController()
    grok.script((turn) => ({ ...draws()(turn), wire: { gapMs: 100 } }))
    const { fault } = await draw(webSession(grok), { abort, hear: () => abort.abort() })
    expect(fault).toBeDefined()
    expect((await grok.left()).endpoint).toBe('new')
  })
})

describe('what grok.com changes', () => {
  for (const form of ['g2', 'g3'] as const)
    test(`is uploaded, and changed by its editor in the form ${form}`, async () => {
      await using grok = fakeGrokWeb()
      const it = webSession(grok, { web_request: form })
      const pictures = [input(jpeg('a'), 'image[0]'), input(jpeg('b'), 'image[1]')]
      const model = 'grok-imagine-1.0-edit'
      const { types, steps } = await draw(it, { request: { ...EDIT, pictures }, model, count: 1 })
      expect(types).toEqual(['picture', 'usage'])
      expect(it.asked()).toMatchObject({
        modelName: 'imagine-image-edit',
        message: 'Make it blue',
        imageGenerationCount: 1,
      })
      expect(JSON.stringify(it.asked()).match(/\/content"/g)).toHaveLength(2)
      expect(endpoints(grok)).toEqual(['upload', 'upload', 'post', 'new'])
      expect(steps).toBe(4)
      // Another try brings nothing that is there already.
      await draw(it, { request: { ...EDIT, pictures } })
      expect(grok.callsOf({ endpoint: 'upload' })).toHaveLength(2)
      expect(it.asked()).toMatchObject({ imageGenerationCount: 2 })
      expect(grok.complaints()).toEqual([])
    })

  test('is changed by a model that chats in the first form', async () => {
    await using grok = fakeGrokWeb()
    const it = webSession(grok, { web_request: 'g1' })
    expect((await draw(it, { request: EDIT })).types).toEqual(['picture', 'picture', 'usage'])
    expect(it.asked()).toMatchObject({ modelName: 'grok-3', message: 'Image Edit: Make it blue' })
    expect(it.asked().fileAttachments).toHaveLength(1)
    expect(grok.complaints()).toEqual([])
  })

  test('is changed by a model that chats where the editor is not to be had', async () => {
    await using grok = fakeGrokWeb()
    const it = webSession(grok, { image_method: 'imagine' })
    grok.intercept('new', ({ body }) =>
      JSON.stringify(body).includes('"modelName":"imagine-image-edit"')
        ? refusals.missing('no such model')
        : undefined,
    )
    expect((await draw(it, { request: EDIT })).types).toEqual(['picture', 'picture', 'usage'])
    expect(it.asked()).toMatchObject({ modelName: 'grok-3', modelMode: 'MODEL_MODE_FAST' })
  })

  test('is whole pictures, never a part of one', async () => {
    await using grok = fakeGrokWeb()
    const mask = input(jpeg('m'), 'mask')
    const { fault } = await draw(webSession(grok), { request: { ...EDIT, mask } })
    expect(fault).toMatchObject({ kind: 'unable', status: 400, param: 'mask' })
    expect(grok.calls).toEqual([])
  })

  test('is told by its field where it is too large', async () => {
    await using grok = fakeGrokWeb()
    grok.intercept('upload', () => refusals.tooLarge())
    const pictures = [input(jpeg('a'), 'image[3]')]
    const { fault } = await draw(webSession(grok), { request: { ...EDIT, pictures } })
    expect(fault).toMatchObject({ status: 413, code: 'file_too_large', param: 'image[3]' })
  })
})
