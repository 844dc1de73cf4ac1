import { afterAll, beforeAll, expect, test } from 'bun:test'
import { fakeUpstream } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { dangersIn, filled, formsIn } from '../support/admin-forms'
import { type Answer, answerOf, type Call, callsOf } from '../support/admin-walk'
import { batchOf, entry } from '../support/entries'
import { ASK, xaiAt } from '../support/gateway'
import { exampleOf, operationsWithBodies } from '../support/json-bodies'

/** Leaves attributes and elements, and would run in each of several ways. */
const ATTACK = `mk'"><script src=//e></script><a href=javascript:mk() onclick=mk()>`
const MARK = 'mk&#39;&quot;'

let it: Awaited<ReturnType<typeof adminWorld>>
let calls: Call[]
/** A model may be called as its upstream likes, and say of a request what it likes. */
const upstream = fakeUpstream(({ path }) =>
  path === '/v1/models'
    ? Response.json({ object: 'list', data: [{ id: 'grok-4' }, { id: ATTACK }] })
    : Response.json({ error: { message: ATTACK, type: ATTACK, code: ATTACK } }, { status: 400 }),
)

beforeAll(async () => {
  it = await adminWorld({ env: xaiAt(upstream.url) })
  await plant()
  calls = await callsOf(it)
}, 60_000)
afterAll(async () => {
  await it[Symbol.asyncDispose]()
  await upstream.stop()
})

/** What strangers, programs, upstreams and careless operators can put into the database. */
async function plant(): Promise<void> {
  const { accounts, keys, aliases, adminTokens, adminSessions, audit, ledger } = it.stores
  await accounts.add({
    kind: 'openai',
    name: ATTACK.replaceAll('/', '|'),
    baseUrl: `https://e/${ATTACK}`,
    secret: 'sk-0123456789',
    tags: [ATTACK],
    note: ATTACK,
    models: [ATTACK],
  })
  await it.client.execute("UPDATE accounts SET base_url = 'javascript:mk()' WHERE kind = 'openai'")
  await keys.create({ name: ATTACK, models: [ATTACK] })
  await aliases.set(ATTACK, { mode: 'order', targets: [{ model: ATTACK }] })
  await adminTokens.create(ATTACK, null)
  await adminSessions.begin({ address: ATTACK, agent: ATTACK, lifeMs: 3_600_000 })
  await audit.note({
    ...{ actor: ATTACK, address: ATTACK, action: ATTACK, subject: ATTACK },
    ...{ before: { [ATTACK]: ATTACK }, after: { [ATTACK]: ATTACK } },
  })
  const failed = {
    model: ATTACK,
    outcome: 'failed',
    status: 400,
    errorCode: ATTACK,
    errorText: ATTACK,
  }
  await ledger.append(batchOf([entry(ATTACK, { at: Date.now(), ...failed } as object)]))
  await it.app.refresh()
  await it.settle()
  await it.app.refresh()
  for (const model of ['grok-4', ATTACK])
    await it.post('/v1/chat/completions', { ...ASK, model, user: ATTACK })
  const form = new FormData()
  form.set('purpose', 'user_data')
  form.set('file', new File(['x'], ATTACK))
  const { authorization } = { authorization: `Bearer ${(await keys.create({ name: 'f' })).secret}` }
  await it.app.refresh()
  await fetch(`${it.url}/v1/files`, { method: 'POST', headers: { authorization }, body: form })
  await fetch(`${it.url}/admin/login`, { method: 'POST', headers: { 'user-agent': ATTACK } })
  await it.ledger()
}

/** Pages in which a text of ours stands, escaped as it has to be. */
let shown = 0

async function expectHarmless(answer: Answer): Promise<void> {
  const type = answer.headers.get('content-type') ?? ''
  const what = `${answer.method} ${answer.route}`
  if (type.startsWith('text/html')) {
    expect([what, await dangersIn(answer.body)]).toEqual([what, []])
    if (answer.body.includes(MARK)) shown++
  }
  expect([what, answer.headers.get('x-content-type-options')]).toEqual([what, 'nosniff'])
}

const PARTIAL = { 'hx-request': 'true', 'hx-request-type': 'partial' }

