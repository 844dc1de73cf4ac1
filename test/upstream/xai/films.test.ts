import { describe, expect, test } from 'bun:test'
import type { UpstreamFault } from '#src/errors'
import { createHttp } from '#src/net/http'
import type { FilmEvent, FilmRequest } from '#src/turn/film'
import type { PictureInput } from '#src/turn/picture'
import { createXai } from '#src/upstream/xai/xai'
import { type FakeXaiMedia, type Fault, fakeXaiMedia, faults, png } from '../../fakes/xai-media'
import { account } from '../../support/accounts-pool'
import { filmEvents, filmWish } from '../../support/filming'

const bytes = png('a')
const PICTURE: PictureInput = { bytes, mime: 'image/png', name: 'a.png', param: 'image' }

interface Manner {
  readonly upstreamId?: string | undefined
  readonly abort?: AbortController
  /** How fast its clock goes. */
  readonly pace?: number
  readonly onEvent?: (event: FilmEvent) => void
}

async function filmed(
  xai: FakeXaiMedia,
  wish: Partial<FilmRequest> = {},
  { upstreamId, abort = new AbortController(), pace = 1, onEvent }: Manner = {},
) {
  const begunAt = Date.now()
  const now = () => begunAt + (Date.now() - begunAt) * pace
  const { films } = createXai({ http: createHttp(fetch), now })
  const call = {
    ...{ abort, upstreamId, model: 'grok-imagine-video', step: () => {} },
    account: account('a', { baseUrl: xai.url, secret: () => 'key-1' }),
    request: filmWish(wish),
  }
  return filmEvents(films?.film(call), onEvent)
}

const bodyOf = (xai: FakeXaiMedia, kind = 'generations') =>
  xai.callsOf(`videos.${kind}` as 'videos.edits')[0]?.body

/** Questions are asked by the clock. */
const LONG = 20_000

