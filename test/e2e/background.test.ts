import { describe, expect, test } from 'bun:test'
import { heldAnswers } from '../fakes/held-answers'
import { fakeUpstream } from '../fakes/upstream'
import { gateway, keyed, openaiAt } from '../support/gateway'
import { scratch, until } from '../support/programs'
import { after, answerOf, becomes, idIn, readUntil, responsesAt } from '../support/responses-http'
import { expectOfficial, expectOfficialStream } from '../support/responses-world'

const ASKED = { input: 'Think hard', background: true }

async function world(path = ':memory:', now = Date.now) {
  await using stack = new AsyncDisposableStack()
  const held = heldAnswers()
  const upstream = stack.use(fakeUpstream(held.script))
  const open = () => gateway({ env: openaiAt(upstream.url), path, now })
  const gate = stack.use(await open())
  const kept = stack.move()
  return {
    ...{ gate, upstream, held, at: responsesAt(gate) },
    /** Another gateway over the same database. */
    async heir() {
      const next = await open()
      const { [Symbol.asyncDispose]: dispose } = next
      return { gate: next, at: responsesAt(next), [Symbol.asyncDispose]: dispose }
    },
    /** The answer that the upstream was asked for as the n-th. */
    answer: (number = 0) => until(() => held.all[number]),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

type World = Awaited<ReturnType<typeof world>>

describe('a background response', () => {
  test('is seen on its way, and when it is done', async () => {
    await using it = await world()
    const begun = await it.at.create(ASKED)
    expectOfficial(begun)
    expect(begun).toMatchObject({ status: 'queued', background: true, output: [] })
    const answer = await it.answer()
    expectOfficial(await becomes(it.at, begun.id, 'in_progress'))
    answer.say('Well, ')
    const partial = await until(async () => {
      const now = await it.at.get(begun.id)
      return answerOf(now) === 'Well, ' ? now : undefined
    })
    expect(partial.status).toBe('in_progress')
    answer.say('yes.')
    answer.end()
    const done = await becomes(it.at, begun.id, 'completed')
    expectOfficial(done)
    expect(answerOf(done)).toBe('Well, yes.')
    expect(done).toMatchObject({ created_at: begun.created_at, usage: { total_tokens: 11 } })
    const [row] = await it.gate.ledger()
    expect(row).toMatchObject({ outcome: 'done', endpoint: 'responses' })
    await it.at.create({ input: 'Sure?', previous_response_id: begun.id })
    expect(JSON.parse(it.upstream.asked()[1]?.body ?? '').messages).toMatchObject([
      { role: 'user', content: 'Think hard' },
      { role: 'assistant', content: 'Well, yes.' },
      { role: 'user', content: 'Sure?' },
    ])
  })

  test('cannot be gone on from before it is over', async () => {
    await using it = await world()
    const { id } = await it.at.create(ASKED)
    const early = await it.at.ask({ input: 'And?', previous_response_id: id })
    expect([early.status, (await early.json()).error.param]).toEqual([400, 'previous_response_id'])
    await it.at.cancel(id)
  })

  test('is watched by its creator and others, from any event on, and once more when it is over', async () => {
    await using it = await world()
    const created = await readUntil(await it.at.ask({ ...ASKED, stream: true }), 'response.queued')
    const id = idIn(created.so())
    const answer = await it.answer()
    answer.say('One ')
    const late = await readUntil(await it.at.watch(id, 1), '"One "')
    answer.say('two ')
    const later = await readUntil(await it.at.watch(id), '"two "')
    answer.say('three')
    answer.end()
    const all = await created.rest()
    const events = expectOfficialStream(all)
    expect(events.map(({ type }) => type).slice(0, 3)).toEqual([
      'response.created',
      'response.queued',
      'response.in_progress',
    ])
    expect(await late.rest()).toBe(after(all, 1))
    expect(await later.rest()).toBe(all)
    await becomes(it.at, id, 'completed')
    expect(await (await it.at.watch(id)).text()).toBe(all)
    for (const number of [0, 4, events.length - 2])
      expect(await (await it.at.watch(id, number)).text()).toBe(after(all, number))
    await it.gate.app.flush()
    expect(await (await it.at.watch(id)).text()).toBe(all)
  })

  test('goes on when its creator leaves the stream', async () => {
    await using it = await world()
    const created = await readUntil(await it.at.ask({ ...ASKED, stream: true }), 'response.queued')
    const answer = await it.answer()
    answer.say('Still ')
    await until(() => created.so() || undefined)
    await created.leave()
    await Bun.sleep(100)
    answer.say('here')
    answer.end()
    const done = await becomes(it.at, idIn(created.so()), 'completed')
    expect(answerOf(done)).toBe('Still here')
  })

  test('is cancelled while it runs: its upstream is let go, and its streams end', async () => {
    await using it = await world()
    const created = await readUntil(await it.at.ask({ ...ASKED, stream: true }), 'response.queued')
    const id = idIn(created.so())
    const answer = await it.answer()
    answer.say('Not to the ')
    await until(async () => answerOf(await it.at.get(id)) || undefined)
    const cancelled = await it.at.cancel(id)
    expectOfficial(cancelled)
    expect(cancelled.status).toBe('cancelled')
    await answer.seen.aborted
    const all = await created.rest()
    expectOfficialStream(all)
    expect(all).not.toContain('event: error')
    for (let again = 0; again < 2; again++)
      expect(await it.at.cancel(id)).toMatchObject({ id, status: 'cancelled' })
    await it.gate.app.flush()
    const kept = await it.at.get(id)
    expectOfficial(kept)
    expect([kept.status, answerOf(kept)]).toEqual(['cancelled', 'Not to the '])
    expect(await (await it.at.watch(id)).text()).toBe(all)
    const [row] = await it.gate.ledger()
    expect(row).toMatchObject({ outcome: 'gone' })
  })

  test('is cancelled before its upstream has said a word', async () => {
    await using it = await world()
    it.upstream.script(({ path }) =>
      path === '/v1/chat/completions' ? new Promise<Response>(() => {}) : undefined,
    )
    const { id } = await it.at.create(ASKED)
    const asked = await until(() => it.upstream.asked()[0])
    expect((await it.at.cancel(id)).status).toBe('cancelled')
    await asked.aborted
    await it.gate.app.flush()
    expect(await it.at.get(id)).toMatchObject({ status: 'cancelled', error: null, output: [] })
  })

  test('that is over stays as it is, and one that was waited for cannot be cancelled', async () => {
    await using it = await world()
    const { id } = await it.at.create(ASKED)
    const answer = await it.answer()
    answer.say('Done')
    answer.end()
    const done = await becomes(it.at, id, 'completed')
    expect(await it.at.cancel(id)).toEqual(done)
    expect(await it.at.get(id)).toEqual(done)
    const waited = await it.at.create({ input: 'Hi' })
    const refused = await it.at.call('POST', `/responses/${waited.id}/cancel`)
    expect([refused.status, (await refused.json()).error.type]).toEqual([
      400,
      'invalid_request_error',
    ])
  })

  test('that is deleted while it runs is stopped and gone', async () => {
    await using it = await world()
    const created = await readUntil(await it.at.ask({ ...ASKED, stream: true }), 'response.queued')
    const id = idIn(created.so())
    const answer = await it.answer()
    expect((await it.at.call('DELETE', `/responses/${id}`)).status).toBe(200)
    await answer.seen.aborted
    await created.rest()
    await it.gate.app.flush()
    expect((await it.at.call('GET', `/responses/${id}`)).status).toBe(404)
    expect((await it.at.watch(id)).status).toBe(404)
  })

  test.each([
    ['refuses', () => Response.json({ error: { message: 'No.' } }, { status: 500 })],
    ['is not there', undefined],
  ] as const)('fails when its upstream %s', async (_, script) => {
    await using it = await world()
    await it.gate.get('/v1/models')
    if (script)
      it.upstream.script(({ path }) => (path === '/v1/chat/completions' ? script() : undefined))
    else await it.upstream.stop()
    const { id } = await it.at.create(ASKED)
    const failed = await becomes(it.at, id, 'failed')
    expectOfficial(failed)
    expect(failed.error).toMatchObject({ code: 'server_error', message: expect.any(String) })
    const stream = await (await it.at.watch(id)).text()
    expect(stream).toContain('event: error')
    expect(stream.trim().split('\n\n').at(-1)).toStartWith('event: response.failed')
  })

  test('fails when its upstream dies, with what it had said', async () => {
    await using it = await world()
    const created = await readUntil(await it.at.ask({ ...ASKED, stream: true }), 'response.queued')
    const id = idIn(created.so())
    const answer = await it.answer()
    answer.say('Half of ')
    await until(async () => answerOf(await it.at.get(id)) || undefined)
    answer.cut()
    const all = await created.rest()
    expect(all).toContain('event: error')
    expect(all.trim().split('\n\n').at(-1)).toStartWith('event: response.failed')
    const failed = await becomes(it.at, id, 'failed')
    expectOfficial(failed)
    expect([failed.error?.code, answerOf(failed)]).toEqual(['server_error', 'Half of '])
    await it.gate.app.flush()
    expect(await (await it.at.watch(id)).text()).toBe(all)
  })

  test('is not there for another key, running or over', async () => {
    await using it = await world()
    const other = responsesAt(it.gate, (await otherKey(it)).slice('Bearer '.length))
    const { id } = await it.at.create(ASKED)
    const answer = await it.answer()
    const expectNothing = async () => {
      const calls = [
        other.call('GET', `/responses/${id}`),
        other.watch(id),
        other.call('POST', `/responses/${id}/cancel`),
        other.call('DELETE', `/responses/${id}`),
        other.call('GET', `/responses/${id}/input_items`),
      ]
      for (const { status } of await Promise.all(calls)) expect(status).toBe(404)
      const onward = await other.ask({ input: 'Mine?', previous_response_id: id })
      expect((await onward.json()).error.code).toBe('previous_response_not_found')
    }
    await expectNothing()
    answer.say('Mine')
    answer.end()
    await becomes(it.at, id, 'completed')
    await expectNothing()
    await it.gate.app.flush()
    await expectNothing()
    expect(answerOf(await it.at.get(id))).toBe('Mine')
  })
})

/** A turn that another instance began over this database, and left behind. */
async function leftBehind(it: World, extra: object = {}): Promise<string> {
  const before = it.held.all.length
  const { id } = await it.at.create({ ...ASKED, ...extra })
  await it.answer(before)
  await it.gate.client.execute("UPDATE background_turns SET instance = 'gone', expires_at = 1")
  it.gate.app.drain()
  return id
}

describe('a background response that was left behind', () => {
  test('fails when what it goes on from is gone, and holds up no other', async () => {
    await using folder = await scratch('background')
    await using it = await world(`${folder.path}/groxy.db`)
    const first = await it.at.create({ input: 'First' })
    await it.gate.app.flush()
    const orphan = await leftBehind(it, { previous_response_id: first.id })
    const deleted = await leftBehind(it)
    const sound = await leftBehind(it)
    await it.gate.client.execute(`DELETE FROM responses WHERE id = '${first.id}'`)
    await it.at.call('DELETE', `/responses/${deleted}`)
    await using heir = await it.heir()
    await heir.gate.app.refresh()
    const failed = await becomes(heir.at, orphan, 'failed')
    expectOfficial(failed)
    expect(failed).toMatchObject({ previous_response_id: first.id, output: [] })
    expect(failed.error?.message).toContain('not there any more')
    const answer = await it.answer(3)
    answer.say('Sound')
    answer.end()
    expect(answerOf(await becomes(heir.at, sound, 'completed'))).toBe('Sound')
    expect((await heir.at.call('GET', `/responses/${deleted}`)).status).toBe(404)
    await heir.gate.app.flush()
    const { rows } = await heir.gate.client.execute('SELECT * FROM background_turns')
    expect(rows).toEqual([])
  })

  test('is begun again where it died, when it has given no sign for longer than a lease', async () => {
    let ahead = 0
    await using it = await world(':memory:', () => Date.now() + ahead)
    const { id } = await it.at.create(ASKED)
    const dead = await it.answer()
    dead.say('Lost ')
    const watched = await readUntil(await it.at.watch(id), '"Lost "')
    ahead = 31_000
    expect(answerOf(await it.at.get(id))).toBe('')
    await watched.rest()
    await it.gate.app.refresh()
    const again = await it.answer(1)
    await dead.seen.aborted
    again.say('Found')
    again.end()
    expect(answerOf(await becomes(it.at, id, 'completed'))).toBe('Found')
    await it.gate.app.flush()
    expect(answerOf(await it.at.get(id))).toBe('Found')
  })

  test('is not begun for a key that is no longer good', async () => {
    await using folder = await scratch('background')
    await using it = await world(`${folder.path}/groxy.db`)
    const { headers, id: keyId } = await keyed(it.gate, { name: 'brief' })
    const mine = responsesAt(it.gate, headers.authorization.slice('Bearer '.length))
    const { id } = await mine.create(ASKED)
    await it.answer()
    await leftBehind(it)
    await it.gate.client.execute(`UPDATE keys SET enabled = 0 WHERE id = '${keyId}'`)
    await using heir = await it.heir()
    await heir.gate.app.refresh()
    await it.answer(2)
    const { rows } = await heir.gate.client.execute(
      `SELECT status FROM responses WHERE id = '${id}'`,
    )
    expect(rows[0]?.status).toBe('cancelled')
    expect(it.held.all).toHaveLength(3)
    heir.gate.app.drain()
  })

  test('is begun again though its key has no place left, for it had one', async () => {
    await using folder = await scratch('background')
    await using it = await world(`${folder.path}/groxy.db`)
    const { headers } = await keyed(it.gate, { name: 'narrow', requestsPerMinute: 1 })
    const key = headers.authorization.slice('Bearer '.length)
    const { id } = await responsesAt(it.gate, key).create(ASKED)
    await it.answer()
    await leftBehind(it)
    await using heir = await it.heir()
    await heir.gate.app.refresh()
    const answer = await until(() =>
      it.held.all.slice(2).find(({ seen }) => seen.body.includes('hard')),
    )
    expect(answer).toBeDefined()
    await until(() => it.held.all.length === 4 || undefined)
    for (const held of it.held.all.slice(2)) held.end()
    await becomes(responsesAt(heir.gate, key), id, 'completed')
  })
})

const otherKey = async ({ gate }: World): Promise<string> =>
  (await keyed(gate, { name: 'other' })).headers.authorization
