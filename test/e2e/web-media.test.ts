import { describe, expect, test } from 'bun:test'
import { draws, drawsFromCache, type FakeGrokWeb, films, jpeg } from '../fakes/grok-web'
import { CHATS, inFrontOf, RESPONSES } from '../support/every-way'
import { type WebGateway, webGateway } from '../support/web-gateway'
import { tell } from '../support/web-ways'

const PICTURE = `data:image/jpeg;base64,${jpeg('a cat').toBase64()}`
const IN_MARKDOWN = /!\[[^\]]*\]\((\S+?)\)/g
const addressesIn = (text: string): string[] =>
  [...text.matchAll(IN_MARKDOWN)].map(([, address = '']) => address)

/** What anyone gets at an address of an answer, without cookies and without a key. */
async function opened({ url }: Pick<WebGateway, 'url'>, address: string) {
  expect(address).toMatch(ADDRESS)
  expect(address).toStartWith(`${url}/`)
  const response = await fetch(address)
  expect(response.status).toBe(200)
  return { type: response.headers.get('content-type'), bytes: await response.bytes() }
}

const ADDRESS = /\/(?:images|videos)\/[\da-f]{32}\.\w+$/

/** The files that grok.com was asked for. */
const fetched = (grok: FakeGrokWeb) =>
  grok.callsOf({ endpoint: 'asset' }).map(({ path }) => ({ path, ...grok.asset(path) }))

interface Posted {
  readonly videoGenModelConfig?: Record<string, unknown>
  readonly imageEditModelConfig?: { readonly imageReferences: readonly string[] }
}

const modelMap = (body: unknown): Posted =>
  (body as { responseMetadata: { modelConfigOverride: { modelMap: Posted } } }).responseMetadata
    .modelConfigOverride.modelMap

describe('pictures that grok.com draws', () => {
  const usual = inFrontOf()

  for (const [when, script, count] of [
    ['while it answers', draws({ count: 2 }), 2],
    ['one alone', draws({ count: 1 }), 1],
    ['in cards', draws({ count: 2, cards: true }), 2],
    ['and tells at the end only', draws({ count: 2, onlyFinal: true }), 2],
    ['at absolute addresses', draws({ count: 2, isAbsolute: true }), 2],
    ['with placeholders among them', draws({ count: 2, placeholders: true }), 2],
    ['of which one is moderated', draws({ count: 2, moderated: [0] }), 1],
    ['that it had before', drawsFromCache(), 1],
  ] as const)
    usual(`stand in the answer, each once: ${when}`, async ({ url, grok, tell }) => {
      grok.script(script)
      const { text } = await tell({ text: 'Draw a cat' })
      const addresses = addressesIn(text)
      expect(new Set(addresses).size).toBe(count)
      expect(addresses).toHaveLength(count)
      for (const address of addresses) {
        const { type, bytes } = await opened({ url }, address)
        expect(type).toBe('image/jpeg')
        const [source] = fetched(grok).filter((asset) => Bun.deepEquals(asset.bytes, bytes))
        expect(source?.path).toStartWith('users/')
        expect(source?.path).not.toContain('-part-')
      }
      expect(fetched(grok)).toHaveLength(count)
    })

  usual('show how far they are among the thoughts', async ({ grok, tell }) => {
    grok.script(draws({ count: 2 }))
    const { thoughts } = await tell({ model: 'grok-imagine-1.0', text: 'A cat' })
    for (const said of ['Picture 1: 50 %', 'Picture 2: 50 %']) expect(thoughts).toContain(said)
  })

  usual('are asked for by the model that draws', async ({ asked, grok, tell }) => {
    for (const model of ['grok-imagine-1.0', 'grok-imagine-0.9']) {
      const { text, model: answered } = await tell({ model, text: 'A cat' })
      expect(addressesIn(text)).toHaveLength(2)
      expect(answered).toBe(model)
      expect(asked().message).toBe('Image Generation: A cat')
    }
    expect(grok.chats()).toHaveLength(2)
  })

  usual(
    'are items of a response, with their bytes',
    async ({ url, grok, tell }) => {
      grok.script(draws({ count: 2 }))
      const { items, text } = await tell({ text: 'Draw a cat' })
      const addresses = addressesIn(text)
      const found = await Promise.all(addresses.map((address) => opened({ url }, address)))
      const bytes = found.map((picture) => picture.bytes.toBase64())
      expect(new Set(bytes).size).toBe(2)
      expect(grok.callsOf({ endpoint: 'asset' })).toHaveLength(2)
      expect(items).toMatchObject(
        bytes.map((result) => ({ type: 'image_generation_call', status: 'completed', result })),
      )
      for (const { account } of grok.callsOf({ endpoint: 'asset' })) expect(account).toBe('one')
    },
    { ways: RESPONSES },
  )

  usual(
    'stand there whole where the setting says so',
    async ({ grok, tell }) => {
      grok.script(draws({ count: 1 }))
      const { text } = await tell({ text: 'Draw a cat' })
      const [address = ''] = addressesIn(text)
      const path = grok.callsOf({ endpoint: 'asset' })[0]?.path ?? ''
      expect(address).toBe(`data:image/jpeg;base64,${grok.asset(path)?.bytes.toBase64()}`)
    },
    { settings: { image_format: 'base64' }, ways: CHATS },
  )

  usual('are refused as what they are when all are moderated', async ({ grok, tell, isChat }) => {
    grok.script(draws({ count: 2, moderated: [0, 1] }))
    const told = await tell({ model: 'grok-imagine-1.0', text: 'Something bad' })
    expect(told.refusal).toContain('moderation')
    expect(addressesIn(told.text)).toEqual([])
    expect(told.finish).toBe(isChat ? 'content_filter' : 'incomplete')
  })
})

