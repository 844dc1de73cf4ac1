import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jpeg } from '../fakes/media/jpeg'
import { type Gateway, gateway, KEY } from '../support/gateway'
import { png } from '../support/picture-bytes'

const PICTURE = jpeg('a cat', 30_000)
const SIZE = PICTURE.length

/** Upload a picture; gives its address. */
async function upload(it: Gateway, bytes: Uint8Array<ArrayBuffer> = PICTURE): Promise<string> {
  const response = await send(it, bytes)
  expect(response.status).toBe(200)
  return ((await response.json()) as { url: string }).url
}

function send(it: Gateway, bytes: Uint8Array<ArrayBuffer>, field = 'file', init: RequestInit = {}) {
  const body = new FormData()
  body.append(field, new Blob([bytes], { type: 'image/png' }), '../../etc/passwd.html')
  const headers = { authorization: `Bearer ${KEY}` }
  return fetch(`${it.url}/v1/uploads/image`, { method: 'POST', headers, body, ...init })
}

/** What a raw request is answered: `fetch` would not send all of these paths. */
function raw(it: Gateway, path: string, headers: readonly string[] = []): Promise<string> {
  const { hostname, port } = new URL(it.url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.on('data', (data) => {
      text += data.toString('latin1')
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
    const lines = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  })
}

const errorOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; message: string; type: string } }).error

