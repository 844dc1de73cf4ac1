import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { type FakeGrokWeb, fakeGrokWeb, jpeg, mp4 } from '../fakes/grok-web'
import type { AssetOptions } from '../fakes/grok-web/library'
import { filmAt, pictureAt, putting } from '../support/media-answers'
import { isWithoutSqld } from '../support/sqld'
import { tell } from '../support/web-ways'
import { type WorkerWorld, workerWorld } from '../support/worker-world'

const PICTURE = jpeg('a cat', 700_000)
const FILM = mp4('waves', 1_500_000)
/** What a Worker's log must not have. */
const FAULTS = /hung|"bug"|"error"|uncaught|cross-request/i

describe.skipIf(isWithoutSqld)('what is made, on Workers', () => {
  let world: WorkerWorld
  let grok: FakeGrokWeb
  beforeAll(async () => {
    world = await workerWorld()
    grok = fakeGrokWeb()
    const secret = grok.account('one').sso
    await world.stores.accounts.add({ kind: 'web', name: 'one', baseUrl: grok.url, secret })
    await world.stores.settings.set('video_format', 'url')
  }, 120_000)
  afterAll(async () => {
    await grok?.stop()
    await world?.[Symbol.asyncDispose]()
  })

  const started = () => world.another({ WEB_ASSETS_URL: grok.assetsUrl })
  type Worker = Awaited<ReturnType<typeof started>>
  const assets = () => grok.callsOf({ endpoint: 'asset' })

  async function made({ url }: Worker, sort: 'images' | 'videos', asset: AssetOptions) {
    grok.forget()
    const place = putting(grok, 'one', asset)
    grok.script(sort === 'images' ? pictureAt(place) : filmAt(place))
    const sdk = new OpenAI({ baseURL: `${url}/v1`, apiKey: world.key, maxRetries: 0 })
    const model = sort === 'images' ? 'grok-4' : 'grok-imagine-1.0-video'
    const { text } = await tell(sdk, 'a streamed chat', { model, text: 'A cat' })
    const address = new RegExp(`http\\S+/${sort}/[\\da-f]{32}\\.\\w+`).exec(text)?.[0] ?? ''
    expect(address).toStartWith(`${url}/${sort}/`)
    return address
  }

  test('is fetched once for many, though no request may wait for another', async () => {
    await using worker = await started()
    const address = await made(worker, 'images', { bytes: PICTURE, gapMs: 10 })
    const readers = Array.from({ length: 40 }, async () => (await fetch(address)).bytes())
    for (const bytes of await Promise.all(readers))
      expect(Bun.deepEquals(bytes, PICTURE)).toBe(true)
    expect(assets()).toHaveLength(1)
    expect(worker.output()).not.toMatch(FAULTS)
  }, 60_000)

  test('is sent whole, in part, and not again to who has it', async () => {
    await using worker = await started()
    const address = await made(worker, 'videos', { bytes: FILM })
    const whole = await fetch(address)
    expect(Bun.deepEquals(await whole.bytes(), FILM)).toBe(true)
    expect(whole.headers.get('content-type')).toBe('video/mp4')
    const head = await fetch(address, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(`${FILM.length}`)
    const etag = head.headers.get('etag') ?? ''
    expect(etag).toBe(`"${new Bun.CryptoHasher('sha256').update(FILM).digest('hex').slice(0, 32)}"`)
    const part = await fetch(address, { headers: { range: 'bytes=700000-700099' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe(`bytes 700000-700099/${FILM.length}`)
    expect(await part.bytes()).toEqual(FILM.subarray(700_000, 700_100))
    expect((await fetch(address, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await fetch(address, { headers: { range: 'bytes=9999999-' } })).status).toBe(416)
    expect(assets()).toHaveLength(1)
    expect(worker.output()).not.toMatch(FAULTS)
  }, 60_000)

  test('is fetched when the clock ticks, where the Worker that made it was stopped before', async () => {
    let path = ''
    {
      await using worker = await started()
      path = new URL(await made(worker, 'images', { bytes: PICTURE })).pathname
      await (await fetch(worker.url + path)).bytes()
    }
    const name = path.split('/').at(-1)
    const gone = 'bytes = NULL, hash = NULL, mime = NULL, fetcher = NULL, fetch_until = NULL'
    await world.client.batch([
      `UPDATE media SET ${gone} WHERE name = '${name}'`,
      `DELETE FROM object_parts WHERE object_id = '${name}'`,
    ])
    const before = assets().length
    await using heir = await started()
    expect(await heir.tick()).toBe('ok')
    expect(assets()).toHaveLength(before + 1)
    expect(Bun.deepEquals(await (await fetch(heir.url + path)).bytes(), PICTURE)).toBe(true)
    expect(assets()).toHaveLength(before + 1)
    expect(heir.output()).not.toMatch(FAULTS)
  }, 60_000)

  test('fails for all alike where it cannot be had', async () => {
    await using worker = await started()
    const address = await made(worker, 'images', { bytes: PICTURE, breaksAfter: 300_000, gapMs: 5 })
    const readers = Array.from({ length: 10 }, async () => {
      const response = await fetch(address)
      return response.ok
        ? await response.bytes().then(
            () => 'whole',
            () => 'cut',
          )
        : response.status
    })
    for (const outcome of await Promise.all(readers)) expect(outcome).toBeOneOf(['cut', 502])
    expect(assets().length).toBeLessThan(4)
    expect(worker.output()).not.toMatch(/hung|"bug"/i)
  }, 60_000)

  test('goes on when its reader leaves', async () => {
    await using worker = await started()
    const address = await made(worker, 'videos', { bytes: FILM, gapMs: 10 })
    const leaving = new AbortController()
    const left = fetch(address, { signal: leaving.signal }).then((response) => response.bytes())
    await Bun.sleep(200)
    leaving.abort()
    expect(await left.catch(() => 'left')).toBe('left')
    expect(Bun.deepEquals(await (await fetch(address)).bytes(), FILM)).toBe(true)
    expect(worker.output()).not.toMatch(FAULTS)
  }, 60_000)

  test('may be brought by a client, under an address that ends', async () => {
    await world.stores.settings.set('media_link_hours', 1)
    await using worker = await started()
    const body = new FormData()
    body.append('file', new Blob([PICTURE]), 'a.html')
    const response = await fetch(`${worker.url}/v1/uploads/image`, {
      ...{ method: 'POST', body, headers: { authorization: `Bearer ${world.key}` } },
    })
    const { url } = (await response.json()) as { url: string }
    expect(Bun.deepEquals(await (await fetch(url)).bytes(), PICTURE)).toBe(true)
    expect((await fetch(url.slice(0, url.indexOf('?')))).status).toBe(403)
    expect(worker.output()).not.toMatch(FAULTS)
  }, 60_000)
})
