import { expect, test } from 'bun:test'
import { account, poolOf } from '../support/accounts-pool'

const LONG = 60_000

function queue() {
  const it = poolOf([account('a', { maxInFlight: 1 })])
  const running = it.lease()
  const order: string[] = []
  const wait = (name: string, keyId = 'k', more: object = {}) =>
    it.waiting
      .wait({
        want: it.want(),
        keyId,
        timeoutMs: LONG,
        longest: 100,
        signal: new AbortController().signal,
        ...more,
      })
      .then((lease) => {
        order.push(lease ? name : `${name} left`)
        return lease
      })
  return { ...it, running, order, wait }
}

test('turns are served in the order they came', async () => {
  const { pool, running, order, wait } = queue()
  const turns = ['one', 'two', 'three'].map((name) => wait(name))
  let lease = running
  for (const turn of turns) {
    if (lease) pool.release(lease)
    lease = await turn
  }
  expect(order).toEqual(['one', 'two', 'three'])
})

test('keys take turns, however many one of them sends', async () => {
  const { pool, running, order, wait, waiting } = queue()
  const turns = [
    ...Array.from({ length: 5 }, (_, at) => wait(`flood ${at}`, 'flood')),
    ...Array.from({ length: 2 }, (_, at) => wait(`calm ${at}`, 'calm')),
  ]
  expect(waiting.depth()).toBe(7)
  let lease = running
  while (waiting.depth() > 0) {
    if (lease) pool.release(lease)
    lease = await Promise.race(turns)
    await Bun.sleep(0)
    const [member] = pool.members()
    lease = member && {
      member,
      account: member.account,
      model: '',
      reserved: undefined,
      charge: undefined,
      held: undefined,
      reachedAt: -1,
      scopes: undefined,
      probed: undefined,
      ended: false,
    }
  }
  expect(order.slice(0, 4)).toEqual(['flood 0', 'calm 0', 'flood 1', 'calm 1'])
})

test('a flood for one model keeps no other model of the same account waiting', async () => {
  const { pool, want, running, order, wait } = queue()
  for (let at = 0; at < 5; at++) wait(`flood ${at}`, 'flood')
  wait('calm', 'calm', { want: want({ candidates: [...want().candidates] }) })
  if (running) pool.release(running)
  await Bun.sleep(0)
  const [member] = pool.members()
  const next = {
    account: account('a'),
    model: '',
    reserved: undefined,
    charge: undefined,
    held: undefined,
    reachedAt: -1,
    scopes: undefined,
    probed: undefined,
    ended: false,
  }
  if (member) pool.release({ ...next, member })
  await Bun.sleep(0)
  expect(order).toEqual(['flood 0', 'calm'])
})

test('a full line has room for a key that has not had its share', async () => {
  const { wait, waiting } = queue()
  for (let at = 0; at < 4; at++) wait(`flood ${at}`, 'flood', { longest: 4 })
  expect(await wait('too much', 'flood', { longest: 4 })).toBeUndefined()
  wait('calm', 'calm', { longest: 4 })
  expect(waiting.depth()).toBe(5)
})

test('a turn whose time is up, whose client left, or that finds the line full goes without', async () => {
  const { wait, waiting } = queue()
  const client = new AbortController()
  const late = wait('late', 'k', { timeoutMs: 20 })
  const left = wait('left', 'k', { signal: client.signal })
  expect(await wait('full', 'k', { longest: 2 })).toBeUndefined()
  client.abort()
  expect(await left).toBeUndefined()
  expect(await late).toBeUndefined()
  expect(waiting.depth()).toBe(0)
})

test('the end of a rest is noticed, although nobody announces it', async () => {
  const it = poolOf([account('a')])
  it.fail({ saidMs: 30 })
  const turn = it.waiting.wait({
    want: it.want(),
    keyId: 'k',
    timeoutMs: LONG,
    longest: 10,
    signal: new AbortController().signal,
  })
  it.wait(30)
  expect((await turn)?.account.id).toBe('a')
})
