import { describe, expect, test } from 'bun:test'
import { NotFoundError } from 'openai'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { chunk, hello, sse, USAGE } from '../fakes/upstream'
import { ASK, gateway, KEY, keyed } from '../support/gateway'
import { FIXTURE, faultsAgainst } from '../support/official'
import { until } from '../support/programs'
import {
  failureOf,
  overChat,
  overDemo,
  overResponsesOnly,
  overXai,
} from '../support/responses-world'

/** What OpenAI's schema of that name has against a value. */
const faultsOf = faultsAgainst<string>(await Bun.file(FIXTURE).json())

interface List {
  readonly data: readonly (Record<string, unknown> & { readonly id: string })[]
  readonly first_id: string
  readonly last_id: string
  readonly has_more: boolean
}

const PATH = '/v1/chat/completions'
const STORE = { ...ASK, store: true }
const AS_KEY = { headers: { authorization: `Bearer ${KEY}` } }

/** The answer to a request that must do. */
async function bodyOf<T = Record<string, unknown>>(reply: Promise<Response>): Promise<T> {
  const response = await reply
  expect(response.status).toBe(200)
  return (await response.json()) as T
}

const idsOf = ({ data }: List) => data.map(({ id }) => id)

const isChat = ({ path }: { readonly path: string }) => path === PATH

