import { describe, expect, test } from 'bun:test'
import { fakeUpstream, type Seen } from '../fakes/upstream'
import { type Gateway, gateway, KEY, keyed, openaiAt } from '../support/gateway'
import { scratch, until } from '../support/programs'
import { orderFaults, readResponseStream } from '../support/response-order'
import { chatAsked } from '../support/tool-loop'

/** Longer than an instance may leave its turns alone. */
const GONE_MS = 40_000

const OWN = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }

interface Made {
  readonly id: string
  readonly status: string
  readonly error: { readonly code: string; readonly message: string } | null
}

const made = async (reply: Response | Promise<Response>) => (await (await reply).json()) as Made

const remove = (it: Gateway, id: string) =>
  fetch(`${it.url}/v1/responses/${id}`, {
    method: 'DELETE',
    headers: OWN,
  })

/** An instance that gets no answer from its upstream, and one that will find it gone and gets answers. */
async function twoInstances() {
  const folder = await scratch('takeover')
  const path = `${folder.path}/groxy.db`
  let talks = false
  const silent = fakeUpstream(({ path }) =>
    talks || path === '/v1/models' ? undefined : new Promise<Response>(() => {}),
  )
  const talking = fakeUpstream()
  const gone = await gateway({ env: openaiAt(silent.url), path })
  let ahead = 0
  const heir = await gateway({ env: openaiAt(talking.url), path, now: () => Date.now() + ahead })
  return {
    gone,
    heir,
    /** A turn that is over before its instance goes. */
    async first() {
      talks = true
      const first = await made(gone.post('/v1/responses', { model: 'grok-4', input: 'One' }))
      await gone.app.flush()
      talks = false
      return first
    },
    begin: (body: object, headers: HeadersInit = OWN) =>
      made(gone.post('/v1/responses', { model: 'grok-4', background: true, ...body }, { headers })),
    /** What the heir's upstream was told at last. */
    said: () => chatAsked(talking.asked().at(-1) as Seen).messages,
    take() {
      ahead += GONE_MS
      return heir.app.refresh()
    },
    ended: (id: string) =>
      until(async () => {
        const found = await made(heir.get(`/v1/responses/${id}`))
        return found.status === 'queued' || found.status === 'in_progress' ? undefined : found
      }),
    async open() {
      await heir.app.flush()
      const { rows } = await heir.client.execute('SELECT count(*) AS n FROM background_turns')
      return rows[0]?.n
    },
    async [Symbol.asyncDispose]() {
      await heir[Symbol.asyncDispose]()
      await silent.stop()
      await gone[Symbol.asyncDispose]()
      await talking.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

describe('turns of an instance that is gone', () => {
  test('are made by another, also when the client of one has deleted it', async () => {
    await using it = await twoInstances()
    const deleted = await it.begin({ input: 'One' })
    const kept = await it.begin({ input: 'Two' })
    expect((await remove(it.heir, deleted.id)).status).toBe(200)
    await it.take()
    expect((await it.ended(kept.id)).status).toBe('completed')
    expect(await it.open()).toBe(0)
    expect((await it.heir.get(`/v1/responses/${deleted.id}`)).status).toBe(404)
  })

  test('are told all that they were begun with, whatever was deleted since', async () => {
    await using it = await twoInstances()
    const before = await it.first()
    const { id } = await it.begin({
      input: [{ role: 'user', content: 'Two', id: 'msg_two' }],
      previous_response_id: before.id,
    })
    expect((await remove(it.heir, before.id)).status).toBe(200)
    await it.take()
    expect((await it.ended(id)).status).toBe('completed')
    expect(it.said().map(({ content }) => content)).toEqual(['One', 'Hello there', 'Two'])
    const items = await made(it.heir.get(`/v1/responses/${id}/input_items?limit=1`))
    expect(items).toMatchObject({ data: [{ id: 'msg_two' }] })
  })

  test('give their conversation the items that they were begun with', async () => {
    await using it = await twoInstances()
    const conversation = await made(it.gone.post('/v1/conversations', {}))
    const { id } = await it.begin({ conversation: conversation.id, input: 'One' })
    await it.take()
    await it.ended(id)
    const list = async (path: string) =>
      (await (await it.heir.get(`${path}?order=asc`)).json()) as { data: { id: string }[] }
    const [asked] = (await list(`/v1/responses/${id}/input_items`)).data
    const { data } = await list(`/v1/conversations/${conversation.id}/items`)
    expect(data).toHaveLength(2)
    expect(data[0]).toEqual(asked as { id: string })
  })

  test('are cancelled when their key may do no such thing any more, and others are not', async () => {
    await using it = await twoInstances()
    const { key, secret } = await it.gone.stores.keys.create({ name: 'k' })
    await it.gone.app.refresh()
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    const lost = await it.begin({ input: 'One' }, headers)
    const kept = await it.begin({ input: 'Two' })
    await it.heir.stores.keys.revoke(key.id)
    await it.take()
    expect((await it.ended(kept.id)).status).toBe('completed')
    expect(await it.open()).toBe(0)
    const { rows } = await it.heir.client.execute('SELECT * FROM responses WHERE id = ?', [lost.id])
    expect(rows[0]).toMatchObject({ status: 'cancelled' })
  })

  test('go on at once when it says that it goes', async () => {
    await using it = await twoInstances()
    const { id } = await it.begin({ input: 'One' })
    it.gone.app.drain()
    await it.gone.app.flush()
    await it.heir.app.refresh()
    expect((await it.ended(id)).status).toBe('completed')
    await it.gone.app.flush()
    const found = await made(it.heir.get(`/v1/responses/${id}`))
    expect(found.status).toBe('completed')
    expect(it.heir.lines.join()).toContain('"tries":1}')
  })

  test('are cancelled when that is what is left to do', async () => {
    await using it = await twoInstances()
    const { id } = await it.begin({ input: 'One' })
    await it.heir.post(`/v1/responses/${id}/cancel`, {})
    await it.take()
    expect((await it.ended(id)).status).toBe('cancelled')
    expect(await it.open()).toBe(0)
  })
})

test('a background turn that is not taken on holds nothing of its key', async () => {
  await using it = await gateway({ settings: { stored_response_bytes: 5_000 } })
  const key = await keyed(it, { concurrency: 1, tokensPerMinute: 10_000 })
  const large = { model: 'demo', background: true, input: 'x'.repeat(6_000) }
  for (const _ of [1, 2, 3, 4, 5, 6, 7, 8])
    expect((await key.post('/v1/responses', large)).status).toBe(413)
  expect((await key.post('/v1/responses', { model: 'demo', input: 'Hi' })).status).toBe(200)
})

test('who watches one that runs elsewhere sees the end when it is deleted', async () => {
  await using it = await twoInstances()
  const { id } = await it.begin({ input: 'One' })
  const watched = it.heir.get(`/v1/responses/${id}?stream=true`).then((reply) => reply.text())
  await Bun.sleep(100)
  expect((await remove(it.heir, id)).status).toBe(200)
  const events = await watched
  expect(events).toContain('"status":"cancelled"')
  expect(events).toEndWith('data: [DONE]\n\n')
})

test('a number of its own that a client wrote is not taken for that of an event', async () => {
  await using it = await gateway()
  const asked = {
    ...{ model: 'demo', background: true, input: 'Hi' },
    tools: [{ type: 'function', name: 'f', parameters: { sequence_number: 9_999 } }],
  }
  const reply = await it.post('/v1/responses', { ...asked, stream: true })
  const { events, done } = readResponseStream(await reply.text())
  expect(orderFaults(events)).toEqual([])
  expect(events.at(-1)?.type).toBe('response.completed')
  expect(done).toBe(true)
})
