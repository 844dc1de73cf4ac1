import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { g1, g2, g2Edit, g2Film, g3, linesOf, webClient } from '../support/grok-web-client'
import { fakeGrokWeb, type State } from './grok-web'

const grok = fakeGrokWeb({
  accounts: [
    { name: 'one', quota: 10_000 },
    { name: 'two', tier: 'super', quota: 10_000 },
  ],
})
const one = webClient(grok, 'one')
const two = webClient(grok, 'two')

afterAll(() => grok.stop())
beforeEach(() => {
  grok.clearScripts()
  grok.forget()
})

const ASSETS = 'https://assets.grok.com'

describe('forms of a request', () => {
  const g4 = {
    ...{ message: 'make it blue', enableImageStreaming: true, enableSideBySide: true },
    sendFinalMetadata: true,
  }
  const film = { prompt: 'waves', aspectRatio: '16:9', duration: 6, resolutionName: '720p' }

  /** Every form of the protocol, from what the account has. */
  const forms: Record<string, (has: { file: string; uri: string; post: string }) => object> = {
    'G1 chat': () => g1('Hello'),
    'G2 chat': () => g2('Hello'),
    'G2 chat, enable420': () => g2('Hello', { enable420: true }),
    'G3 chat': () => g3('Hello', { customPersonality: 'Be brief.' }),
    'G1 chat of ancestors': () =>
      g1('Hello', {
        ...{ customInstructions: 'Be brief.', deepsearchPreset: 'deeper', isReasoning: true },
        toolOverrides: { imageGen: false, webSearch: true, xSearch: true },
      }),
    'G1 chat with a file': ({ file }) => g1('What is it?', { fileAttachments: [file] }),
    'G1 pictures': () => g1('Image Generation: a cat'),
    'G1 edit': ({ file }) => g1('Image Edit: make it blue', { fileAttachments: [file] }),
    'G2 edit': ({ uri, post }) => g2Edit([`${ASSETS}/${uri}`], post),
    'G2 edit without a post': ({ uri }) => g2Edit([`${grok.assetsUrl}/${uri}`]),
    'G4 edit': ({ file }) => ({
      ...{ ...g4, modelName: 'imagine-image-edit' },
      mediaGenInput: {
        imageToImage: { prompt: 'make it blue', inputAssets: [file], aspectRatio: '1:1' },
      },
    }),
    'G1 film': ({ post, file }) => ({
      ...{ temporary: true, modelName: 'grok-3', toolOverrides: { videoGen: true } },
      message: `https://grok.com/imagine/${post}  waves --mode=custom`,
      fileAttachments: [file],
    }),
    'G1 film without a post': ({ uri, file }) => ({
      ...{ temporary: true, modelName: 'grok-3', toolOverrides: { videoGen: true } },
      message: `${ASSETS}/post/${uri}  waves --mode=custom`,
      fileAttachments: [file],
    }),
    'G2 film': ({ post }) => g2Film(post),
    'G2 film of references': ({ post, uri }) =>
      g2Film(post, {
        ...{ isVideoEdit: false, isReferenceToVideo: true },
        imageReferences: [`${ASSETS}/${uri}`],
      }),
    'G2 film that goes on': ({ post }) =>
      g2Film(post, {
        ...{ isVideoExtension: true, videoExtensionStartTime: 6 + 1 / 24, extendPostId: post },
        ...{ stitchWithExtendPostId: true, originalPrompt: 'waves', originalPostId: post },
        ...{ originalRefType: 'ORIGINAL_REF_TYPE_VIDEO_EXTENSION', mode: 'custom' },
        isVideoEdit: false,
      }),
    'G4 film': () => ({
      ...{ ...g4, modelName: 'imagine-video-gen', message: 'waves --mode=custom' },
      ...{ mediaGenInput: { textToVideo: film }, kind: 'CONVERSATION_KIND_IMAGINE' },
      responseMetadata: { experiments: [], modelConfigOverride: { modelMap: {} } },
    }),
  }

  for (const [name, form] of Object.entries(forms))
    test(`${name} is understood`, async () => {
      const { fileMetadataId: file, fileUri: uri } = await two.upload('picture')
      const post = await two.post({
        mediaType: 'MEDIA_POST_TYPE_IMAGE',
        mediaUrl: `${ASSETS}/${uri}`,
      })
      const referer = `https://grok.com/imagine${name.startsWith('G1') ? `/${post}` : ''}`
      const response = await two.chat(form({ file, uri, post }), {}, { referer })
      expect(grok.complaints()).toEqual([])
      expect(response.status).toBe(200)
      expect(grok.chats().at(-1)?.generation).toBe(name.slice(0, 2) as 'G1')
      expect(linesOf(await response.text())[0].result.conversation).toBeObject()
    })

  const wrong: Record<string, [body: unknown, complaint: string]> = {
    'a field that is not known': [g1('Hi', { temperature: 1 }), 'temperature is not known'],
    'a field of another generation': [g3('Hi', { modelName: 'grok-4' }), 'modelName is not known'],
    'a missing field': [{ ...g2('Hi'), message: undefined }, 'message is missing'],
    'a wrong type': [g1('Hi', { temporary: 'true' }), 'temporary must be a boolean'],
    'files that are no list of ids': [
      g1('Hi', { fileAttachments: [{}] }),
      'fileAttachments must be a list of strings',
    ],
    'a model that is not known': [g1('Hi', { modelName: 'grok-5' }), 'modelName must be one of'],
    'a model mode that is not known': [
      g1('Hi', { modelMode: 'MODEL_MODE_BEST' }),
      'modelMode must be one of',
    ],
    'a mode that is not known': [g3('Hi', { modeId: 'best' }), 'modeId must be one of'],
    'two names of a model': [
      g1('Hi', { responseMetadata: { requestModelDetails: { modelId: 'grok-3' } } }),
      'modelId is not modelName',
    ],
    'a film of a preset that is not there': [
      { ...g2Film('p-1'), message: 'waves --mode=spicy' },
      '--mode=normal',
    ],
    'a ratio that is not there': [g2Film('p-1', { aspectRatio: '7:3' }), 'aspectRatio must be'],
    'a body that is no object': [[], 'the body must be an object'],
    'a body that is no JSON': ['{"modelName":', 'the body cannot be read'],
  }

  for (const [name, [body, complaint]] of Object.entries(wrong))
    test(`${name} is complained about and refused`, async () => {
      const response = await one.chat(body)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ code: 3, details: [] })
      expect(grok.complaints().join()).toContain(complaint)
      expect(grok.complaints()[0]).toStartWith('POST /rest/app-chat/conversations/new: ')
    })

  test("another account's file, picture or post is not found", async () => {
    const { fileMetadataId, fileUri } = await one.upload('mine')
    const post = await one.post({ mediaType: 'MEDIA_POST_TYPE_VIDEO', prompt: 'waves' })
    const asked = [
      g2('What is it?', { fileAttachments: [fileMetadataId] }),
      g2Edit([`${ASSETS}/${fileUri}`]),
      g2Film(post),
      g2('What is it?', { fileAttachments: ['f-1'] }),
    ]
    for (const body of asked) {
      const referer = 'https://grok.com/imagine'
      expect((await two.chat(body, {}, { referer })).status).toBe(404)
    }
    expect(grok.complaints()).toHaveLength(asked.length)
    expect((await one.chat(asked[0])).status).toBe(200)
  })
})

