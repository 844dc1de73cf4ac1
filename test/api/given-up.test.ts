import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chunk, fakeUpstream, type Seen } from '../fakes/upstream'
import { type Gateway, gateway, KEY, openaiAt } from '../support/gateway'
import { until } from '../support/programs'
import { connect } from '../support/socket-app'

/** Begins to answer, and says no more until its caller leaves. */
const asked: Seen[] = []
const upstream = fakeUpstream((seen) => {
  if (seen.path === '/v1/models' || !seen.body.includes('Begin')) return
  asked.push(seen)
  const first = `data: ${JSON.stringify(chunk({ role: 'assistant', content: 'Well' }))}\n\n`
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(first)),
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
})
let it: Gateway

beforeAll(async () => {
  it = await gateway({ env: openaiAt(upstream.url) })
})
afterAll(async () => {
  await it[Symbol.asyncDispose]()
  await upstream.stop()
})

const BEGIN = { model: 'grok-4', input: 'Begin' }

/** The turn that was given up is nobody's fault, and its account is asked again. */
async function expectNoBlame() {
  await asked.at(-1)?.aborted
  const turns = asked.length
  const entry = await until(async () => {
    const begun = (await it.ledger()).filter(
      ({ firstByteMs, outcome }) => firstByteMs !== null && outcome !== 'done',
    )
    return begun.length === turns ? begun[0] : undefined
  })
  expect(entry).toMatchObject({ outcome: 'gone', status: 200 })
  const reply = await it.post('/v1/responses', { model: 'grok-4', input: 'Hi' })
  expect(reply.status).toBe(200)
  const statuses = await it.client.execute('SELECT status FROM responses ORDER BY created_at')
  return statuses.rows.map(({ status }) => status)
}

test('a background turn that is cancelled within its answer', async () => {
  const { id } = (await (
    await it.post('/v1/responses', { ...BEGIN, background: true })
  ).json()) as { id: string }
  // That it is in progress says only that it was asked: its first words say that it is answered.
  const watched = await it.get(`/v1/responses/${id}?stream=true`)
  const decoder = new TextDecoder()
  let said = ''
  for await (const bytes of watched.body ?? []) {
    said += decoder.decode(bytes, { stream: true })
    if (said.includes('Well')) break
  }
  await it.post(`/v1/responses/${id}/cancel`, {})
  expect(await expectNoBlame()).toContain('cancelled')
})

test('a turn on a socket whose client leaves within its answer', async () => {
  const client = await connect(it.url, KEY)
  client.send({ type: 'response.create', ...BEGIN, store: true })
  await client.read()
  client[Symbol.dispose]()
  expect(await expectNoBlame()).not.toContain('failed')
})

test('a turn whose client leaves within its answer', async () => {
  const leaving = new AbortController()
  const reply = await it.post(
    '/v1/responses',
    { ...BEGIN, stream: true },
    { signal: leaving.signal },
  )
  await reply.body?.getReader().read()
  leaving.abort()
  expect(await expectNoBlame()).not.toContain('failed')
})
