import { describe, expect, test } from 'bun:test'
import { ApiError } from '#src/errors'
import { fakeGrokWeb, jpeg, refusals } from '../../fakes/grok-web'
import { chatAsk, dataUrl, pictured, says, webSession } from '../../support/web-session'

const PICTURE = pictured(dataUrl('image/jpeg', jpeg('a')))
const OTHER = pictured(dataUrl('image/jpeg', jpeg('b')))
const FILE = { type: 'file', file: { file_data: 'data:text/plain,plan' } }

const modelMap = (body: Record<string, unknown>): Record<string, Record<string, unknown>> =>
  // biome-ignore lint/suspicious/noExplicitAny: a body as it was sent
  (body as any).responseMetadata.modelConfigOverride.modelMap

const endpoints = (grok: ReturnType<typeof fakeGrokWeb>) =>
  grok.calls.map(({ endpoint }) => endpoint).filter((endpoint) => endpoint !== 'asset')

describe('pictures', () => {
  for (const form of ['g1', 'g2', 'g3'] as const)
    test(`are drawn on demand in the form ${form}`, async () => {
      await using grok = fakeGrokWeb()
      const web = webSession(grok, { web_request: form })
      await web.tell(chatAsk({ model: 'grok-imagine-1.0', messages: [says('A cat')] }))
      expect(web.asked()).toMatchObject({
        message: 'Image Generation: A cat',
        toolOverrides: { imageGen: true },
        imageGenerationCount: 2,
      })
      expect(grok.complaints()).toEqual([])
    })

  test('are changed by the editor, which is told where they are', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    const messages = [says('Make it blue', PICTURE, OTHER)]
    await web.tell(chatAsk({ model: 'grok-imagine-1.0-edit', messages }))
    expect(web.asked()).toMatchObject({
      modelName: 'imagine-image-edit',
      message: 'Make it blue',
      toolOverrides: { imageGen: true },
      fileAttachments: [],
    })
    const { imageEditModel, imageEditModelConfig } = modelMap(web.asked())
    expect(imageEditModel).toBe('imagine' as never)
    expect(imageEditModelConfig?.imageReferences).toHaveLength(2)
    expect(imageEditModelConfig?.parentPostId).toBeString()
    expect(endpoints(grok)).toEqual(['upload', 'upload', 'post', 'new'])
    expect(grok.chats()[0]?.headers.get('referer')).toBe(`${grok.url}/imagine`)
    expect(grok.complaints()).toEqual([])
  })

  test('that come to the model that draws are changed too', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok, { web_request: 'g3' })
    await web.tell(chatAsk({ model: 'grok-imagine-1.0', messages: [says('Blue', PICTURE)] }))
    expect(web.asked()).toMatchObject({ modelName: 'imagine-image-edit', message: 'Blue' })
    expect(grok.complaints()).toEqual([])
  })

  test('that come to a model that chats are looked at', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    await web.tell(chatAsk({ messages: [says('What is it?', PICTURE)] }))
    expect(web.asked()).toMatchObject({ modelName: 'grok-4', message: 'What is it?' })
  })

  test('are changed by a model that chats in the first generation', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok, { web_request: 'g1' })
    await web.tell(chatAsk({ model: 'grok-imagine-1.0-edit', messages: [says('Blue', PICTURE)] }))
    expect(web.asked()).toMatchObject({ modelName: 'grok-3', message: 'Image Edit: Blue' })
    expect(web.asked().fileAttachments).toHaveLength(1)
    expect(grok.complaints()).toEqual([])
  })

  for (const status of [400, 404])
    test(`are changed by a model that chats when the editor is refused with ${status}`, async () => {
      await using grok = fakeGrokWeb()
      const web = webSession(grok)
      const isEditor = (body: unknown) => JSON.stringify(body).includes('"imagine-image-edit"')
      grok.intercept('new', ({ body }) =>
        isEditor(body)
          ? Response.json({ code: 3, message: 'unknown model' }, { status })
          : undefined,
      )
      await web.tell(chatAsk({ model: 'grok-imagine-1.0-edit', messages: [says('Blue', PICTURE)] }))
      expect(web.asked()).toMatchObject({
        modelName: 'grok-3',
        modelMode: 'MODEL_MODE_FAST',
        responseMetadata: { requestModelDetails: { modelId: 'grok-3' } },
      })
      expect(modelMap(web.asked()).imageEditModelConfig?.imageReferences).toHaveLength(1)
      expect(grok.complaints()).toEqual([])
    })

  test('that are refused for what they show are not tried another way', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    grok.intercept('new', () => refusals.moderated())
    const ask = chatAsk({ model: 'grok-imagine-1.0-edit', messages: [says('Blue', PICTURE)] })
    expect((await web.refusal(ask)).details).toMatchObject({ status: 400 })
    expect(endpoints(grok)).toEqual(['upload', 'post', 'new'])
  })

  test('are changed without a post, where grok.com makes none', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    grok.intercept('post', () => refusals.missing('gone'))
    await web.tell(chatAsk({ model: 'grok-imagine-1.0-edit', messages: [says('Blue', PICTURE)] }))
    expect(modelMap(web.asked()).imageEditModelConfig).not.toHaveProperty('parentPostId')
  })
})

