import { describe, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import { ApiError, SetupError } from '#src/errors'
import { createEnvelope } from '#src/http/envelope'
import { failures } from '#src/http/failures'

const ask = (path = '/', headers: Record<string, string> = {}) =>
  new Request(`http://localhost${path}`, { headers })

describe('the envelope', () => {
  const around = (handle: (request: Request) => Response | Promise<Response>) => {
    const bugs: unknown[] = []
    const envelope = createEnvelope({
      handle,
      now: () => 0x198_0000_0001,
      describeLimits: () => {},
      isDraining: () => false,
      onBug: (bug) => bugs.push(bug),
    })
    return { envelope, bugs }
  }
  test('puts an id on every answer', async () => {
    const { envelope } = around(() => new Response('ok'))
    expect((await envelope(ask())).headers.get('x-request-id')).toMatch(
      /^req_019800000001[\da-f]{20}$/,
    )
  })
  test('sends clients elsewhere while the server drains, and not before', async () => {
    let isDraining = false
    const envelope = createEnvelope({
      handle: () => new Response('ok'),
      now: Date.now,
      describeLimits: () => {},
      isDraining: () => isDraining,
      onBug: () => {},
    })
    expect((await envelope(ask())).headers.get('connection')).toBeNull()
    isDraining = true
    expect((await envelope(ask())).headers.get('connection')).toBe('close')
  })
  test('answers for a handler that threw', async () => {
    const { envelope, bugs } = around(() => Promise.reject(new Error('oops')))
    const reply = await envelope(ask())
    expect([reply.status, (await reply.json()).error.code]).toEqual([500, 'internal_error'])
    expect(bugs).toHaveLength(1)
  })
  test('routes by the path, however short the host, and refuses a host that is none', async () => {
    const { envelope } = around((request) => new Response(new URL(request.url).pathname))
    const at = (url: string) => Object.defineProperty(ask(), 'url', { value: url })
    expect(await (await envelope(at('http://x/v1/models?a=1'))).text()).toBe('/v1/models')
    expect(await (await envelope(at('http://[::1]:80/a'))).text()).toBe('/a')
    for (const url of ['http://[::/v1', 'http:///?#/v1', 'http://a b/v1'])
      expect((await envelope(at(url))).status).toBe(400)
  })
  test('refuses a flood of headers', async () => {
    const { envelope } = around(() => new Response('ok'))
    const reply = await envelope(ask('/', { 'x-flood': 'y'.repeat(70_000) }))
    expect([reply.status, (await reply.json()).error.code]).toEqual([431, 'headers_too_large'])
  })
})

describe('whatever a route throws comes out in one shape', () => {
  const seen: string[] = []
  const app = new Elysia()
    .use(failures((failure) => seen.push(failure.code)))
    .get('/known', () => {
      throw new ApiError('rate_limit_exceeded', 'Slow.', { retryAfter: 3, allow: ['GET'] })
    })
    .get('/setup', () => {
      throw new SetupError('The disk is on fire.', 'Put it out.')
    })
    .get('/bug', () => {
      throw new TypeError('secret detail')
    })
  test.each([
    ['/known', 429, 'rate_limit_exceeded'],
    ['/setup', 503, 'not_ready'],
    ['/bug', 500, 'internal_error'],
    ['/nothing', 404, 'unknown_path'],
  ])('%s', async (path, status, code) => {
    const reply = await app.handle(ask(path))
    const text = await reply.text()
    expect([reply.status, JSON.parse(text).error.code]).toEqual([status, code])
    expect(text).not.toContain('secret detail')
    expect(text).not.toContain('on fire')
    expect(seen.at(-1)).toBe(code)
    if (path === '/known')
      expect([reply.headers.get('retry-after'), reply.headers.get('allow')]).toEqual(['3', 'GET'])
  })
})
