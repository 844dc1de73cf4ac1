import { describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { hello } from '../fakes/upstream'
import { type Gateway, gateway, KEY, keyed } from '../support/gateway'
import { officialFaults } from '../support/official-responses'
import { overChat } from '../support/responses-world'

interface Failure {
  readonly error: { readonly code: string; readonly param: string | null }
}

interface List {
  readonly data: readonly Record<string, unknown>[]
  readonly first_id: string
  readonly last_id: string
  readonly has_more: boolean
}

const PATH = '/v1/conversations'
const said = (text: string) => ({ role: 'user' as const, content: text })
const CALL = { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' }
const GIVEN = { type: 'function_call_output', call_id: 'call_1', output: 'Moss.' }

const clientOf = ({ url }: Gateway) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: KEY, maxRetries: 0 })

/** The answer to a request that must do. */
async function bodyOf<T = Record<string, unknown>>(reply: Promise<Response>): Promise<T> {
  const response = await reply
  expect(response.status).toBe(200)
  return (await response.json()) as T
}

/** What a request was refused with. */
async function refusalOf(reply: Promise<Response>) {
  const response = await reply
  const { error } = (await response.json()) as Failure
  expect(officialFaults('ErrorResponse', { error })).toEqual([])
  return { status: response.status, code: error.code, param: error.param }
}

const begun = async (it: Gateway, body: object = {}) =>
  (await bodyOf<{ id: string }>(it.post(PATH, body))).id

const textsOf = ({ data }: List) =>
  data.map(({ content }) => (content as { text: string }[] | undefined)?.[0]?.text)

