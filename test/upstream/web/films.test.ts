import { describe, expect, test } from 'bun:test'
import type { FilmEvent, FilmRequest } from '#src/turn/film'
import type { PictureInput } from '#src/turn/picture'
import {
  type FakeGrokWeb,
  failedLine,
  failsFirst,
  fakeGrokWeb,
  film as filmFrame,
  films,
  jpeg,
  RESET,
  type Step,
  token,
} from '../../fakes/grok-web'
import { filmEvents, filmWish } from '../../support/filming'
import { webSession } from '../../support/web-session'

const MODEL = 'grok-imagine-1.0-video'

const picture = (name: string): PictureInput => ({
  bytes: jpeg(name),
  mime: 'image/jpeg',
  name: `${name}.jpg`,
  param: 'image',
})

interface Manner {
  readonly settings?: Parameters<typeof webSession>[1]
  readonly abort?: AbortController
  readonly onEvent?: (event: FilmEvent) => void
}

async function filmed(grok: FakeGrokWeb, wish: Partial<FilmRequest> = {}, manner: Manner = {}) {
  const { settings = {}, abort = new AbortController(), onEvent } = manner
  const session = webSession(grok, settings)
  const call = {
    account: session.sessionOf(),
    model: MODEL,
    abort,
    step: () => {},
    request: filmWish(wish),
    upstreamId: undefined,
  }
  return { session, ...(await filmEvents(session.web.films?.film(call), onEvent)) }
}

// biome-ignore lint/suspicious/noExplicitAny: a body as it was sent
const configIn = (body: any) =>
  body.responseMetadata.modelConfigOverride.modelMap.videoGenModelConfig

