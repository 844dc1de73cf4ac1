import { afterAll, beforeAll, expect, test } from 'bun:test'
import { ADMIN_TOKEN } from '#src/store/admin-tokens'
import { isSecretSetting, Settings } from '#src/store/settings'
import { fakeUpstream, type Script } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { filled, formsIn } from '../support/admin-forms'
import { type Answer, answerOf, type Call, callsOf, dumpOf } from '../support/admin-walk'
import { ASK } from '../support/gateway'
import { exampleOf, operationsWithBodies } from '../support/json-bodies'

/** What must be seen nowhere, by what it is. */
const planted = new Map<string, string>()

/** A secret that is told from all others; of its end, four signs may be shown. */
function plant(what: string, form: (secret: string) => string = (secret) => secret): string {
  const secret = `planted${planted.size}x${crypto.randomUUID().replaceAll('-', '')}`
  planted.set(what, secret.slice(0, -4))
  return form(secret)
}

/** What is shown to whoever asks for a file with everything in it, and says so: `POST` of an export. */
const ON_REQUEST = /export/

/** A database as a whole holds hashes and what is sealed, and nothing readable. */
const BACKUP = /backup/

const KEY_LIKE = /sk-groxy-[\w-]{30,}|groxy-admin-[\w-]{43}/g

let it: Awaited<ReturnType<typeof adminWorld>>
let calls: Call[]
/** Hashes and sealed values as they are in the database: worth nothing, and nobody's business. */
const stored = new Map<string, string>()
const upstream = fakeUpstream()
const answers: Answer[] = []

beforeAll(async () => {
  const proxy = (secret: string) => `http://user:${secret}@127.0.0.1:9`
  it = await adminWorld({
    env: {
      ADMIN_PASSWORD: plant('ADMIN_PASSWORD'),
      GROXY_API_KEY: plant('GROXY_API_KEY'),
      XAI_API_KEY: plant('XAI_API_KEY', (secret) => `xai-${secret}`),
      XAI_BASE_URL: upstream.url,
      OPENAI_API_KEY: plant('OPENAI_API_KEY'),
      OPENAI_BASE_URL: upstream.url,
      METRICS_TOKEN: plant('METRICS_TOKEN'),
      DATABASE_AUTH_TOKEN: plant('DATABASE_AUTH_TOKEN'),
    },
  })
  await plantAccounts(proxy)
  await plantSettings(proxy)
  await plantAccess()
  await it.app.refresh()
  await plantTurns()
  await gatherStored()
  calls = await callsOf(it)
}, 120_000)

afterAll(async () => {
  await it[Symbol.asyncDispose]()
  await upstream.stop()
})

async function plantAccounts(proxy: (secret: string) => string): Promise<void> {
  const extras = (what: string) => ({
    headers: {
      'x-statsig-id': plant(`${what}'s statsig id`),
      'x-own': plant(`${what}'s header`),
    },
    cookies: plant(`${what}'s cookies`, (secret) => `cf_clearance=${secret}; other=${secret}`),
  })
  for (const kind of ['xai', 'openai', 'web'] as const)
    await it.stores.accounts.add({
      kind,
      name: `${kind}-one`,
      baseUrl: plant(`address of ${kind}`, (password) =>
        upstream.url
          .replace(/\/v1$/, kind === 'web' ? '' : '/v1')
          .replace('://', `://user:${password}@`),
      ),
      secret: plant(`secret of ${kind}`),
      models: ['grok-4'],
      proxy: plant(`proxy of ${kind}`, proxy),
      tags: ['one', 'two'],
      note: 'a note that may be read',
      ...(kind === 'web' && { extras: extras('the session') }),
    })
}

async function plantSettings(proxy: (secret: string) => string): Promise<void> {
  for (const name of Object.keys(Settings.properties).filter(isSecretSetting)) {
    const forms: Record<string, (secret: string) => string> = {
      proxy_xai: proxy,
      proxy_openai: proxy,
      proxy_web: proxy,
      web_cookies: (secret) => `a=${secret}`,
      web_headers: (secret) => `x-planted: ${secret}`,
    }
    await it.stores.settings.set(name, plant(`setting ${name}`, forms[name]))
  }
}