describe('an answer that is to be kept', () => {
  test.each([
    ['a chat-only upstream', overChat],
    ['a Responses-only upstream', overResponsesOnly],
    ['xAI', overXai],
    ['the demo model', overDemo],
  ] as const)('is found as its client got it, over %s', async (_, over) => {
    await using world = await over()
    const { gate } = world
    const model = 'upstream' in world ? 'grok-4' : 'demo'
    const ask = { ...STORE, model, metadata: { room: '7' } }
    const made = await bodyOf(gate.post(PATH, ask))
    expect(faultsOf('CreateChatCompletionResponse', made)).toEqual([])
    expect(made).toMatchObject({ object: 'chat.completion', model, metadata: { room: '7' } })
    expect(await bodyOf(gate.get(`${PATH}/${made.id}`))).toEqual(made)

    const { completions } = world.client.chat
    const { choices, id } = await completions.stream(ask as never).finalChatCompletion()
    const kept = await bodyOf<typeof made>(gate.get(`${PATH}/${id}`))
    expect(faultsOf('CreateChatCompletionResponse', kept)).toEqual([])
    const answered = choices.map(({ message }) => message.content)
    expect(kept).toMatchObject({
      model,
      metadata: { room: '7' },
      choices: answered.map((content) => ({ message: { content }, finish_reason: 'stop' })),
    })
    expect(answered.join('')).not.toBe('')
    expect(kept).toHaveProperty('usage.total_tokens')
    const list = await bodyOf<List>(gate.get(PATH))
    expect(faultsOf('ChatCompletionList', list)).toEqual([])
    expect(idsOf(list)).toEqual([String(made.id), id])
  })

  test('keeps all that was said: thoughts, calls and every choice', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }
    const choices = [
      { message: { content: 'Here.', refusal: null, reasoning_content: 'Hm.' }, reason: 'stop' },
      { message: { content: null, refusal: null, tool_calls: [call] }, reason: 'tool_calls' },
    ].map(({ message, reason }, index) => ({
      ...{ index, logprobs: null, finish_reason: reason },
      message: { role: 'assistant', ...message },
    }))
    await using world = await overChat((seen) =>
      isChat(seen) ? Response.json(hello({ choices })) : undefined,
    )
    const made = await bodyOf(world.gate.post(PATH, { ...STORE, n: 2 }))
    expect(made).toMatchObject({ choices, usage: USAGE })
    const kept = await bodyOf(world.gate.get(`${PATH}/${made.id}`))
    expect(faultsOf('CreateChatCompletionResponse', kept)).toEqual([])
    expect(kept).toEqual(made)
    expect(kept.metadata).toEqual({})
  })

  test('is kept once where an account failed first', async () => {
    let calls = 0
    await using world = await overChat((seen) => {
      if (!isChat(seen) || calls++ > 0) return
      return Response.json({ error: { message: 'No.' } }, { status: 500 })
    })
    await world.gate.stores.accounts.add({
      ...{ kind: 'openai', name: 'second', secret: 'sk-account-secret-9' },
      baseUrl: world.upstream.url,
    })
    await world.gate.app.refresh()
    const made = await bodyOf(world.gate.post(PATH, STORE))
    expect(calls).toBe(2)
    expect((await bodyOf<List>(world.gate.get(PATH))).data).toEqual([made as List['data'][0]])
  })

  test.each([
    ['that nobody asked to keep', undefined],
    ['that is not to be kept', false],
    ['of which nothing is said', null],
  ])('is not one %s', async (_, store) => {
    await using world = await overChat()
    for (const stream of [false, true])
      await (await world.gate.post(PATH, { ...ASK, store, stream, metadata: { a: '1' } })).text()
    const list = await bodyOf<List>(world.gate.get(PATH))
    expect(faultsOf('ChatCompletionList', list)).toEqual([])
    expect(list).toMatchObject({ data: [], has_more: false })
  })

  const begins = JSON.stringify(chunk({ role: 'assistant', content: 'Hel' }))
  test.each([
    [
      'there was none',
      'failed',
      () => Response.json({ error: { message: 'No.' } }, { status: 400 }),
    ],
    ['it broke off', 'broken', () => sse([begins], { cut: true })],
    ['its client left', 'gone', () => sse([begins], { hang: true })],
  ] as const)('is not kept when %s', async (_, outcome, answer) => {
    await using world = await overChat((seen) => (isChat(seen) ? answer() : undefined))
    const { gate, upstream } = world
    const leaving = new AbortController()
    const ask = { ...STORE, stream: true }
    const reply = await gate.post(PATH, ask, { signal: leaving.signal })
    if (outcome !== 'gone') await reply.text().catch(() => undefined)
    else {
      await reply.body?.getReader().read()
      leaving.abort()
      await upstream.asked()[0]?.aborted
    }
    const rows = await until(async () => {
      const written = await gate.ledger()
      return written.length > 0 ? written : undefined
    })
    expect(rows).toMatchObject([{ outcome }])
    expect((await bodyOf<List>(gate.get(PATH))).data).toEqual([])
  })

  test('is not kept when it is too large, and reaches its client all the same', async () => {
    await using it = await gateway({ settings: { stored_response_bytes: 2048 } })
    const content = 'Hi '.repeat(2000)
    const ask = { model: 'demo', store: true, messages: [{ role: 'user', content }] }
    const { id } = await bodyOf(it.post(PATH, ask))
    expect((await it.get(`${PATH}/${id}`)).status).toBe(404)
    expect(it.lines.join('\n')).toContain('not_stored')
  })

  test('has 16 pairs of metadata at most; what is not kept may have any', async () => {
    await using world = await overChat()
    const pairs = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']))
    const refused = await world.gate.post(PATH, { ...STORE, metadata: pairs(17) })
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({
      error: { code: 'invalid_value', param: 'metadata' },
    })
    expect(world.upstream.asked()).toEqual([])
    expect((await world.gate.post(PATH, { ...ASK, metadata: pairs(17) })).status).toBe(200)
    const made = await bodyOf(world.gate.post(PATH, { ...STORE, metadata: pairs(16) }))
    expect(made.metadata).toEqual(pairs(16))
  })
})