describe('pictures that grok.com changes', () => {
  const usual = inFrontOf()

  usual('are those of the message', async ({ asked, grok, tell }) => {
    for (const model of ['grok-imagine-1.0-edit', 'grok-imagine-1.0']) {
      const { text } = await tell({ model, text: 'Make it blue', pictures: [PICTURE] })
      expect(addressesIn(text)).toHaveLength(2)
      expect(asked()).toMatchObject({ modelName: 'imagine-image-edit', message: 'Make it blue' })
      const references = modelMap(asked()).imageEditModelConfig?.imageReferences ?? []
      expect(references.map((url) => grok.asset(url)?.type)).toEqual(['image/jpeg'])
    }
  })

  usual('must be there', async ({ grok, tell, isChat }) => {
    const refused = tell({ model: 'grok-imagine-1.0-edit', text: 'Make it blue' })
    expect(await refused.catch((cause) => cause)).toMatchObject({
      ...{ status: 400, param: isChat ? 'messages' : 'input' },
    })
    expect(grok.calls).toEqual([])
  })
})

describe('videos', () => {
  const usual = inFrontOf()
  const model = 'grok-imagine-1.0-video'

  usual('are made of words, and their progress is told', async ({ url, asked, tell }) => {
    const { text, thoughts, usage } = await tell({ model, text: 'Waves' })
    const [, poster = '', source = ''] =
      /<video[^>]* poster="([^"]+)"[^>]*><source src="([^"]+)"/.exec(text) ?? []
    expect((await opened({ url }, source)).type).toBe('video/mp4')
    expect((await opened({ url }, poster)).type).toBe('image/jpeg')
    expect(text).not.toContain('I generated a video')
    const progress = [...thoughts.matchAll(/Video: (\d+) %/g)].map(([, percent]) => Number(percent))
    expect(progress).toEqual([1, 5, 13, 20, 50, 95, 100])
    expect(asked()).toMatchObject({ message: 'Waves --mode=custom' })
    expect(usage.input).toBeGreaterThan(0)
  })

  usual('are made of a picture', async ({ asked, grok, tell }) => {
    for (const id of [model, 'grok-imagine-0.9']) {
      grok.forget()
      const { text } = await tell({ model: id, text: 'It jumps', pictures: [PICTURE] })
      expect(text).toContain('<video')
      const [post] = grok.callsOf({ endpoint: 'post' })
      const { mediaType, mediaUrl } = (post?.body ?? {}) as Record<string, string>
      expect(mediaType).toBe('MEDIA_POST_TYPE_IMAGE')
      expect(grok.asset(String(mediaUrl))?.type).toBe('image/jpeg')
      expect(modelMap(asked()).videoGenModelConfig).toHaveProperty('parentPostId')
    }
  })

  const WISHES = [
    [{ aspect_ratio: '16:9' }, { aspectRatio: '16:9' }],
    [{ aspect_ratio: '1280x720' }, { aspectRatio: '16:9' }],
    [{ size: '1024x1792' }, { aspectRatio: '9:16' }],
    [{ video_length: 6 }, { videoLength: 6 }],
    [{ video_length: 10 }, { videoLength: 10 }],
    [{ seconds: '15' }, { videoLength: 15 }],
    [{ resolution: 'SD' }, { resolutionName: '480p' }],
    [{ resolution: 'HD' }, { resolutionName: '720p' }],
    [{ resolution: '480p' }, { resolutionName: '480p' }],
    [{ resolution_name: '720p' }, { resolutionName: '720p' }],
    [{ preset: 'normal' }, {}, 'normal'],
    [{ preset: 'fun' }, {}, 'extremely-crazy'],
    [{ preset: 'custom' }, {}, 'custom'],
  ] as const

  usual('are as video_config says', async ({ asked, tell }) => {
    for (const [video_config, config, mode] of WISHES) {
      await tell({ model, text: 'Waves', both: { video_config } })
      expect(modelMap(asked()).videoGenModelConfig).toMatchObject(config)
      if (mode) expect(asked().message).toBe(`Waves --mode=${mode}`)
    }
  })

  usual('are refused where video_config asks for what none can be', async ({ grok, tell }) => {
    for (const [name, value] of [
      ['aspect_ratio', '5:1'],
      ['video_length', 16],
      ['seconds', 1.5],
      ['resolution', '4k'],
      ['preset', 'spicy'],
    ] as const) {
      const both = { video_config: { [name]: value } }
      const refused = tell({ model, text: 'Waves', both })
      expect(await refused.catch((cause) => cause)).toMatchObject({
        ...{ status: 400, param: `video_config.${name}` },
      })
    }
    expect(grok.calls).toEqual([])
  })

  usual('that are moderated are refused as that', async ({ grok, tell, isChat }) => {
    grok.script(films({ moderated: true }))
    const told = await tell({ model, text: 'Something bad' })
    expect(told.refusal).toContain('moderation')
    expect(told.finish).toBe(isChat ? 'content_filter' : 'incomplete')
  })

  // Each of them is held against its session.
  const failing = inFrontOf({ accounts: Array.from({ length: 8 }, (_, at) => ({ name: `${at}` })) })

  for (const [how, options] of [
    ['never done', { isNeverDone: true }],
    ['told of by an id alone', { onlyAssetId: true }],
  ] as const)
    failing(`that are ${how} are no answers`, async ({ grok, tell, ledger }) => {
      grok.script(films(options))
      expect(await tell({ model, text: 'Waves' }).catch((cause) => cause)).toBeInstanceOf(Error)
      expect((await ledger())[0]?.outcome).toBeOneOf(['broken', 'failed'])
      expect(grok.chats()).toHaveLength(1)
    })

  test.each(['g1', 'g2', 'g3'])('are made as generation %s asks for them', async (form) => {
    await using it = await webGateway({
      settings: { web_request: form, video_format: 'url' },
      accounts: [{ name: 'one', tier: 'super' }],
    })
    for (const pictures of [[], [PICTURE]]) {
      const { text } = await tell(it.sdk, 'a chat', { model, text: 'Waves', pictures })
      expect((await opened(it, text.trim())).type).toBe('video/mp4')
    }
    const edit = { model: 'grok-imagine-1.0-edit', text: 'Blue', pictures: [PICTURE] }
    expect(addressesIn((await tell(it.sdk, 'a chat', edit)).text)).toHaveLength(2)
    const drawn = await tell(it.sdk, 'a chat', { model: 'grok-imagine-1.0', text: 'A cat' })
    expect(addressesIn(drawn.text)).toHaveLength(2)
  })
})
