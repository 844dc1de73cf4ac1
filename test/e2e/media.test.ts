import { describe, expect, test } from 'bun:test'
import { jpeg, mp4 } from '../fakes/grok-web'
import type { AssetOptions } from '../fakes/grok-web/library'
import { filmOf } from '../fakes/media/films'
import { filmAt, pictureAt, putting } from '../support/media-answers'
import { mediaHost } from '../support/media-host'
import { ownClock } from '../support/own-clock'
import { until } from '../support/programs'
import { type WebGateway, webGateway } from '../support/web-gateway'
import { tell } from '../support/web-ways'

const PICTURE = jpeg('a cat', 50_000)
const FILM = mp4('waves', 400_000)
const VIDEO = { model: 'grok-imagine-1.0-video', text: 'Waves' }
const URLS = { video_format: 'url' }

/** The address of a picture that is at its upstream like this. */
async function shown(it: WebGateway, asset: AssetOptions, owner = 'one'): Promise<string> {
  it.grok.script(pictureAt(putting(it.grok, owner, asset)))
  return addressOf(it)
}

async function addressOf(it: WebGateway): Promise<string> {
  const { text } = await tell(it.sdk, 'a chat', { text: 'Draw a cat' })
  const [, address = ''] = /!\[[^\]]*\]\((\S+?)\)/.exec(text) ?? []
  expect(address).toStartWith(`${it.url}/images/`)
  return address
}

/** The address of a video that is at its upstream like this. */
async function filmed(it: WebGateway, asset: AssetOptions): Promise<string> {
  it.grok.script(filmAt(putting(it.grok, 'one', asset)))
  const { text } = await tell(it.sdk, 'a chat', VIDEO)
  const address = /http\S+\/videos\/\S+/.exec(text)?.[0] ?? ''
  expect(address).toStartWith(`${it.url}/videos/`)
  return address
}

const assets = ({ grok }: WebGateway) => grok.callsOf({ endpoint: 'asset' })

async function errorOf(address: string) {
  const response = await fetch(address)
  const { error } = (await response.json()) as { error: { code: string; message: string } }
  return { status: response.status, ...error }
}

