import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { hostileUpstream, said, verbatim } from '../fakes/hostile-upstream'
import { jpeg } from '../fakes/media/jpeg'
import { gif, png } from '../fakes/media/pictures'
import { gateway, KEY, xaiAt } from '../support/gateway'
import { serverAt } from '../support/guarded'
import { heldBy, type Machine, type MediaMachine, mediaMachine } from '../support/media-machine'
import { png as bare } from '../support/picture-bytes'
import { until } from '../support/programs'
import { rawAnswer } from '../support/raw-http'

// What wishes harm, sent to the real executable and come to it from an upstream: it is refused in words that
// help, nothing of it is kept, nothing of it can run, and the next client is served as ever.

const LONG = 60_000
const MB = 1_000_000
const PICTURE = png('a')
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
const PAGE = '<!doctype html><script>alert(1)</script>'

const joined = (...parts: readonly (Uint8Array | string)[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  )

/** A GIF that is also a script: its width is the beginning of a comment. */
const GIF_SCRIPT = joined('GIF89a/*\x08\0\0\0\0', gif('a').subarray(13), '*/=1;alert(1)//')
/** A JPEG with a page in its comment, and behind its end. */
const JPEG_PAGE = joined(
  jpeg('a').subarray(0, 2),
  '\xff\xfe\0\x2a',
  PAGE,
  jpeg('a').subarray(2),
  PAGE,
)
const PNG_ZIP = joined(PICTURE, 'PK\x03\x04', '\0'.repeat(26), 'word/document.xml')

const HARMS = {
  'a page': said('image/png', PAGE),
  'an SVG': said('image/png', SVG),
  'an SVG behind a head of XML': said('image/jpeg', `<?xml version="1.0"?>\n<!-- -->\n${SVG}`),
  'an archive': said('image/png', 'PK\x03\x04aaaaaaaaaaaa'),
  nothing: said('image/png', ''),
  'half of a signature': said('image/png', PICTURE.subarray(0, 4)),
  'more than it announces': said('image/png', joined(PICTURE, PAGE), 'Content-Length: 2000000'),
  'a length below none': said('image/png', PICTURE, 'Content-Length: -1'),
  'a length that is no number': said('image/png', PICTURE, 'Content-Length: 0x10'),
  'two lengths': said(
    'image/png',
    PICTURE,
    'Content-Length: 5',
    `Content-Length: ${PICTURE.length}`,
  ),
  'no form of HTTP': verbatim(['SSH-2.0-OpenSSH_9.9'], 'x'),
  'a packed page': said('image/png', gzipSync(PAGE), 'Content-Encoding: gzip'),
  'nothing that can be unpacked': said('image/png', PICTURE, 'Content-Encoding: gzip'),
}

/** What they are said to be, who serve them as pictures. */
const SHOWN = {
  'a GIF that is a script': [said('text/javascript', GIF_SCRIPT), 'image/gif', GIF_SCRIPT],
  'a JPEG with a page in it': [said('text/html', JPEG_PAGE), 'image/jpeg', JPEG_PAGE],
  'a PNG with an archive behind it': [said('application/zip', PNG_ZIP), 'image/png', PNG_ZIP],
  'a PNG with headers of its own': [
    said(
      'text/html',
      PICTURE,
      'Set-Cookie: a=b',
      'Content-Disposition: attachment; filename="evil.html"',
      'Location: https://evil.example',
      "Content-Security-Policy: default-src 'unsafe-inline'",
    ),
    'image/png',
    PICTURE,
  ],
} as const

/** A picture that unpacks to so many bytes. */
const bomb = (bytes: number) => gzipSync(joined(PICTURE, Buffer.alloc(bytes)), { level: 9 })

const leading = (to: string) =>
  verbatim(['HTTP/1.1 302 Found', `Location: ${to}`, 'Content-Length: 0', 'Connection: close'])

let world: MediaMachine
let it: Machine
const within = serverAt(() => new Response(PICTURE))
const hostile = hostileUpstream({
  ...HARMS,
  ...Object.fromEntries(Object.entries(SHOWN).map(([name, [harm]]) => [name, harm])),
  'a bomb': said('image/png', bomb(400 * MB), 'Content-Encoding: gzip'),
  'an address within': leading(`${within.url}/a.png`),
  'a file': leading('file:///etc/passwd'),
  'one that is told by a name': leading(`http://localhost:${within.port}/a.png`),
  good: said('text/plain', PICTURE),
})

beforeAll(async () => {
  world = await mediaMachine({
    xai: ['one'],
    openai: ['one'],
    web: [{ name: 'one', tier: 'super' }],
  })
  const about = { kind: 'openai', name: 'hostile', baseUrl: hostile.url, secret: 'key-1' } as const
  await world.stores.accounts.add(about)
  it = await world.start({ LOG_LEVEL: 'debug' })
  await until(async () => {
    const { data } = await it.sdk.models.list()
    return data.some(({ id }) => id === hostile.model) || undefined
  })
}, LONG)
afterAll(async () => {
  await it?.[Symbol.asyncDispose]()
  for (const each of [world, hostile, within]) await each?.[Symbol.asyncDispose]()
})

/** What is kept: rows, and names of files, when nothing is on its way. */
const kept = () =>
  until(async () => {
    const now = await there()
    const known = [...now.media, ...now.files].map(({ id }) => String(id))
    return Bun.deepEquals(now.objects, known.toSorted()) ? now : undefined
  })

async function there() {
  const found = await readdir(world.mediaFolder, { recursive: true, withFileTypes: true }).catch(
    () => [],
  )
  return {
    media: await world.rows('SELECT name AS id FROM media WHERE bytes IS NOT NULL ORDER BY name'),
    files: await world.rows('SELECT id FROM files ORDER BY id'),
    videos: await world.rows('SELECT id FROM videos ORDER BY id'),
    objects: found
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .toSorted(),
  }
}

interface Refusal {
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string | null
}

/** The error of an answer, which must have OpenAI's shape. */
function errorIn(text: string): Refusal {
  const { error, ...more } = JSON.parse(text) as { error: Refusal }
  expect(more).toEqual({})
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type'])
  expect(error.message).toMatch(/\w.*\.$/)
  expect(error.message).not.toMatch(/\/tmp|\bat \w+ \(/)
  return error
}

/** One of everything, as good clients ask for it. */
async function oneOfEach(): Promise<void> {
  const { sdk } = it
  const file = new File([PICTURE], 'a.png', { type: 'image/png' })
  const model = 'grok-imagine-image'
  const drawn = await sdk.images.generate({ model, prompt: 'x', response_format: 'url' })
  expect((await fetch(drawn.data?.[0]?.url ?? '')).status).toBe(200)
  expect((await sdk.images.edit({ model, prompt: 'x', image: file })).data).toHaveLength(1)
  const { id } = await sdk.files.create({ file, purpose: 'vision' })
  expect(await (await sdk.files.content(id)).bytes()).toEqual(PICTURE)
  await sdk.files.delete(id)
  const video = await sdk.videos.create({
    model: 'grok-imagine-1.0-video' as 'sora-2',
    prompt: 'x',
  })
  await until(async () => (await sdk.videos.retrieve(video.id)).status === 'completed' || undefined)
  expect((await sdk.videos.downloadContent(video.id)).status).toBe(200)
  const form = new FormData()
  form.set('file', file)
  const brought = await it.call('/v1/uploads/image', { method: 'POST', body: form })
  const { url } = (await brought.json()) as { url: string }
  expect(await (await fetch(url)).bytes()).toEqual(PICTURE)
  const vectors = await sdk.embeddings.create({ model: 'grok-embedding-small', input: 'x' })
  expect(vectors.data).toHaveLength(1)
}

/** Draw what is named so; gives its address. */
async function drawn(prompt: string): Promise<string> {
  const answer = await it.post('/v1/images/generations', {
    model: hostile.model,
    prompt,
    response_format: 'url',
  })
  const text = await answer.text()
  const { data } = JSON.parse(text) as { data?: { url: string }[] }
  if (!data?.[0]) throw new Error(text)
  return data[0].url
}

describe('what comes from an upstream', () => {
  test.each(Object.keys(HARMS))('is refused where it is %s', async (name) => {
    const before = await kept()
    const answer = await fetch(await drawn(name))
    expect(answer.headers.get('content-type')).toStartWith('application/json')
    expect([answer.status, errorIn(await answer.text()).code]).toEqual([502, 'media_unavailable'])
    expect(await kept()).toEqual(before)
  })

  test.each(Object.entries(SHOWN))(
    'is a picture and nothing else where it is %s',
    async (name, [, type, bytes]) => {
      const answer = await fetch(await drawn(name))
      expect(answer.status).toBe(200)
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': type,
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringMatching(/^default-src 'none';.* sandbox$/),
        'content-disposition': expect.stringMatching(/^inline; filename="[\da-f]{32}\.\w+"$/),
      })
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(answer.headers.get('location')).toBeNull()
      expect(Buffer.compare(await answer.bytes(), bytes)).toBe(0)
    },
  )

  test.each(['an address within', 'a file', 'one that is told by a name'])(
    'leads nowhere where it is %s',
    async (name) => {
      const before = await kept()
      const answer = await fetch(await drawn(name))
      const error = errorIn(await answer.text())
      expect([answer.status, error.code]).toEqual([502, 'media_unavailable'])
      expect(error.message).not.toContain(String(within.port))
      expect(within.seen).toEqual([])
      expect(await kept()).toEqual(before)
    },
  )

  test(
    'is not unpacked without end',
    async () => {
      await world.stores.settings.set('media_object_max_mb', 20)
      // What was set is seen within two seconds.
      await Bun.sleep(2_500)
      const { rss } = await heldBy(it.pid)
      const address = await drawn('a bomb')
      let most = 0
      const watch = setInterval(async () => {
        most = Math.max(most, (await heldBy(it.pid)).rss)
      }, 20)
      const answer = await fetch(address)
      await answer.bytes().catch(() => {})
      clearInterval(watch)
      expect((most - rss) / MB).toBeLessThan(150)
      const [row] = await world.rows('SELECT max(bytes) AS bytes FROM media')
      expect(Number(row?.bytes)).toBeLessThan(20 * MB)
      await world.stores.settings.set('media_object_max_mb', 2048)
    },
    LONG,
  )
})