describe('a conversation', () => {
  test('begins without anything, a body included', async () => {
    await using it = await gateway()
    const headers = { authorization: `Bearer ${KEY}` }
    const made = await bodyOf(fetch(it.url + PATH, { method: 'POST', headers }))
    expect(officialFaults('ConversationResource', made)).toEqual([])
    expect(made.metadata).toEqual({})
    expect(made.created_at).toBeCloseTo(Date.now() / 1000, -2)
    expect(await bodyOf(it.get(`${PATH}/${made.id}`))).toEqual(made)
    const list = await bodyOf<List>(it.get(`${PATH}/${made.id}/items`))
    expect(officialFaults('ConversationItemList', list)).toEqual([])
    expect(list).toMatchObject({ data: [], has_more: false })
  })

  test('has the metadata that it was given last', async () => {
    await using it = await gateway()
    const id = await begun(it, { metadata: { a: '1' } })
    const updated = await bodyOf(it.post(`${PATH}/${id}`, { metadata: { b: '2' } }))
    expect(officialFaults('ConversationResource', updated)).toEqual([])
    expect(updated.metadata).toEqual({ b: '2' })
    expect((await bodyOf(it.post(`${PATH}/${id}`, { metadata: null }))).metadata).toEqual({})
    expect((await bodyOf(it.get(`${PATH}/${id}`))).metadata).toEqual({})
  })

  test('is gone with its items once it is deleted', async () => {
    await using it = await gateway()
    const id = await begun(it, { items: [said('One')] })
    const deleted = await bodyOf(it.get(`${PATH}/${id}`, { method: 'DELETE', ...AS_KEY }))
    expect(deleted).toEqual({ id, object: 'conversation.deleted', deleted: true })
    for (const path of [`${PATH}/${id}`, `${PATH}/${id}/items`])
      expect((await refusalOf(it.get(path))).status).toBe(404)
    expect((await it.get(`${PATH}/${id}`, { method: 'DELETE', ...AS_KEY })).status).toBe(404)
  })

  const limits: readonly [string, object, string | null][] = [
    ['21 items', { items: Array(21).fill(said('One')) }, 'items'],
    ['items that are no list', { items: 'One' }, 'items'],
    ['an item of an unknown type', { items: [said('One'), { type: 'riddle' }] }, 'items[1]'],
    ['an item that says nothing', { items: [{}] }, 'items[0]'],
    ['a message without a role', { items: [{ type: 'message', content: 'x' }] }, 'items[0].role'],
    ['an output without a call', { items: [GIVEN] }, 'items[0].call_id'],
    ['an unknown reference', { items: [{ type: 'item_reference', id: 'msg_0' }] }, 'items[0].id'],
    [
      '17 pairs of metadata',
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`k${at}`, 'v'])) },
      'metadata',
    ],
    ['a long key', { metadata: { ['k'.repeat(65)]: 'v' } }, 'metadata'],
    ['a long value', { metadata: { k: 'v'.repeat(513) } }, 'metadata'],
    ['a number as metadata', { metadata: { k: 1 } }, 'metadata.k'],
  ]
  test.each(limits)('is not begun with %s', async (_, body, param) => {
    await using it = await gateway()
    const refusal = await refusalOf(it.post(PATH, body))
    expect(refusal).toEqual({ status: 400, code: 'invalid_value', param })
  })

  test('takes 20 items and 16 long pairs', async () => {
    await using it = await gateway()
    const metadata = Object.fromEntries(
      Array.from({ length: 16 }, (_, at) => [`${at}`.padEnd(64, 'k'), 'v'.repeat(512)]),
    )
    const items = Array.from({ length: 20 }, (_, at) => said(`${at}`))
    const id = await begun(it, { metadata, items })
    expect((await bodyOf(it.get(`${PATH}/${id}`))).metadata).toEqual(metadata)
    const list = await bodyOf<List>(it.get(`${PATH}/${id}/items?limit=100&order=asc`))
    expect(textsOf(list)).toEqual(items.map(({ content }) => content))
  })

  test('is found by its own key only, whatever is asked', async () => {
    await using it = await gateway()
    const id = await begun(it, { items: [said('One')] })
    const { data } = await bodyOf<List>(it.get(`${PATH}/${id}/items`))
    const item = `${PATH}/${id}/items/${data[0]?.id}`
    const { headers, post } = await keyed(it, {})
    const asOther = (path: string, method = 'GET') => it.get(path, { method, headers })
    for (const reply of [
      asOther(`${PATH}/${id}`),
      asOther(`${PATH}/${id}`, 'DELETE'),
      post(`${PATH}/${id}`, { metadata: {} }),
      asOther(`${PATH}/${id}/items`),
      post(`${PATH}/${id}/items`, { items: [said('Two')] }),
      post(`${PATH}/${id}/items`, { items: [GIVEN] }),
      asOther(item),
      asOther(item, 'DELETE'),
    ])
      expect(await refusalOf(reply)).toMatchObject({ status: 404, code: 'not_found' })
    const stolen = { items: [{ type: 'item_reference', id: data[0]?.id }] }
    expect((await refusalOf(post(PATH, stolen))).status).toBe(400)
    expect(textsOf(await bodyOf(it.get(`${PATH}/${id}/items`)))).toEqual(['One'])
  })

  test('takes a key, JSON, and no other method', async () => {
    await using it = await gateway()
    expect((await fetch(it.url + PATH, { method: 'POST' })).status).toBe(401)
    expect((await it.post(PATH, '{"items":')).status).toBe(400)
    expect((await it.get(PATH)).status).toBe(405)
    expect((await it.get(`${PATH}/conv_1`, { method: 'PUT', ...AS_KEY })).status).toBe(405)
  })
})

const AS_KEY = { headers: { authorization: `Bearer ${KEY}` } }