async function plantAccess(): Promise<void> {
  const { keys, adminTokens } = it.stores
  for (const name of ['good', 'revoked']) {
    const { key, secret } = await keys.create({ name })
    planted.set(`key ${name}`, secret.slice(0, -4))
    if (name === 'revoked') await keys.revoke(key.id)
  }
  const { secret } = await adminTokens.create('robot', null)
  planted.set('admin token', secret.slice(0, -4))
  for (const pair of it.cookie.split('; ')) {
    const [name = '', value = ''] = pair.split('=')
    planted.set(`cookie ${name}`, value)
  }
  // What somebody mistyped is likely to be a password elsewhere.
  for (const path of ['/admin/login', '/admin/access/password'])
    await it.send(path, {
      password: plant(`password typed at ${path}`),
      current: plant(`current password typed at ${path}`),
    })
  await it.api('/password', { current: plant('in the API'), password: plant('wanted in the API') })
  for (const authorization of [
    plant('Basic', (one) => `Basic ${one}`),
    plant('Bearer', (one) => `Bearer ${one}`),
  ]) {
    await fetch(`${it.url}/admin/api/tokens`, { headers: { authorization } })
    await fetch(`${it.url}/v1/models`, { headers: { authorization } })
  }
  await fetch(`${it.url}/setup?token=${plant('token of a set-up link')}`)
}

/** Upstreams that say what they were sent in their refusals. */
async function plantTurns(): Promise<void> {
  const tell: Script = ({ headers }) =>
    Response.json(
      { error: { message: `Bad key ${headers.get('authorization')}`, code: 'x', type: 'y' } },
      { status: 401 },
    )
  const key = await it.stores.keys.create({ name: 'asking' })
  planted.set('key that asks', key.secret.slice(0, -4))
  await it.app.refresh()
  const headers = { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' }
  await it.post('/v1/chat/completions', { ...ASK, model: 'grok-4' }, { headers })
  upstream.script(tell)
  await it.post('/v1/chat/completions', { ...ASK, model: 'grok-4' }, { headers })
  const own = plant('key of a caller', (secret) => `xai-${secret}`)
  await it.post('/v1/chat/completions', ASK, {
    headers: { authorization: `Bearer ${own}`, 'content-type': 'application/json' },
  })
  await it.ledger()
}

const PROTECTED: readonly (readonly [table: string, column: string])[] = [
  ['accounts', 'secret'],
  ['accounts', 'proxy'],
  ['accounts', 'extras'],
  ['accounts', 'fingerprint'],
  ['keys', 'secret_hash'],
  ['admin_tokens', 'secret_hash'],
  ['admin_sessions', 'secret_hash'],
]

async function gatherStored(): Promise<void> {
  for (const [table, column] of PROTECTED) {
    const { rows } = await it.client.execute(`SELECT "${column}" AS value FROM "${table}"`)
    for (const [at, { value }] of rows.entries())
      if (value) stored.set(`${table}.${column} ${at}`, String(value))
  }
  const { rows } = await it.client.execute(
    "SELECT name, value FROM settings WHERE value LIKE '%v1.%'",
  )
  for (const { name, value } of rows) stored.set(`setting ${name}`, JSON.parse(String(value)))
  expect(stored.size).toBeGreaterThan(15)
}

/** Which secrets a text holds, readably or as some encoding of them. */
function found(text: string, secrets: ReadonlyMap<string, string>): string[] {
  return [...secrets]
    .filter(([, secret]) => text.includes(secret) || text.includes(btoa(secret).slice(4, -4)))
    .map(([what]) => what)
}

const textOf = ({ headers, body }: Answer): string =>
  `${[...headers].map(([name, value]) => `${name}: ${value}`).join('\n')}\n${body}`

/** Pages and parts of them, and what is asked with nothing, with little and with nonsense. */
const WAYS: readonly RequestInit[] = [
  { headers: { accept: 'text/html' } },
  { headers: { 'hx-request': 'true', 'hx-request-type': 'partial' } },
]
const BODIES: readonly RequestInit[] = [
  { headers: { 'content-type': 'application/json' }, body: '{}' },
  {
    headers: { 'hx-request': 'true', 'hx-request-type': 'partial' },
    body: new URLSearchParams({ q: 'planted', confirm: 'yes' }),
  },
]

/** First what looks, then what changes, at last what removes. */
const ORDER = ['GET', 'PATCH', 'PUT', 'POST', 'DELETE']

test('no page and no answer of the API shows a secret, whole, sealed or hashed', async () => {
  const leaks: string[] = []
  const inOrder = calls
    .filter(({ method, route }) => ORDER.includes(method) && route !== '/admin/logout')
    // These end the very session that asks.
    .filter(({ method, route }) => method === 'GET' || !route.includes('/sessions'))
    .toSorted((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method))
  expect(inOrder.length).toBeGreaterThan(15)
  for (const call of inOrder)
    for (const init of call.method === 'GET' ? WAYS : BODIES) {
      if (call.method === 'POST' && ON_REQUEST.test(call.route)) continue
      const answer = await answerOf(it, call, init)
      answers.push(answer)
      if (process.env.SHOW)
        console.log(answer.method, answer.path, answer.status, answer.body.length)
      const text = textOf(answer)
      const shown = found(text, planted)
      if (!BACKUP.test(call.route)) shown.push(...found(text, stored))
      if (shown.length > 0) leaks.push(`${call.method} ${call.route}: ${shown.join(', ')}`)
    }
  expect([...new Set(leaks)]).toEqual([])
  expect((await it.page('/admin')).status).toBe(200)
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(10)
}, 300_000)

/** Fields whose name says that what is in them is a secret, or may be. */
const SECRETIVE =
  /secret|password|cookie|header|proxy|token|clearance|statsig|user_agent|agent|^text$/

test('what is sent to the API and typed into forms does not come back, is not logged, and is not told', async () => {
  const sent: string[] = []
  const operations = operationsWithBodies(await it.app.describe())
  for (const { method, route, body } of operations) {
    if (!route.startsWith('/admin/api/') || route.includes('/sessions')) continue
    const call = calls.findLast((one) => one.method === method && one.route === route)
    if (!call) continue
    const known = await (await it.page(call.path)).json().catch(() => ({}))
    const { revision } = known as { revision?: number }
    const value = exampleOf(body, (name) =>
      SECRETIVE.test(name) ? plant(`${name} of ${method} ${route}`) : 'harmless',
    )
    const answer = await answerOf(it, call, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...(value as object), ...(revision !== undefined && { revision }) }),
    })
    const shown = found(textOf(answer), planted)
    if (shown.length > 0) sent.push(`${method} ${route}: ${shown.join(', ')}`)
  }
  for (const { path } of calls.filter(({ method }) => method === 'GET')) {
    const page = await answerOf(it, { method: 'GET', route: path, path })
    for (const form of (await formsIn(page.body)).filter(({ method }) => method !== 'GET')) {
      const isSecret = (type: string) => type === 'password'
      const names = Object.entries(form.fields).filter(([, { type }]) => isSecret(type))
      if (names.length === 0) continue
      const body = filled(form, 'harmless')
      for (const [name] of names) body.set(name, plant(`${name} of the form at ${path}`))
      const call = { method: form.method, route: form.path, path: form.path }
      const partial = { 'hx-request': 'true', 'hx-request-type': 'partial' }
      const answer = await answerOf(it, call, { headers: partial, body })
      const shown = found(textOf(answer), planted)
      if (shown.length > 0) sent.push(`${form.path} at ${path}: ${shown.join(', ')}`)
    }
  }
  expect([...new Set(sent)]).toEqual([])
  for (const call of calls.filter(({ method }) => method === 'GET')) {
    const shown = found(textOf(await answerOf(it, call)), planted)
    expect([call.route, shown]).toEqual([call.route, []])
  }
}, 300_000)

