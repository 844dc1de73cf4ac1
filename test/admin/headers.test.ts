import { afterAll, beforeAll, expect, test } from 'bun:test'
import { adminWorld } from '../support/admin'
import { answerOf, type Call, callsOf } from '../support/admin-walk'

let it: Awaited<ReturnType<typeof adminWorld>>
let calls: Call[]
beforeAll(async () => {
  it = await adminWorld()
  calls = await callsOf(it)
}, 60_000)
afterAll(() => it[Symbol.asyncDispose]())

/** What a browser is told with every answer. */
function expectGuarded(headers: Headers, what: string): void {
  const policy = headers.get('content-security-policy') ?? ''
  const told = {
    what,
    default: policy.includes("default-src 'none'"),
    frames: policy.includes("frame-ancestors 'none'"),
    base: policy.includes("base-uri 'none'"),
    inline: /unsafe-(?:inline|eval|hashes)|\bhttps?:|\*/.test(policy),
    type: headers.get('x-content-type-options'),
    referrer: headers.get('referrer-policy'),
    frame: headers.get('x-frame-options'),
    cors: headers.get('access-control-allow-origin'),
  }
  expect(told).toEqual({
    what,
    default: true,
    frames: true,
    base: true,
    inline: false,
    type: 'nosniff',
    referrer: 'no-referrer',
    frame: 'DENY',
    cors: null,
  })
}

test('every answer below /admin and /setup is guarded, those to strangers and the failures too', async () => {
  expect(calls.length).toBeGreaterThan(15)
  for (const call of calls) {
    const what = `${call.method} ${call.route}`
    const stranger = await fetch(it.url + call.path, {
      method: call.method,
      redirect: 'manual',
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    await stranger.body?.cancel()
    expectGuarded(stranger.headers, `${what} of a stranger`)
    if (call.method === 'GET') expectGuarded((await answerOf(it, call)).headers, what)
  }
  for (const path of ['/admin/nothing', '/admin/api/nothing', '/admin/assets/nothing', '/setup/x'])
    expectGuarded((await answerOf(it, { method: 'GET', route: path, path })).headers, path)
}, 60_000)

test('a stranger gets nothing but the log-in, its files and refusals', async () => {
  const open = /^\/(?:setup|admin\/(?:assets\/:name|login|logout|preferences))$/
  for (const { method, route, path } of calls) {
    if (open.test(route)) continue
    const answer = await fetch(it.url + path, {
      method,
      redirect: 'manual',
      headers: { 'sec-fetch-site': 'same-origin', cookie: 'groxy_session=planted' },
    })
    // What pages ask for besides pages is answered as the API is.
    const { status, headers } = answer
    const isSent = status === 303 && /^\/admin\/login(?:\?|$)/.test(headers.get('location') ?? '')
    const isApi = route.startsWith('/admin/api/')
    expect([method, route, status, status === 401 || (isSent && !isApi)]).toEqual([
      method,
      route,
      status,
      true,
    ])
    await answer.body?.cancel()
  }
})

test('what is not there is a page for browsers and an error as OpenAI has it for programs', async () => {
  const browser = { accept: 'text/html,application/xhtml+xml' }
  const page = await it.page('/admin/nothing', { headers: browser })
  expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
  expect(await page.text()).toContain('action="/admin/logout"')
  const foreign = await fetch(`${it.url}/admin/nothing`, { headers: browser })
  expect([foreign.status, (await foreign.text()).includes('/admin/logout')]).toEqual([404, false])
  const program = await it.page('/admin/api/nothing', { headers: browser })
  expect([program.status, await program.json()]).toMatchObject([
    404,
    { error: { code: 'unknown_path' } },
  ])
})

test('a wrong method says which are right', async () => {
  const page = await it.page('/admin/access', { method: 'PUT', headers: { accept: 'text/html' } })
  expect([page.status, page.headers.get('allow')]).toEqual([405, 'GET'])
  expect(await page.text()).toContain('This path takes GET.')
  const program = await it.page('/admin/api/tokens/x', { method: 'PUT' })
  expect([program.status, program.headers.get('allow'), await program.json()]).toMatchObject([
    405,
    'DELETE',
    { error: { code: 'method_not_allowed' } },
  ])
})
