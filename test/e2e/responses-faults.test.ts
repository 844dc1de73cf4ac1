import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { openRemote } from '#src/store/remote'
import { heldAnswers } from '../fakes/held-answers'
import { fakeResponses } from '../fakes/responses-upstream'
import { chunk, fakeUpstream, type Seen, sse } from '../fakes/upstream'
import { type Gateway, gateway, keyed, openaiAt, xaiAt } from '../support/gateway'
import { ownClock } from '../support/own-clock'
import { until } from '../support/programs'
import { answerOf, becomes, idIn, readUntil, responsesAt, saying } from '../support/responses-http'
import { expectOfficial, expectOfficialStream } from '../support/responses-world'
import { isWithoutSqld, type Sqld, sqld, WAYS_TO_BE_AWAY } from '../support/sqld'

const LONG = 60_000

describe.skipIf(isWithoutSqld)('while the database is away', () => {
  let database: Sqld
  beforeAll(async () => {
    database = await sqld()
  }, LONG)
  afterAll(() => database?.[Symbol.asyncDispose]())

  test.each(Object.entries(WAYS_TO_BE_AWAY))(
    'turns are answered and gone on from, and kept when it is back: it is %s',
    async (_, { begin, end }) => {
      await using upstream = fakeUpstream()
      const client = openRemote(database.url)
      await using gate = await gateway({ client, env: openaiAt(upstream.url) })
      const at = responsesAt(gate)
      const stored = await at.create({ input: 'Before' })
      // A silent database may do what it was asked for after all.
      const doomed = await at.create({ input: 'To be deleted' })
      await gate.app.flush()
      await begin(database)
      using clock = ownClock()
      const before = clock.now()
      const first = await at.create({ input: 'One' })
      const streamed = await at.ask({
        ...{ input: 'Two', stream: true, previous_response_id: first.id },
      })
      const text = await streamed.text()
      expectOfficialStream(text)
      const second = idIn(text)
      const third = await at.create({ input: 'Three', previous_response_id: second })
      expect(clock.now() - before).toBeLessThan(2_000)
      // What waits to be written is there.
      expect(await at.get(first.id)).toEqual(first)
      expect(await (await at.watch(second)).text()).toBe(text)
      const asked = upstream.asked().length
      const calls = [
        () => at.call('GET', `/responses/${stored.id}`),
        () => at.call('GET', `/responses/${third.id}/input_items`),
        () => at.call('DELETE', `/responses/${doomed.id}`),
        () => at.ask({ input: 'More', previous_response_id: stored.id }),
        () => at.ask({ input: 'Later', background: true }),
      ]
      const refusals = await Promise.all(calls.map((call) => call()))
      for (const refused of refusals) {
        expect(refused.headers.get('retry-after')).not.toBeNull()
        expect([refused.status, (await refused.json()).error.code]).toEqual([503, 'not_ready'])
      }
      expect(clock.now() - before).toBeLessThan(20_000)
      expect(upstream.asked()).toHaveLength(asked)
      await end(database)
      await until(async () => {
        const reply = await at.call('GET', `/responses/${third.id}/input_items?order=asc`)
        return reply.status === 200 || undefined
      })
      expect((await at.items(third.id, 2)).map(saying)).toEqual([
        ...['user: One', 'assistant: Hello there', 'user: Two', 'assistant: Hello there'],
        'user: Three',
      ])
      expect(await at.get(stored.id)).toEqual(stored)
      expect(gate.lines.join('\n')).not.toContain('said_lost')
    },
    LONG,
  )
})

async function chatOnly() {
  await using stack = new AsyncDisposableStack()
  const held = heldAnswers()
  const upstream = stack.use(fakeUpstream(held.script))
  const gate = stack.use(await gateway({ env: openaiAt(upstream.url) }))
  return world(stack.move(), gate, () => until(() => held.last()))
}

