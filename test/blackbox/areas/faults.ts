import { describe, expect, test } from 'bun:test'
import { textFor } from '../../fakes/pool-acts'
import { take } from '../../support/pool-turn'
import { expectRefusal, good } from '../checks'
import { FAILING } from '../fakes'
import type { Target } from '../world'
import { CHAT } from './chat'

const WAYS = [
  ['JSON', false],
  ['a stream', true],
] as const

/** What becomes of a turn when its upstream fails. */
export function faultsSuite(target: Target): void {
  const turn = (model: string, prompt: string, stream: boolean) =>
    take(target(), { model, prompt, stream, key: target().key })

  describe.each(Object.keys(FAILING))('an account that is %s', (name) => {
    test.each(WAYS)('is made good by another, as %s', async (_, stream) => {
      const bad = target().fakes.failing.account(`${name}-bad`)
      const before = bad.calls.length
      // Whoever is asked first is left to chance; later on nobody asks the bad one.
      for (let number = 0; number < 20 && (number < 3 || bad.calls.length === before); number++) {
        const prompt = `turn ${number} of ${name}, ${stream}`
        const told = await turn(name, prompt, stream)
        expect([told.status, told.account]).toEqual([200, `${name}-good`])
        expect(told.said).toBe(textFor(prompt, `${name}-good`))
        expect(told.attempts).toBe(told.attempts === 1 ? 1 : 2)
        // An account rests after it has failed: the second way may not meet it any more.
        if (stream) break
      }
      if (!stream) expect(bad.calls.length).toBeGreaterThan(before)
    })
  })

  describe('a fault that nobody makes good', () => {
    const ask = (model: string, more: object = {}) =>
      target().post(CHAT, { model, messages: [{ role: 'user', content: 'Hi' }], ...more })

    test('is told as what it is where the request is to blame', async () => {
      const reply = await ask('only-refused')
      expect((await reply.clone().json()).error.message).toContain('That is too much to ask.')
      await expectRefusal(reply, { status: 400 })
    })

    test('is a limit where the account is at its own, with the time of its return', async () => {
      const first = await ask('only-limited')
      expect(Number(first.headers.get('retry-after'))).toBeWithin(1, 61)
      await expectRefusal(first, { status: 429, type: 'rate_limit_error' })
      await expectRefusal(ask('only-limited', { stream: true }), { status: 429 })
    })

    test.each(['only-broken', 'only-unknown', 'only-garbage', 'only-resets'])(
      'is ours to answer for: %s',
      async (model) => {
        await expectRefusal(ask(model), {
          status: 502,
          code: 'upstream_error',
          type: 'server_error',
        })
      },
    )

    test('ends a stream that has begun with an error', async () => {
      const { status, text } = await turn('only-torn', 'Hi', true)
      expect(status).toBe(200)
      expect(text).toContain('only-torn heard')
      expect(text).not.toContain('[DONE]')
      const error = /^data: (\{"error".*)$/m.exec(text)?.[1]
      expect(JSON.parse(error ?? '{}')).toMatchObject({ error: { type: 'server_error' } })
    })

    test('is in the log of the operator, try by try', async () => {
      const told = await turn('broken', 'the last one', false)
      expect(told.status).toBe(200)
      const id = told.headers.get('x-request-id') ?? ''
      await target().logged(id, { status: 200, outcome: 'done', model: 'broken' })
      const { data } = await good<{ data: readonly { attempt_log: readonly object[] }[] }>(
        target().admin.api('/requests?model=broken&limit=100'),
      )
      const logs = data.flatMap(({ attempt_log: log }) => log)
      expect(JSON.stringify(logs)).toContain('500')
    })

    test('is seen at the account, which the operator may send back at once', async () => {
      const { admin, fakes, honoured } = target()
      const stateOf = async () => {
        const { data } = await good<{ data: readonly { id: string; state: string }[] }>(
          admin.api('/accounts?q=only-broken'),
        )
        return data[0]
      }
      await honoured(async () => (await stateOf())?.state === 'cooling')
      fakes.faulty.account('only-broken').act = fakes.pool.account('first').act
      const account = await stateOf()
      await good(admin.api(`/accounts/${account?.id}/clear`, {}))
      await honoured(async () => (await ask('only-broken')).status === 200)
      expect((await stateOf())?.state).toBe('ready')
    })
  })

  test('turns go to all accounts of a model', async () => {
    const told = []
    for (let number = 0; number < 12; number++)
      told.push(await turn('shared', `turn ${number}`, number % 2 === 0))
    expect(told.map(({ status }) => status)).toEqual(Array(12).fill(200))
    expect([...new Set(told.map(({ account }) => account))].toSorted()).toEqual(['first', 'second'])
  })

  test('turns at once are answered each to its own', async () => {
    const told = await Promise.all(
      Array.from({ length: 40 }, (_, number) =>
        turn('shared', `at once ${number}`, number % 2 === 0),
      ),
    )
    for (const [number, { status, account, said }] of told.entries())
      expect([status, said]).toEqual([200, textFor(`at once ${number}`, account)])
  })
}
