import { afterAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { until } from '../support/programs'
import { filmOf } from './media/films'
import { type PictureType, pictureOf, typeOf } from './media/pictures'
import type { Manner } from './media/serving'
import { fakeXaiMedia } from './xai-media'

const fake = fakeXaiMedia()
afterAll(() => fake.stop())

const content = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251)
const put = (manner: Manner = {}) => fake.put({ content, type: 'image/png', manner })

/** What comes over the wire, until it ends or is silent. */
const raw = (path: string, method = 'GET') =>
  new Promise<string>((resolve) => {
    const socket = connect(Number(new URL(fake.origin).port), '127.0.0.1')
    const heard: Buffer[] = []
    let fault = ''
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(Buffer.concat(heard).toString('latin1') + fault)
    }
    let timer: ReturnType<typeof setTimeout> | undefined
    socket.on('data', (bytes) => {
      heard.push(Buffer.from(bytes))
      clearTimeout(timer)
      timer = setTimeout(done, 200)
    })
    socket.on('error', ({ message }) => {
      fault = message
    })
    socket.on('close', done)
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  })

describe('the media host', () => {
  test('knows ranges, tags and HEAD, and counts', async () => {
    const hosted = put()
    const ask = async (headers: Record<string, string>, method = 'GET') => {
      const response = await fetch(hosted.url, { headers, method })
      const bytes = await response.bytes()
      return [response.status, response.headers.get('content-range'), bytes.length, bytes[0]]
    }
    expect(await ask({})).toEqual([200, null, 100_000, 0])
    expect(await ask({ range: 'bytes=10-19' })).toEqual([206, 'bytes 10-19/100000', 10, 10])
    expect(await ask({ range: 'bytes=-5' })).toEqual([206, 'bytes 99995-99999/100000', 5, 97])
    expect(await ask({ range: 'bytes=-0' })).toEqual([416, 'bytes */100000', 0, undefined])
    expect(await ask({ 'if-none-match': hosted.etag })).toEqual([304, null, 0, undefined])
    expect(await ask({ range: 'bytes=1-2', 'if-range': '"x"' })).toEqual([200, null, 100_000, 0])
    const head = await fetch(hosted.url, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe('100000')
    expect(hosted).toMatchObject({ fetches: 6, heads: 1, open: 0 })
    expect((await fetch(hosted.url, { method: 'POST' })).status).toBe(405)
    expect((await fetch(`${fake.origin}/media/other`)).status).toBe(404)
    expect(fake.calls).toEqual([])
  })

  test('says what is not so', async () => {
    const answer = async (manner: Manner) => {
      const response = await fetch(put(manner).url, { redirect: 'manual' })
      const type = response.headers.get('content-type')
      return [response.status, type, response.headers.get('location')]
    }
    expect(await answer({ status: 403 })).toEqual([403, 'text/html', null])
    expect(await answer({ type: 'text/plain' })).toEqual([200, 'text/plain', null])
    expect(await answer({ type: null })).toEqual([200, null, null])
    const redirect = 'http://10.0.0.1/'
    expect(await answer({ redirect })).toEqual([302, null, redirect])
    const html = await fetch(put({ body: '<html>' }).url)
    expect([html.headers.get('content-type'), await html.text()]).toEqual(['image/png', '<html>'])
    const plain = await fetch(put({ ignoresRange: true, hasNoEtag: true }).url, {
      headers: { range: 'bytes=0-1' },
    })
    expect([plain.status, plain.headers.get('etag')]).toEqual([200, null])
  })

  test('has wrong lengths on the wire', async () => {
    const short = await raw(put({ body: 'abc', length: 10 }).path)
    expect(short).toContain('content-length: 10\r\n')
    expect(short).toEndWith('\r\n\r\nabc')
    const long = await raw(put({ body: 'abcdef', length: 3 }).path)
    expect(long).toContain('content-length: 3\r\n')
    expect(long).toEndWith('\r\n\r\nabcdef')
    expect(await raw(put({ body: 'abc', length: null }).path)).toContain('chunked')
  })

  test('is slow, late, silent, or breaks off', async () => {
    const from = performance.now()
    const slow = await fetch(put({ bytesPerSecond: 500_000 }).url)
    expect((await slow.bytes()).length).toBe(100_000)
    expect(performance.now() - from).toBeGreaterThan(140)
    await (await fetch(put({ delayMs: 50, gapMs: 1 }).url)).bytes()
    const cut = put({ breaksAfter: 50_000 })
    await expect(fetch(cut.url).then((response) => response.bytes())).rejects.toThrow()
    expect(cut.sent).toBe(50_000)
    const stalled = put({ stallsAfter: 10 })
    const silent = put({ hangs: true })
    for (const hosted of [stalled, silent]) {
      const leaving = new AbortController()
      const { signal } = leaving
      const whole = fetch(hosted.url, { signal }).then((response) => response.bytes())
      const why = whole.catch(({ name }: Error) => name)
      await until(() => hosted.fetches || undefined)
      const isOver = await Promise.race([why, Bun.sleep(100)])
      expect(isOver).toBeUndefined()
      leaving.abort()
      expect(await why).toBe('AbortError')
      await until(() => hosted.open === 0 || undefined)
    }
    expect([stalled.open, stalled.mostOpen, silent.open, silent.fetches]).toEqual([0, 1, 0, 1])
  })

  test('does not hold a film of a gigabyte, nor write what nobody reads', async () => {
    const source = filmOf('a', 1e9)
    const hosted = fake.put({ content: source, type: 'video/mp4' })
    const response = await fetch(hosted.url)
    expect(response.headers.get('content-length')).toBe('1000000000')
    const reader = response.body?.getReader()
    await reader?.read()
    await Bun.sleep(50)
    expect(hosted.sent).toBeLessThan(100_000_000)
    await reader?.cancel()
    const middle = { headers: { range: 'bytes=499999990-500010000' } }
    const part = await (await fetch(hosted.url, middle)).bytes()
    expect(Buffer.compare(part, source.read(499_999_990, 500_010_001))).toBe(0)
  })
})

describe('made bytes', () => {
  test('a film is the same however it is read, and differs from place to place', () => {
    const film = filmOf('a', 100_000)
    const whole = film.read(0, 100_000)
    expect(Buffer.from(whole).toString('latin1', 4, 8)).toBe('ftyp')
    for (const [from, to] of [
      [0, 10],
      [100, 4097],
      [4095, 4096],
      [8191, 50_000],
      [99_990, 200_000],
    ] as const)
      expect(Buffer.compare(film.read(from, to), whole.subarray(from, to))).toBe(0)
    expect(Buffer.compare(whole.subarray(4096, 8192), whole.subarray(8192, 12_288))).not.toBe(0)
    expect(() => filmOf('a', 10)).toThrow('at least')
  })

  test('pictures of all forms have their sizes, and are their own', () => {
    for (const type of ['png', 'jpeg', 'webp', 'gif'] as const satisfies PictureType[]) {
      const [one, other] = [pictureOf(type, 'one', 5_000, [640, 480]), pictureOf(type, 'other')]
      expect([typeOf(one), one.length > 5_000, other.length < 600]).toEqual([type, true, true])
      expect(Buffer.compare(pictureOf(type, 'one'), other)).not.toBe(0)
    }
    const dots = Buffer.from(pictureOf('png', 'a', 0, [640, 480]).subarray(16, 24))
    expect([dots.readUInt32BE(0), dots.readUInt32BE(4)]).toEqual([640, 480])
    expect(typeOf(new TextEncoder().encode('<svg xmlns="a"/>'))).toBeUndefined()
  })
})
