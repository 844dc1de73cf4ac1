import { expect, test } from 'bun:test'
import { createWriteQueue, type Writing } from '#src/state/write-queue'
import { DatabaseAway } from '#src/store/fault'
import type { Statements } from '#src/store/stores'

interface Named extends Writing {
  readonly name: string
}

/** A queue over a list that takes what it is told to take. */
function queueOver(
  takes: (names: readonly string[]) => boolean | Promise<boolean>,
  fault = new Error('refused'),
) {
  const written: string[][] = []
  const lost: string[] = []
  const faults: (readonly [waiting: number, dropped: number])[] = []
  let time = 0
  const queue = createWriteQueue<Named>({
    async write(statements: Statements) {
      const names = statements.map((statement) => String(statement))
      if (!(await takes(names))) throw fault
      written.push(names)
    },
    now: () => time,
    // What was put off is never begun: the tests say when to flush.
    later: () => {},
    onFault: (_, waiting, dropped) => faults.push([waiting, dropped]),
    onLost: (_, writing) => lost.push((writing as Named).name),
  })
  return {
    queue,
    written,
    lost,
    faults,
    push: (name: string, { size = 1, owner = name } = {}) =>
      queue.push({ name, owners: [owner], size, statements: () => [name] }),
    wait: (ms: number) => {
      time += ms
    },
  }
}

test('several are written together, in order, but not too many', async () => {
  const { queue, written, push } = queueOver(() => true)
  push('a')
  push('b')
  push('large', { size: 2 * 1024 * 1024 })
  push('c')
  await queue.flush()
  expect(written).toEqual([['a', 'b'], ['large'], ['c']])
  expect(queue.waiting()).toBe(0)
})

test('a crowd is written a part at a time', async () => {
  const { queue, written, push } = queueOver(() => true)
  const names = Array.from({ length: 1_000 }, (_, at) => `n${at}`)
  for (const name of names) push(name)
  await queue.flush()
  expect(written.flat()).toEqual(names)
  expect(Math.max(...written.map(({ length }) => length))).toBeLessThan(300)
})

test('what was too much for a busy database is tried again with half of it', async () => {
  const asked: number[] = []
  const takes = ({ length }: readonly string[]) => {
    asked.push(length)
    return length <= 5
  }
  const { queue, written, lost, faults, push } = queueOver(takes, new DatabaseAway('late'))
  const names = Array.from({ length: 20 }, (_, at) => `n${at}`)
  for (const name of names) push(name)
  // A database that does not answer is not asked on and on.
  for (let round = 1; round <= 2; round++) {
    await queue.flush()
    expect(faults).toHaveLength(round)
  }
  expect([asked, written]).toEqual([[20, 10], []])
  for (let round = 0; queue.waiting() > 0 && round < 10; round++) await queue.flush()
  expect([written.flat(), lost]).toEqual([names, []])
})

test('what comes in while others are written is written too', async () => {
  const { queue, written, push } = queueOver(async (names) => {
    if (names.includes('a')) push('b')
    await Bun.sleep(1)
    return true
  })
  push('a')
  await queue.flush()
  expect(written).toEqual([['a'], ['b']])
})

test('a database that takes nothing loses nothing, and gets it in the same order', async () => {
  let down = true
  const { queue, written, lost, faults, push } = queueOver(() => !down)
  for (const name of ['a', 'b', 'c']) push(name)
  for (let round = 0; round < 10; round++) await queue.flush()
  expect([queue.waiting(), queue.dropped(), faults.length]).toEqual([3, 0, 10])
  down = false
  await queue.flush()
  expect([written.flat(), lost]).toEqual([['a', 'b', 'c'], []])
})

test('one that the database never takes is given up, and the others are written', async () => {
  const { queue, written, lost, push } = queueOver((names) => !names.includes('poison'))
  for (const name of ['a', 'poison', 'b', 'c', 'd']) push(name)
  await queue.flush()
  expect([written.flat(), lost]).toEqual([['a', 'b', 'c', 'd'], ['poison']])
  expect([queue.waiting(), queue.dropped()]).toEqual([0, 1])
})

test('one that is alone is tried again for ever: it may be the database', async () => {
  const { queue, lost, push } = queueOver(() => false)
  push('a')
  push('b', { owner: 'a' })
  for (let round = 0; round < 10; round++) await queue.flush()
  expect([queue.waiting(), lost]).toEqual([2, []])
})

test('what there is no room for is dropped, the oldest first, and counted', async () => {
  let down = true
  const { queue, written, faults, push } = queueOver(() => !down)
  const size = 16 * 1024 * 1024
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) push(name, { size })
  expect([queue.waiting(), queue.dropped()]).toEqual([4, 2])
  expect(queue.about('a')).toEqual([])
  await queue.flush()
  expect(faults).toEqual([[4, 2]])
  down = false
  await queue.flush()
  expect(written.flat()).toEqual(['c', 'd', 'e', 'f'])
})

test('a reader waits for what concerns it, also when another is writing', async () => {
  const gate = Promise.withResolvers<boolean>()
  const { queue, push } = queueOver(() => gate.promise)
  push('a')
  const flushed = queue.flush()
  let isSettled = false
  const settled = queue.settled('a').then(() => {
    isSettled = true
  })
  await queue.settled('somebody else')
  await Bun.sleep(30)
  expect(isSettled).toBe(false)
  gate.resolve(true)
  await Promise.all([flushed, settled])
  expect(queue.about('a')).toEqual([])
})

test('a reader is told when it cannot be written', async () => {
  const { queue, push } = queueOver(() => false)
  push('a')
  await expect(queue.settled('a')).rejects.toMatchObject({ status: 503 })
})

test('a write that never ends is given up after a minute, and done again', async () => {
  let calls = 0
  const { queue, written, push, wait } = queueOver(() =>
    ++calls === 1 ? new Promise<boolean>(() => {}) : true,
  )
  push('a')
  void queue.flush()
  void queue.flush()
  await Bun.sleep(10)
  expect(calls).toBe(1)
  wait(60_001)
  await queue.flush()
  expect([calls, written]).toEqual([2, [['a']]])
})

test('what was not answered is not given up as soon as what was refused, while others are answered', async () => {
  const tries = async (fault?: Error) => {
    const { queue, lost, push } = queueOver((names) => !names.includes('unlucky'), fault)
    push('unlucky')
    for (let tried = 1; ; tried++) {
      push(`other ${tried}`)
      await queue.flush()
      if (lost.length > 0 || tried === 100) return tried
    }
  }
  const refused = await tries()
  expect(refused).toBeLessThanOrEqual(3)
  expect(await tries(new DatabaseAway('silent'))).toBeGreaterThan(5 * refused)
})