describe.each(['a directory', 'the database'])('a picture that is kept in %s', (place) => {
  let it: Gateway
  let root = ''
  let url = ''
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'groxy-media-'))
    it = await gateway(place === 'a directory' ? { env: { MEDIA_DIR: root } } : {})
    url = await upload(it)
  })
  afterAll(async () => {
    await it[Symbol.asyncDispose]()
    await rm(root, { recursive: true, force: true })
  })
  const get = (headers: Record<string, string> = {}, method = 'GET') =>
    fetch(url, { headers, method })

  test('is sent whole, as what it is, and can do nothing', async () => {
    const response = await get()
    expect(response.status).toBe(200)
    expect(await response.bytes()).toEqual(PICTURE)
    const name = url.split('/').at(-1)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'x-content-type-options': 'nosniff',
      'content-security-policy':
        "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
      'cross-origin-resource-policy': 'cross-origin',
      'access-control-allow-origin': '*',
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-disposition': `inline; filename="${name}"`,
      etag: expect.stringMatching(/^"[\da-f]{32}"$/),
      'last-modified': expect.stringMatching(/GMT$/),
    })
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    expect(response.headers.get('set-cookie')).toBeNull()
  })

  test('is described to who asks for its head only', async () => {
    const response = await get({}, 'HEAD')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe(`${SIZE}`)
    expect(response.headers.get('content-type')).toBe('image/jpeg')
    expect(await response.bytes()).toHaveLength(0)
    const ranged = await get({ range: 'bytes=0-0' }, 'HEAD')
    expect(ranged.status).toBe(200)
    expect(ranged.headers.get('content-length')).toBe(`${SIZE}`)
    const unknown = await fetch(`${it.url}/images/${'0'.repeat(32)}.jpg`, { method: 'HEAD' })
    expect(unknown.status).toBe(404)
  })

  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=100-199', 100, 200],
    [`bytes=${SIZE - 1}-`, SIZE - 1, SIZE],
    ['bytes=5-', 5, SIZE],
    ['bytes=-7', SIZE - 7, SIZE],
    [`bytes=10-${SIZE * 2}`, 10, SIZE],
  ])('is sent in part: %s', async (range, from, to) => {
    const response = await get({ range })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/${SIZE}`)
    expect(await response.bytes()).toEqual(PICTURE.subarray(from, to))
  })

  test.each([
    ['more than one', 'bytes=0-1,5-6'],
    ['another unit', 'pages=1-2'],
    ['nonsense', 'bytes=b-a'],
    ['an end before its beginning', 'bytes=9-5'],
  ])('is sent whole where a range is %s', async (_, range) => {
    const response = await get({ range })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-range')).toBeNull()
    expect(await response.bytes()).toEqual(PICTURE)
  })

  test('is sent whole where there are ten thousand ranges', async () => {
    const headers = { range: `bytes=${'0-,'.repeat(10_000)}1-` }
    const response = await it.app.fetch(new Request(url, { headers }))
    expect(response.status).toBe(200)
    expect(await response.bytes()).toEqual(PICTURE)
  })

  test.each([`bytes=${SIZE}-`, 'bytes=-0', `bytes=${SIZE + 5}-${SIZE + 9}`])(
    'has nothing at %s, and says how much there is',
    async (range) => {
      const response = await get({ range })
      expect(response.status).toBe(416)
      expect(response.headers.get('content-range')).toBe(`bytes */${SIZE}`)
      expect(await errorOf(response)).toMatchObject({ code: 'range_not_satisfiable' })
    },
  )

  test('is not sent again to who has it', async () => {
    const { headers } = await get()
    const etag = headers.get('etag') ?? ''
    const date = headers.get('last-modified') ?? ''
    for (const condition of [
      { 'if-none-match': etag },
      { 'if-none-match': `"x", W/${etag}` },
      { 'if-none-match': '*' },
      { 'if-modified-since': date },
      { 'if-none-match': etag, range: 'bytes=0-1' },
    ])
      for (const method of ['GET', 'HEAD']) {
        const response = await get(condition, method)
        expect(response.status).toBe(304)
        expect(response.headers.get('etag')).toBe(etag)
        expect(response.headers.get('cache-control')).toContain('immutable')
        expect(await response.bytes()).toHaveLength(0)
      }
    expect((await get({ 'if-none-match': '"x"', 'if-modified-since': date })).status).toBe(200)
  })

  test('is sent in part only to who has the same', async () => {
    const { headers } = await get()
    const range = 'bytes=1-2'
    for (const [name, status] of [
      [headers.get('etag'), 206],
      [headers.get('last-modified'), 206],
      ['"x"', 200],
      [`W/${headers.get('etag')}`, 200],
      ['Tue, 03 Feb 2004 04:05:06 GMT', 200],
    ] as const) {
      const response = await get({ range, 'if-range': name ?? '' })
      expect(response.status).toBe(status)
      expect(await response.bytes()).toHaveLength(status === 206 ? 2 : SIZE)
    }
  })

  test('is led to from where others have their files', async () => {
    const name = url.split('/').at(-1)
    const response = await fetch(`${it.url}/v1/files/image/${name}?a=1`, { redirect: 'manual' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe(`${url}?a=1`)
    const film = await fetch(`${it.url}/v1/files/video/${name}`, { redirect: 'manual' })
    expect(film.headers.get('location')).toBe(url.replace('/images/', '/videos/'))
    expect(await (await fetch(`${it.url}/v1/files/image/${name}`)).bytes()).toEqual(PICTURE)
  })

  test('is no video', async () => {
    const response = await fetch(url.replace('/images/', '/videos/'))
    expect(response.status).toBe(404)
    expect(await errorOf(response)).toMatchObject({ code: 'not_found' })
  })
})

describe('what is no name', () => {
  const NAME = '0f8fad5bd9cb469fa16570867728950e'
  const paths = [
    `/images/${NAME}.jpg`,
    `/images/${NAME}`,
    `/images/${NAME.toUpperCase()}.jpg`,
    `/images/${NAME}.jpg.exe`,
    `/images/${NAME}.`,
    '/images/',
    '/images/../package.json',
    '/images/%2e%2e%2fpackage.json',
    '/images/..%2f..%2f..%2fetc%2fpasswd',
    '/images/%2e%2e/%2e%2e/etc/passwd',
    '/images/....//etc/passwd',
    `/images/%00${NAME}.jpg`,
    `/images/${NAME}.jpg%00`,
    `/images/${NAME}.jpg%0d%0aset-cookie:%20a=b`,
    `/images/a/${NAME}.jpg`,
    `/images/https:%2f%2fgrok.com%2frest%2frate-limits`,
    `/images/u_aHR0cHM6Ly9ncm9rLmNvbS9yZXN0L3JhdGUtbGltaXRz`,
    `/images/${'0'.repeat(5_000)}`,
    '/videos/..%5c..%5cetc',
    '/v1/files/image/..%2f..%2fetc%2fpasswd',
    `/v1/files/video/%2e%2e%2f${NAME}.mp4`,
  ]
  test('is not found, in the shape of all errors', async () => {
    await using it = await gateway()
    for (const path of paths) {
      const answer = await raw(it, path)
      const [head = '', body = ''] = answer.split('\r\n\r\n')
      expect(head, path).toStartWith('HTTP/1.1 404')
      expect(head.toLowerCase(), path).not.toContain('set-cookie')
      expect(
        JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)),
        path,
      ).toMatchObject({
        error: { type: 'invalid_request_error' },
      })
    }
  })
})

describe('a picture of a client', () => {
  test('gets an address, whatever it calls itself', async () => {
    await using it = await gateway()
    const response = await send(it, PICTURE)
    const { url, name, size_bytes } = (await response.json()) as Record<string, string>
    expect(Number(size_bytes)).toBe(SIZE)
    expect(url).toBe(`${it.url}/images/${name}`)
    expect(name).toMatch(/^[\da-f]{32}\.jpg$/)
  })

  test('needs a key', async () => {
    await using it = await gateway()
    expect((await send(it, PICTURE, 'file', { headers: {} })).status).toBe(401)
  })

  test.each([
    [
      'an SVG',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
      'file',
      415,
    ],
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script>'), 'file', 415],
    ['a video', Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isom', 'latin1'), 'file', 415],
    ['nothing', Buffer.alloc(0), 'file', 415],
    ['in another field', PICTURE, 'image', 400],
    ['of too many dots', png(60_000, 60_000), 'file', 413],
    ['too large', Buffer.concat([PICTURE, Buffer.alloc(50 * 1024 * 1024)]), 'file', 413],
  ] as const)('is refused where it is %s', async (_, bytes, field, status) => {
    await using it = await gateway({ settings: { max_body_bytes: 100_000_000 } })
    const response = await send(it, new Uint8Array(bytes), field)
    expect(response.status).toBe(status)
    expect((await errorOf(response)).message).toMatch(/\w/)
    const { rows } = await it.client.execute('SELECT * FROM media')
    expect(rows).toHaveLength(0)
  })

  test('is never forwarded elsewhere', async () => {
    await using it = await gateway()
    const response = await it.get('/v1/uploads/image')
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
  })
})

describe('addresses that end', () => {
  const HOUR_MS = 3_600_000

  test('are good for so long, and say so to caches', async () => {
    let ahead = 0
    await using it = await gateway({
      settings: { media_link_hours: 2 },
      now: () => Date.now() + ahead,
    })
    const url = await upload(it)
    const response = await fetch(url)
    expect(response.status).toBe(200)
    const [, age = ''] =
      /^public, max-age=(\d+)$/.exec(response.headers.get('cache-control') ?? '') ?? []
    expect(Number(age)).toBeWithin(7_190, 7_201)
    const { pathname, search } = new URL(url)
    const led = await fetch(`${it.url}/v1/files/image/${pathname.split('/').at(-1)}${search}`)
    expect(led.status).toBe(200)

    ahead = 2 * HOUR_MS + 1_000
    const late = await fetch(url)
    expect(late.status).toBe(403)
    expect(await errorOf(late)).toMatchObject({
      code: 'link_expired',
      message: 'This address has expired.',
    })
  })

  test('cannot be made by others', async () => {
    await using it = await gateway({ settings: { media_link_hours: 2 } })
    const url = await upload(it)
    const other = await upload(it)
    const plain = url.slice(0, url.indexOf('?'))
    const { search } = new URL(other)
    for (const address of [
      plain,
      plain + search,
      url.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    ]) {
      const response = await fetch(address)
      expect(response.status).toBe(403)
      expect((await errorOf(response)).code).toBe('link_expired')
    }
  })
})

describe('where addresses begin', () => {
  const withHeaders = (it: Gateway, headers: Record<string, string>) =>
    send(it, PICTURE, 'file', { headers: { authorization: `Bearer ${KEY}`, ...headers } })
      .then((response) => response.json())
      .then((body) => (body as { url: string }).url)
  const FORWARDED = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'groxy.example' }

  test('is where the request was sent to', async () => {
    await using it = await gateway()
    expect(await withHeaders(it, {})).toStartWith(`${it.url}/images/`)
  })

  test('is what a trusted proxy says', async () => {
    await using it = await gateway({ env: { TRUSTED_PROXIES: '10.0.0.0/8, 127.0.0.1' } })
    expect(await withHeaders(it, FORWARDED)).toStartWith('https://groxy.example/images/')
    expect(await withHeaders(it, { 'x-forwarded-proto': 'https' })).toStartWith(
      'https://127.0.0.1:',
    )
    const chain = { 'x-forwarded-proto': 'https, http', 'x-forwarded-host': 'a.example:8443, b' }
    expect(await withHeaders(it, chain)).toStartWith('https://a.example:8443/images/')
    const odd = { 'x-forwarded-proto': 'javascript', 'x-forwarded-host': 'a.example/"><script>' }
    expect(await withHeaders(it, odd)).toStartWith(`${it.url}/images/`)
  })

  test('is not what anyone else says', async () => {
    for (const env of [{}, { TRUSTED_PROXIES: '10.0.0.0/8' }]) {
      await using it = await gateway({ env })
      expect(await withHeaders(it, FORWARDED)).toStartWith(`${it.url}/images/`)
    }
  })

  test('is what the operator says, before all others', async () => {
    await using it = await gateway({
      env: { TRUSTED_PROXIES: '127.0.0.1' },
      settings: { base_url: 'https://media.example/groxy/' },
    })
    expect(await withHeaders(it, FORWARDED)).toStartWith('https://media.example/groxy/images/')
    const led = await fetch(`${it.url}/v1/files/image/${'0'.repeat(32)}.jpg`, {
      redirect: 'manual',
    })
    expect(led.headers.get('location')).toStartWith('https://media.example/groxy/images/')
  })
})
