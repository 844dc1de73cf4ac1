import { afterAll, beforeAll, expect, test } from 'bun:test'
import { adminWorld, PASSWORD } from '../support/admin'
import { answerOf, type Call, callsOf, dumpOf } from '../support/admin-walk'

let it: Awaited<ReturnType<typeof adminWorld>>
let calls: Call[]
beforeAll(async () => {
  it = await adminWorld()
  calls = await callsOf(it)
}, 60_000)
afterAll(() => it[Symbol.asyncDispose]())

const CHANGES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/** What changes by being used, or with time. */
const LIVELY = /^(?:admin_sessions|admin_tokens|jobs)$/

async function state(): Promise<Record<string, string>> {
  await it.settle()
  return Object.fromEntries([...(await dumpOf(it))].filter(([name]) => !LIVELY.test(name)))
}

/** What browsers send of a page of another site, new ones and old. */
const FOREIGN: readonly Record<string, string>[] = [
  { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
  { 'sec-fetch-site': 'same-site', origin: 'https://other.example' },
  { 'sec-fetch-site': '', origin: 'https://evil.example' },
  { 'sec-fetch-site': '', origin: 'null' },
]

test('whatever another site makes a browser send changes nothing, on any page and in the API', async () => {
  const before = await state()
  const changes = calls.filter(({ method }) => CHANGES.has(method))
  expect(changes.length).toBeGreaterThan(5)
  for (const headers of FOREIGN)
    for (const call of changes) {
      // The set-up has no session that another site could use: who has its link has the token.
      if (call.route.startsWith('/setup')) continue
      const { status } = await answerOf(it, call, {
        headers,
        body: new URLSearchParams({ password: PASSWORD, current: PASSWORD, name: 'x' }),
      })
      expect(`${call.method} ${call.route} ${status}`).toBe(`${call.method} ${call.route} 403`)
    }
  expect(await state()).toEqual(before)
  expect((await it.page('/admin')).status).toBe(200)
}, 60_000)

test('a browser that says where it comes from by its Referer alone is heard, too', async () => {
  const { url } = it
  const send = (referer: string) =>
    fetch(`${url}/admin/preferences`, {
      method: 'POST',
      redirect: 'manual',
      headers: { referer },
      body: new URLSearchParams({ language: 'zh' }),
    })
  expect((await send('https://evil.example/admin')).status).toBe(403)
  expect((await send(`${url}/admin`)).status).toBe(303)
})

test('looking at a page or asking the API changes nothing', async () => {
  const gets = calls.filter(({ method }) => method === 'GET')
  await Promise.all(gets.map((call) => answerOf(it, call)))
  const before = await state()
  for (const call of gets)
    for (const method of ['GET', 'HEAD'])
      await answerOf(it, { ...call, method }, { headers: { 'sec-fetch-site': 'cross-site' } })
  expect(await state()).toEqual(before)
}, 60_000)

test('nobody is logged in by the form of another site', async () => {
  const answer = await fetch(`${it.url}/admin/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    body: new URLSearchParams({ password: PASSWORD }),
  })
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []])
})

test('a body that a form of another site could send is no JSON', async () => {
  const answer = await it.page('/admin/api/tokens', {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify({ name: 'x' }),
  })
  expect(answer.status).toBe(415)
})

test('behind a trusted proxy old browsers are judged by the host that they asked', async () => {
  await using behind = await adminWorld({ env: { TRUSTED_PROXIES: '127.0.0.1' } })
  const send = (origin: string) =>
    behind.page('/admin/preferences', {
      method: 'POST',
      headers: {
        origin,
        'sec-fetch-site': '',
        'x-forwarded-host': 'groxy.example',
        'x-forwarded-proto': 'https',
      },
      body: new URLSearchParams({ language: 'en' }),
    })
  expect((await send('https://groxy.example')).status).toBe(303)
  expect((await send(behind.url)).status).toBe(403)
})