describe('a kept answer', () => {
  test('gets other metadata', async () => {
    await using world = await overChat()
    const made = await bodyOf(world.gate.post(PATH, { ...STORE, metadata: { a: '1' } }))
    const path = `${PATH}/${made.id}`
    const updated = await bodyOf(world.gate.post(path, { metadata: { b: '2' } }))
    expect(faultsOf('CreateChatCompletionResponse', updated)).toEqual([])
    expect(updated).toEqual({ ...made, metadata: { b: '2' } })
    expect((await bodyOf(world.gate.post(path, { metadata: null }))).metadata).toEqual({})
    for (const body of [{}, { metadata: { k: 1 } }, { metadata: { k: 'v'.repeat(513) } }])
      expect((await world.gate.post(path, body)).status).toBe(400)
    expect((await bodyOf(world.gate.get(path))).metadata).toEqual({})
  })

  test('is gone with its messages once it is deleted', async () => {
    await using world = await overChat()
    const { completions } = world.client.chat
    const { id } = await completions.create({ ...ASK, store: true } as never)
    const deleted = await bodyOf(world.gate.get(`${PATH}/${id}`, { method: 'DELETE', ...AS_KEY }))
    expect(faultsOf('ChatCompletionDeleted', deleted)).toEqual([])
    expect(deleted).toEqual({ id, object: 'chat.completion.deleted', deleted: true })
    for (const ask of [
      () => completions.retrieve(id),
      () => completions.messages.list(id),
      () => completions.update(id, { metadata: {} }),
      () => completions.delete(id),
    ])
      await failureOf(ask(), NotFoundError)
  })

  test('is found by its own key only, whatever is asked', async () => {
    await using world = await overChat()
    const { id } = await bodyOf<{ id: string }>(world.gate.post(PATH, STORE))
    const { headers, post, get } = await keyed(world.gate, {})
    for (const reply of [
      get(`${PATH}/${id}`),
      get(`${PATH}/${id}/messages`),
      post(`${PATH}/${id}`, { metadata: {} }),
      world.gate.get(`${PATH}/${id}`, { method: 'DELETE', headers }),
    ]) {
      const { status } = await reply
      expect(await (await reply).json()).toMatchObject({
        error: { code: 'not_found', param: 'completion_id' },
      })
      expect(status).toBe(404)
    }
    expect((await bodyOf<List>(get(PATH))).data).toEqual([])
    expect(idsOf(await bodyOf(world.gate.get(PATH)))).toEqual([id])
  })

  test('takes a key, and no other method', async () => {
    await using it = await gateway()
    expect((await fetch(it.url + PATH)).status).toBe(401)
    expect((await it.get(PATH, { method: 'DELETE', ...AS_KEY })).status).toBe(405)
    expect((await it.get(`${PATH}/x/messages`, { method: 'POST', ...AS_KEY })).status).toBe(405)
  })
})

