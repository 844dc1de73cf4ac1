import { expect, test } from 'bun:test'
import { adminWorld } from '../support/admin'
import { ASK, gateway, KEY } from '../support/gateway'

const DAY = 86_400_000

const asking =
  ({ url }: { readonly url: string }, secret: string) =>
  (path: string, init: RequestInit = {}) =>
    fetch(url + path, {
      ...init,
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    })

test('a token opens the API without a browser, and none of the pages', async () => {
  await using it = await adminWorld()
  const made = await it.api('/tokens', { name: ' deploy ', days: 3 })
  const token = await made.json()
  expect([made.status, token]).toMatchObject([
    201,
    { object: 'admin.token', name: 'deploy', last_used_at: null },
  ])
  expect(token.token).toMatch(/^groxy-admin-[\w-]{43}$/)
  expect(token.hint).toBe(token.token.slice(-4))
  const ask = asking(it, token.token)
  const list = await ask('/admin/api/tokens')
  expect([list.status, list.headers.getSetCookie()]).toEqual([200, []])
  expect((await list.json()).data).toHaveLength(1)
  await it.settle()
  expect(await it.stores.adminTokens.list()).toMatchObject([{ seenAt: expect.any(Number) }])
  const page = await ask('/admin/access', { redirect: 'manual' })
  expect([page.status, page.headers.get('location')]).toEqual([
    303,
    '/admin/login?next=%2Fadmin%2Faccess',
  ])
  const other = await ask('/admin/api/tokens', { method: 'POST', body: '{"name":"second"}' })
  expect(other.status).toBe(201)
  expect(await it.stores.audit.list(1)).toMatchObject([
    { actor: 'token deploy', action: 'token.create', subject: 'token second' },
  ])
  expect((await ask(`/admin/api/tokens/${token.id}`, { method: 'DELETE' })).status).toBe(200)
  expect((await ask('/admin/api/tokens')).status).toBe(401)
  expect((await it.api(`/tokens/${token.id}`, undefined, 'DELETE')).status).toBe(404)
})

test('nothing else that programs present opens the API', async () => {
  await using it = await adminWorld()
  const { secret: key } = await it.stores.keys.create({ name: 'k' })
  await it.app.refresh()
  const { secret: token } = await it.stores.adminTokens.create('t', null)
  const wrong = [
    KEY,
    key,
    'groxy-admin-',
    `${token}x`,
    token.toLowerCase(),
    'xai-0123456789abcdef01',
  ]
  for (const secret of wrong) {
    const headers = { authorization: `Bearer ${secret}` }
    const answer = await fetch(`${it.url}/admin/api/tokens`, { headers })
    expect([secret.length, answer.status]).toEqual([secret.length, 401])
    expect(await answer.json()).toMatchObject({ error: { code: 'not_logged_in' } })
  }
  const beside = async (authorization: string) =>
    (await it.page('/admin/api/tokens', { headers: { authorization } })).status
  // What looks like a token decides, whatever else is there.
  expect(await beside(`Bearer ${token}x`)).toBe(401)
  // Some proxies make browsers send this with everything.
  for (const added of [`Basic ${btoa('user:password')}`, `Bearer ${key}`])
    expect(await beside(added)).toBe(200)
  // They are no way around the guard against other sites.
  const forged = { authorization: `Bearer ${key}`, 'sec-fetch-site': 'cross-site' }
  const answer = await it.page('/admin/api/tokens', { method: 'POST', headers: forged, body: '{}' })
  expect(answer.status).toBe(403)
})

test('a token is worth nothing where keys of programs are', async () => {
  await using it = await adminWorld()
  const { secret } = await it.stores.adminTokens.create('t', null)
  const ask = asking(it, secret)
  const body = JSON.stringify(ASK)
  expect((await ask('/v1/models')).status).toBe(401)
  expect((await ask('/v1/chat/completions', { method: 'POST', body })).status).toBe(401)
  expect((await ask('/v1/anything/else')).status).toBe(401)
})

test('a token ends when its days are over, and its use is written down once a minute', async () => {
  let at = 1_780_000_000_000
  await using it = await gateway({ now: () => at, env: { ADMIN_PASSWORD: 'long enough' } })
  const { secret } = await it.stores.adminTokens.create('t', at + DAY)
  const ask = asking(it, secret)
  const use = async () => {
    expect((await ask('/admin/api/tokens')).status).toBe(200)
    await it.settle()
    return (await it.stores.adminTokens.list())[0]?.seenAt
  }
  const first = at
  expect(await use()).toBe(first)
  at += 59_000
  expect(await use()).toBe(first)
  at += 2_000
  expect(await use()).toBe(at)
  at = first + DAY
  expect((await ask('/admin/api/tokens')).status).toBe(401)
})

test('tokens are made and revoked on the page, and shown once', async () => {
  await using it = await adminWorld()
  const made = await (await it.send('/admin/access/tokens', { name: 'robot', days: '' })).text()
  const [secret = ''] = /groxy-admin-[\w-]{43}/.exec(made) ?? []
  expect((await asking(it, secret)('/admin/api/tokens')).status).toBe(200)
  const page = await (await it.page('/admin/access')).text()
  expect(page).toContain(`…${secret.slice(-4)}`)
  expect(page).not.toContain(secret)
  const [token] = await it.stores.adminTokens.list()
  const revoked = await it.send(`/admin/access/tokens/${token?.id}/revoke`, {})
  expect(await revoked.text()).toContain(
    '“robot” opens nothing any more.'.replaceAll(/[“”]/g, '&quot;'),
  )
  expect((await asking(it, secret)('/admin/api/tokens')).status).toBe(401)
})

test('what a form lacks is said at its field, with what was given', async () => {
  await using it = await adminWorld()
  const cases: [Record<string, string>, string][] = [
    [{ name: ' ', days: '7' }, 'Give it a name of 80 characters at most.'],
    [{ name: 'robot', days: '0' }, 'A whole number from 1 to 3650, or nothing.'],
    [{ name: 'robot', days: 'soon' }, 'A whole number from 1 to 3650, or nothing.'],
  ]
  for (const [fields, said] of cases) {
    const answer = await it.send('/admin/access/tokens', fields)
    const text = await answer.text()
    expect([answer.status, text.includes(said)]).toEqual([422, true])
    expect(text).toContain(`value="${fields.days}"`)
  }
  const unknown = await it.api('/tokens', { name: 'x', colour: 'blue' })
  expect([unknown.status, await unknown.json()]).toMatchObject([
    400,
    { error: { code: 'invalid_value' } },
  ])
  expect(await it.stores.adminTokens.list()).toEqual([])
})