function world<Answer>(stack: AsyncDisposableStack, gate: Gateway, answer: () => Promise<Answer>) {
  return { gate, at: responsesAt(gate), answer, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe('a stream whose upstream dies', () => {
  test('ends as failed, and is kept so with what was said', async () => {
    await using it = await chatOnly()
    const reply = it.at.ask({ input: 'Hi', stream: true })
    const answer = await it.answer()
    answer.say('Half of ')
    const stream = await readUntil(await reply, '"Half of "')
    answer.cut()
    const text = await stream.rest()
    const ends = text.trim().split('\n\n').slice(-2)
    expect(ends.map((event) => event.split('\n')[0])).toEqual([
      'event: error',
      'event: response.failed',
    ])
    const id = idIn(text)
    for (const _ of ['while it waits to be written', 'written']) {
      const failed = await it.at.get(id)
      expectOfficial(failed)
      expect(failed).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
      expect(answerOf(failed)).toBe('Half of ')
      expect(await (await it.at.watch(id)).text()).toBe(text)
      await it.gate.app.flush()
    }
    expect((await it.gate.ledger())[0]).toMatchObject({ outcome: 'broken' })
  })
})

describe('a client that leaves within a stream', () => {
  test('lets the upstream go, and the response is kept as cancelled', async () => {
    await using it = await chatOnly()
    const client = new AbortController()
    const reply = it.at.ask({ input: 'Hi', stream: true }, { signal: client.signal })
    const answer = await it.answer()
    answer.say('Half of ')
    const stream = await readUntil(await reply, '"Half of "')
    client.abort()
    await answer.seen.aborted
    const id = idIn(stream.so())
    const kept = await until(async () => {
      const found = await it.at.call('GET', `/responses/${id}`)
      return found.status === 200 ? it.at.get(id) : undefined
    })
    expectOfficial(kept)
    expect([kept.status, kept.error, answerOf(kept)]).toEqual(['cancelled', null, 'Half of '])
    expect((await it.gate.ledger())[0]).toMatchObject({ outcome: 'gone' })
  })
})

const torn = ({ path, body }: Seen): Response | undefined => {
  if (path !== '/v1/chat/completions') return
  const said = JSON.stringify(chunk({ role: 'assistant', content: 'torn ' }))
  return JSON.parse(body).stream ? sse([said, said], { cut: true, gapMs: 20 }) : undefined
}

describe('a key with rescue', () => {
  const LEAST = 6
  /** Which of the two is asked first is chance. */
  const MOST = 40

  async function two(second?: typeof torn) {
    await using stack = new AsyncDisposableStack()
    const bad = stack.use(fakeUpstream(torn))
    const good = stack.use(fakeUpstream(second))
    const gate = stack.use(await gateway({ env: openaiAt(bad.url) }))
    await gate.stores.accounts.add({
      ...{ kind: 'openai', name: 'second', baseUrl: good.url, secret: 'sk-account-secret-3' },
    })
    const { headers } = await keyed(gate, { rescue: 'buffer' })
    const at = responsesAt(gate, headers.authorization.slice('Bearer '.length))
    const kept = stack.move()
    return { gate, at, bad, good, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  }

  test('gets one whole answer, which is what is kept', async () => {
    await using it = await two()
    let turn = 0
    for (; turn < LEAST || it.bad.asked().length === 0; turn++) {
      expect(turn).toBeLessThan(MOST)
      const text = await (await it.at.ask({ input: `turn ${turn}`, stream: true })).text()
      expectOfficialStream(text)
      expect(text).not.toContain('torn')
      const kept = await it.at.get(idIn(text))
      expect([kept.status, answerOf(kept)]).toEqual(['completed', 'Hello there'])
      expect(await (await it.at.watch(kept.id)).text()).toBe(text)
    }
    await it.gate.app.flush()
    const { rows } = await it.gate.client.execute('SELECT status FROM responses')
    expect(rows.map(({ status }) => status)).toEqual(Array(turn).fill('completed'))
  })

  test('gets an error with its status, and nothing is kept, when nobody answers whole', async () => {
    await using it = await two(torn)
    const reply = await it.at.ask({ input: 'Hi', stream: true })
    expect([reply.status, (await reply.json()).error.code]).toEqual([502, 'upstream_error'])
    await it.gate.app.flush()
    const { rows } = await it.gate.client.execute('SELECT count(*) AS n FROM responses')
    expect(rows[0]?.n).toBe(0)
  })

  test('gets a background response whole, too', async () => {
    await using it = await two()
    for (let turn = 0; turn < LEAST || it.bad.asked().length === 0; turn++) {
      expect(turn).toBeLessThan(MOST)
      const { id } = await it.at.create({ input: `turn ${turn}`, background: true })
      const done = await becomes(it.at, id, 'completed')
      expect(answerOf(done)).toBe('Hello there')
      expectOfficialStream(await (await it.at.watch(id)).text())
    }
  })
})

describe('an upstream of Responses that dies', () => {
  test('ends the stream as failed, and it is kept so', async () => {
    await using upstream = fakeResponses((asked) => {
      const events = [
        { type: 'response.created', response: { id: 'r', model: asked.model, output: [] } },
        {
          ...{ type: 'response.output_item.added', output_index: 0 },
          item: { id: 'm', type: 'message', role: 'assistant', status: 'in_progress', content: [] },
        },
        {
          ...{ type: 'response.output_text.delta', item_id: 'm', output_index: 0 },
          ...{ content_index: 0, delta: 'Half of ' },
        },
      ]
      return sse(
        events.map((event) => JSON.stringify(event)),
        { cut: true },
      )
    })
    await using gate = await gateway({ env: xaiAt(upstream.url) })
    const at = responsesAt(gate)
    const text = await (await at.ask({ input: 'Hi', stream: true })).text()
    expect(text.trim().split('\n\n').at(-1)).toStartWith('event: response.failed')
    const failed = await at.get(idIn(text))
    expectOfficial(failed)
    expect([failed.status, answerOf(failed)]).toEqual(['failed', 'Half of '])
    expect(await (await at.watch(failed.id)).text()).toBe(text)
  })
})
