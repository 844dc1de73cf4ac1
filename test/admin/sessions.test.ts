import { expect, test } from 'bun:test'
import { fakeUpstream } from '../fakes/upstream'
import { PASSWORD } from '../support/admin'
import { gateway } from '../support/gateway'
import { until } from '../support/programs'

/** Passwords are hashed, which others may want to do at the same time. */
const SLOW = 60_000
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const SESSION = 'groxy_session'

type Headers = Readonly<Record<string, string>>

/** A gateway whose clock is at hand. */
async function world(env: Record<string, string> = { ADMIN_PASSWORD: PASSWORD }) {
  let at = 1_780_000_000_000
  const it = await gateway({ now: () => at, env })
  return {
    ...it,
    now: () => at,
    pass: (ms: number) => {
      at += ms
    },
    [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
  }
}

type World = Awaited<ReturnType<typeof world>>

/** A browser with its cookies, as far as they matter here. */
function browser({ url }: Pick<World, 'url'>, more: Headers = {}) {
  const jar = new Map<string, string>()
  async function send(path: string, fields?: Record<string, string>, method = 'POST') {
    const answer = await fetch(url + path, {
      method: fields ? method : 'GET',
      redirect: 'manual',
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(fields && { 'sec-fetch-site': 'same-origin', 'hx-request': 'true' }),
        ...more,
      },
      ...(fields && { body: new URLSearchParams(fields) }),
    })
    for (const header of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
      if (header.includes('Max-Age=0')) jar.delete(name)
      else jar.set(name, value)
    }
    return answer
  }
  return {
    jar,
    send,
    logIn: (password = PASSWORD) => send('/admin/login', { password }),
    isIn: async () => (await send('/admin')).status === 200,
  }
}

const logged = async (it: World, more: Headers = {}) => {
  const one = browser(it, more)
  await one.logIn()
  return one
}

test('a log-in begins a session of its own: one that was planted is never adopted', async () => {
  await using it = await world()
  const one = browser(it)
  one.jar.set(SESSION, 'planted-by-somebody-else')
  await one.logIn()
  const secret = one.jar.get(SESSION)
  expect(secret).toMatch(/^[\w-]{43}$/)
  expect(await one.isIn()).toBe(true)
  const thief = browser(it)
  thief.jar.set(SESSION, 'planted-by-somebody-else')
  expect(await thief.isIn()).toBe(false)
  await one.logIn()
  expect(one.jar.get(SESSION)).not.toBe(secret ?? '')
  thief.jar.set(SESSION, secret ?? '')
  expect(await thief.isIn()).toBe(false)
  expect(await it.stores.adminSessions.list()).toHaveLength(1)
})

test('a session ends eight hours after its last use, and thirty days after its log-in', async () => {
  await using it = await world()
  const idle = await logged(it)
  const busy = await logged(it)
  it.pass(7 * HOUR)
  expect(await busy.isIn()).toBe(true)
  it.pass(2 * HOUR)
  expect([await idle.isIn(), await busy.isIn()]).toEqual([false, true])
  for (let day = 0; day < 29.5; day += 0.25) {
    it.pass(DAY / 4)
    expect(await busy.isIn()).toBe(true)
  }
  it.pass(DAY / 4)
  expect(await busy.isIn()).toBe(false)
})

test('a session in use gets a new secret now and then, and the old one holds for a minute only', async () => {
  await using it = await world()
  const one = await logged(it)
  const old = one.jar.get(SESSION) ?? ''
  const slow = browser(it)
  slow.jar.set(SESSION, old)
  it.pass(16 * MINUTE)
  // The answer of the first carries a new secret, those of requests at the same time do not.
  const [first, second] = [await one.send('/admin'), await slow.send('/admin')]
  const cookies = first.headers.getSetCookie()
  expect([cookies.length, second.headers.getSetCookie().length]).toEqual([1, 0])
  expect(cookies[0]).toMatch(
    /^groxy_session=[\w-]{43}; Path=\/; Max-Age=28800; SameSite=Strict; HttpOnly$/,
  )
  expect(one.jar.get(SESSION)).not.toBe(old)
  expect(await one.isIn()).toBe(true)
  expect(await slow.isIn()).toBe(true)
  it.pass(61_000)
  expect([await one.isIn(), await slow.isIn()]).toEqual([true, false])
  expect(await it.stores.adminSessions.list()).toHaveLength(1)
})

