import { describe, expect, test } from 'bun:test'
import { account, MODEL, poolOf } from '../support/accounts-pool'

const REST_MS = 30_000

/** What one account may be kept from, and what it may take meanwhile. */
const SCOPES = [
  ['model', MODEL, { asked: 'grok-4-mini' }],
  ['endpoint of a model', `${MODEL} chat.completions`, { endpoint: 'responses' }],
] as const

/** A pool whose account `a` has just had its rest for something. */
function rested(scope: string, names: readonly string[] = ['a']) {
  const it = poolOf([account('a', { models: [MODEL, 'grok-4-mini'] })])
  it.fail({ scope })
  it.update(names.map((name) => account(name, { models: [MODEL, 'grok-4-mini'] })))
  it.wait(REST_MS)
  const take = () => it.lease() ?? nobody()
  const queue = () =>
    it.waiting.wait({
      want: it.want(),
      keyId: 'k',
      timeoutMs: 5_000,
      longest: 10,
      signal: new AbortController().signal,
    })
  return { ...it, take, queue }
}

const nobody = (): never => {
  throw new Error('Nobody is free.')
}

describe.each(SCOPES)('after its rest for one %s an account', (_, scope, other) => {
  test('is tried out by a single turn, and the others go elsewhere', () => {
    const it = rested(scope, ['a', 'b'])
    const ids = Array.from({ length: 40 }, () => it.take().account.id)
    expect(ids.filter((id) => id === 'a')).toHaveLength(1)
  })

  test('keeps the others waiting where there is nobody else, until the try went well', async () => {
    const it = rested(scope)
    const probe = it.take()
    expect(it.lease()).toBeUndefined()
    expect(it.pool.outlook(it.want())).toEqual({ busy: true, returnMs: undefined })
    const waiting = [it.queue(), it.queue()]
    expect(it.waiting.depth()).toBe(2)
    it.pool.succeed(probe)
    const leases = await Promise.all(waiting)
    expect(leases.map((lease) => lease?.account.id)).toEqual(['a', 'a'])
    expect(probe.member.scoped).toBeUndefined()
  })

  test('rests again and longer when the try fails, and is tried out by one turn after that', () => {
    const it = rested(scope)
    const { member } = it.fail({ scope })
    expect(member.scoped?.get(scope)).toMatchObject({ faults: 2, until: it.now() + 2 * REST_MS })
    it.wait(2 * REST_MS - 1)
    expect(it.lease()).toBeUndefined()
    it.wait(1)
    expect(it.lease()).toBeDefined()
    expect(it.lease()).toBeUndefined()
  })

  test('is tried out by the next turn when the try came to no end of its own', () => {
    const it = rested(scope)
    it.pool.release(it.take())
    expect(it.lease()).toBeDefined()
    expect(it.lease()).toBeUndefined()
  })

  test('takes turns for anything else meanwhile', () => {
    const it = rested(scope)
    it.take()
    for (let turn = 0; turn < 3; turn++) expect(it.lease(other)).toBeDefined()
  })

  test('is tried out by no second turn because one from before the rest has ended', () => {
    const it = poolOf([account('a')])
    const early = Array.from({ length: 2 }, () => it.lease() ?? nobody())
    it.fail({ scope })
    it.wait(REST_MS)
    expect(it.lease()).toBeDefined()
    for (const lease of early) it.pool.succeed(lease)
    expect(it.lease()).toBeUndefined()
    expect(early[0]?.member.scoped?.has(scope)).toBeTrue()
  })
})