test('what is made just now is shown once, and to whoever made it', async () => {
  const made = await (await it.api('/tokens', { name: 'once' })).json()
  expect(made.token).toMatch(ADMIN_TOKEN)
  for (const call of calls.filter(({ method }) => method === 'GET')) {
    const { body } = await answerOf(it, call)
    const shown = (body.match(KEY_LIKE) ?? []).filter((one) => !one.includes('…'))
    expect([call.route, shown]).toEqual([call.route, []])
  }
}, 120_000)

test('no line of the log holds a secret', async () => {
  await it.settle()
  const log = it.lines.join('\n')
  expect(it.lines.length).toBeGreaterThan(5)
  expect(found(log, planted)).toEqual([])
  expect(found(log, stored)).toEqual([])
})

test('the database holds secrets sealed or hashed only, and the audit log none at all', async () => {
  await it.app.flush()
  await it.settle()
  const dump = await dumpOf(it)
  expect(dump.size).toBeGreaterThan(20)
  const leaks = [...dump].flatMap(([table, text]) =>
    found(text, planted).map((what) => `${table}: ${what}`),
  )
  expect(leaks).toEqual([])
  const audit = dump.get('audit_log') ?? ''
  expect(audit).toContain('session.fail')
  expect(found(audit, stored)).toEqual([])
})

test('the search would find what it looks for', () => {
  for (const secrets of [planted, stored]) {
    const [what = '', secret = ''] = [...secrets].at(-1) ?? []
    expect(found(`a page with ${secret} in it`, secrets)).toContain(what)
    expect(found(btoa(secret), secrets)).toContain(what)
    expect(found(secret.slice(4), secrets)).toEqual([])
  }
})