/** Where clients send pictures, and as what. */
const DOORS = [
  ['/v1/files', 'file', { purpose: 'vision' }],
  ['/v1/uploads/image', 'file', {}],
  ['/v1/images/edits', 'image', { model: 'grok-imagine-image', prompt: 'x' }],
  ['/v1/videos', 'input_reference', { model: 'grok-imagine-video', prompt: 'x' }],
] as const
const PICTURE_DOORS = DOORS.slice(1)

describe.each(PICTURE_DOORS)('what a client sends to %s', (path, field, fields) => {
  test.each([
    ['an SVG', SVG],
    ['a page', PAGE],
    ['an archive', 'PK\x03\x04aaaaaaaaaaaa'],
    ['nothing', ''],
    ['a picture that is cut off', PICTURE.subarray(0, 20)],
    ['a picture of 60,000 x 60,000', bare(60_000, 60_000)],
    ['a packed picture', gzipSync(PICTURE)],
    ['a video', joined('\0\0\0\x18ftypisom\0\0\x02\0isomiso2', '\0'.repeat(100))],
  ])('is refused where it is %s', async (_, bytes) => {
    const before = await kept()
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    form.set(field, new File([bytes as string], 'a.png', { type: 'image/png' }))
    const answer = await it.call(path, { method: 'POST', body: form })
    expect(answer.status).toBeOneOf([400, 413, 415])
    expect(errorIn(await answer.text()).param).toBe(field)
    expect(await kept()).toEqual(before)
  })
})