describe('a video of grok.com', () => {
  test('is made of words, and its progress is told', async () => {
    await using grok = fakeGrokWeb()
    const { events, video, percents, session } = await filmed(grok)
    expect(events[0]).toEqual({ type: 'accepted', upstreamId: undefined })
    // Of what comes together only the last is told.
    expect([1, 5, 13, 20, 50, 95, 100]).toEqual(expect.arrayContaining(percents))
    expect(percents.at(-1)).toBe(100)
    expect(grok.asset(video?.url ?? '')?.type).toBe('video/mp4')
    expect(grok.asset(video?.thumbnail ?? '')?.type).toBe('image/jpeg')
    expect(video?.seconds).toBe(6)
    expect(session.asked().message).toBe('Waves --mode=custom')
    expect(grok.complaints()).toEqual([])
  })

  test('is as long and as large as it is asked to be', async () => {
    await using grok = fakeGrokWeb()
    const wish = { seconds: 10, ratio: '9:16', resolution: '720p', preset: 'fun' } as const
    const { video, session } = await filmed(grok, wish)
    expect(video?.seconds).toBe(10)
    expect(session.asked().message).toBe('Waves --mode=extremely-crazy')
    expect(configIn(session.asked())).toMatchObject({
      ...{ aspectRatio: '9:16', videoLength: 10, resolutionName: '720p' },
    })
  })

  for (const [what, wish, isReference, count] of [
    ['a picture', { first: picture('a') }, undefined, undefined],
    ['a reference', { references: [picture('a')] }, true, 1],
    ['a picture and references', { first: picture('a'), references: [picture('b')] }, true, 2],
  ] as const)
    test(`begins with ${what}`, async () => {
      await using grok = fakeGrokWeb()
      const { video, session } = await filmed(grok, wish)
      expect(video).toBeDefined()
      const config = configIn(session.asked())
      expect(config.isReferenceToVideo).toBe(isReference as never)
      expect(config.imageReferences?.length).toBe(count as never)
      expect(grok.callsOf({ endpoint: 'upload' })).toHaveLength(count ?? 1)
      expect(grok.complaints()).toEqual([])
    })

  test('is of no known length in the first generation, which cannot be told', async () => {
    await using grok = fakeGrokWeb()
    const { video } = await filmed(grok, { seconds: 10 }, { settings: { web_request: 'g1' } })
    expect(video).toMatchObject({ type: 'video', seconds: undefined })
  })

  test('is not what other models make, nor a change of another, nor as sharp as can be', () => {
    const { films } = webSession({ assetsUrl: 'http://localhost' } as FakeGrokWeb).web
    const usual = { work: 'generate', resolution: undefined, others: {} } as const
    const can = (model: string, wanted = {}) => films?.can(model, { ...usual, ...wanted })
    expect(can(MODEL)).toBe(true)
    expect(can('grok-imagine-0.9')).toBe(true)
    expect(can(MODEL, { resolution: '720p' })).toBe(true)
    expect(can(MODEL, { resolution: '1080p' })).toBe(false)
    expect(can(MODEL, { others: { user: 'me' } })).toBe(true)
    expect(can(MODEL, { others: { keyframes: [] } })).toBe(false)
    expect(can(MODEL, { work: 'edit' })).toBe(false)
    expect(can(MODEL, { work: 'extend' })).toBe(false)
    for (const model of ['grok-4', 'grok-imagine-1.0', 'unknown']) expect(can(model)).toBe(false)
  })

  const broken = (...steps: readonly Step[]) => ({ steps, closing: false })

  for (const [when, script, fault] of [
    ['refused in the first line', failsFirst(), { kind: 'refused', details: { status: 429 } }],
    [
      'refused by moderation',
      failsFirst(7, 'No. [WKE=grok:content-moderated]'),
      { kind: 'refused', details: { status: 400, code: 'content_moderated' } },
    ],
    ['that is words instead', { steps: [token('I must not.')] }, { kind: 'unfit' }],
    ['whose connection breaks', broken(RESET), { kind: 'broken' }],
    ['that is nothing', { steps: [] }, { kind: 'malformed' }],
  ] as const)
    test(`has not begun when it is one ${when}`, async () => {
      await using grok = fakeGrokWeb()
      grok.script(() => script)
      const { fault: found, events } = await filmed(grok)
      expect(found).toMatchObject(fault)
      expect(events).toEqual([])
    })

  for (const [when, script, fault] of [
    [
      'that is moderated',
      films({ moderated: true }),
      { kind: 'refused', details: { status: 400, code: 'content_moderated' } },
    ],
    ['that is never done', films({ isNeverDone: true }), {}],
    ['without an address', films({ onlyAssetId: true }), { kind: 'malformed' }],
    ['whose connection breaks', () => broken(filmFrame('v', 20), RESET), { kind: 'broken' }],
    [
      'that is refused on the way',
      () => broken(filmFrame('v', 20), failedLine(8, 'Too many requests')),
      { kind: 'refused', details: { status: 429 } },
    ],
  ] as const)
    test(`has begun when it is one ${when}`, async () => {
      await using grok = fakeGrokWeb()
      grok.script(script)
      const { fault: found, video, events } = await filmed(grok)
      expect(found).toMatchObject(fault)
      expect(found).toMatchObject({ name: 'UpstreamFault', details: { begun: true } })
      expect(events[0]?.type).toBe('accepted')
      expect(video).toBeUndefined()
    })

  test('is good though what comes after it is not', async () => {
    await using grok = fakeGrokWeb()
    const address = { videoUrl: 'users/u/v.mp4', moderated: false }
    grok.script(() => broken(filmFrame('v', 100, address), RESET))
    const { fault, video } = await filmed(grok)
    expect([fault, video?.url]).toEqual([undefined, `${grok.assetsUrl}/users/u/v.mp4`])
  })

  test('is let go when nobody wants it any more', async () => {
    await using grok = fakeGrokWeb()
    grok.script(films({ gapMs: 50 }))
    const abort = new AbortController()
    const left = grok.left({ endpoint: 'new' })
    const { video } = await filmed(grok, {}, { abort, onEvent: () => abort.abort() })
    await left
    expect(video).toBeUndefined()
  })
})
