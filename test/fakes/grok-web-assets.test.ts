import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { g2Film, webClient } from '../support/grok-web-client'
import { fakeGrokWeb, films } from './grok-web'
import { filmOf } from './media/films'

const grok = fakeGrokWeb({
  accounts: [
    { name: 'one', quota: 10_000 },
    { name: 'two', quota: 10_000 },
  ],
})
const one = webClient(grok, 'one')
const two = webClient(grok, 'two')

afterAll(() => grok.stop())
beforeEach(() => {
  grok.clearScripts()
  grok.forget()
})

describe('the asset host', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at % 256)
  const { path } = grok.put('one', { bytes, type: 'image/png' })

  test('wants the cookie of the owner', async () => {
    const bare = await fetch(`${grok.assetsUrl}/${path}`)
    expect([bare.status, (await two.asset(path)).status]).toEqual([403, 403])
    expect((await one.asset(path)).status).toBe(200)
    expect((await one.asset(`${path}x`)).status).toBe(404)
    expect(grok.callsOf({ endpoint: 'asset' }).map(({ status }) => status)).toEqual([
      ...[403, 403, 200, 404],
    ])
    const open = grok.put(undefined, { path: 'imagine-public/images/a.jpg', bytes })
    expect((await fetch(`${grok.assetsUrl}/${open.path}`)).status).toBe(200)
  })

  test('knows ranges, tags and HEAD', async () => {
    const etag = (await one.asset(path)).headers.get('etag') ?? ''
    expect(etag).toMatch(/^"\w+"$/)
    const part = async (range: string, extra = {}) => {
      const response = await one.asset(path, { range, ...extra })
      const got = await response.bytes()
      return [response.status, response.headers.get('content-range'), got.length, got[0]]
    }
    expect(await part('bytes=10-19')).toEqual([206, 'bytes 10-19/1000', 10, 10])
    expect(await part('bytes=990-')).toEqual([206, 'bytes 990-999/1000', 10, 222])
    expect(await part('bytes=-5')).toEqual([206, 'bytes 995-999/1000', 5, 227])
    expect(await part('bytes=10-5000')).toEqual([206, 'bytes 10-999/1000', 990, 10])
    expect(await part('bytes=1000-')).toEqual([416, 'bytes */1000', 0, undefined])
    expect(await part('bytes=0-9', { 'if-range': '"other"' })).toEqual([200, null, 1000, 0])
    expect(await part('bytes=0-9', { 'if-range': etag })).toEqual([206, 'bytes 0-9/1000', 10, 0])
    const same = await one.asset(path, { 'if-none-match': etag })
    expect([same.status, (await same.bytes()).length]).toEqual([304, 0])
    const head = await one.asset(path, {}, 'HEAD')
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '1000'])
    expect((await head.bytes()).length).toBe(0)
    expect((await one.asset(path, {}, 'POST')).status).toBe(405)
  })

  test('can be slow, wrong, large, broken, and notices who goes', async () => {
    const large = grok.put('one', { size: 26 * 1024 * 1024, type: 'video/mp4' })
    expect((await one.downloaded(large.path)).bytes).toHaveLength(26 * 1024 * 1024)
    const wrong = grok.put('one', { bytes, type: 'text/html' })
    expect((await one.downloaded(wrong.path)).type).toBe('text/html')
    wrong.status = 503
    expect((await one.downloaded(wrong.path)).status).toBe(503)
    const slow = grok.put('one', { size: 100_000, gapMs: 20 })
    const from = performance.now()
    const response = await one.asset(slow.path)
    expect(response.headers.get('content-length')).toBe('100000')
    expect((await response.bytes()).length).toBe(100_000)
    expect(performance.now() - from).toBeGreaterThan(100)
    slow.gapMs = 1000
    const abort = new AbortController()
    const gone = fetch(`${grok.assetsUrl}/${slow.path}`, {
      ...{ signal: abort.signal, headers: { cookie: grok.account('one').cookie } },
    }).then((started) => {
      abort.abort()
      return started.bytes().catch(({ name }: Error) => name)
    })
    expect(await gone).toBe('AbortError')
    expect(await grok.left({ endpoint: 'asset' })).toMatchObject({ account: 'one' })
    const cut = grok.put('one', { size: 100_000, breaksAfter: 50_000 })
    const broken = await one.asset(cut.path)
    await expect(broken.bytes()).rejects.toThrow()
  })

  test('can have any size, and all that is wrong with a host', async () => {
    const film = filmOf('a', 1e9)
    const large = grok.put('one', { source: film, type: 'video/mp4' })
    const part = await one.asset(large.path, { range: 'bytes=500000000-500009999' })
    expect(part.headers.get('content-range')).toBe('bytes 500000000-500009999/1000000000')
    expect(Buffer.compare(await part.bytes(), film.read(5e8, 500_010_000))).toBe(0)
    expect(large).toMatchObject({ fetches: 1, heads: 0, open: 0, sent: 10_000 })
    const odd = grok.put('one', { bytes, manner: { body: '<svg/>', type: 'image/svg+xml' } })
    const { type, bytes: served } = await one.downloaded(odd.path)
    expect([type, new TextDecoder().decode(served)]).toEqual(['image/svg+xml', '<svg/>'])
    odd.manner = { redirect: 'http://10.0.0.1/' }
    const { cookie } = grok.account('one')
    const led = await fetch(`${grok.assetsUrl}/${odd.path}`, {
      ...{ redirect: 'manual', headers: { cookie } },
    })
    expect([led.status, led.headers.get('location')]).toEqual([302, 'http://10.0.0.1/'])
    odd.manner = { length: 5_000 }
    await expect(one.asset(odd.path, {}, 'HEAD')).resolves.toMatchObject({ status: 200 })
    expect(grok.calls.at(-1)).toMatchObject({ status: 200, account: 'one' })
  })

  test('has films of any size from a chat', async () => {
    const post = await one.post({ mediaType: 'MEDIA_POST_TYPE_VIDEO', prompt: 'waves' })
    grok.queue([films({ size: 1e9 })])
    const frames = await one.frames(g2Film(post))
    const last = frames.findLast(({ streamingVideoGenerationResponse: state }) => state)
    const { videoUrl } = last.streamingVideoGenerationResponse
    const head = await one.asset(videoUrl, {}, 'HEAD')
    expect(head.headers.get('content-length')).toBe('1000000000')
  })
})