describe('what a session has made', () => {
  test('is fetched once for 200 who open its address at the same time', async () => {
    await using it = await webGateway({ settings: URLS })
    const address = await filmed(it, { bytes: FILM, gapMs: 20 })
    const all = await Promise.all(
      Array.from({ length: 200 }, async () => (await fetch(address)).bytes()),
    )
    for (const bytes of all) expect(Bun.deepEquals(bytes, FILM)).toBe(true)
    expect(assets(it)).toHaveLength(1)
  })

  test('begins to come before its upstream has said all', async () => {
    await using it = await webGateway({ settings: URLS })
    const address = await filmed(it, { bytes: FILM, gapMs: 60 })
    const response = await fetch(address)
    expect(response.headers.get('content-type')).toBe('video/mp4')
    expect(response.headers.get('etag')).toBeNull()
    const reader = response.body?.getReader()
    using clock = ownClock()
    const began = clock.now()
    await reader?.read()
    expect(clock.now() - began).toBeLessThan(500)
    const middle = await fetch(address, { headers: { range: 'bytes=100000-100099' } })
    expect(middle.status).toBe(206)
    expect(middle.headers.get('content-range')).toBe(`bytes 100000-100099/${FILM.length}`)
    expect(await middle.bytes()).toEqual(FILM.subarray(100_000, 100_100))
    await reader?.cancel()
    const head = await fetch(address, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(`${FILM.length}`)
    expect(await (await fetch(address)).bytes()).toEqual(FILM)
    expect((await fetch(address)).headers.get('etag')).toMatch(/^"[\da-f]{32}"$/)
    expect(assets(it)).toHaveLength(1)
  })

  test('is fetched with the session that made it, and no other', async () => {
    const accounts = [{ name: 'one' }, { name: 'two' }]
    await using it = await webGateway({ accounts })
    for (const owner of ['one', 'two', 'one', 'two']) {
      it.grok.forget()
      // Whoever answers, the picture is theirs.
      it.grok.script((turn) => {
        const { path } = turn.picture()
        it.grok.put(turn.account.name, { path, bytes: PICTURE })
        return { steps: [], modelResponse: { generatedImageUrls: [path] } }
      })
      const address = await addressOf(it)
      expect((await fetch(address)).status, owner).toBe(200)
      const [chat] = it.grok.chats()
      expect(assets(it).map(({ account }) => account)).toEqual([chat?.account])
    }
    expect(await it.held()).toEqual([])
  })

  test('is not asked for with another session when its own is gone', async () => {
    await using it = await webGateway({ accounts: [{ name: 'one' }, { name: 'two' }] })
    const address = await shown(it, { bytes: PICTURE, status: 503 })
    expect((await fetch(address)).status).toBe(502)
    await it.replace([{ name: 'three' }])
    await it.look(4)
    expect((await errorOf(address)).message).toBe(
      'The account that made it is not in the pool any more.',
    )
    expect(assets(it)).toEqual([])
  })

  test.each([
    [401, 'refuses it', ['suspect']],
    [403, 'refuses it', []],
    [404, 'no longer', []],
    [410, 'no longer', []],
    [429, '429', []],
    [500, '500', []],
    [503, '503', []],
  ] as const)('that is answered with %i says so', async (status, says, states) => {
    await using it = await webGateway()
    const address = await shown(it, { bytes: PICTURE, status })
    for (let time = 0; time < 3; time++) {
      const error = await errorOf(address)
      expect(error).toMatchObject({ status: 502, code: 'media_unavailable' })
      expect(error.message).toContain(says)
      expect(error.message).not.toContain(it.grok.account('one').sso)
    }
    expect(assets(it)).toHaveLength(1)
    expect((await it.held()).map(({ state }) => state)).toEqual([...states])
  })

  test('leaves the session alone that turns out to be good', async () => {
    await using it = await webGateway()
    await shown(it, { bytes: PICTURE, status: 401 })
    await until(async () => (await it.held()).length > 0 || undefined)
    // No longer than that takes: later the picture is tried once more, and refused once more.
    await until(async () => {
      await it.look()
      return (await it.held()).every(({ state }) => state !== 'suspect') || undefined
    })
    it.grok.clearScripts()
    // It rests as after any fault.
    await it.look(20)
    expect((await tell(it.sdk, 'a chat', { text: 'Hello' })).text).toContain('Hello')
  })

  test.each([
    ['a page', '<!doctype html><script>alert(1)</script>', 'text/html'],
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'image/svg+xml'],
  ])('is refused where it is %s that calls itself a picture', async (_, body, says) => {
    await using it = await webGateway()
    const address = await shown(it, { type: 'image/jpeg', manner: { body } })
    const error = await errorOf(address)
    expect(error).toMatchObject({ status: 502, code: 'media_unavailable' })
    expect(error.message).toContain(says)
  })

  test.each([
    ['is cut off', { breaksAfter: 100_000 }],
    ['is shorter than announced', { manner: { length: 500_000, breaksAfter: 100_000 } }],
  ])('never looks whole where it %s', async (_, fault) => {
    await using it = await webGateway({ settings: URLS })
    const address = await filmed(it, { bytes: FILM, gapMs: 5, ...fault })
    const response = await fetch(address)
    const bytes = response.ok ? await response.bytes().catch(() => 'cut') : 'refused'
    expect(bytes).toBeOneOf(['cut', 'refused'])
    const { rows } = await it.client.execute('SELECT bytes FROM media')
    expect(rows.map((row) => row.bytes)).not.toContain(100_000)
    const again = await errorOf(address)
    expect(again.code).toBe('media_unavailable')
    expect(assets(it)).toHaveLength(1)
  })

  test('is tried again when some time has passed', async () => {
    await using it = await webGateway()
    const address = await shown(it, { bytes: PICTURE, status: 500 })
    expect((await fetch(address)).status).toBe(502)
    const [call] = assets(it)
    const asset = it.grok.asset(call?.path ?? '')
    if (asset) asset.status = undefined
    await it.look(3)
    expect(await (await fetch(address)).bytes()).toEqual(PICTURE)
  })

  test('is fetched again when its row stays and its bytes go', async () => {
    await using it = await webGateway()
    const address = await shown(it, { bytes: PICTURE })
    expect(await (await fetch(address)).bytes()).toEqual(PICTURE)
    await it.client.batch(['DELETE FROM objects', 'DELETE FROM object_parts'])
    expect(await (await fetch(address)).bytes()).toEqual(PICTURE)
    expect(assets(it)).toHaveLength(2)
  })

  test('is handed through where it is larger than what is kept', async () => {
    const source = filmOf('long', 3_000_000)
    await using it = await webGateway({ settings: { ...URLS, media_object_max_mb: 1 } })
    const address = await filmed(it, { source, type: 'video/mp4' })
    const whole = await fetch(address)
    expect(await whole.bytes()).toEqual(source.read(0, source.size))
    const range = await fetch(address, { headers: { range: 'bytes=2000000-2000009' } })
    expect(range.status).toBe(206)
    expect(range.headers.get('content-range')).toBe(`bytes 2000000-2000009/${source.size}`)
    expect(await range.bytes()).toEqual(source.read(2_000_000, 2_000_010))
    const { rows } = await it.client.execute('SELECT sum(bytes) AS bytes FROM media')
    expect(rows[0]?.bytes).toBeNull()
  })
})