describe('videos', () => {
  const film = (request: object) => chatAsk({ model: 'grok-imagine-1.0-video', ...request })

  test('are made of words', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    await web.tell(film({ messages: [says('Waves')] }))
    expect(web.asked()).toMatchObject({
      modelName: 'grok-3',
      message: 'Waves --mode=custom',
      toolOverrides: { videoGen: true },
    })
    expect(modelMap(web.asked()).videoGenModelConfig).toMatchObject({
      aspectRatio: '3:2',
      videoLength: 6,
      resolutionName: '480p',
    })
    const post = grok.calls.find(({ endpoint }) => endpoint === 'post')
    expect(post?.body).toEqual({ mediaType: 'MEDIA_POST_TYPE_VIDEO', prompt: 'Waves' })
    expect(grok.complaints()).toEqual([])
  })

  test('are made of a picture, as the client wants them', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    const config = { aspect_ratio: '16:9', video_length: 10, resolution: 'HD', preset: 'fun' }
    await web.tell(film({ messages: [says('It jumps', PICTURE)], video_config: config }))
    expect(web.asked()).toMatchObject({ message: 'It jumps --mode=extremely-crazy' })
    expect(modelMap(web.asked()).videoGenModelConfig).toMatchObject({
      aspectRatio: '16:9',
      videoLength: 10,
      resolutionName: '720p',
    })
    const post = grok.calls.find(({ endpoint }) => endpoint === 'post')
    expect(post?.body).toMatchObject({ mediaType: 'MEDIA_POST_TYPE_IMAGE' })
    expect(grok.complaints()).toEqual([])
  })

  test('are made of several pictures that are referred to', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    await web.tell(film({ messages: [says('They meet', PICTURE, OTHER)] }))
    const { videoGenModelConfig } = modelMap(web.asked())
    expect(videoGenModelConfig).toMatchObject({ isVideoEdit: false, isReferenceToVideo: true })
    expect(videoGenModelConfig?.imageReferences).toHaveLength(2)
    expect(grok.complaints()).toEqual([])
  })

  test('need no words where there is a picture', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    await web.tell(film({ messages: [{ role: 'user', content: [PICTURE] }] }))
    expect(web.asked()).toMatchObject({ message: '--mode=normal' })
    expect(grok.complaints()).toEqual([])
  })

  test('are asked for by the address of their post in the first generation', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok, { web_request: 'g1' })
    const config = { seconds: 6, preset: 'normal' }
    const { dropped } = await web.tell(
      film({ messages: [says('Waves', PICTURE)], video_config: config }),
    )
    const { message, fileAttachments } = web.asked()
    expect(message).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/imagine\/\S+ {2}Waves --mode=normal$/)
    expect(fileAttachments).toHaveLength(1)
    expect(dropped).toEqual(['video_config.video_length'])
    expect(grok.complaints()).toEqual([])
  })

  test('come of the old imagine model when it is given a picture, or told of a video', async () => {
    await using grok = fakeGrokWeb()
    const web = webSession(grok)
    const model = 'grok-imagine-0.9'
    await web.tell(chatAsk({ model, messages: [says('A cat')] }))
    await web.tell(chatAsk({ model, messages: [says('It jumps', PICTURE)] }))
    await web.tell(chatAsk({ model, messages: [says('Waves')], video_config: { seconds: 6 } }))
    expect(grok.chats().map(({ body }) => (body as { message: string }).message)).toEqual([
      'Image Generation: A cat',
      'It jumps --mode=custom',
      'Waves --mode=custom',
    ])
  })
})

describe('what is missing or cannot be is refused before anyone is asked', () => {
  const cases: readonly [string, object, string][] = [
    ['an edit without a picture', { model: 'grok-imagine-1.0-edit' }, 'messages'],
    [
      'an edit without words',
      { model: 'grok-imagine-1.0-edit', messages: [{ role: 'user', content: [PICTURE] }] },
      'messages',
    ],
    [
      'a video of nothing',
      { model: 'grok-imagine-1.0-video', messages: [{ role: 'user', content: [] }] },
      'messages',
    ],
    [
      'a video of a file',
      { model: 'grok-imagine-1.0-video', messages: [says('Go', FILE)] },
      'messages.0.content.1.file.file_data',
    ],
    [
      'a video with a wrong preset',
      { model: 'grok-imagine-1.0-video', video_config: { preset: 'spicy' } },
      'video_config.preset',
    ],
  ]
  for (const [name, request, param] of cases)
    test(name, async () => {
      await using grok = fakeGrokWeb()
      const problem = await webSession(grok).refusal(chatAsk(request))
      expect(problem).toBeInstanceOf(ApiError)
      expect([problem.status, problem.details.param]).toEqual([400, param])
      expect(grok.calls).toEqual([])
    })
})

test('a model that makes no video leaves its description alone, and names it', async () => {
  await using grok = fakeGrokWeb()
  const web = webSession(grok)
  const { dropped } = await web.tell(chatAsk({ video_config: { preset: 'spicy' } }))
  expect(dropped).toEqual(['video_config'])
})
