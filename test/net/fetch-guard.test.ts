import { describe, expect, test } from 'bun:test'
import net from 'node:net'
import { createPlatform } from '#src/cli/platform'
import { readConfig } from '#src/config'
import { createFetchGuard } from '#src/net/fetch-guard'
import type { FetchInit } from '#src/net/http'
import { guarded, PARAM, serverAt } from '../support/guarded'

describe('what a client gives', () => {
  test('is fetched, and tells of nobody', async () => {
    await using server = serverAt(() => new Response('a picture'))
    expect(await guarded().text(`${server.url}/a/b?c=d#e`)).toBe('a picture')
    const [request] = server.seen
    expect(request?.method).toBe('GET')
    expect(new URL(request?.url ?? '')).toMatchObject({ pathname: '/a/b', search: '?c=d' })
    const { host, connection, ...headers } = Object.fromEntries(request?.headers ?? [])
    expect(headers).toEqual({ accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'groxy' })
  })

  test('is refused in the words of the API', async () => {
    expect(await guarded().refusal('ftp://files.example/a')).toEqual({
      status: 400,
      type: 'invalid_request_error',
      code: 'invalid_url',
      param: PARAM,
      message: `The address in '${PARAM}' is neither http nor https.`,
    })
  })

  test.each([
    ['no URL', 'pictures of cats', /no valid URL/],
    ['a path', '/etc/passwd', /no valid URL/],
    ['an unknown scheme', 'gopher://files.example/', /neither http nor https/],
    ['a file', 'file:///etc/passwd', /neither http nor https/],
    ['data', 'data:text/plain,hello', /neither http nor https/],
    ['a blob', 'blob:http://files.example/1', /neither http nor https/],
    ['a bucket', 's3://bucket/key', /neither http nor https/],
    ['a user', 'https://me@files.example/', /user or a password/],
    ['a password', 'https://:secret@files.example/', /user or a password/],
    ['a very long one', `https://files.example/${'x'.repeat(9_000)}`, /longer than 8192/],
    ['a number that is no address', 'http://256.1.1.1/', /no valid URL/],
  ])('%s is refused', async (_, url, says) => {
    const guard = guarded()
    const { code, message } = await guard.refusal(url)
    expect(code).toBe('invalid_url')
    expect(message).toMatch(says)
    expect(message).not.toContain('secret')
    expect([...guard.called, ...guard.asked]).toEqual([])
  })

  test.each([404, 410, 500, 503, 300, 304])('an answer of %d is none', async (status) => {
    await using server = serverAt(() => new Response(status === 304 ? null : 'sorry', { status }))
    const { code, message } = await guarded().refusal(server.url)
    expect([code, message]).toEqual([
      'url_not_reachable',
      `The address in '${PARAM}' answers with the status ${status}.`,
    ])
  })

  test.each([200, 204])('an empty answer of %d is none', async (status) => {
    await using server = serverAt(() => new Response(null, { status }))
    expect(await guarded().refusal(server.url)).toMatchObject({ status: 400, code: 'empty_file' })
  })
})

describe('within the network', () => {
  const METADATA = 'http://169.254.169.254/latest/meta-data/'

  test('nothing is called by its address, whether something listens there or not', async () => {
    await using server = serverAt(() => new Response('secret'))
    const guard = guarded({ allowed: 'real' })
    const listening = await guard.refusal(`${server.url}/`)
    expect(listening).toMatchObject({
      code: 'invalid_url',
      message: `The address in '${PARAM}' is not on the public internet.`,
    })
    const silent = [
      METADATA,
      'http://127.0.0.1:1/',
      'http://[::1]/',
      'http://0x7f.1/',
      'http://[fd00:ec2::254]/',
    ]
    for (const url of silent) expect(await guard.refusal(url)).toEqual(listening)
    expect([guard.called, server.seen]).toEqual([[], []])
  })

  test('nothing is called by a name, and nobody learns which names there are', async () => {
    await using server = serverAt(() => new Response('secret'))
    const hosts = {
      'intern.example': ['10.0.0.1'],
      'local.example': ['127.0.0.1'],
      'mapped.example': ['::ffff:169.254.169.254'],
      'zone.example': ['fe80::1%eth0'],
      'nothing.example': [],
      // One public address among them makes it no better.
      'mixed.example': ['93.184.215.14', '192.168.1.1'],
    }
    const guard = guarded({ allowed: 'real', hosts })
    const unknown = await guard.refusal(`http://unknown.example:${server.port}/`)
    expect(unknown).toMatchObject({
      code: 'url_not_reachable',
      message: `The address in '${PARAM}' has a host that is unknown, or not on the public internet.`,
    })
    for (const host of Object.keys(hosts))
      expect(await guard.refusal(`http://${host}:${server.port}/`)).toEqual(unknown)
    expect([guard.called, server.seen]).toEqual([[], []])
  })

  test('a machine knows its own names', async () => {
    expect(await machine().resolve?.('localhost')).toContain('127.0.0.1')
  })

  test.each([
    'localhost',
    'localhost.',
    'LOCALHOST',
    'db.localhost',
    'printer.local',
    'metadata.google.internal',
    'groxy.internal.',
    'nas.home.arpa',
    'router.lan',
    'intranet',
    '169.254.169.254',
    '0xa9fea9fe',
    '[::1]',
  ])('where names cannot be looked up %s is refused by its look', async (host) => {
    const guard = guarded({ isBlind: true, allowed: 'real' })
    expect(await guard.refusal(`https://${host}/`)).toMatchObject({
      code: 'invalid_url',
      message: `The address in '${PARAM}' is not on the public internet.`,
    })
    expect(guard.called).toEqual([])
  })

  test('where names cannot be looked up others are called by their names', async () => {
    const called: [string, FetchInit][] = []
    const fetchGuarded = createFetchGuard({
      async fetch(url, init) {
        called.push([url, init])
        return new Response('here')
      },
    })
    const { signal } = new AbortController()
    const url = 'https://files.localhost.example/internal'
    await fetchGuarded(url, { maxBytes: 9, timeoutMs: 1_000, signal, param: PARAM })
    expect(called).toMatchObject([[url, { redirect: 'manual' }]])
    // Nothing that only Bun knows.
    expect(Object.keys(called[0]?.[1] ?? {}).toSorted()).toEqual(['headers', 'redirect', 'signal'])
  })
})

