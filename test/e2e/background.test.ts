import { describe, expect, test } from 'bun:test'
import { heldAnswers } from '../fakes/held-answers'
import { fakeUpstream } from '../fakes/upstream'
import { gateway, keyed, openaiAt } from '../support/gateway'
import { until } from '../support/programs'
import { after, answerOf, becomes, idIn, readUntil, responsesAt } from '../support/responses-http'
import { expectOfficial, expectOfficialStream } from '../support/responses-world'

const ASKED = { input: 'Think hard', background: true }

async function world() {
  await using stack = new AsyncDisposableStack()
  const held = heldAnswers()
  const upstream = stack.use(fakeUpstream(held.script))
  const gate = stack.use(await gateway({ env: openaiAt(upstream.url) }))
  const kept = stack.move()
  return {
    ...{ gate, upstream, at: responsesAt(gate) },
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

const otherKey = async ({ gate }: World): Promise<string> =>
  (await keyed(gate, { name: 'other' })).headers.authorization
