import { describe, expect, test } from 'bun:test'
import { TimeUp } from '#src/net/http'
import { nearestRatio } from '#src/upstream/web/ratio'
import { fakeGrokWeb, jpeg } from '../../fakes/grok-web'
import { until } from '../../support/programs'
import { draw, imagineSite } from '../../support/web-pictures'
import { webSession } from '../../support/web-session'

const FORMS = ['g1', 'g2', 'g3'] as const
const PICTURE = jpeg('a').toBase64()

interface Message {
  readonly type: string
  readonly timestamp: number
  readonly item: { readonly content: readonly [Record<string, unknown>] }
}

/** A session that draws by the page Imagine. */
const imagining = (grok: ReturnType<typeof fakeGrokWeb>, more: object = {}) =>
  webSession(grok, { image_method: 'imagine', web_request: 'g3', ...more })

/** What one socket was asked. */
const messages = (grok: ReturnType<typeof fakeGrokWeb>) =>
  (grok.callsOf({ endpoint: 'imagine' }).at(-1)?.messages ?? []) as readonly Message[]

/** What becomes of frames that a page says. */
async function told(frames: readonly unknown[], { count = 1, partials = 0, closes = false } = {}) {
  await using grok = fakeGrokWeb()
  await using site = imagineSite(frames, { closes })
  const it = imagining(grok, { web_request: 'g2' })
  const account = it.sessionOf('one', { baseUrl: site.url })
  return await draw(it, { account, count, request: { partials } })
}

const image = (id: string, progress: number | undefined, more: object = {}) => ({
  ...{ type: 'image', id, url: 'https://a.example/a.jpg', blob: PICTURE },
  ...{ percentage_complete: progress, ...more },
})
const started = (id: string) => ({ type: 'json', current_status: 'start_stage', image_id: id })
const completed = (id: string, moderated: boolean) => ({
  ...{ type: 'json', current_status: 'completed', image_id: id, moderated },
})