describe('the list of kept answers', () => {
  async function world() {
    const it = await overChat()
    const make = async (changes: object) =>
      (await bodyOf<{ id: string }>(it.gate.post(PATH, { ...STORE, ...changes }))).id
    const ids = [
      await make({ metadata: { room: '1', 'the key': 'a & b=[c]' } }),
      await make({ metadata: { room: '1' }, model: 'grok-4-mini' }),
      await make({ metadata: { room: '2' } }),
    ] as const
    return {
      ids,
      list: (query: string) => bodyOf<List>(it.gate.get(`${PATH}?${query}`)),
      refused: (query: string) => it.gate.get(`${PATH}?${query}`),
      client: it.client,
      [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
    }
  }

  test('begins with the oldest, and goes on page by page', async () => {
    await using it = await world()
    const first = await it.list('limit=2')
    expect(faultsOf('ChatCompletionList', first)).toEqual([])
    expect(idsOf(first)).toEqual(it.ids.slice(0, 2))
    expect(first).toMatchObject({ first_id: it.ids[0], last_id: it.ids[1], has_more: true })
    const next = await it.list(`limit=2&after=${first.last_id}`)
    expect(idsOf(next)).toEqual(it.ids.slice(2))
    expect(next.has_more).toBe(false)
    expect(idsOf(await it.list('order=desc'))).toEqual(it.ids.toReversed())
    const all: string[] = []
    for await (const { id } of it.client.chat.completions.list({ limit: 1 })) all.push(id)
    expect(all).toEqual([...it.ids])
  })

  test('is narrowed down by the model and by metadata', async () => {
    await using it = await world()
    const [one, two, three] = it.ids
    const cases: readonly [string, readonly string[]][] = [
      ['model=grok-4-mini', [two]],
      ['metadata[room]=1', [one, two]],
      ['metadata%5Broom%5D=1&model=grok-4', [one]],
      [`metadata[${encodeURIComponent('the key')}]=${encodeURIComponent('a & b=[c]')}`, [one]],
      ['metadata[room]=2', [three]],
      ['metadata[room]=1&metadata[none]=x', []],
      ['metadata=1', [one, two, three]],
    ]
    for (const [query, ids] of cases) expect(idsOf(await it.list(query)), query).toEqual([...ids])
    const { data } = await it.client.chat.completions.list({ metadata: { 'the key': 'a & b=[c]' } })
    expect(data.map(({ id }) => id)).toEqual([one])
  })

  test('is not given with bad terms', async () => {
    await using it = await world()
    for (const [query, param] of [
      ['limit=101', 'limit'],
      ['order=up', 'order'],
      ['after=chatcmpl-0', 'after'],
    ] as const) {
      const reply = await it.refused(query)
      expect(reply.status).toBe(400)
      expect(await reply.json()).toMatchObject({ error: { code: 'invalid_value', param } })
    }
  })
})

describe('the messages of a kept answer', () => {
  const call = {
    id: 'call_1',
    type: 'function' as const,
    function: { name: 'look', arguments: '{}' },
  }
  const picture = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,aGk=' } }
  const parts = [{ type: 'text' as const, text: 'What' }, picture]
  const messages: ChatCompletionMessageParam[] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [...parts, { type: 'text', text: 'is it?' }], name: 'ann' },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'call_1', content: 'Moss.' },
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'I will not say.' }] },
    { role: 'user', content: 'Then?' },
  ]

  test('are listed in their order, each with an id and as OpenAI has them', async () => {
    await using world = await overChat()
    const { id } = await bodyOf(world.gate.post(PATH, { ...STORE, messages }))
    const list = await bodyOf<List>(world.gate.get(`${PATH}/${id}/messages`))
    // The schema says that every message is an assistant's, which its own examples are not.
    const asAnswers = list.data.map((message) => ({ ...message, role: 'assistant' }))
    expect(faultsOf('ChatCompletionMessageList', { ...list, data: asAnswers })).toEqual([])
    const bare = { content: null, refusal: null, content_parts: null }
    expect(list.data).toEqual(
      [
        { ...bare, role: 'system', content: 'Be brief.' },
        {
          ...{ ...bare, role: 'user', content: 'What\nis it?', name: 'ann' },
          content_parts: [...parts, { type: 'text', text: 'is it?' }],
        },
        { ...bare, role: 'assistant', tool_calls: [call] },
        { ...bare, role: 'tool', tool_call_id: 'call_1', content: 'Moss.' },
        { ...bare, role: 'assistant', refusal: 'I will not say.', content_parts: [] },
        { ...bare, role: 'user', content: 'Then?' },
      ].map((message, at) => ({ ...message, id: `${id}-${at}` })),
    )
  })

  test('are listed page by page, and backwards', async () => {
    await using world = await overChat()
    const { completions } = world.client.chat
    const { id } = await completions.create({ model: 'grok-4', store: true, messages })
    const ids: string[] = []
    for await (const message of completions.messages.list(id, { limit: 4 })) ids.push(message.id)
    expect(ids).toEqual(messages.map((_, at) => `${id}-${at}`))
    const back = await bodyOf<List>(
      world.gate.get(`${PATH}/${id}/messages?order=desc&limit=2&after=${id}-4`),
    )
    expect(idsOf(back)).toEqual([`${id}-3`, `${id}-2`])
    expect(back.has_more).toBe(true)
    const unknown = await world.gate.get(`${PATH}/${id}/messages?after=${id}-9`)
    expect(unknown.status).toBe(400)
  })
})

test('what is not to be kept passes as it did, fields that only the upstream knows included', async () => {
  await using world = await overChat((seen) =>
    isChat(seen) ? Response.json(hello({ x_own: 1 })) : undefined,
  )
  const plain = await bodyOf(world.gate.post(PATH, ASK))
  expect(plain).toHaveProperty('x_own', 1)
  expect(plain).not.toHaveProperty('metadata')
})