describe('headers and cookies', () => {
  const { cookie } = grok.account('one')
  const cases: Record<string, [extra: Record<string, string>, status: number, complaint?: string]> =
    {
      'no content type': [{ 'content-type': 'text/plain' }, 415, 'content type'],
      'another origin': [{ origin: 'https://example.org' }, 403, 'Origin is wrong'],
      'no session': [{ cookie: 'a=b' }, 401, 'the cookie sso is missing'],
      'an unknown session': [{ cookie: 'sso=eyJh' }, 401],
      'two sessions': [{ cookie: `${cookie}x` }, 401, 'sso-rw must be equal to sso'],
      'a request id that is none': [{ 'x-xai-request-id': '1' }, 200, 'x-xai-request-id'],
      'no referer': [{ referer: '' }, 200, 'Referer is missing'],
      'only sso, and cookies of an operator': [
        { cookie: `a=b;${cookie.split(';')[0]};cf_clearance=c=d` },
        200,
      ],
    }
  for (const [name, [extra, status, complaint]] of Object.entries(cases))
    test(`${name}: ${status}`, async () => {
      const response = await one.chat(g1('Hi'), {}, extra)
      expect(response.status).toBe(status)
      expect(grok.complaints().join()).toContain(complaint ?? '')
      expect(grok.complaints()).toHaveLength(complaint ? 1 : 0)
    })

  test('what an operator must supply is demanded, and remembered', async () => {
    await using strict = fakeGrokWeb({
      requires: { headers: { 'x-statsig-id': 'abc' }, cookies: { cf_clearance: true } },
    })
    const client = webClient(strict, 'one')
    const sso = strict.account('one').cookie
    const bare = await client.chat(g1('Hi'))
    expect([bare.status, bare.headers.get('cf-mitigated')]).toEqual([403, 'challenge'])
    const cleared = { cookie: `${sso}; cf_clearance=x` }
    const bot = await client.chat(g1('Hi'), {}, cleared)
    expect(await bot.json()).toMatchObject({ error: { code: 7 } })
    const both = { ...cleared, 'x-statsig-id': 'abc' }
    expect((await client.chat(g1('Hi'), {}, both)).status).toBe(200)
    expect(strict.calls.at(-1)?.headers.get('x-statsig-id')).toBe('abc')
    expect(strict.calls.at(-1)?.cookies).toMatchObject({ cf_clearance: 'x' })
    strict.require({})
    expect((await client.chat(g1('Hi'))).status).toBe(200)
  })
})

