import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chunk, fakeUpstream } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { ASK, KEY, xaiAt } from '../support/gateway'

const CHAT = '/admin/playground/v1/chat/completions'
const SECRET = /sk-groxy-[\w-]{43}/

const upstream = fakeUpstream()
let it: Awaited<ReturnType<typeof adminWorld>>
beforeAll(async () => {
  it = await adminWorld({ env: xaiAt(upstream.url) })
})
afterAll(async () => {
  await it[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const ask = (body: object = ASK, init: RequestInit = {}) =>
  it.page(CHAT, {
    method: 'POST',
    body: JSON.stringify(body),
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
  })

test('who is logged in asks without a key, and the ledger has it under a name of its own', async () => {
  const answer = await ask()
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({
    choices: [{ message: { content: 'Hello there' } }],
  })
  const [entry] = await it.ledger()
  expect(entry).toMatchObject({ keyId: 'playground', outcome: 'done' })
  expect(answer.headers.get('x-playground-request-id')).toBe(entry?.requestId ?? '')
})

test('what a stream says comes as it is made', async () => {
  const rest = Promise.withResolvers<void>()
  upstream.script(({ path }) => {
    if (path === '/v1/models') return
    const encoder = new TextEncoder()
    return new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(
            encoder.encode(`data: ${JSON.stringify(chunk({ content: 'First' }))}\n\n`),
          )
          await rest.promise
          controller.enqueue(
            encoder.encode(`data: ${JSON.stringify(chunk({}, 'stop'))}\n\ndata: [DONE]\n\n`),
          )
          controller.close()
        },
      }),
      { headers: { 'content-type': 'text/event-stream' } },
    )
  })
  const answer = await ask({ ...ASK, stream: true })
  let text = ''
  const decoder = new TextDecoder()
  for await (const piece of answer.body ?? []) {
    text += decoder.decode(piece, { stream: true })
    if (text.includes('First')) rest.resolve()
  }
  expect(text).toContain('[DONE]')
  upstream.script(() => undefined)
})

test('who leaves ends the call of the upstream', async () => {
  upstream.script(async ({ path, aborted }) => {
    if (path === '/v1/models') return
    await aborted
    return new Response(null, { status: 499 })
  })
  const before = upstream.asked().length
  const leave = new AbortController()
  const asked = ask({ ...ASK, stream: true }, { signal: leave.signal }).catch(() => undefined)
  while (upstream.asked().length === before) await Bun.sleep(5)
  const [seen] = upstream.asked().slice(before)
  leave.abort()
  await asked
  await seen?.aborted
  upstream.script(() => undefined)
})

test("nothing of the browser's own goes further", async () => {
  const before = upstream.asked().length
  const authorization = `Basic ${btoa('somebody:else')}`
  const answer = await ask(ASK, { headers: { authorization, 'x-grok-conv-id': 'c' } })
  expect(answer.status).toBe(200)
  const [seen] = upstream.asked().slice(before)
  expect(seen?.headers.get('authorization')).toBe('Bearer xai-account-secret-1')
  expect(seen?.headers.get('cookie')).toBeNull()
})

test("who brings only a program's key is not let in by it", async () => {
  for (const key of ['xai-a-key-of-somebody-else', KEY]) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(ASK) }
    expect((await fetch(it.url + CHAT, init)).status).toBe(401)
  }
})

test('a key beside a session is refused: who is to pay would be unclear', async () => {
  const before = upstream.asked().length
  for (const key of ['xai-a-key-of-somebody-else', KEY, 'groxy-admin-wrong']) {
    const answer = await ask(ASK, { headers: { authorization: `Bearer ${key}` } })
    expect([key, answer.status]).toEqual([key, 401])
  }
  expect(upstream.asked().length).toBe(before)
  const { secret } = await it.stores.adminTokens.create('program', null)
  const own = await ask(ASK, { headers: { authorization: `Bearer ${secret}` } })
  expect(own.status).toBe(200)
})

test('answers are for this page only', async () => {
  const answer = await it.page('/admin/playground/v1/models')
  expect(await answer.json()).toMatchObject({ data: [{ id: 'grok-4' }, { id: 'grok-4-mini' }] })
  expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  expect(answer.headers.get('cache-control')).toBe('no-store')
})

test.each([
  ['GET', '/v1/files'],
  ['POST', '/v1/files'],
  ['DELETE', '/v1/models'],
  ['GET', '/v1/models/grok-4'],
  ['POST', '/v1/embeddings'],
  ['GET', '/v1/responses/resp_1'],
  ['GET', '/v1/videos/a/b'],
  ['GET', '/v1/models%2f..%2ffiles'],
])('%s %s is not asked for by the page', async (method, path) => {
  const answer = await it.page(`/admin/playground${path}`, { method })
  expect(answer.status).toBe(404)
})

test('strangers and pages of other sites get nothing', async () => {
  const stranger = await fetch(it.url + CHAT, { method: 'POST', body: JSON.stringify(ASK) })
  expect(stranger.status).toBe(401)
  const other = await ask(ASK, { headers: { 'sec-fetch-site': 'cross-site' } })
  expect(other.status).toBe(403)
})

test('the key of the playground is nowhere to be found', async () => {
  const answer = await ask({ ...ASK, model: 'nobody-has-this' })
  expect(answer.status).toBe(404)
  const texts = [await answer.text(), JSON.stringify([...answer.headers]), it.lines.join('\n')]
  const { rows } = await it.client.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
  for (const { name } of rows) {
    const all = await it.client.execute(`SELECT * FROM "${name}"`)
    texts.push(JSON.stringify(all.rows.map((row) => Object.values(row))))
  }
  expect(texts.join('\n')).not.toMatch(SECRET)
  expect(await it.stores.keys.list()).toEqual([])
})

test('every part has a page, whose models are those that there are', async () => {
  for (const part of ['', '/image', '/video']) {
    const page = await (await it.page(`/admin/playground${part}?model=grok-4-mini`)).text()
    expect(page).toContain('<option value="grok-4-mini" selected>')
    expect(page).not.toMatch(/ style=|undefined|\[object/)
  }
})

test('where there is no model yet, it says where models come from', async () => {
  await using bare = await adminWorld({
    env: { DEMO: '0', OPENAI_API_KEY: 'sk-nobody', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' },
  })
  const page = await (await bare.page('/admin/playground')).text()
  expect(page).toContain('No model yet')
})