describe.each(DOORS)('a form for %s', (path, field, fields) => {
  const part = (name: string, value: string | Uint8Array, more = '') =>
    joined(`--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`, value, '\r\n')
  const file = (more = '') => part(field, PICTURE, `; filename="a.png"${more}`)
  const others = joined(...Object.entries(fields).map(([name, value]) => part(name, value)))
  const whole = joined(file(), others, '--b--\r\n')
  const send = (
    body: Uint8Array,
    headers: readonly string[] = [`Content-Length: ${body.length}`],
    boundary = 'b',
  ) =>
    rawAnswer(
      it.url,
      joined(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nConnection: close\r\n`,
        `Content-Type: multipart/form-data; boundary=${boundary}\r\n${headers.join('\r\n')}\r\n\r\n`,
        body,
      ),
    )

  test.each([
    ['without an end', () => send(whole.subarray(0, -8))],
    ['longer than it says', () => send(whole, [`Content-Length: ${whole.length - 40}`])],
    [
      'of 10,000 fields',
      () =>
        send(
          joined(...Array.from({ length: 10_000 }, (_, at) => part(`f${at}`, 'x')), '--b--\r\n'),
        ),
    ],
    [
      'of 10,000 files',
      () => send(joined(...Array.from({ length: 10_000 }, () => file()), '--b--\r\n')),
    ],
    [
      'with a part of long headers',
      () => send(joined(file(`\r\nX-A: ${'x'.repeat(300_000)}`), '--b--\r\n')),
    ],
    ['with a boundary without end', () => send(whole, undefined, 'b'.repeat(20_000))],
    ['of nothing but boundaries', () => send(joined('--b\r\n'.repeat(50_000)))],
    ['that says it is endless', () => send(whole, ['Content-Length: 1000000000000'])],
  ] as const)('is refused %s', async (_, ask) => {
    const before = await kept()
    const answer = await ask()
    expect(answer.status).toBeOneOf([400, 413])
    errorIn(answer.body)
    expect(answer.count).toBe(1)
    expect(await kept()).toEqual(before)
  })

  test.each([
    ['a length below none', ['Content-Length: -5']],
    ['two lengths', [`Content-Length: ${whole.length}`, 'Content-Length: 5']],
    ['a length and pieces', [`Content-Length: ${whole.length}`, 'Transfer-Encoding: chunked']],
    ['a piece without a length', ['Transfer-Encoding: chunked']],
    ['a length beyond all', ['Content-Length: 99999999999999999999']],
  ])('is no request with %s', async (_, headers) => {
    const before = await kept()
    const { status, count } = await send(whole, headers)
    expect([status, count]).toEqual([400, 1])
    expect(await kept()).toEqual(before)
  })

  test('within a form is no picture', async () => {
    const inner = joined(
      '--c\r\nContent-Disposition: file; filename="a.png"\r\n\r\n',
      PICTURE,
      '\r\n--c--\r\n',
    )
    const body = joined(
      part(field, inner, '\r\nContent-Type: multipart/mixed; boundary=c'),
      others,
      '--b--\r\n',
    )
    const answer = await send(body)
    if (path !== '/v1/files') return expect(answer.status).toBeOneOf([400, 415])
    // A file may be anything, and is what was sent.
    const { id, bytes } = JSON.parse(answer.body) as { id: string; bytes: number }
    expect(bytes).toBe(inner.length)
    await it.sdk.files.delete(id)
  })
})

test('a name of a file puts nothing into headers', async () => {
  const body = joined(
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a%0D%0AX-Evil: 1\\"; b=\xe2\x80\xae.html"\r\n',
    'Content-Type: text/html\r\n\r\n',
    ...[
      PAGE,
      '\r\n--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n--b--\r\n',
    ],
  )
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  const answer = await it.call('/v1/files', { method: 'POST', body, headers })
  const { id } = (await answer.json()) as { id: string }
  const content = await rawAnswer(
    it.url,
    `GET /v1/files/${id}/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nConnection: close\r\n\r\n`,
  )
  expect(content.status).toBe(200)
  expect(content.head).not.toMatch(/^x-evil/m)
  expect(content.head).toMatch(/^content-type: application\/octet-stream\r?$/m)
  expect(content.head).toMatch(
    /^content-disposition: attachment; filename="[^"]*"; filename\*=utf-8''[^\s;]*\r?$/m,
  )
  expect(content.head).toMatch(/^x-content-type-options: nosniff\r?$/m)
  await it.sdk.files.delete(id)
})

const ADDRESSES = [
  'http://127.0.0.1:PORT/a.png',
  'http://localhost:PORT/a.png',
  'http://LOCALHOST.:PORT/a.png',
  'http://127.1:PORT/a.png',
  'http://2130706433:PORT/a.png',
  'http://0x7f000001:PORT/a.png',
  'http://0177.0.0.1:PORT/a.png',
  'http://[::1]:PORT/a.png',
  'http://[::ffff:127.0.0.1]:PORT/a.png',
  'http://0.0.0.0:PORT/a.png',
  'http://user@127.0.0.1:PORT/a.png',
  'http://169.254.169.254/latest/meta-data',
  'http://10.0.0.1/a.png',
  'file:///etc/passwd',
  'ftp://127.0.0.1/a.png',
  '//127.0.0.1:PORT/a.png',
]

describe.each([
  [
    'an edit',
    '/v1/images/edits',
    (url: string) => ({ model: 'grok-imagine-image', prompt: 'x', images: [{ image_url: url }] }),
  ],
  [
    'a video',
    '/v1/videos',
    (url: string) => ({ model: 'grok-imagine-video', prompt: 'x', image: { url } }),
  ],
  [
    'a chat',
    '/v1/chat/completions',
    (url: string) => ({
      model: 'grok-4',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url } },
            { type: 'text', text: 'x' },
          ],
        },
      ],
    }),
  ],
] as const)('an address within the network, in %s', (_, path, body) => {
  test.each(ADDRESSES)('is not called: %s', async (address) => {
    const before = await kept()
    const answer = await it.post(path, body(address.replace('PORT', String(within.port))))
    expect(answer.status).toBe(400)
    errorIn(await answer.text())
    expect(within.seen).toEqual([])
    expect(await kept()).toEqual(before)
  })
})

describe('a name, or a redirect, that leads within the network', () => {
  const edit = { model: 'grok-imagine-image', prompt: 'x' }

  test.each([
    ['all its addresses are', ['10.0.0.1']],
    ['one of its addresses is', ['198.51.100.1', '127.0.0.1']],
    ['it is mapped', ['::ffff:127.0.0.1']],
    ['it is of the machine itself', ['0.0.0.0']],
  ])('is not called where %s', async (_, addresses) => {
    await using gate = await gateway({ env: xaiAt(world.xai.url), resolve: async () => addresses })
    const images = [{ image_url: `http://pictures.example:${within.port}/a.png` }]
    const answer = await gate.post('/v1/images/edits', { ...edit, images })
    expect([answer.status, errorIn(await answer.text()).code]).toEqual([400, 'url_not_reachable'])
    expect(within.seen).toEqual([])
  })

  test('is not looked up again between the look and the call', async () => {
    const looked: string[] = []
    const hosts = [['127.0.0.2'], ['127.0.0.1']]
    await using gate = await gateway({
      env: xaiAt(world.xai.url),
      // As if this one were public; the other one is within.
      reachable: (address) => address === '127.0.0.2',
      async resolve(host) {
        looked.push(host)
        return hosts[looked.length - 1] ?? []
      },
    })
    const images = [{ image_url: `http://pictures.example:${within.port}/a.png` }]
    const answer = await gate.post('/v1/images/edits', { ...edit, images })
    expect([answer.status, errorIn(await answer.text()).code]).toEqual([400, 'url_not_reachable'])
    expect(looked).toEqual(['pictures.example'])
    expect(within.seen).toEqual([])
  })

  test.each([
    'http://127.0.0.1:PORT/a.png',
    'http://within.example:PORT/a.png',
    'http://[::1]:PORT/a.png',
    'file:///etc/passwd',
  ])('is not followed to %s', async (to) => {
    const location = to.replace('PORT', String(within.port))
    await using outside = serverAt(
      () => new Response(null, { status: 307, headers: { location } }),
      {
        hostname: '127.0.0.3',
      },
    )
    await using gate = await gateway({
      env: xaiAt(world.xai.url),
      reachable: (address) => address === '127.0.0.3',
      resolve: async () => ['127.0.0.1'],
    })
    const answer = await gate.post('/v1/images/edits', {
      ...{ ...edit, images: [{ image_url: `${outside.url}/a.png` }] },
    })
    expect(answer.status).toBe(400)
    expect(errorIn(await answer.text()).message).toContain('redirects to one that')
    expect(outside.seen).toHaveLength(1)
    expect(within.seen).toEqual([])
  })
})