test('where the answer with the new secret is lost nobody falls out, and another one is given', async () => {
  await using it = await world()
  const one = await logged(it)
  const old = one.jar.get(SESSION) ?? ''
  it.pass(16 * MINUTE)
  await one.send('/admin')
  one.jar.set(SESSION, old)
  it.pass(20 * MINUTE)
  expect(await one.isIn()).toBe(true)
  expect(one.jar.get(SESSION)).not.toBe(old)
  expect(await one.isIn()).toBe(true)
})

test(
  'an answer that was long in coming brings no secret that another one has followed',
  async () => {
    const held = Promise.withResolvers<void>()
    await using upstream = fakeUpstream(async () => {
      await held.promise
      return Response.json({ object: 'list', data: [{ id: 'grok-4' }] })
    })
    await using it = await world()
    const { id } = await it.stores.accounts.add({
      kind: 'openai',
      name: 'slow',
      baseUrl: upstream.url,
      secret: 'sk-0123456789',
    })
    const one = await logged(it)
    it.pass(16 * MINUTE)
    const test = one.send(`/admin/api/accounts/${id}/test`, {})
    await until(() => upstream.seen.length > 0 || undefined)
    it.pass(61_000)
    expect(await one.isIn()).toBe(true)
    expect(await one.isIn()).toBe(true)
    held.resolve()
    expect((await test).status).toBe(200)
    expect(await one.isIn()).toBe(true)
  },
  SLOW,
)

test('of many requests at once one is given the new secret', async () => {
  await using it = await world()
  const one = await logged(it)
  const cookie = `${SESSION}=${one.jar.get(SESSION)}`
  it.pass(16 * MINUTE)
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => fetch(`${it.url}/admin`, { headers: { cookie } })),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200))
  expect(answers.flatMap(({ headers }) => headers.getSetCookie())).toHaveLength(1)
})

test('who is logged in is listed with what is known of them, and is logged out one by one or all', async () => {
  await using it = await world({ ADMIN_PASSWORD: PASSWORD, TRUSTED_PROXIES: '127.0.0.1' })
  const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
  const edge =
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0'
  const one = await logged(it, { 'user-agent': firefox, 'x-forwarded-for': '192.0.2.1' })
  const two = await logged(it, { 'user-agent': edge, 'x-forwarded-for': '192.0.2.2' })
  const three = await logged(it)
  const page = await (await one.send('/admin/access')).text()
  for (const shown of ['Firefox, Linux', 'Edge, Windows', '192.0.2.1', '192.0.2.2', 'this one'])
    expect(page).toContain(shown)
  const list = await (await one.send('/admin/api/sessions')).json()
  expect(list).toMatchObject({ object: 'list', has_more: false, total: 3 })
  const own = list.data.find(({ current }: { current: boolean }) => current)
  expect(own).toMatchObject({ address: '192.0.2.1', user_agent: firefox })
  const other = list.data.find(({ user_agent }: { user_agent: string }) => user_agent === edge)
  const ended = await one.send(`/admin/access/sessions/${other.id}/end`, {})
  expect(await ended.text()).toContain('The session is over.')
  expect([await one.isIn(), await two.isIn(), await three.isIn()]).toEqual([true, false, true])
  expect((await one.send(`/admin/access/sessions/${other.id}/end`, {})).status).toBe(404)
  const others = await one.send('/admin/access/sessions/end-others', {})
  expect(await others.text()).toContain('One other session was ended.')
  expect([await one.isIn(), await three.isIn()]).toEqual([true, false])
  const missing = await one.send('/admin/api/sessions/x', {}, 'DELETE')
  expect(missing.status).toBe(404)
  const last = await one.send(`/admin/api/sessions/${own.id}`, {}, 'DELETE')
  expect([last.status, await one.isIn()]).toEqual([200, false])
})

test('the API ends all other sessions, too', async () => {
  await using it = await world()
  const [one, two] = [await logged(it), await logged(it)]
  const answer = await one.send('/admin/api/sessions', {}, 'DELETE')
  expect(await answer.json()).toEqual({ object: 'admin.sessions.ended', ended: 1 })
  expect([await one.isIn(), await two.isIn()]).toEqual([true, false])
})