describe('states of an account', () => {
  const states: Record<Exclude<State, 'valid'>, [chat: number, text: string, limits: number]> = {
    expired: [401, 'invalid-credentials', 401],
    blocked: [403, 'WKE=unauthorized:blocked-user', 403],
    email_rejected: [400, 'WKE=account:email-domain-rejected', 400],
    challenged: [403, 'Just a moment', 403],
    challenged_empty: [403, '', 403],
    anti_bot: [403, 'Request rejected by anti-bot rules.', 200],
    anti_bot_in_band: [200, '{"error":{"code":7,"message":"Request rejected by anti-bot', 200],
    limited: [429, '{"error":{"code":8,"message":"Too many requests","details":[]}}', 200],
    limited_in_band: [200, '{"error":{"code":8,"message":"Too many requests"', 200],
    heavy_usage_in_band: [200, 'heavy usage', 200],
    usage_limit_in_band: [200, '{"result":{"response":{"error":{"message":"You\'ve reached', 200],
    moderated: [403, 'WKE=grok:content-moderated', 200],
  }
  for (const [state, [status, text, limits]] of Object.entries(states))
    test(`${state}: ${status}`, async () => {
      const account = grok.account('two')
      account.state = state as State
      const response = await two.chat(g2('Hi'))
      expect(response.status).toBe(status)
      const said = await response.text()
      expect(said).toContain(text)
      if (state === 'challenged_empty') expect(said).toBe('')
      if (state.endsWith('in_band')) expect(linesOf(said)).toHaveLength(1)
      expect((await two.limits('grok-4')).status).toBe(limits)
      expect((await one.chat(g2('Hi'))).status).toBe(200)
      account.state = 'valid'
      expect((await two.chat(g2('Hi'))).status).toBe(200)
      expect(grok.callsOf({ account: 'two' })).toHaveLength(3)
      expect(grok.callsOf({ account: 'two', endpoint: 'rate-limits' })).toHaveLength(1)
    })

  test('a rate limit may say how long, and an expired session why', async () => {
    await using site = fakeGrokWeb({
      accounts: [{ name: 'one', state: 'limited', retryAfter: 30 }],
    })
    const client = webClient(site, 'one')
    expect((await client.chat(g1('Hi'))).headers.get('retry-after')).toBe('30')
    const account = site.account('one')
    account.retryAfter = undefined
    expect((await client.chat(g1('Hi'))).headers.get('retry-after')).toBeNull()
    account.state = 'expired'
    account.marker = 'token revoked'
    expect(await (await client.chat(g1('Hi'))).text()).toContain('token revoked')
  })
})
