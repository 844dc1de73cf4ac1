import { afterAll, expect, test } from 'bun:test'
import { chatModels, firstModel } from '#src/admin/setup/first-model'
import { snippets } from '#src/admin/setup/snippets'
import { fakeUpstream } from '../fakes/upstream'
import { browserOf } from '../support/admin'
import { gateway, KEY } from '../support/gateway'
import { viewFor } from '../support/widget-page'

const SECRET = 'xai-0123456789abcdefghijklmnopqrstuv'
const PASSWORD = 'long enough for anybody'

const xai = fakeUpstream(({ headers }) =>
  headers.get('authorization') === `Bearer ${SECRET}`
    ? undefined
    : Response.json({ error: 'Incorrect API key provided.' }, { status: 401 }),
)
afterAll(() => xai.stop())

const world = () => gateway({ env: { XAI_BASE_URL: xai.url } })

type World = Awaited<ReturnType<typeof world>>

const submit = (it: World, fields: Record<string, string>, headers = {}) =>
  fetch(`${it.url}/setup`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: it.url, 'sec-fetch-site': 'same-origin', ...headers },
    body: new URLSearchParams(fields),
  })

/** Somebody who has just chosen a password. */
async function begun() {
  const it = await world()
  const answer = await submit(it, { token: it.setupToken, password: PASSWORD })
  return { it, answer, ...browserOf(it, answer) }
}

test('the set-up link works once: it sets the password, and logs in by that', async () => {
  await using it = await world()
  const token = it.setupToken
  const page = await it.get(`/setup?token=${token}`)
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Set up Groxy')])
  for (const path of ['/setup?token=wrong', '/setup']) expect((await it.get(path)).status).toBe(403)

  const short = await submit(it, { token, password: 'short' })
  expect([short.status, await short.text()]).toEqual([
    422,
    expect.stringContaining('at least eight'),
  ])
  const long = await submit(it, { token, password: 'x'.repeat(201) })
  expect([long.status, await long.text()]).toEqual([422, expect.stringContaining('200 characters')])
  expect((await submit(it, { token: 'wrong', password: PASSWORD })).status).toBe(403)
  expect(
    (await submit(it, { token, password: PASSWORD }, { 'sec-fetch-site': 'cross-site' })).status,
  ).toBe(403)

  const done = await submit(it, { token, password: PASSWORD })
  expect([done.status, done.headers.get('location')]).toEqual([303, '/admin/welcome'])
  expect(String(await it.stores.settings.mark('admin_password'))).toStartWith('scrypt$')
  expect(await it.app.needsSetup()).toBe(false)
  const { page: visit } = browserOf(it, done)
  expect((await visit('/admin/welcome')).status).toBe(200)

  const used = await it.get(`/setup?token=${token}`)
  expect([used.status, await used.text()]).toEqual([
    403,
    expect.stringContaining('href="/admin/login"'),
  ])
  expect((await submit(it, { token, password: 'another one' })).status).toBe(403)
})

test('with ADMIN_PASSWORD there is nothing to set up', async () => {
  await using it = await gateway({ env: { ADMIN_PASSWORD: PASSWORD } })
  expect((await it.get(`/setup?token=${it.setupToken}`)).status).toBe(403)
  expect(await it.app.needsSetup()).toBe(false)
})

