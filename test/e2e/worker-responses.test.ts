import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type HeldAnswer, heldAnswers } from '../fakes/held-answers'
import { groxy, until } from '../support/programs'
import {
  type ResponsesAt as At,
  after,
  answerOf,
  becomes,
  idIn,
  readUntil,
  responsesAt,
  saying,
} from '../support/responses-http'
import { expectOfficial, expectOfficialStream } from '../support/responses-world'
import { isWithoutSqld } from '../support/sqld'
import { keyIn, type WorkerWorld, workerWorld } from '../support/worker-world'

const LONG = 120_000
/** What a Worker's log must not have. */
const FAULTS = /hung|"bug"|"error"|not_kept|unreachable|said_|uncaught/i

const ASKED = { input: 'Think hard', background: true }

describe.skipIf(isWithoutSqld)('the Responses API on Workers over a libSQL server', () => {
  let world: WorkerWorld
  beforeAll(async () => {
    world = await workerWorld()
  }, LONG)
  afterAll(() => world?.[Symbol.asyncDispose]())

  /** A Worker whose upstream streams what the test says. */
  async function held() {
    const worker = await world.another()
    const answers = heldAnswers()
    worker.upstream.script(answers.script)
    return {
      ...worker,
      at: responsesAt(worker, world.key),
      answer: (number = 0): Promise<HeldAnswer> => until(() => answers.all[number]),
      [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
    }
  }

  /** What the database has of a response, however it came there. */
  const rowOf = async (id: string) => {
    const { rows } = await world.client.execute(`SELECT * FROM responses WHERE id = '${id}'`)
    return rows[0]
  }

  test('answers, streamed or not, and both are kept before the Worker is idle', async () => {
    await using worker = await world.another()
    const at = responsesAt(worker, world.key)
    const first = await at.create({ input: 'One', instructions: 'Be brief.' })
    expectOfficial(first)
    // Nobody calls again: what is written is written by what the call left behind.
    await until(() => rowOf(first.id))
    const streamed = await at.ask({
      ...{ input: 'Two', previous_response_id: first.id, stream: true },
    })
    const text = await streamed.text()
    expectOfficialStream(text)
    const id = idIn(text)
    await until(() => rowOf(id))
    expect((await at.items(id)).map(saying)).toEqual([
      ...['user: One', 'assistant: Hello there', 'user: Two'],
    ])
    expect(await at.get(first.id)).toEqual(first)
    expect(await (await at.watch(id)).text()).toBe(text)
    expect(await (await at.watch(id, 5)).text()).toBe(after(text, 5))
    // One that has never heard of it finds all the same.
    await using other = await world.another()
    const there = responsesAt(other, world.key)
    expect(await there.get(first.id)).toEqual(first)
    const third = await there.create({ input: 'Three', previous_response_id: id })
    expect((await at.items(third.id, 2)).map(saying)).toEqual([
      ...['user: One', 'assistant: Hello there', 'user: Two', 'assistant: Hello there'],
      'user: Three',
    ])
    for (const { output } of [worker, other]) expect(output()).not.toMatch(FAULTS)
  }, 60_000)

  test('goes on at once from what is not written yet, and many do', async () => {
    await using worker = await world.another()
    const at = responsesAt(worker, world.key)
    const chains = await Promise.all(
      Array.from({ length: 10 }, async (_, chain) => {
        let previous: string | undefined
        for (let turn = 0; turn < 8; turn++) {
          const input = `chain ${chain}, turn ${turn}`
          const body = { input, ...(previous && { previous_response_id: previous }) }
          previous = (await at.create(body)).id
        }
        return String(previous)
      }),
    )
    for (const [chain, id] of chains.entries()) {
      const said = (await at.items(id)).map(saying).filter((text) => text.startsWith('user'))
      expect(said).toEqual(
        Array.from({ length: 8 }, (_, turn) => `user: chain ${chain}, turn ${turn}`),
      )
    }
    expect(worker.output()).not.toMatch(FAULTS)
  }, 60_000)

  test('deletes, counts, and shows nothing to another key', async () => {
    await using worker = await world.another()
    const at = responsesAt(worker, world.key)
    const key = keyIn(await groxy(['keys', 'create', 'stranger'], world.env))
    const stranger = responsesAt(worker, key)
    const { id } = await at.create({ input: 'Mine' })
    await until(async () => (await stranger.call('GET', '/models')).status === 200 || undefined)
    for (const method of ['GET', 'DELETE'])
      expect((await stranger.call(method, `/responses/${id}`)).status).toBe(404)
    expect((await at.call('DELETE', `/responses/${id}`)).status).toBe(200)
    expect((await at.call('GET', `/responses/${id}`)).status).toBe(404)
    const counted = await at.call('POST', '/responses/input_tokens', {
      model: 'grok-4',
      input: 'Hi',
    })
    expect((await counted.json()).input_tokens).toBeGreaterThan(0)
  }, 60_000)

  test('keeps conversations and stored completions, and another Worker has them too', async () => {
    await using worker = await world.another()
    await using other = await world.another()
    const [at, there] = [worker, other].map((one) => responsesAt(one, world.key)) as [At, At]
    const read = async (reply: Promise<Response>) => (await reply).json()
    const items = [{ type: 'message', role: 'user', content: 'Before' }]
    const { id } = await read(at.call('POST', '/conversations', { items }))
    await at.create({ input: 'One', conversation: id })
    const streamed = await at.ask({ input: 'Two', conversation: id, stream: true })
    expectOfficialStream(await streamed.text())
    const said = ['user: Before', 'user: One', 'assistant: Hello there', 'user: Two']
    for (const asker of [at, there])
      await until(async () => {
        const page = await read(asker.call('GET', `/conversations/${id}/items?order=asc`))
        if (page.data.length < 5) return
        expect(page.data.map(saying)).toEqual([...said, 'assistant: Hello there'])
        return true
      })
    await there.create({ input: 'Three', conversation: { id } })
    const told = JSON.parse(other.upstream.asked().at(-1)?.body ?? '').messages
    expect(told).toHaveLength(6)
    expect((await at.call('DELETE', `/conversations/${id}`)).status).toBe(200)
    expect((await there.call('GET', `/conversations/${id}`)).status).toBe(404)

    const made = await read(worker.ask({ store: true, metadata: { room: '7' } }))
    const path = `/chat/completions/${made.id}`
    const found = await until(async () => {
      const reply = await there.call('GET', path)
      return reply.status === 200 ? read(Promise.resolve(reply)) : undefined
    })
    expect(found).toMatchObject({ metadata: { room: '7' }, choices: made.choices })
    expect((await at.call('DELETE', path)).status).toBe(200)
    expect((await there.call('GET', path)).status).toBe(404)
    for (const { output } of [worker, other]) expect(output()).not.toMatch(FAULTS)
  }, 60_000)

  test('a client that leaves lets its upstream go, and what was said is kept', async () => {
    await using it = await held()
    const client = new AbortController()
    const reply = it.at.ask({ input: 'Hi', stream: true }, { signal: client.signal })
    const answer = await it.answer()
    answer.say('Half of ')
    const stream = await readUntil(await reply, '"Half of "')
    client.abort()
    await answer.seen.aborted
    const id = idIn(stream.so())
    const row = await until(() => rowOf(id))
    expect(row.status).toBe('cancelled')
    expect(answerOf(await it.at.get(id))).toBe('Half of ')
  }, 60_000)

  test('a stream that breaks off is told and kept as failed', async () => {
    await using it = await held()
    const reply = it.at.ask({ input: 'Hi', stream: true })
    const answer = await it.answer()
    answer.say('Half of ')
    const stream = await readUntil(await reply, '"Half of "')
    answer.cut()
    const text = await stream.rest()
    expect(text.trim().split('\n\n').at(-1)).toStartWith('event: response.failed')
    const id = idIn(text)
    await until(() => rowOf(id))
    const failed = await it.at.get(id)
    expect([failed.status, answerOf(failed)]).toEqual(['failed', 'Half of '])
  }, 60_000)

  test('makes a response in the background, though nobody calls any more', async () => {
    await using it = await held()
    const { id } = await it.at.create(ASKED)
    const answer = await it.answer()
    await until(async () => (await rowOf(id))?.status === 'in_progress' || undefined)
    answer.say('Here ')
    await Bun.sleep(500)
    answer.say('it is')
    answer.end()
    await until(async () => (await rowOf(id))?.status === 'completed' || undefined)
    const done = await it.at.get(id)
    expectOfficial(done)
    expect(answerOf(done)).toBe('Here it is')
    expect(it.output()).not.toMatch(FAULTS)
  }, 60_000)

  test('lets one be watched by its creator, and by others while it runs', async () => {
    await using it = await held()
    const created = await readUntil(await it.at.ask({ ...ASKED, stream: true }), 'response.queued')
    const id = idIn(created.so())
    const answer = await it.answer()
    answer.say('One ')
    await until(async () => answerOf(await it.at.get(id)) === 'One ' || undefined)
    const late = await readUntil(await it.at.watch(id, 1), '"One "')
    answer.say('two')
    await readUntil(await it.at.watch(id), '"two"')
    answer.end()
    const all = await created.rest()
    expectOfficialStream(all)
    expect(await late.rest()).toBe(after(all, 1))
    expect(await (await it.at.watch(id)).text()).toBe(all)
    expect(it.output()).not.toMatch(FAULTS)
  }, 60_000)

  test('cancels one that runs, from another request', async () => {
    await using it = await held()
    const { id } = await it.at.create(ASKED)
    const answer = await it.answer()
    answer.say('Not to the ')
    await until(async () => answerOf(await it.at.get(id)) || undefined)
    expect((await it.at.cancel(id)).status).toBe('cancelled')
    await answer.seen.aborted
    await until(async () => (await rowOf(id))?.status === 'cancelled' || undefined)
    expect((await it.at.get(id)).status).toBe('cancelled')
    expect(it.output()).not.toMatch(FAULTS)
  }, 60_000)

  test('keeps one for longer than a lease', async () => {
    await using it = await held()
    const { id } = await it.at.create(ASKED)
    const answer = await it.answer()
    const leaseOf = async () => {
      const { rows } = await world.client.execute(
        `SELECT expires_at FROM background_turns WHERE response_id = '${id}'`,
      )
      return Number(rows[0]?.expires_at)
    }
    const first = await leaseOf()
    await until(async () => (await leaseOf()) > first || undefined)
    answer.end()
    await becomes(it.at, id, 'completed')
  }, 60_000)

  test('takes over what another left behind, when the clock ticks', async () => {
    let id = ''
    {
      await using it = await held()
      ;({ id } = await it.at.create(ASKED))
      await it.answer()
    }
    await world.client.execute(
      `UPDATE background_turns SET expires_at = 1 WHERE response_id = '${id}'`,
    )
    await using heir = await held()
    // The runtime ends a tick with what it left behind.
    const tick = heir.tick()
    const again = await heir.answer()
    again.say('Found ')
    await Bun.sleep(300)
    again.say('it')
    again.end()
    expect(await tick).toBe('ok')
    await until(async () => (await rowOf(id))?.status === 'completed' || undefined)
    expect(answerOf(await heir.at.get(id))).toBe('Found it')
    expect(heir.output()).not.toMatch(FAULTS)
  }, 60_000)
})