test('what is stored is shown as the text that it is', async () => {
  for (const call of calls.filter(({ method }) => method === 'GET'))
    for (const headers of [{}, PARTIAL, { 'accept-language': 'zh' }])
      await expectHarmless(await answerOf(it, call, { headers }))
  // Sessions, tokens and the audit log at least.
  expect(shown).toBeGreaterThan(5)
}, 60_000)

/** What pages read of their addresses, besides what their forms name. */
const QUERY = [
  'next',
  'back',
  'q',
  'after',
  'before',
  'since',
  'until',
  'tag',
  'state',
  'sort',
  'token',
]

test('what an address says is never run', async () => {
  for (const call of calls.filter(({ method }) => method === 'GET')) {
    const page = await answerOf(it, call)
    const names = (await formsIn(page.body)).flatMap(({ fields }) => Object.keys(fields))
    const query = new URLSearchParams([...QUERY, ...names].map((name) => [name, ATTACK]))
    await expectHarmless(await answerOf(it, { ...call, path: `${call.path}?${query}` }))
    const unknown = call.route.replace(/:[^/]+/g, encodeURIComponent(ATTACK))
    await expectHarmless(await answerOf(it, { ...call, path: unknown }))
  }
  const path = `/admin/${encodeURIComponent(ATTACK)}`
  const nothing = await answerOf(
    it,
    { method: 'GET', route: path, path },
    { headers: { accept: 'text/html' } },
  )
  expect(nothing.status).toBe(404)
  await expectHarmless(nothing)
}, 120_000)

const isApi = (path: string): boolean => path.startsWith('/admin/api/')

/** These would end the session that asks. */
const isOver = (path: string): boolean => path.includes('/sessions') || path.endsWith('/logout')

test('whatever is written into the fields of a form comes back as text, or not at all', async () => {
  let sent = 0
  for (const { method, path } of calls) {
    if (method !== 'GET') continue
    const page = await answerOf(it, { method, path, route: path })
    for (const form of await formsIn(page.body)) {
      if (isOver(form.path)) continue
      for (const hidden of [false, true]) {
        const body = filled(form, ATTACK, hidden)
        const call = { method: form.method, route: form.path, path: form.path }
        const answer =
          form.method === 'GET'
            ? await answerOf(it, { ...call, path: `${form.path.split('?')[0]}?${body}` })
            : await answerOf(it, call, { headers: PARTIAL, body })
        await expectHarmless(answer)
        sent++
      }
    }
  }
  expect(sent).toBeGreaterThan(5)
  expect((await it.page('/admin')).status).toBe(200)
}, 120_000)

test('whatever the API is told comes back as JSON, and on pages as text', async () => {
  const operations = operationsWithBodies(await it.app.describe())
  const ours = operations.filter(({ route }) => isApi(route) && !isOver(route))
  expect(ours.length).toBeGreaterThan(1)
  for (const { method, route, body } of ours) {
    const call = calls.find((one) => one.method === method && one.route === route)
    if (!call) throw new Error(`${method} ${route} is in the document, and no route.`)
    const known = await (await it.page(call.path)).json().catch(() => ({}))
    const { revision } = known as { revision?: number }
    const value = exampleOf(body, (name) => (name === 'revision' ? String(revision) : ATTACK))
    const answer = await answerOf(it, call, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...(value as object), ...(revision !== undefined && { revision }) }),
    })
    expect([route, answer.headers.get('content-type')]).not.toEqual([
      route,
      expect.stringContaining('html'),
    ])
    await expectHarmless(answer)
  }
  for (const call of calls.filter(({ method }) => method === 'GET'))
    await expectHarmless(await answerOf(it, call))
}, 120_000)

test('the search for dangers finds them', async () => {
  const cases: Record<string, number> = {
    [ATTACK]: 3,
    '<b onmouseover=x>': 1,
    '<p style="color:red">': 1,
    '<a href=" java\tscript:x">': 1,
    '<button hx-vals="js:{x}">': 1,
    '<iframe srcdoc="x">': 2,
    [`<p>${ATTACK.replaceAll('<', '&lt;')}</p>`]: 0,
    '<script src="/admin/assets/admin.js"></script><a href="/admin">x</a>': 0,
  }
  for (const [markup, count] of Object.entries(cases))
    expect([markup, (await dangersIn(markup)).length]).toEqual([markup, count])
})