test('a form that is too large is refused, and what a link carries is never run', async () => {
  await using it = await world()
  expect((await submit(it, { token: 'x'.repeat(20_000) })).status).toBe(413)
  const page = await it.get('/setup?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E')
  expect(await page.text()).not.toContain('<script>')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('until a password is set, the log-in tells where to set it', async () => {
  await using it = await world()
  const root = await it.get('/', { redirect: 'manual' })
  expect([root.status, root.headers.get('location')]).toEqual([303, '/admin'])
  const page = await (await it.get('/admin/login', { headers: { 'accept-language': 'zh' } })).text()
  expect(page).toContain('尚未设置密码')
  expect(page).not.toContain('type="password"')
  await submit(it, { token: it.setupToken, password: PASSWORD })
  expect(await (await it.get('/admin/login', { headers: {} })).text()).toContain('type="password"')
})

test('who is not logged in gets no further', async () => {
  await using it = await world()
  for (const path of ['/admin/welcome', '/admin/welcome/ready']) {
    const answer = await fetch(it.url + path, { redirect: 'manual' })
    expect(answer.headers.get('location')).toStartWith('/admin/login')
  }
  const answer = await fetch(`${it.url}/admin/welcome/key`, { method: 'POST', redirect: 'manual' })
  expect(answer.status).toBe(303)
  expect(await it.stores.keys.list()).toEqual([])
})

test('without scripts a pasted key is tested, a bad one told and replaced, and a key made', async () => {
  const { it, page } = await begun()
  await using _ = it
  const paste = (text: string, more = {}) =>
    page('/admin/welcome', { method: 'POST', body: new URLSearchParams({ text, ...more }) })

  const nothing = await paste('  ')
  expect([nothing.status, await nothing.text()]).toEqual([
    422,
    expect.stringContaining('Paste something first.'),
  ])
  const unread = await paste('what is this?')
  expect([unread.status, await unread.text()]).toEqual([
    422,
    expect.stringContaining('This could not be taken in.'),
  ])

  const bad = await paste('xai-wrong0123456789abcdefghijklmnop')
  const said = await bad.text()
  expect(bad.status).toBe(422)
  expect(said).toContain('Its secret is refused.')
  expect(said).not.toContain('xai-wrong')
  const [failing] = await it.stores.accounts.list()
  expect(said).toContain(`name="replaces" value="${failing?.id}"`)

  for (const text of ['', 'oops']) {
    const slip = await (await paste(text, { replaces: String(failing?.id) })).text()
    expect(slip).toContain(`name="replaces" value="${failing?.id}"`)
    expect(await it.stores.accounts.list()).toHaveLength(1)
  }

  const good = await paste(SECRET, { replaces: String(failing?.id) })
  const added = await good.text()
  expect([good.status, added]).toEqual([200, expect.stringContaining('xai/xai is added.')])
  expect(added).not.toContain(SECRET)
  expect(added).toContain('name="model" value="grok-4"')
  expect(await it.stores.accounts.list()).toMatchObject([{ kind: 'xai', hint: 'stuv' }])

  const made = await page('/admin/welcome/key', {
    method: 'POST',
    body: new URLSearchParams({ model: 'grok-4' }),
  })
  const shown = await made.text()
  const secret = /sk-groxy-[\w-]{20,}/.exec(shown)?.[0] ?? ''
  for (const snippet of [
    `curl ${it.url}/v1/chat/completions`,
    `Authorization: Bearer ${secret}`,
    `base_url=&quot;${it.url}/v1&quot;,\n    api_key=&quot;${secret}&quot;`,
    `baseURL: &#39;${it.url}/v1&#39;,\n  apiKey: &#39;${secret}&#39;`,
  ])
    expect(shown).toContain(snippet)
  const asked = await it.post(
    '/v1/chat/completions',
    { model: 'grok-4', messages: [{ role: 'user', content: 'Hi' }] },
    { headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' } },
  )
  expect(asked.status).toBe(200)

  const address = /data-address="([^"]+)"/.exec(shown)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const again = await (await page(address)).text()
  expect(again).not.toContain(secret)
  expect(again).toContain(`The key that ends in ${secret.slice(-4)} was shown once`)
  expect(again).toContain('Authorization: Bearer YOUR_KEY')
  expect(await it.stores.keys.list()).toHaveLength(1)

  const { rows } = await it.client.execute('SELECT actor, action FROM audit_log ORDER BY id')
  const log = rows.map(({ actor, action }) => `${String(actor).split(' ')[0]} ${action}`)
  for (const line of ['set-up password.set', 'session account.add', 'session key.create'])
    expect(log).toContain(line)
})

test('what is shown to be copied answers when it is run', async () => {
  await using it = await world()
  const view = { ...viewFor('en'), origin: it.url }
  const [curl, , node] = snippets(view, { model: 'demo', key: KEY })
  const run = async (command: string[], input: string) => {
    const program = Bun.spawn(command, { stdin: new Blob([input]), stderr: 'pipe' })
    return new Response(program.stdout).text()
  }
  expect(await run(['sh'], curl?.text ?? '')).toContain('"chat.completion"')
  expect((await run([process.execPath, 'run', '-'], node?.text ?? '')).length).toBeGreaterThan(20)
})

test('several accounts are taken in together', async () => {
  const { it, page } = await begun()
  await using _ = it
  const text = ['a', 'b', 'c'].map((sign) => `xai-${sign.repeat(32)}`).join('\n')
  const answer = await page('/admin/welcome', {
    method: 'POST',
    headers: { 'hx-request': 'true', 'hx-request-type': 'partial' },
    body: new URLSearchParams({ text }),
  })
  expect(await answer.text()).toContain('3 of 3 accounts are added')
  expect(await it.stores.accounts.list()).toHaveLength(3)
  expect(await (await page('/admin/welcome')).text()).toContain('3 accounts are there already.')
})

test('what the address of the last step says is checked', async () => {
  const { it, page } = await begun()
  await using _ = it
  const answer = await page(
    `/admin/welcome/ready?model=${encodeURIComponent('"><script>')}&key=${encodeURIComponent('<b>')}`,
  )
  const text = await answer.text()
  expect(text).not.toContain('<script>')
  expect(text).toContain('<option value="demo" selected>')
  expect(text).toContain('Put a key in the place of YOUR_KEY')
})

const listed = (...ids: string[]) => ids.map((id) => ({ id }))

test.each([
  [listed('demo', 'demo-slow', 'grok-4'), ['grok-4', 'demo']],
  [listed('grok-imagine-1', 'text-embedding-3-small', 'gpt-5', 'whisper-1'), ['gpt-5']],
  [
    [
      { id: 'old', created: 1 },
      { id: 'new', created: 2 },
    ],
    ['new', 'old'],
  ],
  [[], []],
])('of the models %j these are asked first: %j', (models, expected) => {
  expect(chatModels(models)).toEqual(expected)
})

test('a model is one that was named, else the first, else the demo', () => {
  expect(firstModel('grok-4', ['a'])).toBe('grok-4')
  expect(firstModel('no model"', ['a'])).toBe('a')
  expect(firstModel(null, [])).toBe('demo')
})
