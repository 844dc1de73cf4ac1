import { expect, test } from 'bun:test'
import { type Gateway, gateway } from '../support/gateway'

const submit = (it: Gateway, fields: Record<string, string>) =>
  fetch(`${it.url}/setup`, { method: 'POST', body: new URLSearchParams(fields) })

test('the set-up link works once: a password, and an account if there is a key', async () => {
  await using it = await gateway()
  const token = it.setupToken
  const page = await (await it.get(`/setup?token=${token}`)).text()
  expect(page).toContain('Set up Groxy')
  expect((await it.get('/setup?token=wrong')).status).toBe(403)
  expect((await it.get('/setup')).status).toBe(403)
  const short = await submit(it, { token, password: 'short' })
  expect([short.status, await short.text()]).toEqual([
    422,
    expect.stringContaining('at least eight'),
  ])
  expect((await submit(it, { token: 'wrong', password: 'long enough' })).status).toBe(403)
  const done = await submit(it, {
    token,
    password: 'long enough',
    xai_key: 'xai-key-of-the-operator',
  })
  expect([done.status, await done.text()]).toEqual([200, expect.stringContaining(`curl ${it.url}`)])
  expect(await it.stores.accounts.list()).toMatchObject([{ kind: 'xai', hint: 'ator' }])
  expect(String(await it.stores.settings.mark('admin_password'))).toStartWith('scrypt$')
  expect((await it.get(`/setup?token=${token}`)).status).toBe(403)
  expect((await submit(it, { token, password: 'another one' })).status).toBe(403)
  expect(await it.app.needsSetup()).toBe(false)
})

test('with ADMIN_PASSWORD there is nothing to set up', async () => {
  await using it = await gateway({ env: { ADMIN_PASSWORD: 'correct horse' } })
  expect((await it.get(`/setup?token=${it.setupToken}`)).status).toBe(403)
  expect(await it.app.needsSetup()).toBe(false)
})

test('a form that is too large is refused, and what a link carries is never run', async () => {
  await using it = await gateway()
  expect((await submit(it, { token: 'x'.repeat(20_000) })).status).toBe(413)
  const page = await it.get('/setup?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E')
  expect(await page.text()).not.toContain('<script>')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('health says that the process lives, ready that traffic is welcome', async () => {
  await using it = await gateway()
  expect(await (await it.get('/health')).json()).toEqual({ status: 'ok' })
  expect((await it.get('/ready')).status).toBe(200)
  it.app.drain()
  expect((await it.get('/ready')).status).toBe(503)
  const root = await it.get('/', { redirect: 'manual' })
  expect([root.status, root.headers.get('location')]).toEqual([303, '/admin'])
})