describe('the address that was looked at is the one that is called', () => {
  test('a name that then stands for another leads to the first', async () => {
    await using good = serverAt(({ headers }) => new Response(`good ${headers.get('host')}`))
    await using bad = serverAt(() => new Response('bad'), {
      hostname: '127.0.0.2',
      port: good.port,
    })
    const guard = guarded({ hosts: { 'turning.example': [['127.0.0.1'], ['127.0.0.2']] } })
    const url = `http://turning.example:${good.port}/`
    expect(await guard.text(url)).toBe(`good turning.example:${good.port}`)
    expect(guard.asked).toEqual(['turning.example'])
    expect(await guard.refusal(url)).toMatchObject({ code: 'url_not_reachable' })
    expect(bad.seen).toEqual([])
  })

  test('a name is looked up anew at every redirect', async () => {
    await using server = serverAt(
      () => new Response(null, { status: 302, headers: { location: '/again' } }),
    )
    await using bad = serverAt(() => new Response('bad'), {
      hostname: '127.0.0.2',
      port: server.port,
    })
    const guard = guarded({ hosts: { 'turning.example': [['127.0.0.1'], ['127.0.0.2']] } })
    const { message } = await guard.refusal(`http://turning.example:${server.port}/`)
    expect(message).toContain('redirects to one that has a host that is unknown')
    expect([guard.asked.length, bad.seen.length]).toEqual([2, 0])
  })

  test('the next address is tried where one is dead', async () => {
    await using server = serverAt(() => new Response('here'))
    const { port } = server
    const guard = guarded({
      hosts: { 'files.example': ['127.0.0.2', '127.0.0.1'] },
      allowed: ['127.0.0.1', '127.0.0.2'],
    })
    expect(await guard.text(`http://files.example:${port}/`)).toBe('here')
    expect(guard.called).toEqual([`http://127.0.0.2:${port}/`, `http://127.0.0.1:${port}/`])
  })

  test('no connection is kept for another name at the same address', async () => {
    const hosts: string[] = []
    const server = net.createServer((socket) => {
      hosts.push('')
      socket.on('error', () => {})
      socket.on('data', (data) => {
        hosts[hosts.length - 1] += /^host: (.*)$/im.exec(`${data}`)?.[1]?.trim() ?? '?'
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhere')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as net.AddressInfo
    const names = ['a.example', 'b.example', 'a.example']
    const guard = guarded({ hosts: { 'a.example': ['127.0.0.1'], 'b.example': ['127.0.0.1'] } })
    for (const name of names) await guard.text(`http://${name}:${port}/`)
    expect(hosts).toEqual(names.map((name) => `${name}:${port}`))
    server.close()
  })

  test('of many dead addresses only some are tried', async () => {
    const guard = guarded({ hosts: { 'dead.example': Array(9).fill('127.0.0.1') } })
    const { code, message } = await guard.refusal('http://dead.example:1/')
    expect([code, message]).toEqual([
      'url_not_reachable',
      `The address in '${PARAM}' cannot be reached.`,
    ])
    expect(guard.called).toEqual(Array(3).fill('http://127.0.0.1:1/'))
  })
})

function machine() {
  return createPlatform(readConfig({}), { client: undefined, secret: 'x' } as never, {} as never)
}
