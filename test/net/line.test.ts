import { describe, expect, test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { machineConnect } from '#src/cli/machine-connect'
import { UpstreamFault } from '#src/errors'
import { TimeUp } from '#src/net/http'
import type { Line } from '#src/net/line'
import { fakeProxy } from '../fakes/proxy'
import { lineServer, TALKS, type Talk, type Talked, talk } from '../support/lines'
import { freePort, scratch, until } from '../support/programs'
import { workerd } from '../support/workerd'

const PEM = await Bun.file('test/fixtures/localhost.pem').text()
const connect = machineConnect()

const open = (url: string, more: { proxy?: string; abort?: AbortController } = {}) =>
  connect(url, {
    headers: {},
    proxy: more.proxy,
    signal: (more.abort ?? new AbortController()).signal,
  })

async function lineTo(...given: Parameters<typeof open>): Promise<Line> {
  const line = await open(...given)
  if (line instanceof Response) throw new Error(`Refused with ${line.status}.`)
  return line
}

const faultOf = async (work: Promise<unknown>): Promise<UpstreamFault> => {
  const problem = await work.catch((cause: unknown) => cause)
  if (problem instanceof UpstreamFault) return problem
  throw new Error(`That is no fault: ${problem}`)
}

async function heard(line: Line): Promise<string[]> {
  const texts: string[] = []
  for await (const text of line.messages) texts.push(text)
  return texts
}

/** A server of bytes that says something to whoever connects and speaks. */
async function rawServer(act: (socket: Socket) => void) {
  const closed = Promise.withResolvers<void>()
  const arrived = Promise.withResolvers<void>()
  const server = createServer((socket) => {
    socket.on('error', () => {}).on('close', () => closed.resolve())
    socket.once('data', () => {
      arrived.resolve()
      act(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `ws://127.0.0.1:${port}`,
    arrived: arrived.promise,
    closed: closed.promise,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

describe('a socket to an upstream on a machine', () => {
  test.each(TALKS)('%s', async (_, { path, ...asked }, told) => {
    await using server = lineServer()
    expect(await talk(connect, { ...asked, url: server.url + path })).toEqual(told)
  })

  test('is asked for with the headers that are given, and no others that tell of us', async () => {
    await using server = lineServer()
    const headers = { cookie: 'sso=a', origin: 'https://grok.com', 'user-agent': 'Owner/1' }
    await talk(connect, { url: `${server.url}/done`, headers })
    const sent = Object.fromEntries(server.seen[0]?.headers ?? [])
    expect(sent).toMatchObject(headers)
    expect(Object.keys(sent).toSorted()).toEqual([
      'connection',
      'cookie',
      'host',
      'origin',
      'sec-websocket-key',
      'sec-websocket-version',
      'upgrade',
      'user-agent',
    ])
  })

  test('that is cut is a fault after all that was said before', async () => {
    await using server = lineServer()
    expect(await talk(connect, { url: `${server.url}/cut` })).toEqual({
      texts: ['hello'],
      fault: { kind: 'broken', message: 'The upstream broke the connection (1006).' },
    })
  })

  test.each(['/long', '/huge'])('that says too much at once (%s) is a fault', async (path) => {
    await using server = lineServer()
    const fault = { kind: 'malformed', message: 'The upstream sent a message that is too long.' }
    expect(await talk(connect, { url: server.url + path })).toEqual({ texts: [], fault })
  })

  test('waits while nobody reads, and takes no more than it must', async () => {
    await using server = lineServer()
    const line = await lineTo(`${server.url}/flood`)
    await until(() => Number(server.seen[0]?.waiting()) > 0 || undefined)
    let count = 0
    for await (const _ of line.messages) if (++count === 300) line.close()
    expect(server.seen[0]?.waiting()).toBe(0)
  })

  test('is closed at once when it is aborted', async () => {
    await using server = lineServer()
    const abort = new AbortController()
    const line = await lineTo(`${server.url}/echo`, { abort })
    line.send('hi')
    const reading = line.messages[Symbol.asyncIterator]()
    expect(await reading.next()).toEqual({ done: false, value: 'You said hi' })
    abort.abort(new TimeUp('The upstream fell silent.'))
    const fault = await faultOf(reading.next())
    expect([fault.kind, fault.message]).toEqual(['timeout', 'The upstream fell silent.'])
    expect(await server.seen[0]?.closed).toBe(1006)
  })

  test('is not opened when it is aborted before', async () => {
    await using server = lineServer()
    const abort = new AbortController()
    abort.abort()
    expect((await faultOf(open(server.url, { abort }))).kind).toBe('unreachable')
    expect(server.seen).toEqual([])
  })

  test('that nobody answers ends when it is aborted', async () => {
    await using server = await rawServer(() => {})
    const abort = new AbortController()
    const opening = faultOf(open(server.url, { abort }))
    await server.arrived
    abort.abort(new TimeUp('Too late.'))
    expect((await opening).kind).toBe('timeout')
    await server.closed
  })

  test('is a fault where nobody listens, or nobody speaks HTTP', async () => {
    for (const host of [`127.0.0.1:${freePort()}`, 'nobody.invalid'])
      expect((await faultOf(open(`ws://${host}`))).kind).toBe('unreachable')
    await using silent = await rawServer((socket) => socket.destroy())
    expect((await faultOf(open(silent.url))).kind).toBe('broken')
    await using loud = await rawServer((socket) => socket.end('hello\r\n'))
    expect((await faultOf(open(loud.url))).kind).toBe('unreachable')
    await using early = await rawServer((socket) => socket.end('HTTP/1.1 101 Yes\r\n\r\n'))
    expect((await faultOf(open(early.url))).kind).toBe('unreachable')
  })

  test('is refused with words that came in pieces, and with none where they come late', async () => {
    const head = 'HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n'
    const body = '7\r\n{"code"\r\n5;x=y\r\n:"no"\r\n1\r\n}\r\n0\r\n\r\n'
    await using server = await rawServer((socket) => socket.end(head + body))
    const refusal = await open(server.url)
    if (!(refusal instanceof Response)) throw new Error('It was not refused.')
    expect([refusal.status, (await refusal.text()).trim()]).toEqual([403, '{"code":"no"}'])
    await using slow = await rawServer((socket) => {
      socket.write('HTTP/1.1 429 Wait\r\nX-Who: 中\r\nRetry-After: 9\r\nContent-Length: 2\r\n\r\n')
    })
    const late = await open(slow.url)
    if (!(late instanceof Response)) throw new Error('It was not refused.')
    expect([late.status, late.headers.get('retry-after'), await late.text()]).toEqual([
      429,
      '9',
      '',
    ])
  })

  test('with TLS is opened to those that can prove who they are', async () => {
    await using server = lineServer({ key: PEM, cert: PEM })
    expect((await faultOf(open(`${server.url}/done`))).kind).toBe('unreachable')
    const script = `
      import { machineConnect } from '#src/cli/machine-connect'
      import { talk } from './test/support/lines'
      console.log(JSON.stringify(await talk(machineConnect(), { url: '${server.url}/done' })))`
    const child = Bun.spawn([process.execPath, '-e', script], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: 'test/fixtures/localhost.pem' },
    })
    expect(await new Response(child.stdout).json()).toEqual({ texts: ['bye'] })
  })
})

describe('a socket through a proxy', () => {
  test('goes through a tunnel, with user and password', async () => {
    await using server = lineServer()
    await using proxy = await fakeProxy({ user: 'me:s3cret' })
    expect(await heard(await lineTo(`${server.url}/done`, { proxy: proxy.url }))).toEqual(['bye'])
    expect(proxy.passed).toEqual([{ method: 'CONNECT', target: server.host, user: 'me:s3cret' }])
  })

  test.each([
    [407, 'egress', 'answered 407: check its user and password'],
    [502, 'egress', 'answered 502: it cannot reach the upstream'],
    [403, 'egress', 'answered 403'],
    ['reset', 'broken', 'or the proxy before it did'],
  ] as const)('that fails with %p is a fault "%s"', async (fail, kind, says) => {
    await using server = lineServer()
    await using proxy = await fakeProxy({ user: 'me:s3cret', fail })
    const fault = await faultOf(open(server.url, { proxy: proxy.url }))
    expect(fault.kind).toBe(kind)
    expect(fault.message).toContain(says)
    expect(fault.message).not.toContain('s3cret')
    expect(server.seen).toEqual([])
  })

  test('that is not there is a fault of the proxy', async () => {
    const fault = await faultOf(open('ws://a.example', { proxy: `http://127.0.0.1:${freePort()}` }))
    expect([fault.kind, fault.message]).toEqual([
      'egress',
      expect.stringContaining('cannot be used'),
    ])
  })

  test('is a fault where the environment names one that cannot be used', async () => {
    await using server = lineServer()
    process.env.ALL_PROXY = 'socks5://127.0.0.1:1'
    try {
      expect((await faultOf(open(server.url))).kind).toBe('unreachable')
    } finally {
      delete process.env.ALL_PROXY
    }
    expect(server.seen).toEqual([])
  })

  test("is not kept from an account's own by NO_PROXY, which is for those of the environment", async () => {
    await using server = lineServer()
    await using own = await fakeProxy()
    await using theirs = await fakeProxy()
    const url = `${server.url}/done`
    const say = async (connect: ReturnType<typeof machineConnect>, proxy?: string) => {
      const line = await connect(url, { headers: {}, proxy, signal: new AbortController().signal })
      if (!(line instanceof Response)) await heard(line)
    }
    process.env.HTTP_PROXY = theirs.name
    try {
      await say(machineConnect())
      expect([own.passed.length, theirs.passed.length]).toEqual([0, 1])
      process.env.NO_PROXY = '*'
      await say(machineConnect(), own.url)
      await say(machineConnect())
      expect([own.passed.length, theirs.passed.length]).toEqual([1, 1])
      expect(process.env.NO_PROXY).toBe('*')
    } finally {
      delete process.env.NO_PROXY
      delete process.env.HTTP_PROXY
    }
  })
})

test('sockets to upstreams work the same in the Workers runtime', async () => {
  await using folder = await scratch('lines')
  await mkdir(`${folder.path}/assets`)
  await Bun.build({
    entrypoints: ['test/fixtures/line-worker.ts'],
    outdir: folder.path,
    naming: 'worker.js',
    target: 'browser',
    conditions: ['workerd', 'worker'],
  })
  await using it = await workerd(folder.path, { LOG_LEVEL: 'info' })
  await using server = lineServer()
  const told = async (asked: Talk): Promise<Talked> =>
    (await fetch(it.url, { method: 'POST', body: JSON.stringify(asked) })).json() as Promise<Talked>
  for (const [what, { path, ...asked }, said] of TALKS)
    expect({ what, ...(await told({ ...asked, url: server.url + path })) }).toEqual({
      what,
      ...said,
    })
  const headers = { cookie: 'sso=a', origin: 'https://grok.com', 'user-agent': 'Owner/1' }
  await told({ url: `${server.url}/done`, headers })
  expect(Object.fromEntries(server.seen.at(-1)?.headers ?? [])).toMatchObject(headers)
  const cut = await told({ url: `${server.url}/cut` })
  expect([cut.texts, cut.fault?.kind]).toEqual([['hello'], 'broken'])
  for (const path of ['/long', '/huge'])
    expect((await told({ url: server.url + path })).fault).toBeDefined()
  const left = await told({ url: `${server.url}/echo`, say: ['hi'], abortAfter: 1 })
  expect([left.texts, left.fault?.kind]).toEqual([['You said hi'], 'unreachable'])
  expect(await server.seen.at(-1)?.closed).toBeNumber()
  const nobody = await told({ url: `ws://127.0.0.1:${freePort()}` })
  // The runtime does not tell this from a connection that broke.
  expect(nobody.fault?.kind).toBe('broken')
  expect(it.output()).not.toMatch(/uncaught|hung/i)
}, 60_000)
