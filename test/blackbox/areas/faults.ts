import { describe, expect, test } from 'bun:test'
import { slow, textFor } from '../../fakes/pool-acts'
import { take } from '../../support/pool-turn'
import { expectRefusal, good } from '../checks'
import { FAILING } from '../fakes'
import type { Target } from '../world'
import { CHAT } from './chat'

/** By which names accounts have their models, and whether these are asked for a stream. */
const WAYS = [
  ['json', false],
  ['stream', true],
] as const

/** More than one account is given while there are others, whichever of two instances they ask. */
const AT_ONCE = 24
const SLOW_MS = 150

/** What becomes of a turn when its upstream fails. */
export function faultsSuite(target: Target): void {
  const turn = (model: string, prompt: string, stream: boolean) =>
    take(target(), { model, prompt, stream, key: target().key })

  describe.each(Object.keys(FAILING))('an account that is %s', (name) => {
    test.each(WAYS)('is made good by another, as %s', async (way, stream) => {
      const model = `${name}-${way}`
      const { failing } = target().fakes
      const bad = failing.account(`${model}-bad`)
      // A conversation goes where it was before, and elsewhere while too many are there.
      failing.account(`${model}-good`).act = slow(SLOW_MS)
      for (let round = 0; round < 5 && bad.calls.length === 0; round++) {
        const prompts = Array.from({ length: AT_ONCE }, (_, at) => `turn ${at} of round ${round}`)
        const all = await Promise.all(prompts.map((prompt) => turn(model, prompt, stream)))
        for (const [at, told] of all.entries()) {
          expect([told.status, told.account]).toEqual([200, `${model}-good`])
          expect(told.said).toBe(textFor(prompts[at] ?? '', told.account))
          expect(told.attempts).toBeLessThanOrEqual(2)
        }
      }
      expect(bad.calls.length).toBeGreaterThan(0)
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

    test('is in the log of the operator', async () => {
      const reply = await ask('only-unknown')
      await reply.text()
      await target().logged(reply.headers.get('x-request-id') ?? '', {
        ...{ status: reply.status, outcome: 'failed', model: 'only-unknown' },
      })
    })

    test('is seen at the account, which the operator may send back at once', async () => {
      const { admin, fakes, honoured } = target()
      const stateOf = async () => {
        const { data } = await good<{ data: readonly { id: string; state: string }[] }>(
          admin.api('/accounts?q=only-broken'),
        )
        return data[0]
      }
      await ask('only-broken')
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