describe('while the database is away', () => {
  test('answers show the addresses of grok.com, and pictures that are asked for whole', async () => {
    await using it = await webGateway()
    it.grok.script(pictureAt(putting(it.grok, 'one', { bytes: PICTURE })))
    await it.client.execute('ALTER TABLE media RENAME TO elsewhere')
    const { text } = await tell(it.sdk, 'a chat', { text: 'Draw a cat' })
    expect(text).toContain(`](${it.grok.assetsUrl}/users/`)
    const { items } = await tell(it.sdk, 'a response', { text: 'Draw a cat' })
    expect(items).toMatchObject([{ status: 'completed', result: PICTURE.toBase64() }])
    await it.client.execute('ALTER TABLE elsewhere RENAME TO media')
  })

  test('addresses say that they cannot be looked up now', async () => {
    await using it = await webGateway()
    const address = await shown(it, { bytes: PICTURE })
    expect((await fetch(address)).status).toBe(200)
    await it.client.execute('ALTER TABLE media RENAME TO elsewhere')
    const response = await fetch(address)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await response.json()).toMatchObject({ error: { code: 'not_ready' } })
    await it.client.execute('ALTER TABLE elsewhere RENAME TO media')
    expect(await (await fetch(address)).bytes()).toEqual(PICTURE)
  })
})

describe('what is elsewhere', () => {
  test('is fetched without cookies, and without a word of who asks', async () => {
    await using it = await webGateway()
    const seen: Record<string, string>[] = []
    await using host = mediaHost(
      () => ({ pieces: [PICTURE] }),
      (headers) => seen.push(headers),
    )
    it.grok.script(pictureAt({ url: `${host.url}/a.jpg` }))
    const address = await addressOf(it)
    expect(await (await fetch(address)).bytes()).toEqual(PICTURE)
    for (const headers of seen) {
      expect(headers).not.toHaveProperty('cookie')
      expect(headers).not.toHaveProperty('authorization')
      expect(headers).not.toHaveProperty('referer')
    }
    expect(seen).toHaveLength(1)
  })

  test.each([
    ['http://10.1.2.3/a.jpg', 'is not on the public internet'],
    ['http://169.254.169.254/latest/meta-data', 'is not on the public internet'],
    ['http://[::1]/a.jpg', 'is not on the public internet'],
    ['http://0x7f.1.1.1/a.jpg', 'is not on the public internet'],
    ['http://nowhere.invalid/a.jpg', 'unknown'],
  ])('is not fetched from %s', async (url, says) => {
    await using it = await webGateway()
    it.grok.script(pictureAt({ url }))
    const error = await errorOf(await addressOf(it))
    expect(error).toMatchObject({ status: 502, code: 'media_unavailable' })
    expect(error.message).toContain(says)
    expect(error.message).not.toContain(url)
  })

  test.each([
    ['http://10.1.2.3/a.jpg', 'redirects to one that is not on the public internet'],
    ['file:///etc/passwd', 'redirects to one that is neither http nor https'],
  ])('is not followed to %s', async (location, says) => {
    await using it = await webGateway()
    await using host = mediaHost(() => ({ status: '302 Found', headers: { location } }))
    it.grok.script(pictureAt({ url: `${host.url}/a.jpg` }))
    const error = await errorOf(await addressOf(it))
    expect(error.message).toContain(says)
    expect(error.message).not.toContain('10.1.2.3')
  })

  test('never gets the cookies of the session: the asset host may not redirect', async () => {
    await using it = await webGateway()
    await using host = mediaHost(() => ({ pieces: [PICTURE] }))
    const address = await shown(it, { bytes: PICTURE, manner: { redirect: `${host.url}/a.jpg` } })
    expect(await errorOf(address)).toMatchObject({ status: 502, code: 'media_unavailable' })
    expect(host.asked).toEqual([])
  })
})