describe('the page Imagine', () => {
  for (const form of FORMS)
    test(`makes four pictures in the form ${form}, which come whole`, async () => {
      await using grok = fakeGrokWeb()
      const it = imagining(grok, { web_request: form })
      const { types, pictures, steps } = await draw(it, { count: 4 })
      expect(types).toEqual(['picture', 'picture', 'picture', 'picture', 'usage'])
      expect(pictures.map(({ index }) => index)).toEqual([0, 1, 2, 3])
      expect(new Set(pictures.map(({ picture }) => picture.base64?.slice(0, 4)))).toEqual(
        new Set(['/9j/']),
      )
      expect(steps).toBe(1)
      expect(grok.calls.map(({ endpoint }) => endpoint)).toEqual(['imagine'])
      const all = messages(grok)
      const prompt = all.at(-1)?.item.content[0]
      expect(all.map(({ item }) => item.content[0].type)).toEqual(
        form === 'g3' ? ['reset', 'input_text'] : ['input_scroll'],
      )
      expect(prompt).toMatchObject({ text: 'A red cat', requestId: expect.any(String) })
      expect(prompt?.properties).toMatchObject({
        ...{ aspect_ratio: '2:3', enable_nsfw: false, is_kids_mode: false },
        ...(form === 'g3' && { num_generations: 4, enable_pro: false }),
      })
      expect(grok.complaints()).toEqual([])
    })

  test('is asked with what the owner supplies, as a browser would ask', async () => {
    await using grok = fakeGrokWeb()
    const it = imagining(grok, {
      web_user_agent: 'Owner/1',
      web_cf_clearance: 'c1earance',
      web_headers: 'accept-language: en',
    })
    grok.require({ headers: { 'user-agent': 'Owner/1' }, cookies: { cf_clearance: 'c1earance' } })
    expect((await draw(it, { count: 1 })).types).toEqual(['picture', 'usage'])
    const { headers } = grok.calls[0] ?? {}
    expect(headers?.get('accept-language')).toBe('en')
    expect(headers?.get('origin')).toBe(grok.url)
    expect(grok.calls[0]?.cookies['sso-rw']).toBe(grok.account('one').sso)
  })

  test('closes when all is there, though more would come', async () => {
    await using grok = fakeGrokWeb()
    grok.scriptImagine(() => ({ count: 6, gapMs: 30 }))
    const { types } = await draw(imagining(grok, { web_request: 'g2' }), { count: 2 })
    expect(types).toEqual(['picture', 'picture', 'usage'])
    expect((await grok.left()).endpoint).toBe('imagine')
  })

  test('shows its pictures before they are done to those who want to see', async () => {
    await using grok = fakeGrokWeb()
    const it = imagining(grok)
    const { types, partials } = await draw(it, { count: 2, request: { partials: 3 } })
    expect(types).toEqual(['partial', 'picture', 'partial', 'picture', 'usage'])
    expect(partials.map(({ index }) => index)).toEqual([0, 1])
    expect(partials[0]?.picture.base64).toStartWith('/9j/')
    const some = [image('a', 10), image('a', 30), image('a', 60), image('a', 100)]
    expect((await told(some, { partials: 2 })).types).toEqual([
      'partial',
      'partial',
      'picture',
      'usage',
    ])
  })

  test('tells what is not to be seen, and may have another in its place', async () => {
    await using grok = fakeGrokWeb()
    const it = imagining(grok)
    grok.queueImagine({ moderated: [1] }, { moderated: [0, 1] })
    expect((await draw(it, { count: 2 })).blocked).toEqual([1])
    expect((await draw(it, { count: 2 })).types).toEqual(['blocked', 'blocked', 'usage'])
    // Six are begun at once: the sixth takes the place of the first.
    const ids = ['a', 'b', 'c']
    const { types, pictures } = await told([
      ...ids.map(started),
      completed('a', true),
      image('b', 100),
      completed('b', false),
      image('c', 100),
    ])
    expect(types).toEqual(['picture', 'usage'])
    expect(pictures[0]?.index).toBe(0)
  })

  test.each([
    ['says what it is not asked', ['{}', { type: 'pong' }, { type: 'json', id: 'a' }]],
    ['says the same twice', [image('a', 50), image('a', 50)]],
    ['says nothing of the progress', [image('a', undefined)]],
    [
      'sends pictures as data: URLs',
      [image('a', 100, { blob: `data:image/jpeg;base64,${PICTURE}` })],
    ],
  ])('is understood when it %s', async (_, frames) => {
    const { types, pictures } = await told([...frames, image('a', 100)])
    expect(types).toEqual(['picture', 'usage'])
    expect(pictures[0]?.picture).toEqual({ base64: PICTURE })
  })

  test('may tell the address of a picture instead of sending it', async () => {
    const { pictures } = await told([
      image('a', 100, { blob: '', url: '' }),
      image('a', 100, { blob: '' }),
    ])
    expect(pictures[0]?.picture).toEqual({ url: 'https://a.example/a.jpg' })
  })

  test('ends a round that has less than was asked for', async () => {
    const { types } = await told([image('a', 100), completed('a', false)], {
      count: 4,
      closes: true,
    })
    expect(types).toEqual(['picture', 'usage'])
  })

  test.each([
    ['says nothing that can be read', ['no json'], 'malformed', undefined],
    [
      'has no more for this session',
      [{ type: 'error', err_code: 'rate_limit_exceeded', err_msg: 'Wait' }],
      'refused',
      429,
    ],
    [
      'moderates the prompt',
      [{ type: 'error', err_code: 'content_moderated', err_msg: 'No' }],
      'refused',
      400,
    ],
    ['fails', [{ type: 'error', err_code: 'internal', err_msg: 'Oops' }], 'refused', 500],
    ['fails without a word', [{ type: 'error' }], 'refused', 500],
  ] as const)('is a fault when it %s', async (_, frames, kind, status) => {
    const { fault, events } = await told(frames)
    expect([fault?.kind, fault?.status, events]).toEqual([kind, status, []])
  })

  test.each([
    ['before anything', []],
    ['in the middle of a picture', [image('a', 100), started('b')]],
  ])('is a fault when it closes %s', async (_, frames) => {
    const { fault } = await told(frames, { count: 2, closes: true })
    expect(fault).toMatchObject({
      kind: 'broken',
      message: 'grok.com closed the WebSocket before it had drawn.',
    })
  })

  test('is a fault when it is cut, after the pictures that had come', async () => {
    await using grok = fakeGrokWeb()
    grok.queueImagine({ cutAfter: 1, gapMs: 20 })
    const { types, fault } = await draw(imagining(grok), { count: 4 })
    expect([types, fault?.kind]).toEqual([['picture'], 'broken'])
  })

  test('is given up when it falls silent, and when nobody wants it any more', async () => {
    await using grok = fakeGrokWeb()
    const reasons = [new TimeUp('The upstream fell silent.'), undefined]
    for (const [at, reason] of reasons.entries()) {
      grok.queueImagine({ stallAfter: 1 })
      const abort = new AbortController()
      const hear = () => abort.abort(reason)
      const { types, fault } = await draw(imagining(grok), { count: 4, abort, hear })
      expect([types, fault?.kind]).toEqual([['picture'], reason ? 'timeout' : 'unreachable'])
      await until(async () => grok.calls[at]?.leftAt)
    }
  })

  test.each([
    ['limited', { status: 429, code: 'imagine_limit', retryAfterMs: 7000 }],
    ['challenged', { status: 403, code: 'challenge' }],
    ['challenged_empty', { status: 403, code: 'challenge' }],
    ['expired', { status: 401, code: 'bad_session' }],
    ['blocked', { status: 403, code: 'blocked' }],
    ['limited_in_band', { status: 429, code: 'imagine_limit' }],
  ] as const)('refuses a session that is %s', async (state, fault) => {
    await using grok = fakeGrokWeb({ accounts: [{ name: 'one', state, retryAfter: 7 }] })
    const it = imagining(grok)
    const found = (await draw(it, { count: 4 })).fault
    expect(found).toMatchObject({ kind: 'refused', ...fault })
    expect(found?.message).not.toContain(grok.account('one').sso)
  })

  test('refuses with words that came late, of which only the form is known', async () => {
    await using grok = fakeGrokWeb()
    const it = imagining(grok)
    grok.intercept('imagine', () => {
      const slow = new ReadableStream({
        async pull(controller) {
          await Bun.sleep(100)
          controller.enqueue(new TextEncoder().encode('{"code":7}'))
          controller.close()
        },
      })
      return new Response(slow, { status: 403, headers: { 'content-type': 'application/json' } })
    })
    const { fault } = await draw(it)
    expect(fault).toMatchObject({ kind: 'refused', status: 403, code: undefined })
  })

  test('is not asked when nobody wants it any more', async () => {
    await using grok = fakeGrokWeb()
    const abort = new AbortController()
    abort.abort()
    expect((await draw(imagining(grok), { abort })).fault).toBeDefined()
    expect(grok.calls).toEqual([])
  })
})

test.each([
  ['1024x1024', '1:1'],
  ['1536x1024', '3:2'],
  ['1024x1536', '2:3'],
  ['1792x1024', '16:9'],
  ['1024x1792', '9:16'],
  ['1280x720', '16:9'],
  ['0x0', '2:3'],
  ['4:3', '3:2'],
  ['3:4', '2:3'],
  ['19.5:9', '16:9'],
  ['auto', '2:3'],
  ['', '2:3'],
] as const)('the shape that comes nearest to %s is %s', (wanted, nearest) => {
  const [width, height] = wanted.split('x').map(Number)
  const size = width !== undefined && height !== undefined ? { width, height } : undefined
  expect(nearestRatio({ size, ratio: size ? undefined : wanted })).toBe(nearest)
})
