import { describe, expect, test } from 'bun:test'
import { failsFirst, films, jpeg, type Turn } from '../fakes/grok-web'
import { fakeXaiMedia } from '../fakes/xai-media'
import { until } from '../support/programs'
import { VIDEO_MODEL, videosAt } from '../support/video-world'
import { type WebOptions, webGateway } from '../support/web-gateway'

const LONG = 40_000
const model = 'grok-imagine-1.0-video'
const PICTURE = `data:image/jpeg;base64,${jpeg('a').toBase64()}`

/** A film that is begun, and goes no further before something has come to pass. */
const heldUntil = (event: Promise<void>) => (turn: Turn) => {
  const { steps, ...rest } = films()(turn)
  return { ...rest, steps: [...steps.slice(0, 3), { wait: event }, ...steps.slice(3)] }
}

async function world(options: WebOptions = {}) {
  const it = await webGateway(options)
  const { [Symbol.asyncDispose]: dispose } = it
  return {
    ...it,
    ...videosAt(it.url),
    async [Symbol.asyncDispose]() {
      it.app.drain()
      await dispose()
    },
  }
}

describe('a video of a grok.com session', () => {
  test(
    'is made, and downloaded with the session that made it, as is its picture',
    async () => {
      await using it = await world()
      const seen = Promise.withResolvers<void>()
      it.grok.script(heldUntil(seen.promise))
      const wish = { model, seconds: '10', size: '720x1280', input_reference: PICTURE }
      const { id } = await it.create(wish)
      const half = await until(async () => {
        const video = await it.get(id)
        return video.progress > 0 ? video : undefined
      })
      expect(half.status).toBe('in_progress')
      seen.resolve()
      const done = await it.becomes(id, 'completed')
      expect(done).toMatchObject({ progress: 100, seconds: '10', size: '720x1280' })
      for (const [variant, type] of [
        ['video', 'video/mp4'],
        ['thumbnail', 'image/jpeg'],
      ] as const) {
        const content = await it.call('GET', `/videos/${id}/content?variant=${variant}`)
        expect([content.status, content.headers.get('content-type')]).toEqual([200, type])
        expect((await content.bytes()).length).toBeGreaterThan(100)
      }
      expect(it.asked()).toMatchObject({ message: 'Waves --mode=custom' })
      expect(await it.ledger()).toMatchObject([{ kind: 'web', outcome: 'done' }])
    },
    LONG,
  )

  test(
    'is not the usual one where a kind that comes first makes videos, too',
    async () => {
      await using xai = fakeXaiMedia()
      await using it = await world()
      await it.stores.accounts.add({ kind: 'xai', name: 'x', baseUrl: xai.url, secret: 'key-x' })
      await it.app.refresh()
      expect(await it.create({})).toMatchObject({ model: VIDEO_MODEL })
    },
    LONG,
  )

  test(
    'is made by another one where the first may not',
    async () => {
      await using it = await world({ accounts: [{ name: 'one' }, { name: 'two' }] })
      it.grok.queue([() => failsFirst()])
      const { id } = await it.create({ model })
      await it.becomes(id, 'completed')
      expect(new Set(it.grok.chats().map(({ account }) => account)).size).toBe(2)
      expect(await it.ledger()).toMatchObject([{ outcome: 'done', attempts: 2 }])
    },
    LONG,
  )

  for (const [when, script, code] of [
    ['is moderated', films({ moderated: true }), 'content_policy_violation'],
    ['has no address', films({ onlyAssetId: true }), 'upstream_error'],
    ['is never done', films({ isNeverDone: true }), 'upstream_error'],
  ] as const)
    test(
      `has failed when it ${when}`,
      async () => {
        await using it = await world()
        it.grok.script(script)
        const { id } = await it.create({ model })
        expect((await it.becomes(id, 'failed')).error?.code).toBe(code)
        expect(await it.ledger()).toMatchObject([{ outcome: 'failed' }])
      },
      LONG,
    )

  test('is no change of another, and not as sharp as can be', async () => {
    await using it = await world()
    for (const [path, body] of [
      ['edits', { video: { url: 'https://x.example/a.mp4' } }],
      ['extensions', { video: { url: 'https://x.example/a.mp4' } }],
      ['generations', { resolution: '1080p' }],
      ['generations', { keyframes: [{ image: PICTURE, timestamp_s: 0 }] }],
    ] as const) {
      const answer = await it.call('POST', `/videos/${path}`, { model, prompt: 'Waves', ...body })
      expect([answer.status, (await answer.json()).error.param]).toEqual([400, 'model'])
    }
    expect(it.grok.chats()).toEqual([])
  })

  test(
    'is begun again when its gateway was stopped',
    async () => {
      const path = `/tmp/groxy-videos-${crypto.randomUUID()}.db`
      await using it = await world({ path })
      it.grok.queue([heldUntil(new Promise(() => {}))])
      const { id } = await it.create({ model })
      await it.becomes(id, 'in_progress')
      it.app.drain()
      await it.app.flush()
      await using heir = await it.again()
      await heir.app.refresh()
      await videosAt(heir.url).becomes(id, 'completed')
      expect(it.grok.chats()).toHaveLength(2)
      heir.app.drain()
    },
    LONG,
  )
})
