import { describe, expect, test } from 'bun:test'
import { browserOf, logIn } from '../../support/admin-session'
import { expectRefusal, good, type List } from '../checks'
import { type Json, PASSWORD, type Target } from '../world'

interface Entry {
  readonly action: string
  readonly subject: string
  readonly actor: string
}

/** How the operator comes in, and what is known of what he did. */
export function adminAccessSuite(target: Target): void {
  const api = (...parts: Parameters<ReturnType<Target>['admin']['api']>) =>
    target().admin.api(...parts)
  const page = (path: string, headers: Record<string, string> = {}) =>
    fetch(target().url + path, { redirect: 'manual', headers })
  const enter = (password: string, headers: Record<string, string> = {}) =>
    fetch(`${target().url}/admin/login`, {
      method: 'POST',
      redirect: 'manual',
      headers,
      body: new URLSearchParams({ password }),
    })

  describe('a stranger', () => {
    test.each(['/admin', '/admin/accounts', '/admin/keys', '/admin/system', '/admin/requests'])(
      'is led from %s to the log-in',
      async (path) => {
        const answer = await page(path)
        expect(answer.status).toBe(303)
        expect(answer.headers.get('location')).toStartWith('/admin/login')
      },
    )

    test.each(['accounts', 'keys', 'settings', 'system', 'requests', 'audit', 'tokens', 'media'])(
      'learns nothing of %s',
      async (name) => {
        const reply = target().stranger('GET', `/admin/api/${name}`)
        await expectRefusal(reply, { status: 401, code: 'not_logged_in' })
      },
    )

    test('does not come in with a wrong password', async () => {
      const answer = await enter('a wrong password')
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []])
    })

    test('nor with a key of programs, or a token that nobody made', async () => {
      for (const key of [target().key, 'groxy-admin-nothing'])
        await expectRefusal(target().stranger('GET', '/admin/api/keys', undefined, key), {
          status: 401,
        })
    })
  })

  describe('the operator', () => {
    test('comes in by the form, and goes out', async () => {
      const answer = await enter(PASSWORD)
      expect(answer.status).toBe(303)
      const cookie = answer.headers.getSetCookie().find((one) => one.startsWith('groxy_session='))
      for (const word of ['HttpOnly', 'SameSite=Strict', 'Path=/']) expect(cookie).toContain(word)
      const browser = browserOf(target(), answer)
      expect((await browser.page('/admin')).status).toBe(200)
      const left = await browser.page('/admin/logout', { method: 'POST' })
      expect(left.status).toBe(303)
      expect((await browser.page('/admin')).status).toBe(303)
    })

    test('is one session among others, and ends those', async () => {
      const one = await logIn(target(), PASSWORD)
      const two = await logIn(target(), PASSWORD)
      const { data } = await good<List<Json>>(one.api('/sessions'))
      expect(data.filter(({ current }) => current)).toHaveLength(1)
      const theirs = await good<List<Json>>(two.api('/sessions'))
      const { id } = theirs.data.find(({ current }) => current) ?? { id: '' }
      expect(await good(one.api(`/sessions/${id}`, undefined, 'DELETE'))).toMatchObject({
        deleted: true,
      })
      expect((await two.api('/sessions')).status).toBe(401)
      expect((await one.api('/sessions')).status).toBe(200)
      await expectRefusal(one.api('/sessions/nothing', undefined, 'DELETE'), { status: 404 })
    })

    test('cannot change a password that the environment sets', async () => {
      const body = { current: PASSWORD, password: 'another long password' }
      await expectRefusal(api('/password', body), { status: 403 })
      expect((await enter(PASSWORD)).status).toBe(303)
    })
  })

  describe('a token', () => {
    test('opens the API without a browser, until it is revoked', async () => {
      const made = await good<{ id: string; token: string }>(
        api('/tokens', { name: 'deploy', days: 3 }),
        201,
      )
      const { stranger } = target()
      const ask = () => stranger('GET', '/admin/api/tokens', undefined, made.token)
      const list = await good<List>(ask())
      expect(JSON.stringify(list)).not.toContain(made.token)
      expect(list.data.map(({ id }) => id)).toContain(made.id)
      const second = stranger('POST', '/admin/api/tokens', { name: 'second' }, made.token)
      const { id } = await good<{ id: string }>(second, 201)
      for (const one of [id, made.id]) await good(api(`/tokens/${one}`, undefined, 'DELETE'))
      await expectRefusal(ask(), { status: 401, code: 'not_logged_in' })
      await expectRefusal(api(`/tokens/${made.id}`, undefined, 'DELETE'), { status: 404 })
    })

    test('opens no page', async () => {
      const { token, id } = await good<{ id: string; token: string }>(
        api('/tokens', { name: 'x' }),
        201,
      )
      expect((await page('/admin', { authorization: `Bearer ${token}` })).status).toBe(303)
      await good(api(`/tokens/${id}`, undefined, 'DELETE'))
    })

    test.each([
      [{ name: '' }, 'name'],
      [{ name: 'x', days: 0 }, 'days'],
      [{ name: 'x', colour: 'red' }, 'colour'],
    ])('is not made of %j', async (body, param) => {
      await expectRefusal(api('/tokens', body), { status: 400, code: 'invalid_value', param })
    })
  })

  describe('another site', () => {
    test.each([
      [{ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
      [{ 'sec-fetch-site': 'same-site', origin: 'https://other.example' }],
      [{ origin: 'https://evil.example' }],
      [{ origin: 'null' }],
    ])('changes nothing with %j', async (headers) => {
      const { admin, url } = target()
      const { cookie } = admin
      const send = (path: string, init: RequestInit) =>
        fetch(url + path, {
          ...{ method: 'POST', redirect: 'manual', ...init },
          headers: { cookie, ...headers, ...(init.headers as object) },
        })
      const form = { body: new URLSearchParams({ name: 'stolen', password: PASSWORD }) }
      for (const path of [
        '/admin/keys',
        '/admin/access/tokens',
        '/admin/settings',
        '/admin/logout',
      ])
        expect([path, (await send(path, form)).status]).toEqual([path, 403])
      const json = { headers: { 'content-type': 'application/json' }, body: '{"name":"stolen"}' }
      await expectRefusal(send('/admin/api/keys', json), { status: 403, code: 'cross_site' })
      const { data } = await good<List>(api('/keys?search=stolen'))
      expect(data).toEqual([])
    })

    test('logs nobody in', async () => {
      const answer = await enter(PASSWORD, {
        'sec-fetch-site': 'cross-site',
        origin: 'https://evil.example',
      })
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []])
    })

    test('cannot send JSON as a form would', async () => {
      const answer = await target().admin.page('/admin/api/tokens', {
        ...{ method: 'POST', headers: { 'content-type': 'text/plain' } },
        body: '{"name":"x"}',
      })
      await expectRefusal(answer, { status: 415 })
    })
  })

  test('what was done is in the audit log, by whom, and page by page', async () => {
    const { id } = await good<{ id: string }>(api('/tokens', { name: 'audited' }), 201)
    await good(api(`/tokens/${id}`, undefined, 'DELETE'))
    const { data } = await good<List<Entry>>(api('/audit?limit=200'))
    const found = data.filter(({ subject }) => subject === 'token audited')
    expect(found.map(({ action }) => action)).toEqual(['token.revoke', 'token.create'])
    for (const { actor } of found) expect(actor).toStartWith('session')
    const some = await good<List<Entry>>(api('/audit?action=token.create&limit=1'))
    expect(some.data.map(({ action }) => action)).toEqual(['token.create'])
    const first = await good<List<Entry> & { next: string }>(api('/audit?limit=2'))
    const second = await good<List<Entry>>(api(`/audit?limit=2&after=${first.next}`))
    const ids = [...first.data, ...second.data].map((entry) => entry.id)
    expect(new Set(ids).size).toBe(4)
    await expectRefusal(api('/audit?limit=0'), { status: 400 })
  })
}