describe('its items', () => {
  test('are listed newest first, page by page', async () => {
    await using it = await gateway()
    const id = await begun(it, { items: ['1', '2', '3', '4', '5'].map(said) })
    const first = await bodyOf<List>(it.get(`${PATH}/${id}/items?limit=2`))
    expect(officialFaults('ConversationItemList', first)).toEqual([])
    expect(textsOf(first)).toEqual(['5', '4'])
    expect(first.has_more).toBe(true)
    const next = await bodyOf<List>(it.get(`${PATH}/${id}/items?limit=3&after=${first.last_id}`))
    expect(textsOf(next)).toEqual(['3', '2', '1'])
    expect(next.has_more).toBe(false)
    const all = clientOf(it).conversations.items.list(id, { limit: 2, order: 'asc' })
    const texts: unknown[] = []
    for await (const item of all) texts.push((item as { content: { text: string }[] }).content[0])
    expect(texts).toMatchObject(['1', '2', '3', '4', '5'].map((text) => ({ text })))
  })

  test.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['order=up', 'order'],
    ['after=msg_0', 'after'],
  ])('are not listed with %s', async (query, param) => {
    await using it = await gateway()
    const id = await begun(it, { items: [said('One')] })
    const refusal = await refusalOf(it.get(`${PATH}/${id}/items?${query}`))
    expect(refusal).toEqual({ status: 400, code: 'invalid_value', param })
  })

  test('are added behind the others, outputs to calls that are there', async () => {
    await using it = await gateway()
    const id = await begun(it, { items: [said('Look.'), CALL] })
    const other = { ...GIVEN, call_id: 'call_2' }
    const refused = await refusalOf(it.post(`${PATH}/${id}/items`, { items: [GIVEN, other] }))
    expect(refused).toEqual({ status: 400, code: 'invalid_value', param: 'items[1].call_id' })
    const added = await bodyOf<List>(it.post(`${PATH}/${id}/items`, { items: [GIVEN] }))
    expect(officialFaults('ConversationItemList', added)).toEqual([])
    expect(added.first_id).toBe(String(added.data[0]?.id))
    const { data } = await bodyOf<List>(it.get(`${PATH}/${id}/items?order=asc`))
    expect(data.map(({ type }) => type)).toEqual(['message', 'function_call', GIVEN.type])
    expect(data[2]).toEqual(added.data[0])
  })

  test('may refer to what was said elsewhere', async () => {
    await using it = await gateway()
    const there = await begun(it, { items: [said('There')] })
    const { first_id: item } = await bodyOf<List>(it.get(`${PATH}/${there}/items`))
    const here = await begun(it, { items: [{ type: 'item_reference', id: item }, said('Here')] })
    const list = await bodyOf<List>(it.get(`${PATH}/${here}/items?order=asc`))
    expect(textsOf(list)).toEqual(['There', 'Here'])
  })

  test('are looked up and removed one by one', async () => {
    await using it = await gateway()
    const { conversations } = clientOf(it)
    const { id, ...rest } = await conversations.create({
      metadata: { a: '1' },
      items: [said('One'), said('Two')],
    })
    const { first_id: newest, data } = await bodyOf<List>(it.get(`${PATH}/${id}/items`))
    const path = `${PATH}/${id}/items/${newest}`
    expect(await bodyOf(it.get(path))).toEqual(data[0] ?? {})
    const left = await conversations.items.delete(newest, { conversation_id: id })
    expect(left).toEqual({ id, ...rest })
    expect(await refusalOf(it.get(path))).toMatchObject({ status: 404, param: 'item_id' })
    expect((await it.get(path, { method: 'DELETE', ...AS_KEY })).status).toBe(404)
    expect(textsOf(await bodyOf(it.get(`${PATH}/${id}/items`)))).toEqual(['One'])
  })

  test('show how a model thought only to those who ask', async () => {
    await using it = await gateway()
    const thought = { type: 'reasoning', summary: [], encrypted_content: 'sealed' }
    const id = await begun(it)
    const path = `${PATH}/${id}/items`
    const asked = '?include[]=reasoning.encrypted_content'
    const shown = (list: List) => list.data.map(({ encrypted_content: sealed }) => sealed)
    expect(shown(await bodyOf(it.post(path, { items: [thought] })))).toEqual([undefined])
    expect(shown(await bodyOf(it.post(path + asked, { items: [thought] })))).toEqual(['sealed'])
    expect(shown(await bodyOf(it.get(path)))).toEqual([undefined, undefined])
    const list = await bodyOf<List>(it.get(path + asked))
    expect(shown(list)).toEqual(['sealed', 'sealed'])
    const one = `${path}/${list.first_id}`
    expect(await bodyOf(it.get(one))).not.toHaveProperty('encrypted_content')
    expect(await bodyOf(it.get(one + asked))).toHaveProperty('encrypted_content', 'sealed')
  })
})

