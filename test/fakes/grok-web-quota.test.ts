import { describe, expect, test } from 'bun:test'
import { g1, g2, g2Film, g3, webClient } from '../support/grok-web-client'
import { fakeGrokWeb, type Tier } from './grok-web'

const HOUR_MS = 3_600_000

function world(tier: Tier = 'basic') {
  let time = Date.UTC(2026, 1, 1)
  const grok = fakeGrokWeb({ accounts: [{ name: 'one', tier }], now: () => time })
  const client = webClient(grok, 'one')
  const asked = async (model: string, kind = 'DEFAULT') =>
    (await client.limits(model, { requestKind: kind })).json()
  const mode = async (id: string) => (await client.limits(id, {})).json()
  const pass = (ms: number) => {
    time += ms
  }
  return { grok, client, asked, mode, pass }
}

describe('rate limits', () => {
  test('count units: 1 for low effort, 4 for high, each model its own', async () => {
    const { grok, client, asked, pass } = world()
    await using _ = grok
    expect(await asked('grok-4')).toEqual({
      ...{ windowSizeSeconds: 72000, remainingTokens: 80, totalTokens: 80 },
      lowEffortRateLimits: { cost: 1, remainingQueries: 80, waitTimeSeconds: 0 },
      highEffortRateLimits: { cost: 4, remainingQueries: 20, waitTimeSeconds: 0 },
    })
    await client.chat(g1('Hi'))
    await client.chat(g2('Hi', { modelMode: 'MODEL_MODE_EXPERT' }))
    await client.chat(g2('Image Generation: a cat'))
    await client.chat(g2('Hi', { modelName: 'grok-3' }))
    expect(await asked('grok-4', 'REASONING')).toMatchObject({
      ...{ remainingTokens: 71, totalTokens: 80 },
      ...{ lowEffortRateLimits: { remainingQueries: 71 } },
      highEffortRateLimits: { remainingQueries: 17 },
    })
    expect((await asked('grok-3')).remainingTokens).toBe(79)
    grok.setQuota('one', 'grok-4', 3)
    pass(HOUR_MS)
    const expert = await client.chat(g2('Hi', { modelMode: 'MODEL_MODE_EXPERT' }))
    expect([expert.status, (await expert.json()).error.code]).toEqual([429, 8])
    expect((await client.chat(g2('Hi'))).status).toBe(200)
    expect(await asked('grok-4')).toMatchObject({
      ...{ remainingTokens: 2, lowEffortRateLimits: { waitTimeSeconds: 0 } },
      highEffortRateLimits: { remainingQueries: 0, waitTimeSeconds: 72000 - 3600 },
    })
    pass(19 * HOUR_MS)
    expect((await asked('grok-4')).remainingTokens).toBe(80)
    expect(grok.complaints()).toEqual([])
  })

  test('count turns in modes, and say how long to wait at the end', async () => {
    const { grok, client, mode, pass } = world('heavy')
    await using _ = grok
    expect(await mode('heavy')).toEqual({
      ...{ windowSizeSeconds: 7200, remainingQueries: 20, totalQueries: 20 },
      ...{ lowEffortRateLimits: null, highEffortRateLimits: null },
    })
    expect((await mode('auto')).totalQueries).toBe(150)
    for (let at = 0; at < 20; at++) await client.chat(g3('Hi', { modeId: 'heavy' }))
    pass(1000)
    expect(await mode('heavy')).toMatchObject({ remainingQueries: 0, waitTimeSeconds: 7199 })
    expect((await client.chat(g3('Hi', { modeId: 'heavy' }))).status).toBe(429)
    expect((await client.chat(g3('Hi', { modeId: 'auto' }))).status).toBe(200)
    pass(2 * HOUR_MS)
    expect((await mode('heavy')).remainingQueries).toBe(20)
    expect(grok.quota('one', 'auto')).toMatchObject({ total: 150, remaining: 150 })
  })

  test('are those of the tier; what it has not is refused', async () => {
    for (const [tier, units, auto] of [
      ['basic', 80, 20],
      ['super', 140, 50],
      ['heavy', 400, 150],
    ] as const) {
      const { grok, client, asked, mode } = world(tier)
      await using _ = grok
      expect([(await asked('grok-4')).totalTokens, (await mode('auto')).totalQueries]).toEqual([
        ...[units, auto],
      ])
      const heavy = await client.chat(g2('Hi', { modelMode: 'MODEL_MODE_HEAVY' }))
      expect(heavy.status).toBe(tier === 'basic' ? 429 : 200)
      expect(grok.complaints()).toHaveLength(tier === 'basic' ? 1 : 0)
      if (tier !== 'basic') expect((await asked('grok-4-heavy')).remainingTokens).toBe(76)
    }
  })

  test('may fail, lie, or have another form', async () => {
    const { grok, client, asked, mode } = world()
    await using _ = grok
    const account = grok.account('one')
    account.limits = 'eight'
    await client.chat(g2('Hi'))
    expect((await asked('grok-4')).remainingTokens).toBe(8)
    expect(await mode('auto')).toMatchObject({ remainingQueries: 8, totalQueries: 8 })
    account.limits = 'fails'
    expect((await client.limits('grok-4')).status).toBe(500)
    account.limits = 'true'
    account.limitsForm = 'queries'
    expect(await asked('grok-4')).toMatchObject({ remainingQueries: 79, totalQueries: 80 })
    for (const [model, fields] of [
      ['grok-5', { requestKind: 'DEFAULT' }],
      ['grok-4', { requestKind: 'BEST' }],
      ['grok-4', {}],
    ] as const)
      expect((await client.limits(model, fields)).status).toBe(400)
    expect(grok.complaints()).toHaveLength(3)
  })

  test('windows may be as a test needs them', async () => {
    await using grok = fakeGrokWeb({
      accounts: [
        { name: 'few', quota: 2 },
        { name: 'one model', quota: { 'grok-4': 1 } },
      ],
    })
    grok.add({ name: 'late', quota: 0 })
    expect(grok.quota('few', 'grok-3').remaining).toBe(2)
    expect(grok.quota('one model', 'grok-3').remaining).toBe(80)
    for (const [name, statuses] of [
      ['few', [200, 200, 429]],
      ['one model', [200, 429, 429]],
      ['late', [429, 429, 429]],
    ] as const) {
      const client = webClient(grok, name)
      for (const status of statuses) expect((await client.chat(g2('Hi'))).status).toBe(status)
    }
    grok.setQuota('late', 'grok-4', 1, 5)
    expect(grok.quota('late', 'grok-4')).toMatchObject({ remaining: 1, total: 5 })
  })

  test('pictures and films count in their products', async () => {
    const { grok, client, pass } = world()
    await using _ = grok
    const products = async () => (await client.send('/rest/media/imagine/quota_info', {})).json()
    expect(await products()).toEqual({
      ...{ imagePro: null, video720p: null },
      image: { available: true, remainingQueries: 20, windowSizeSeconds: 86400 },
      imageEdit: { available: true, remainingQueries: 10, windowSizeSeconds: 86400 },
      video: { available: true, remainingQueries: 4, windowSizeSeconds: 86400 },
    })
    await client.chat(g2('Image Generation: a cat'))
    const post = await client.post({ mediaType: 'MEDIA_POST_TYPE_VIDEO', prompt: 'waves' })
    for (let at = 0; at < 4; at++) await client.chat(g2Film(post))
    pass(HOUR_MS)
    expect(await products()).toMatchObject({
      image: { remainingQueries: 19 },
      video: { available: false, nextAvailableAt: '2026-02-02T00:00:00.000Z' },
    })
    const film = { prompt: 'waves', aspectRatio: '16:9', duration: 6, resolutionName: '480p' }
    const asked = {
      ...{ modelName: 'imagine-video-gen', message: 'waves --mode=custom' },
      ...{ enableImageStreaming: true, enableSideBySide: true, sendFinalMetadata: true },
      mediaGenInput: { textToVideo: film },
    }
    expect((await client.chat(asked)).status).toBe(429)
  })
})

test('voice tokens', async () => {
  const { grok, client } = world()
  await using _ = grok
  const body = {
    ...{ sessionPayload: JSON.stringify({ voice: 'ara' }), requestAgentDispatch: false },
    ...{ livekitUrl: 'wss://livekit.grok.com', params: { enable_markdown_transcript: 'true' } },
  }
  const { token, livekitUrl } = await (await client.send('/rest/livekit/tokens', body)).json()
  expect([token.split('.').length, livekitUrl]).toEqual([3, 'wss://livekit.grok.com'])
  expect((await client.send('/rest/livekit/tokens', { livekitUrl: 1 })).status).toBe(400)
  expect((await client.send('/rest/other', {})).status).toBe(404)
  expect(grok.complaints().join()).toContain('there is no such endpoint')
})