test('who is logged out, or whose token is revoked, sees no more of what is under way', async () => {
  await using it = await world()
  const [one, two] = [await logged(it), await logged(it)]
  const { token, secret } = await it.stores.adminTokens.create('watcher', null)
  const asToken = { headers: { authorization: `Bearer ${secret}` } }
  const batch = { id: 'b1', kind: 'test', subjects: ['x'], actor: 'session s' }
  await it.stores.batches.add(batch)
  await it.stores.batches.want(batch.id, 'pause')
  const api = `/admin/api/batches/${batch.id}/events`
  const watching = [
    await one.send(`/admin/batches/${batch.id}/live`),
    await two.send(`/admin/batches/${batch.id}/live`),
    await two.send(api),
    await fetch(it.url + api, asToken),
  ]
  expect(watching.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  await one.send('/admin/api/sessions', {}, 'DELETE')
  await it.stores.adminTokens.revoke(token.id)
  const [stays, ...ends] = watching.map((answer) => answer.text().then(() => 'over'))
  expect(await Promise.all(ends)).toEqual(['over', 'over', 'over'])
  expect(await Promise.race([stays, Bun.sleep(100).then(() => 'open')])).toBe('open')
  await it.stores.batches.want(batch.id, 'cancel')
  expect(await stays).toBe('over')
}, 40_000)

const NEW = 'another horse, another staple'

test(
  'who changes the password when a new secret is due stays logged in',
  async () => {
    await using it = await world({})
    const setup = browser(it)
    await setup.send('/setup', { token: it.setupToken, password: PASSWORD })
    it.pass(16 * MINUTE)
    const fields = { current: PASSWORD, password: NEW }
    expect((await setup.send('/admin/access/password', fields)).status).toBe(200)
    expect(await setup.isIn()).toBe(true)
  },
  SLOW,
)

test(
  'a new password needs the present one, ends all other sessions and gives this one a new secret',
  async () => {
    await using it = await world({})
    const { hashPassword } = await import('#src/password')
    await it.stores.settings.setMark('admin_password', await hashPassword(PASSWORD))
    const [one, two] = [await logged(it), await logged(it)]
    const before = one.jar.get(SESSION) ?? ''
    const change = (current: string, password: string) =>
      one.send('/admin/access/password', { current, password })
    const wrong = await change('wrong', NEW)
    expect([wrong.status, await wrong.text()]).toEqual([
      422,
      expect.stringContaining('That is not the present password.'),
    ])
    const short = await change(PASSWORD, 'short')
    expect([short.status, await short.text()]).toEqual([
      422,
      expect.stringContaining('At least eight characters, 200 at most.'),
    ])
    const changed = await change(PASSWORD, NEW)
    expect([changed.status, await changed.text()]).toEqual([
      200,
      expect.stringContaining('The password is changed.'),
    ])
    expect([await one.isIn(), await two.isIn()]).toEqual([true, false])
    const thief = browser(it)
    thief.jar.set(SESSION, before)
    expect(await thief.isIn()).toBe(false)
    expect([(await two.logIn()).status, (await two.logIn(NEW)).status]).toEqual([401, 303])
    const stored = String(await it.stores.settings.mark('admin_password'))
    expect(stored).toStartWith('scrypt$32768$8$3$')
    for (let tried = 0; tried < 10; tried++) await change('wrong', NEW)
    const slowed = await change('wrong', NEW)
    expect([slowed.status, await slowed.text()]).toEqual([
      422,
      expect.stringContaining('Too many attempts.'),
    ])
  },
  SLOW,
)

test(
  'the API changes the password as the page does',
  async () => {
    await using it = await world({})
    const { hashPassword } = await import('#src/password')
    await it.stores.settings.setMark('admin_password', await hashPassword(PASSWORD))
    const { secret } = await it.stores.adminTokens.create('deploy', null)
    const session = await logged(it)
    const change = (body: object) =>
      fetch(`${it.url}/admin/api/password`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const wrong = await change({ current: 'wrong', password: NEW })
    expect([wrong.status, await wrong.json()]).toMatchObject([
      403,
      { error: { code: 'wrong_password', param: 'current' } },
    ])
    expect((await change({ current: PASSWORD })).status).toBe(400)
    const changed = await change({ current: PASSWORD, password: NEW })
    expect([await changed.json(), changed.headers.getSetCookie()]).toEqual([
      { object: 'admin.password', sessions_ended: 1 },
      [],
    ])
    expect(await session.isIn()).toBe(false)
  },
  SLOW,
)

test('where ADMIN_PASSWORD rules the page says so, and nothing is changed', async () => {
  await using it = await world()
  const one = await logged(it)
  const page = await (await one.send('/admin/access')).text()
  expect(page).toContain('The variable ADMIN_PASSWORD says what the password is.')
  expect(page).not.toContain('name="current"')
  const answer = await one.send('/admin/access/password', { current: PASSWORD, password: NEW })
  expect(answer.status).toBe(403)
  expect(await it.stores.settings.mark('admin_password')).toBeUndefined()
})

const SECURE =
  /^__Host-groxy_session=[\w-]{43}; Path=\/; Max-Age=28800; SameSite=Strict; HttpOnly; Secure$/

test('over https cookies are bound to the host and to https, behind a trusted proxy too', async () => {
  await using it = await world({ ADMIN_PASSWORD: PASSWORD, TRUSTED_PROXIES: '127.0.0.1' })
  const tls = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'groxy.example' }
  const one = browser(it, tls)
  const [session, known] = (await one.logIn()).headers.getSetCookie()
  expect(session).toMatch(SECURE)
  expect(known).toMatch(
    /^__Host-groxy_known=\S+; Path=\/; Max-Age=\d+; SameSite=Strict; HttpOnly; Secure$/,
  )
  expect(await one.isIn()).toBe(true)
  const secret = one.jar.get('__Host-groxy_session') ?? ''
  it.pass(16 * MINUTE)
  const [next] = (await one.send('/admin')).headers.getSetCookie()
  expect(next).toMatch(SECURE)
  // Another host of the same site can plant a cookie of the plain name, and nothing comes of it.
  const planted = browser(it, tls)
  planted.jar.set(SESSION, secret)
  expect(await planted.isIn()).toBe(false)
  const out = await one.send('/admin/logout', {})
  expect(out.headers.getSetCookie()[0]).toStartWith('__Host-groxy_session=; Path=/; Max-Age=0')
})

test('a browser that says it is on a page by https gets such cookies behind any proxy', async () => {
  await using it = await world()
  const one = browser(it, { origin: 'https://groxy.example' })
  const [session] = (await one.logIn()).headers.getSetCookie()
  expect(session).toMatch(SECURE)
  expect(await one.isIn()).toBe(true)
})

test('the setting base_url makes cookies secure where a browser is at that address', async () => {
  await using it = await world()
  const { host } = new URL(it.url)
  await it.stores.settings.set('base_url', `https://${host}`)
  await it.app.refresh()
  expect((await browser(it).logIn()).headers.getSetCookie()[0]).toMatch(SECURE)
  await it.stores.settings.set('base_url', 'https://groxy.example')
  await it.app.refresh()
  expect((await browser(it).logIn()).headers.getSetCookie()[0]).toStartWith('groxy_session=')
})

test('after the log-in a browser is sent to pages of ours only', async () => {
  await using it = await world()
  const nexts = {
    '/admin/keys?q=1': '/admin/keys?q=1',
    'https://evil.example': '/admin',
    '//evil.example': '/admin',
    '/admin\\evil': '/admin',
    '/admin/\t/evil.example': '/admin',
    '/administrator': '/admin',
    '/admin/../v1/models': '/admin',
    '/admin/..//evil.example': '/admin',
    '/admin/%2e%2e//evil.example': '/admin',
    '/admin/accounts?q=账号': '/admin/accounts?q=%E8%B4%A6%E5%8F%B7',
    '/admin/keys?tag=😀': '/admin/keys?tag=%F0%9F%98%80',
  }
  for (const [next, location] of Object.entries(nexts)) {
    const answer = await browser(it).send('/admin/login', { password: PASSWORD, next })
    expect([next, answer.headers.get('location')]).toEqual([next, location])
  }
})

test('who is logged in stays so while the database takes no writes', async () => {
  await using it = await world()
  const one = await logged(it)
  it.pass(16 * MINUTE)
  await it.client.execute('PRAGMA query_only = ON')
  expect(await one.isIn()).toBe(true)
  await it.client.execute('PRAGMA query_only = OFF')
  expect(it.lines.join('\n')).toContain('database_unreachable')
})