describe('an item comes back as OpenAI has it:', () => {
  const custom = { type: 'custom_tool_call', call_id: 'call_2', name: 'write', input: 'x' }
  const screenshot = { type: 'computer_screenshot', image_url: 'https://a.example/x.png' }
  const outcome = { type: 'exit', exit_code: 0 }
  const kinds: readonly (readonly object[])[] = [
    [said('Hi')],
    [{ role: 'assistant', content: 'Hi' }],
    [{ role: 'developer', content: [{ type: 'input_text', text: 'Be brief.' }] }],
    [
      {
        role: 'user',
        content: [
          { type: 'input_image', image_url: 'https://a.example/x.png' },
          { type: 'input_file', file_id: 'file_1' },
        ],
      },
    ],
    [
      {
        ...{ type: 'message', role: 'assistant', phase: 'commentary' },
        content: [
          { type: 'output_text', text: 'Hi' },
          { type: 'refusal', refusal: 'No.' },
        ],
      },
    ],
    [CALL],
    [CALL, GIVEN],
    [CALL, { ...GIVEN, output: [{ type: 'input_text', text: 'Moss.' }] }],
    [custom],
    [custom, { type: 'custom_tool_call_output', call_id: 'call_2', output: 'x' }],
    [{ type: 'reasoning', summary: [], content: null, encrypted_content: null }],
    [{ type: 'compaction', encrypted_content: 'sealed' }],
    [
      {
        ...{ type: 'web_search_call', id: 'ws_1', status: 'completed' },
        action: { type: 'search', query: 'moss' },
      },
    ],
    [{ type: 'computer_call_output', call_id: 'call_3', output: screenshot }],
    [{ type: 'shell_call', call_id: 'call_4', action: { commands: ['ls'] } }],
    [
      {
        ...{ type: 'shell_call_output', call_id: 'call_4' },
        output: [{ stdout: 'x', stderr: '', outcome }],
      },
    ],
    [{ type: 'tool_search_call', arguments: {} }],
    [{ type: 'tool_search_output', call_id: 'call_5', tools: [] }],
    [{ type: 'additional_tools', role: 'developer', tools: [] }],
  ]
  test.each(kinds.map((items) => [JSON.stringify(items.at(-1)).slice(0, 90), items] as const))(
    '%s',
    async (_, items) => {
      await using it = await gateway()
      const id = await begun(it, { items })
      const { data } = await bodyOf<List>(it.get(`${PATH}/${id}/items?limit=1`))
      expect(officialFaults('ConversationItem', data[0])).toEqual([])
      expect(officialFaults('ItemResource', data[0])).toEqual([])
      expect(await bodyOf(it.get(`${PATH}/${id}/items/${data[0]?.id}`))).toEqual(data[0] ?? {})
    },
  )
})

describe('turns in a conversation', () => {
  test('go on from what it holds, also from what was put there by hand', async () => {
    const call = { id: 'call_9', type: 'function', function: { name: 'look', arguments: '{}' } }
    const message = { role: 'assistant', content: null, refusal: null, tool_calls: [call] }
    await using world = await overChat(({ path, body }) => {
      if (path !== '/v1/chat/completions') return
      const { messages } = JSON.parse(body) as { messages: unknown[] }
      if (messages.length > 1) return
      const choice = { index: 0, message, finish_reason: 'tool_calls', logprobs: null }
      return Response.json(hello({ choices: [choice] }))
    })
    const { conversations, responses } = world.client
    const { id } = await conversations.create()
    const model = 'grok-4'
    const asked = await responses.create({ model, input: 'Look.', conversation: id })
    const made = asked.output.find(({ type }) => type === 'function_call') as { call_id: string }
    expect(made.call_id).toBe('call_9')
    await conversations.items.create(id, {
      items: [{ type: 'function_call_output', call_id: made.call_id, output: 'Moss.' }],
    })
    const answer = await responses.create({ model, input: 'And?', conversation: id })
    expect(answer.output_text).toBe('Hello there')
    const { messages } = JSON.parse(world.upstream.asked().at(-1)?.body ?? '')
    expect(messages.map(({ role }: { role: string }) => role)).toEqual([
      ...['user', 'assistant', 'tool', 'user'],
    ])
    await conversations.delete(id)
    expect((await responses.retrieve(answer.id)).output_text).toBe('Hello there')
  })
})
