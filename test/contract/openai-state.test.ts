import { describe, expect, test } from 'bun:test'
import { BadRequestError, NotFoundError } from 'openai'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { chunk, hello, sse, USAGE } from '../fakes/upstream'
import { keyed } from '../support/gateway'
import { officialFaults } from '../support/official-responses'
import { until } from '../support/programs'
import {
  comparable,
  expectOfficial,
  failureOf,
  listeningClient,
  overChat,
  overDemo,
  overXai,
} from '../support/responses-world'
import { chatAsked } from '../support/tool-loop'

/** What a list or an object looks like on the wire, without what the SDK puts around it. */
const official = (name: string, value: unknown) =>
  expect(officialFaults(name, JSON.parse(JSON.stringify(value)))).toEqual([])

async function collect<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of pages) all.push(one)
  return all
}

const textOf = (item: unknown): string => {
  const { content } = item as { content?: string | { text?: string }[] }
  if (typeof content === 'string') return content
  return (content ?? []).map(({ text = '' }) => text).join('')
}

describe('responses that go on from each other', () => {
  test.each([
    ['a chat-only upstream', overChat],
    ['xAI', overXai],
    ['the demo model', overDemo],
  ] as const)('the items of three turns are listed in order, over %s', async (_, over) => {
    await using world = await over()
    const model = 'upstream' in world ? 'grok-4' : 'demo'
    const { responses } = world.client
    const first = await responses.create({ model, input: 'One' })
    const second = await responses.create({
      ...{ model, input: 'Two', previous_response_id: first.id },
    })
    const third = await responses.create({
      ...{ model, previous_response_id: second.id, instructions: 'Never listed.' },
      input: [
        { role: 'user', content: 'Three' },
        { role: 'user', content: [{ type: 'input_text', text: 'and a half' }] },
      ],
    })
    const expected = [
      ...['One', first.output_text, 'Two', second.output_text, 'Three', 'and a half'],
    ]

    const newestFirst = await collect(responses.inputItems.list(third.id))
    const isMessage = ({ type }: { readonly type: string }) => type === 'message'
    expect(newestFirst.filter(isMessage).map(textOf)).toEqual(expected.toReversed())
    const oldestFirst = await collect(responses.inputItems.list(third.id, { order: 'asc' }))
    expect(oldestFirst).toEqual(newestFirst.toReversed())
    // The SDK asks for the next page until there is none.
    const byTwo = await collect(responses.inputItems.list(third.id, { limit: 2 }))
    expect(byTwo).toEqual(newestFirst)

    const page = await responses.inputItems.list(third.id, { limit: 2, order: 'asc' })
    expect(page.has_more).toBe(true)
    const ids = oldestFirst.map(({ id }) => id)
    expect(page.data.map(({ id }) => id)).toEqual(ids.slice(0, 2))
    const raw = await world.gate.get(`/v1/responses/${third.id}/input_items?limit=2&order=asc`)
    const body = (await raw.json()) as object
    official('ResponseItemList', body)
    expect(body).toMatchObject({ first_id: ids[0], last_id: ids[1], has_more: true })
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('an upstream sees the whole chain, and only the newest instructions', async () => {
    await using world = await overChat()
    const { responses } = world.client
    const first = await responses.create({
      ...{ model: 'grok-4', input: 'One', instructions: 'Old words.' },
    })
    await responses.create({
      ...{ model: 'grok-4', input: 'Two', instructions: 'New words.' },
      previous_response_id: first.id,
    })
    expect(world.upstream.asked().map(chatAsked).at(-1)?.messages).toMatchObject([
      { content: 'New words.' },
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Hello there' },
      { role: 'user', content: 'Two' },
    ])
  })

  test('one in the middle can be deleted, once, and its children stay', async () => {
    await using world = await overChat()
    const { responses } = world.client
    const ask = (input: string, previous_response_id?: string) =>
      responses.create({
        ...{ model: 'grok-4', input },
        ...(previous_response_id && { previous_response_id }),
      })
    const first = await ask('One')
    const second = await ask('Two', first.id)
    const third = await ask('Three', second.id)
    const deletion = await world.gate.get(`/v1/responses/${second.id}`, { method: 'DELETE' })
    expect(await deletion.json()).toEqual({ id: second.id, object: 'response', deleted: true })
    await failureOf(responses.retrieve(second.id), NotFoundError)
    await failureOf(responses.delete(second.id), NotFoundError)
    await failureOf(collect(responses.inputItems.list(second.id)), NotFoundError)
    await ask('Four', third.id)
    const messages = world.upstream.asked().map(chatAsked).at(-1)?.messages ?? []
    expect(messages.map(textOf)).toEqual([
      ...['One', 'Hello there', 'Two', 'Hello there', 'Three', 'Hello there', 'Four'],
    ])
    const onward = ask('No', second.id)
    expect((await failureOf(onward, BadRequestError)).code).toBe('previous_response_not_found')
  })

  test.each([
    ['that does not exist', async () => 'resp_0123456789'],
    [
      'that was not stored',
      async (world: Awaited<ReturnType<typeof overChat>>) =>
        (await world.client.responses.create({ model: 'grok-4', input: 'One', store: false })).id,
    ],
  ] as const)('nothing goes on from a response %s', async (_, idOf) => {
    await using world = await overChat()
    const previous_response_id = await idOf(world)
    const before = world.upstream.asked().length
    const next = world.client.responses.create({
      ...{ model: 'grok-4', input: 'Two', previous_response_id },
    })
    expect(await failureOf(next, BadRequestError)).toMatchObject({
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    })
    expect(world.upstream.asked()).toHaveLength(before)
  })

  test('nothing of one key is there for another', async () => {
    await using world = await overChat()
    const { responses, conversations, chat } = world.client
    const mine = await responses.create({ model: 'grok-4', input: 'One' })
    const conversation = await conversations.create({})
    const completion = await chat.completions.create({
      ...{ model: 'grok-4', store: true },
      messages: [{ role: 'user', content: 'Hi' }],
    })
    const { secret } = await world.gate.stores.keys.create({ name: 'other' })
    await world.gate.app.refresh()
    const { client: other } = listeningClient(world.gate, secret)
    const works = [
      other.responses.retrieve(mine.id),
      other.responses.delete(mine.id),
      other.responses.cancel(mine.id),
      collect(other.responses.inputItems.list(mine.id)),
      other.conversations.retrieve(conversation.id),
      other.conversations.delete(conversation.id),
      collect(other.conversations.items.list(conversation.id)),
      other.chat.completions.retrieve(completion.id),
      other.chat.completions.delete(completion.id),
    ]
    await Promise.all(works.map((work) => failureOf(work, NotFoundError)))
    const onward = other.responses.create({
      ...{ model: 'grok-4', input: 'Two', previous_response_id: mine.id },
    })
    await failureOf(onward, BadRequestError)
    expect(await collect(other.chat.completions.list())).toEqual([])
    expect((await responses.retrieve(mine.id)).id).toBe(mine.id)
  })
})

describe('conversations', () => {
  test('are made, looked up, renamed and deleted', async () => {
    await using world = await overDemo()
    const { conversations } = world.client
    const made = await conversations.create({
      metadata: { topic: 'lighthouses' },
      items: [{ type: 'message', role: 'user', content: 'Hello' }],
    })
    official('ConversationResource', made)
    expect(made.id).toMatch(/^conv_/)
    expect(made.metadata).toEqual({ topic: 'lighthouses' })
    expect(await conversations.retrieve(made.id)).toEqual(made)
    const renamed = await conversations.update(made.id, { metadata: { topic: 'keepers' } })
    expect(renamed).toEqual({ ...made, metadata: { topic: 'keepers' } })
    const deleted = await conversations.delete(made.id)
    official('DeletedConversationResource', deleted)
    expect(deleted).toMatchObject({ id: made.id, deleted: true })
    await failureOf(conversations.retrieve(made.id), NotFoundError)
  })

  test('keep what is said in them, turn by turn', async () => {
    await using world = await overChat()
    const { conversations, responses } = world.client
    const { id } = await conversations.create({
      items: [{ type: 'message', role: 'user', content: 'Before' }],
    })
    const first = await responses.create({ model: 'grok-4', input: 'One', conversation: id })
    expectOfficial(first)
    expect(first.conversation).toEqual({ id })
    const second = await responses
      .stream({ model: 'grok-4', input: 'Two', conversation: { id } })
      .finalResponse()
    expect(second.conversation).toEqual({ id })

    const messages = world.upstream.asked().map(chatAsked).at(-1)?.messages ?? []
    expect(messages.map(textOf)).toEqual(['Before', 'One', 'Hello there', 'Two'])
    const items = await collect(conversations.items.list(id, { order: 'asc' }))
    expect(items.map(textOf)).toEqual(['Before', 'One', 'Hello there', 'Two', 'Hello there'])
    for (const item of items) official('ConversationItem', item)
    const newest = await conversations.items.list(id, { limit: 1 })
    expect(newest.data.map(textOf)).toEqual(['Hello there'])
    expect(newest.has_more).toBe(true)
  })

  test('take items, give them one by one, and lose them', async () => {
    await using world = await overDemo()
    const { items } = world.client.conversations
    const { id } = await world.client.conversations.create({})
    const added = await items.create(id, {
      items: [
        { type: 'message', role: 'user', content: 'One' },
        { type: 'message', role: 'user', content: 'Two' },
      ],
    })
    official('ConversationItemList', added)
    expect(added.data.map(textOf)).toEqual(['One', 'Two'])
    const [one, two] = added.data
    if (!one?.id || !two?.id) throw new Error('The items have no ids.')
    expect(await items.retrieve(one.id, { conversation_id: id })).toEqual(one)
    await items.delete(one.id, { conversation_id: id })
    await failureOf(items.retrieve(one.id, { conversation_id: id }), NotFoundError)
    expect((await collect(items.list(id))).map(textOf)).toEqual(['Two'])
  })
})

describe('what else there is about responses', () => {
  test('tokens are counted without an answer', async () => {
    await using world = await overChat()
    const { inputTokens } = world.client.responses
    const short = await inputTokens.count({ model: 'grok-4', input: 'Hello' })
    official('TokenCountsResource', short)
    const long = await inputTokens.count({ model: 'grok-4', input: 'Hello '.repeat(100) })
    expect(long.input_tokens).toBeGreaterThan(short.input_tokens + 50)
    expect(world.upstream.asked()).toEqual([])
    expect(await world.gate.ledger()).toEqual([])
  })

  test('a conversation is made shorter, and goes on from there', async () => {
    await using world = await overChat(({ path }) =>
      path === '/v1/chat/completions' ? Response.json(hello()) : undefined,
    )
    const { responses } = world.client
    const history = Array.from({ length: 6 }, (_, at) => ({
      role: at % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content: `Long talk ${at}`,
    }))
    const compacted = await responses.compact({ model: 'grok-4', input: history })
    official('CompactResource', compacted)
    expect(compacted.output.map(({ type }) => type)).toContain('compaction')
    await responses.create({
      model: 'grok-4',
      input: [...compacted.output, { role: 'user', content: 'And now?' }] as never,
    })
    const last = world.upstream.asked().map(chatAsked).at(-1)
    expect(JSON.stringify(last?.messages)).toContain('Hello there')
    expect(last?.messages.at(-1)).toMatchObject({ role: 'user', content: 'And now?' })
  })

  test('a response is made in the background, and looked up until it is done', async () => {
    await using world = await overChat()
    const { responses } = world.client
    const begun = await responses.create({ model: 'grok-4', input: 'One', background: true })
    expectOfficial(begun)
    expect(begun.status).toMatch(/^(queued|in_progress)$/)
    const done = await until(async () => {
      const now = await responses.retrieve(begun.id)
      return now.status === 'completed' ? now : undefined
    })
    expectOfficial(done)
    expect(done).toMatchObject({ background: true, output_text: 'Hello there' })
  })

  test('a background response is cancelled, and its upstream let go', async () => {
    await using world = await overChat(({ path }) =>
      path === '/v1/chat/completions' ? new Promise<Response>(() => {}) : undefined,
    )
    const { responses } = world.client
    const { id } = await responses.create({ model: 'grok-4', input: 'One', background: true })
    const seen = await until(() => world.upstream.asked()[0])
    const cancelled = await responses.cancel(id)
    expectOfficial(cancelled)
    expect(cancelled).toMatchObject({ id, status: 'cancelled' })
    await seen.aborted
    expect((await responses.cancel(id)).status).toBe('cancelled')
    expect((await responses.retrieve(id)).status).toBe('cancelled')
  })

  test('a response that was waited for cannot be cancelled', async () => {
    await using world = await overChat()
    const { id } = await world.client.responses.create({ model: 'grok-4', input: 'One' })
    await failureOf(world.client.responses.cancel(id), BadRequestError)
  })
})

describe('stored chat completions', () => {
  const MESSAGES: ChatCompletionMessageParam[] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hi' },
  ]
  const ask = { model: 'grok-4', messages: MESSAGES, store: true }

  test('are looked up, described anew and deleted', async () => {
    await using world = await overChat()
    const { completions } = world.client.chat
    const made = await completions.create({ ...ask, metadata: { room: '7' } })
    const kept = await completions.retrieve(made.id)
    expect(comparable(kept)).toMatchObject({
      object: 'chat.completion',
      model: 'grok-4',
      choices: [{ message: { role: 'assistant', content: 'Hello there' } }],
      metadata: { room: '7' },
    })
    const updated = await completions.update(made.id, { metadata: { room: '8' } })
    expect(updated.metadata).toEqual({ room: '8' })
    expect((await completions.retrieve(made.id)).metadata).toEqual({ room: '8' })

    const messages = await collect(completions.messages.list(made.id))
    expect(messages).toMatchObject([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ])
    expect(new Set(messages.map(({ id }) => id)).size).toBe(2)

    const deleted = await completions.delete(made.id)
    expect(deleted).toMatchObject({
      ...{ id: made.id, object: 'chat.completion.deleted', deleted: true },
    })
    await failureOf(completions.retrieve(made.id), NotFoundError)
    await failureOf(completions.delete(made.id), NotFoundError)
  })

  test('are kept of streams too, and nothing is kept unasked', async () => {
    await using world = await overChat()
    const { completions } = world.client.chat
    await completions.create({ ...ask, store: false })
    await completions.create({ model: 'grok-4', messages: MESSAGES })
    const { id } = await completions.stream(ask).finalChatCompletion()
    const listed = await collect(completions.list())
    expect(listed.map((one) => one.id)).toEqual([id])
    expect(listed).toMatchObject([
      { choices: [{ message: { content: 'Hello there' }, finish_reason: 'stop' }], usage: USAGE },
    ])
    // It is ours to keep: an upstream that stores too would keep it twice.
    for (const { body } of world.upstream.asked()) expect(JSON.parse(body).store).toBeUndefined()
  })

  test('are listed oldest first, in pages, by what they are', async () => {
    await using world = await overChat()
    const { completions } = world.client.chat
    const ids: string[] = []
    for (const room of ['1', '2', '3'])
      ids.push((await completions.create({ ...ask, metadata: { room } })).id)
    const listed = await collect(completions.list({ limit: 1 }))
    expect(listed.map(({ id }) => id)).toEqual(ids)
    const reversed = await collect(completions.list({ order: 'desc' }))
    expect(reversed.map(({ id }) => id)).toEqual(ids.toReversed())
    const second = await collect(completions.list({ metadata: { room: '2' } }))
    expect(second.map(({ id }) => id)).toEqual(ids.slice(1, 2))
    expect(await collect(completions.list({ model: 'grok-4-mini' }))).toEqual([])
    const page = await completions.list({ limit: 2 })
    expect(page.has_more).toBe(true)
  })

  test('that broke off are not kept as answers', async () => {
    await using world = await overChat(({ path }) =>
      path === '/v1/chat/completions'
        ? sse([JSON.stringify(chunk({ role: 'assistant', content: 'Hel' }))], { cut: true })
        : undefined,
    )
    const { completions } = world.client.chat
    await completions
      .stream(ask)
      .finalChatCompletion()
      .catch(() => undefined)
    expect(await collect(completions.list())).toEqual([])
  })

  test('belong to their key', async () => {
    await using world = await overChat()
    const mine = await keyed(world.gate, {})
    const made = await mine.post('/v1/chat/completions', ask)
    const { id } = (await made.json()) as { id: string }
    expect((await mine.get(`/v1/chat/completions/${id}`)).status).toBe(200)
    await failureOf(world.client.chat.completions.retrieve(id), NotFoundError)
  })
})
