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

test('what does not work is said in the language of the page, in full', async () => {
  const chinese = { 'accept-language': 'zh-CN' }
  const page = await (await it.page('/admin/requests/req_x', { headers: chinese })).text()
  expect(page).toContain('可能已被删除')
  expect(page).toContain('There is no request req_x')
  const part = await it.page('/admin/system/jobs/nothing/run', {
    method: 'POST',
    headers: { ...chinese, 'hx-request': 'true', 'hx-request-type': 'partial' },
  })
  expect(await part.text()).toContain('可能已被删除')
  expect(await (await it.page('/admin/requests/req_x')).text()).not.toContain('可能已被删除')
})

test('what is said in Chinese already is not said twice', async () => {
  const answer = await it.page('/admin/media/delete', {
    method: 'POST',
    headers: { 'accept-language': 'zh-CN', 'hx-request': 'true', 'hx-request-type': 'partial' },
    body: new URLSearchParams(),
  })
  const text = await answer.text()
  expect(text).toContain('尚未选择任何内容')
  expect(text).not.toContain('填写的内容有误')
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
