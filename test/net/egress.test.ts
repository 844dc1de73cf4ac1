import { describe, expect, test } from 'bun:test'
import { machineFetch } from '#src/cli/machine-fetch'
import { SetupError, UpstreamFault } from '#src/errors'
import { createHttp, type FetchInit } from '#src/net/http'
import { proxyName, readProxy } from '#src/proxy'
import { fakeProxy } from '../fakes/proxy'
import { fakeUpstream } from '../fakes/upstream'
import { freePort } from '../support/programs'

const PEM = await Bun.file('test/fixtures/localhost.pem').text()

/** An upstream with TLS, and a way out that trusts it. */
function secureUpstream() {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { key: PEM, cert: PEM },
    fetch: () => new Response('from upstream'),
  })
  return {
    url: `https://127.0.0.1:${server.port}/v1`,
    host: `127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
const http = createHttp((url, init) => fetch(url, { ...init, tls: { ca: PEM } }))

const send = (url: string, proxy: string) =>
  http.send({ url, method: 'GET', headers: {}, proxy, abort: new AbortController() })

const faultOf = async (url: string, proxy: string): Promise<UpstreamFault> => {
  const problem = await send(url, proxy).catch((cause: unknown) => cause)
  if (problem instanceof UpstreamFault) return problem
  throw new Error(`That is no fault: ${problem}`)
}

describe('the address of a proxy', () => {
  test.each([
    ['proxy.example:3128', 'http://proxy.example:3128', 'proxy.example:3128'],
    ['http://proxy.example:3128/', 'http://proxy.example:3128', 'proxy.example:3128'],
    [' HTTPS://proxy.example ', 'https://proxy.example', 'proxy.example:443'],
    ['http://proxy.example', 'http://proxy.example', 'proxy.example:80'],
    ['me:secret@10.0.0.1:8080', 'http://me:secret@10.0.0.1:8080', '10.0.0.1:8080'],
    ['http://me:p%40ss@[::1]:8080', 'http://me:p%40ss@[::1]:8080', '[::1]:8080'],
    ['http://token@proxy.example:1', 'http://token@proxy.example:1', 'proxy.example:1'],
  ])('%s is understood, and shown without its password', (text, address, name) => {
    expect(readProxy(text)).toBe(address)
    expect(proxyName(readProxy(text))).toBe(name)
  })
  test.each([
    ['socks5://me:secret@proxy.example:1080', 'SOCKS'],
    ['SOCKS5H://proxy.example:1080', 'SOCKS'],
    ['ftp://me:secret@proxy.example', 'no address of an HTTP(S) proxy'],
    ['http://me:secret@proxy.example/path', 'no address of an HTTP(S) proxy'],
    ['http://me:sec/ret@proxy.example', 'no address of an HTTP(S) proxy'],
    ['http://proxy.example:99999', 'no address of an HTTP(S) proxy'],
    ['', 'no address of an HTTP(S) proxy'],
  ])('%s is refused, and not repeated', (text, problem) => {
    const cause = (() => {
      try {
        return readProxy(text)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(cause).toBeInstanceOf(SetupError)
    const { message, remedy } = cause as SetupError
    expect(message).toContain(problem)
    expect(message + remedy).not.toContain('secret')
  })
})

describe('a call through a proxy', () => {
  test('goes through it, in a tunnel where the upstream has TLS, with user and password', async () => {
    await using plain = fakeUpstream()
    await using secure = secureUpstream()
    await using proxy = await fakeProxy({ user: 'me:s3cret' })
    expect((await send(`${plain.url}/models`, proxy.url)).status).toBe(200)
    expect(await (await send(`${secure.url}/x`, proxy.url)).text()).toBe('from upstream')
    expect(proxy.passed).toEqual([
      { method: 'GET', target: `${plain.url}/models`, user: 'me:s3cret' },
      { method: 'CONNECT', target: secure.host, user: 'me:s3cret' },
    ])
    expect(plain.seen[0]?.headers.get('proxy-authorization')).toBeNull()
  })

  test('never shares a tunnel with another user of the proxy', async () => {
    await using secure = secureUpstream()
    await using proxy = await fakeProxy()
    for (const user of ['one', 'two', 'one'])
      await (await send(secure.url, `http://${user}:x@${proxy.name}`)).text()
    expect(new Set(proxy.passed.map(({ user }) => user))).toEqual(new Set(['one:x', 'two:x']))
  })

  const failures = [
    { fail: 407, kind: 'egress', says: 'answered 407: check its user and password' },
    { fail: 502, kind: 'egress', says: 'answered 502: it cannot reach the upstream' },
    { fail: 503, kind: 'egress', says: 'answered 503' },
    { fail: 504, kind: 'egress', says: 'answered 504' },
    { fail: 'reset', kind: 'broken', says: 'or the proxy before it did' },
  ] as const
  for (const scheme of ['http', 'https'] as const)
    for (const { fail, kind, says } of failures)
      test(`to ${scheme} that fails with ${fail} at the proxy is a fault "${kind}"`, async () => {
        await using plain = fakeUpstream()
        await using proxy = await fakeProxy({ user: 'me:s3cret', fail })
        const url = scheme === 'http' ? plain.url : 'https://upstream.example/v1'
        const fault = await faultOf(url, proxy.url)
        expect(fault.kind).toBe(kind)
        expect(fault.message).toContain(says)
        if (kind === 'egress') expect(fault.message).toContain(`Your proxy ${proxy.name} `)
        expect(fault.message).not.toContain('s3cret')
        expect(plain.seen).toHaveLength(0)
      })

  test('whose proxy refuses to open a tunnel is a fault of the proxy, whatever the status', async () => {
    await using proxy = await fakeProxy({ fail: 403 })
    const fault = await faultOf('https://upstream.example/v1', proxy.url)
    expect([fault.kind, fault.details.status]).toEqual(['egress', 403])
  })

  test('whose proxy is not there is a fault of the proxy', async () => {
    const port = freePort()
    for (const url of ['http://upstream.example/v1', 'https://upstream.example/v1'])
      for (const host of [`127.0.0.1:${port}`, `nobody.invalid:${port}`]) {
        const fault = await faultOf(url, `http://me:s3cret@${host}`)
        expect(fault.kind).toBe('egress')
        expect(fault.message).toContain(`Your proxy ${host} cannot be used`)
        expect(fault.message).not.toContain('s3cret')
      }
  })

  test("keeps an upstream's own refusals apart from the proxy's", async () => {
    await using upstream = fakeUpstream(() =>
      Response.json({ error: { message: 'overloaded' } }, { status: 503 }),
    )
    await using proxy = await fakeProxy()
    expect((await send(upstream.url, proxy.url)).status).toBe(503)
  })

  test('is no exception by NO_PROXY, which is meant for the proxies of the environment', async () => {
    await using upstream = fakeUpstream()
    await using proxy = await fakeProxy()
    process.env.NO_PROXY = '*'
    try {
      const machine = machineFetch()
      const get = (init: FetchInit) => machine(`${upstream.url}/models`, init)
      await Promise.all([get({ proxy: proxy.url }), get({})])
      expect(process.env.NO_PROXY).toBe('*')
    } finally {
      delete process.env.NO_PROXY
    }
    expect(upstream.seen).toHaveLength(2)
    expect(proxy.passed).toHaveLength(1)
  })
})
