import { expect, test } from 'bun:test'
import { againAt, createSharing } from '#src/jobs/sharing'
import { createLog } from '#src/log'
import { createAsks } from '#src/store/asks'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'

/** Instances that share what they ask, under one clock. */
async function world() {
  const client = openFile(':memory:')
  await migrate(client)
  let time = 1_000_000
  const now = () => time
  const log = createLog({ level: 'silent', write: () => {}, readable: false, now })
  return {
    client,
    wait: (ms: number) => (time += ms),
    now,
    as: (name: string) =>
      createSharing({ asks: createAsks(client), instance: () => name, now, log }),
  }
}

test('what one instance has taken on the others leave alone, each kind for itself', async () => {
  const it = await world()
  const [a, b] = [it.as('a'), it.as('b')]
  const wanted = (...ids: string[]) => ids.map((subject) => ({ subject, since: it.now() - 1_000 }))
  expect(await a.take('check', [])).toEqual(new Map())
  expect(await a.take('check', wanted('x', 'y'))).toEqual(new Map())
  const held = { askedAt: it.now(), expiresAt: it.now() + 30_000 }
  expect(await b.take('check', wanted('y', 'z'))).toEqual(new Map([['y', held]]))
  expect(await b.take('models', wanted('y'))).toEqual(new Map())
  await a.end('check', ['x', 'y'])
  it.wait(999)
  const done = { askedAt: held.askedAt, expiresAt: 0 }
  expect(await b.take('check', wanted('y'))).toEqual(new Map([['y', done]]))
  it.wait(1)
  expect(await b.take('check', wanted('y'))).toEqual(new Map())
  expect([againAt(held, 5), againAt(done, 5)]).toEqual([held.expiresAt, held.askedAt + 5])
})

test('what an instance died over is taken on by the next one when its lease is over', async () => {
  const it = await world()
  const wanted = [{ subject: 'x', since: 0 }]
  await it.as('dead').take('quota', wanted)
  it.wait(29_999)
  expect((await it.as('b').take('quota', wanted)).size).toBe(1)
  it.wait(1)
  expect((await it.as('b').take('quota', wanted)).size).toBe(0)
  await it.as('b').end('quota', ['x'])
  it.wait(60_000)
  expect((await it.as('c').take('quota', wanted)).size).toBe(1)
})

test('without a database everybody is alone', async () => {
  const it = await world()
  it.client.close()
  expect(await it.as('a').take('use', [{ subject: 'x', since: 0 }])).toEqual(new Map())
  await it.as('a').end('use', ['x'])
})