describe('slow clients', () => {
  const dripping = (path: string, field: string) => {
    const { hostname, port } = new URL(it.url)
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000000\r\n\r\n--b\r\nContent-Disposition: form-data; name="${field}"; filename="a.png"\r\n\r\n`
    let timer: ReturnType<typeof setInterval> | undefined
    return Bun.connect({
      ...{ hostname, port: Number(port) },
      socket: {
        open(socket) {
          socket.write(head)
          timer = setInterval(() => socket.write('x'), 20)
        },
        data() {},
        close: () => clearInterval(timer),
      },
    })
  }
  const reading = (address: string) => {
    const { hostname, port, pathname } = new URL(address)
    return Bun.connect({
      ...{ hostname, port: Number(port) },
      socket: {
        open(socket) {
          socket.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`)
          socket.pause()
        },
        data() {},
      },
    })
  }

  test(
    'hold nobody else up, and leave nothing',
    async () => {
      const before = await kept()
      const { rss } = await heldBy(it.pid)
      const address = await drawn('good')
      await (await fetch(address)).bytes()
      const slow = await Promise.all(
        Array.from({ length: 200 }, (_, at) => {
          const [path, field] = DOORS[at % DOORS.length] ?? DOORS[0]
          return at % 5 === 4 ? reading(address) : dripping(path, field)
        }),
      )
      await Bun.sleep(300)
      const began = Date.now()
      await Promise.all([oneOfEach(), oneOfEach()])
      expect(Date.now() - began).toBeLessThan(5_000)
      expect(((await heldBy(it.pid)).rss - rss) / MB).toBeLessThan(100)
      for (const socket of slow) socket.terminate()
      const after = await kept()
      expect(after.files).toEqual(before.files)
    },
    LONG,
  )
})

describe('after all that', () => {
  test(
    'everything works, and nothing was a bug',
    async () => {
      await oneOfEach()
      const events = it
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as { level: string; event: string })
      expect(events.filter(({ level, event }) => level === 'error' || event === 'bug')).toEqual([])
      expect(it.output()).not.toMatch(/uncaught|unhandled/i)
      // No account is to blame for any of it.
      expect(await world.rows('SELECT reason FROM account_states WHERE faults > 0')).toEqual([])
      expect(world.grok.complaints()).toEqual([])
    },
    LONG,
  )
})
