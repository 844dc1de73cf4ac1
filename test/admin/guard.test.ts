import { afterAll, beforeAll, expect, test } from 'bun:test'
import { adminWorld, logIn } from '../support/admin'

let it: Awaited<ReturnType<typeof adminWorld>>
beforeAll(async () => {
  it = await adminWorld()
})
afterAll(() => it[Symbol.asyncDispose]())

test('a stranger is sent to the log-in, and back from there', async () => {
  const answer = await fetch(`${it.url}/admin`, { redirect: 'manual' })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/admin/login'])
})

test('a wrong password opens nothing', async () => {
  const { cookie, page } = await logIn(it, 'wrong')
  expect(cookie).toBe('')
  expect((await page('/admin')).status).toBe(303)
})

test('the operator sees the page, in the language of the browser', async () => {
  const english = await it.page('/admin')
  expect(english.status).toBe(200)
  expect(await english.text()).toContain('<html lang="en"')
  const chinese = await it.page('/admin', { headers: { 'accept-language': 'zh-CN,zh;q=0.9' } })
  expect(await chinese.text()).toContain('<html lang="zh-CN"')
})

test('a page of another site can do nothing', async () => {
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': '', origin: 'https://evil.example' },
  ]) {
    const answer = await it.page('/admin/logout', { method: 'POST', headers })
    expect(answer.status).toBe(403)
  }
  expect((await it.page('/admin')).status).toBe(200)
})

test('who logs out is out', async () => {
  const other = await logIn(it)
  await other.page('/admin/logout', { method: 'POST' })
  expect((await other.page('/admin')).status).toBe(303)
  expect((await it.page('/admin')).status).toBe(200)
})

test.each([
  ['/', '/admin'],
  ['/login', '/admin/login'],
  ['/manage', '/admin'],
])('%s, where other gateways have their page, leads to %s', async (path, there) => {
  const answer = await fetch(it.url + path, { redirect: 'manual' })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, there])
})