describe('a video of xAI', () => {
  test.concurrent('is begun, asked for until it is done, and told with what it cost', async () => {
    await using xai = fakeXaiMedia()
    const { events, video, percents, usage } = await filmed(xai)
    expect(events[0]).toEqual({ type: 'accepted', upstreamId: expect.any(String) as never })
    expect(percents).toEqual([0, 33, 67, 100])
    expect(video).toMatchObject({ seconds: 8, thumbnail: undefined })
    expect(xai.media(video?.url ?? '')).toBeDefined()
    expect(usage).toMatchObject({ costTicks: 4_000_000_000, source: 'reported' })
    expect(bodyOf(xai)).toEqual({ model: 'grok-imagine-video', prompt: 'Waves' })
  })

  test.concurrent('is told everything that was asked for', async () => {
    await using xai = fakeXaiMedia()
    const { video } = await filmed(xai, {
      ...{ seconds: 10, ratio: '9:16', resolution: '1080p', preset: 'fun' },
      ...{ first: PICTURE, references: [PICTURE, PICTURE], others: { user: 'me' } },
    })
    expect(video?.seconds).toBe(10)
    const url = `data:image/png;base64,${bytes.toBase64()}`
    expect(bodyOf(xai)).toEqual({
      ...{ model: 'grok-imagine-video', prompt: 'Waves', user: 'me', duration: 10 },
      ...{ aspect_ratio: '9:16', resolution: '1080p' },
      ...{ image: { url }, reference_images: [{ url }, { url }] },
    })
  })

  for (const [work, kind, duration] of [
    ['edit', 'edits', undefined],
    ['extend', 'extensions', 5],
  ] as const)
    test.concurrent(`is one of another: ${work}`, async () => {
      await using xai = fakeXaiMedia()
      xai.alwaysFilms({ pollsUntilDone: 0 })
      const url = 'https://videos.example/a.mp4'
      const { video } = await filmed(xai, { work, video: url, seconds: 5, ratio: '1:1' })
      expect(video).toBeDefined()
      expect(bodyOf(xai, kind)).toEqual({
        ...{ model: 'grok-imagine-video', prompt: 'Waves', video: { url } },
        ...(duration && { duration }),
      })
    })

  test.concurrent('that was begun before is only asked for', async () => {
    await using xai = fakeXaiMedia()
    const abort = new AbortController()
    const first = await filmed(xai, {}, { abort, onEvent: () => abort.abort() })
    const [begun] = first.events
    const upstreamId = begun?.type === 'accepted' ? begun.upstreamId : undefined
    expect(first.fault).toBeDefined()
    const { events, video } = await filmed(xai, {}, { upstreamId })
    expect(events[0]).toEqual({ type: 'accepted', upstreamId })
    expect(video).toBeDefined()
    expect(xai.callsOf('videos.generations')).toHaveLength(1)
  })

  for (const [when, wrong] of [
    ['are refused with 500', faults.refused(500)],
    ['are limited', faults.limited(2)],
    ['break', faults.resets()],
    ['break off', faults.cut()],
    ['are nonsense', faults.malformed()],
  ] as readonly (readonly [string, Fault])[])
    test.concurrent(
      `is made all the same when questions ${when}`,
      async () => {
        await using xai = fakeXaiMedia()
        xai.films({ pollsUntilDone: 0 })
        xai.script('videos.get', wrong, wrong)
        const { video, fault } = await filmed(xai)
        expect([fault, video?.seconds]).toEqual([undefined, 8])
        expect(xai.callsOf('videos.generations')).toHaveLength(1)
        const [one, two] = xai.callsOf('videos.get')
        if (when === 'are limited')
          expect(Number(two?.at) - Number(one?.at)).toBeGreaterThanOrEqual(1900)
      },
      LONG,
    )

  test.concurrent('waits as long as it is asked to', async () => {
    await using xai = fakeXaiMedia()
    xai.alwaysFilms({ pollsUntilDone: 0 })
    const pending = { status: 'pending' }
    xai.script('videos.get', faults.says(pending, 202, { 'retry-after': '3' }))
    const { video } = await filmed(xai)
    const [one, two] = xai.callsOf('videos.get')
    expect(Number(two?.at) - Number(one?.at)).toBeGreaterThanOrEqual(2900)
    expect(video).toBeDefined()
  })

  test.concurrent('is given up when questions fail for too long', async () => {
    await using xai = fakeXaiMedia()
    xai.always('videos.get', faults.refused(503))
    const { fault } = await filmed(xai, {}, { pace: 300 })
    expect(fault).toMatchObject({ kind: 'refused', details: { status: 503, begun: true } })
  })

  for (const [when, arrange, fault] of [
    [
      'is moderated',
      (xai) => xai.films({ moderated: true, pollsUntilDone: 0 }),
      { kind: 'refused', details: { status: 400, code: 'content_moderated' } },
    ],
    [
      'fails moderation',
      (xai) => fails(xai, 'invalid_argument', 'It violates our content policy.'),
      { kind: 'refused', details: { status: 400, code: 'content_moderated' } },
    ],
    [
      'fails for what was asked',
      (xai) => fails(xai, 'invalid_argument', 'The picture is too small.'),
      { kind: 'refused', message: 'The picture is too small.', details: { status: 400 } },
    ],
    ['fails', (xai) => fails(xai, 'internal_error', 'Oops.'), { kind: 'unfit' }],
    [
      'is not kept',
      (xai) => xai.films({ expires: true, pollsUntilDone: 0 }),
      { kind: 'unfit', details: { code: 'expired' } },
    ],
    [
      'has no address',
      (xai) => xai.script('videos.get', faults.says({ status: 'done', video: { duration: 6 } })),
      { kind: 'unfit' },
    ],
    [
      'is not there any more',
      (xai) => xai.script('videos.get', faults.refused(404)),
      { kind: 'refused', details: { status: 404 } },
    ],
    [
      "is not this account's any more",
      (xai) => xai.script('videos.get', faults.refused(401)),
      { kind: 'refused', details: { status: 401 } },
    ],
  ] as readonly (readonly [string, (xai: FakeXaiMedia) => void, object])[])
    test.concurrent(`is a fault of one that has begun when it ${when}`, async () => {
      await using xai = fakeXaiMedia()
      arrange(xai)
      const { fault: found, video } = await filmed(xai)
      expect(found).toMatchObject(fault)
      expect(found).toMatchObject({ name: 'UpstreamFault', details: { begun: true } })
      expect(video).toBeUndefined()
    })

  for (const [when, wrong, fault] of [
    ['is limited', faults.limited(7), { kind: 'refused', details: { retryAfterMs: 7000 } }],
    ['is refused', faults.refused(422, 'No.'), { kind: 'refused', details: { status: 422 } }],
    ['breaks', faults.resets(), { kind: 'broken' }],
    ['is nonsense', faults.malformed(), { kind: 'malformed' }],
    ['has no id', faults.says({ request_id: '' }), { kind: 'malformed' }],
    ['is an error with status 200', faults.says({ code: 'x', error: 'Busy' }), {}],
  ] as readonly (readonly [string, Fault, object])[])
    test.concurrent(`has not begun when its creation ${when}`, async () => {
      await using xai = fakeXaiMedia()
      xai.script('videos.generations', wrong)
      const { fault: found, events } = await filmed(xai)
      expect(found).toMatchObject({ name: 'UpstreamFault', ...fault })
      expect((found as UpstreamFault).details.begun ?? false).toBe(false)
      expect(events).toEqual([])
    })

  test('is what models of videos make', () => {
    const { films } = createXai({ http: createHttp(fetch), now: Date.now })
    const wanted = { work: 'generate', resolution: '1080p', others: {} } as const
    expect(films?.can('grok-imagine-video-1.5', wanted)).toBe(true)
    expect(films?.can('grok-4', wanted)).toBe(false)
  })
})

const fails = (xai: FakeXaiMedia, code: string, message: string): void =>
  xai.films({ fails: { code, message }, pollsUntilDone: 0 })
