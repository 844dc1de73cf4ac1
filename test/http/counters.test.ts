import { describe, expect, test } from 'bun:test'
import { createName } from '#src/crypto'
import { createCounters } from '#src/http/counters'
import type { Bucket } from '#src/store/allowances'
import { createAllowances } from '#src/store/allowances'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'

/** Some instances over one database, with a clock of ours and a database that may fail. */
async function shared() {
  const client = openFile(':memory:')
  await migrate(client)
  const store = createAllowances(client)
  const state = {
    time: Date.parse('2026-01-15T12:00:00Z'),
    down: false,
    zone: 0,
    asked: 0,
    steps: 0,
    slowMs: 0,
    /** How long an answer takes by the clock of ours. */
    lateMs: 0,
    stumbles: 0,
    /** It takes questions and answers none, … */
    silent: false,
    /** … and since when that is known. */
    awaySince: Number.POSITIVE_INFINITY,
  }
  const faults: unknown[] = []
  let instances = 0
  const instance = () => {
    const work: Promise<unknown>[] = []
    const counters = createCounters({
      instance: createName(`instance-${++instances}`),
      allowances: {
        ...store,
        async hold(holder, wants) {
          state.asked++
          if (state.down || state.stumbles-- > 0) throw new Error('down')
          if (state.silent) return new Promise(() => undefined)
          const dueAt = state.time + state.lateMs
          const held = await store.hold(holder, wants)
          if (state.slowMs > 0) await Bun.sleep(state.slowMs)
          while (state.time < dueAt) await Bun.sleep(1)
          return held
        },
      },
      now: () => {
        state.time += state.steps
        return state.time
      },
      later: (promise) => void work.push(promise),
      zoneMinutes: () => state.zone,
      database: () => ({
        up: state.awaySince > state.time,
        writable: true,
        since: Math.min(state.time, state.awaySince),
      }),
      onFault: (cause) => faults.push(cause),
    })
    const needOf = (bucket: Bucket, limit: number, amount = 1) => ({
      counter: counters.counterOf('k', bucket, limit),
      amount,
    })
    return {
      ...counters,
      needOf,
      /** Take of one limit; says whether it was given. */
      async take(bucket: Bucket, limit: number, amount = 1) {
        const need = needOf(bucket, limit, amount)
        const lacking = await counters.take([need])
        await Promise.all(work.splice(0))
        return lacking ? undefined : need
      },
      takeAll: counters.take,
      /** Everything that was left for later. */
      done: () => Promise.all(work),
    }
  }
  const rows = async () =>
    (await client.execute('SELECT * FROM allowances')).rows.map((row) => ({ ...row }))
  return { state, faults, instance, rows, store }
}

type Instance = ReturnType<Awaited<ReturnType<typeof shared>>['instance']>

/** How many of so many tries were let in. */
async function count(tries: number, one: (index: number) => Promise<unknown>) {
  let given = 0
  for (let index = 0; index < tries; index++) if (await one(index)) given++
  return given
}

describe('a limit that instances share', () => {
  test('is never exceeded and hardly wasted, with a question for a slice and none for a refusal', async () => {
    const it = await shared()
    const both = [it.instance(), it.instance()] as const
    const pick = (index: number): Instance => both[index % 3 === 0 ? 0 : 1]
    const given = await count(200, (index) => pick(index).take('requests', 100))
    expect(given).toBeWithin(90, 101)
    expect(it.state.asked).toBeLessThan(40)
    const before = it.state.asked
    expect(await count(1000, (index) => pick(index).take('requests', 100))).toBe(0)
    expect(it.state.asked - before).toBeLessThan(3)
  })

  test('makes only the first turn wait: slices are claimed ahead of need', async () => {
    const it = await shared()
    const one = it.instance()
    let waits = 0
    for (let turn = 0; turn < 90; turn++) {
      const taken = one.takeAll([one.needOf('requests', 100)])
      if (taken instanceof Promise) waits++
      expect(await taken).toBeUndefined()
      await one.done()
    }
    expect(waits).toBe(1)
  })

  test('asks for no more while an answer is on its way, and over a slow database in good time', async () => {
    const it = await shared()
    const one = it.instance()
    expect(await one.take('chat', 2_000)).toBeDefined()
    it.state.lateMs = 1_400
    const waits: number[] = []
    for (let turn = 0; turn < 40; turn++) {
      const need = one.needOf('chat', 2_000)
      const taken = one.takeAll([need])
      if (taken instanceof Promise) waits.push(turn)
      expect(await taken).toBeUndefined()
      one.settle(need, 1)
      it.state.time += 300
      await Bun.sleep(5)
    }
    it.state.lateMs = 0
    it.state.time += 2_000
    await one.done()
    expect(waits).toEqual([])
    expect(it.state.asked).toBeLessThan(8)
  })

  test('what is being given back is not used any more, before the answer has come', async () => {
    const it = await shared()
    const [one, other] = [it.instance(), it.instance()]
    const need = await one.take('concurrency', 1)
    if (!need) throw new Error('Not let in.')
    one.settle(need, 0)
    it.state.slowMs = 30
    const tick = one.tick()
    const taken = await Promise.all([
      other.take('concurrency', 1),
      one.take('concurrency', 1),
      tick,
    ])
    expect(taken.filter(Boolean)).toHaveLength(1)
  })

  test('is there again in the next minute', async () => {
    const it = await shared()
    const one = it.instance()
    expect(await count(9, () => one.take('requests', 5))).toBe(5)
    it.state.time += 60_000
    expect(await count(9, () => one.take('requests', 5))).toBe(5)
  })

  test('gives many who come at once what there is, over a database that takes its time', async () => {
    const it = await shared()
    const one = it.instance()
    const takes = Array.from({ length: 64 }, () => one.take('requests', 40))
    expect((await Promise.all(takes)).filter(Boolean)).toHaveLength(40)
    expect(it.state.asked).toBeLessThan(64)
  })

  test('of nothing is nothing, and asks nobody', async () => {
    const it = await shared()
    const one = it.instance()
    expect(await one.take('video', 0)).toBeUndefined()
    expect(await one.take('tokens', 100, 101)).toBeUndefined()
    expect(it.state.asked).toBe(0)
  })

  test('what one does not use any more, another may', async () => {
    const it = await shared()
    const [one, other] = [it.instance(), it.instance()]
    const need = await one.take('tokens', 1000, 1000)
    if (!need) throw new Error('Not let in.')
    expect(await other.take('tokens', 1000, 300)).toBeUndefined()
    one.settle(need, 100)
    await one.tick()
    it.state.time += 1_000
    expect(await other.take('tokens', 1000, 800)).toBeDefined()
  })

  test('turns at once are given back with the tick, and taken again', async () => {
    const it = await shared()
    const [one, other] = [it.instance(), it.instance()]
    const need = await one.take('concurrency', 1)
    if (!need) throw new Error('Not let in.')
    expect(await one.take('concurrency', 1)).toBeUndefined()
    one.settle(need, 0)
    expect(await one.take('concurrency', 1)).toBeDefined()
    expect(await other.take('concurrency', 1)).toBeUndefined()
    one.settle(need, 0)
    await one.tick()
    it.state.time += 1_000
    expect(await other.take('concurrency', 1)).toBeDefined()
    expect(await one.take('concurrency', 1)).toBeUndefined()
  })

  test('of a few turns at once each instance may have the last: who takes one holds no second', async () => {
    const it = await shared()
    const [one, other] = [it.instance(), it.instance()]
    expect(await one.take('concurrency', 2)).toBeDefined()
    expect(await it.rows()).toMatchObject([{ granted: 1 }])
    expect(it.state.asked).toBe(1)
    expect(await other.take('concurrency', 2)).toBeDefined()
    expect(await one.take('concurrency', 2)).toBeUndefined()
  })

  test('slots go to and fro between instances that both serve the key', async () => {
    const it = await shared()
    it.state.steps = 10
    const both = [it.instance(), it.instance()] as const
    for (const one of both) await one.tick()
    const first = await both[0].take('concurrency', 1)
    if (!first) throw new Error('Not let in.')
    expect(await both[1].take('concurrency', 1)).toBeUndefined()
    both[0].settle(first, 0)
    await both[0].tick()
    const given = await count(20, async (index) => {
      const one: Instance = both[index % 2 ? 0 : 1]
      const need = await one.take('concurrency', 1)
      if (need) one.settle(need, 0)
      return need
    })
    expect(given).toBe(20)
  })

  test('what was used is told where nothing ticks', async () => {
    const it = await shared()
    const one = it.instance()
    const need = await one.take('chat', 100)
    if (!need) throw new Error('Not let in.')
    one.settle(need, 1)
    await one.done()
    expect(await it.rows()).toMatchObject([{ used: 1 }])
  })

  test('a day begins when the operator says, and what was used before counts for the day before', async () => {
    const it = await shared()
    const one = it.instance()
    it.state.zone = 480
    it.state.time = Date.parse('2026-01-15T15:59:00Z')
    const need = await one.take('chat', 1)
    if (!need) throw new Error('Not let in.')
    expect(await one.take('chat', 1)).toBeUndefined()
    it.state.time += 60_000
    expect(await one.take('chat', 1)).toBeDefined()
    one.settle(need, 1)
    await one.tick()
    const [first, second] = await it.rows()
    expect([first?.window, first?.used]).toEqual([Number(second?.window) - 1, 1])
  })
})

describe('an instance that died', () => {
  test('keeps what it was granted, as nobody knows what it used of it, and slots no longer than 30 s', async () => {
    const it = await shared()
    const [dead, alive] = [it.instance(), it.instance()]
    it.state.time = Date.parse('2026-01-15T12:00:00Z')
    const needs = await Promise.all([1, 2, 3].map(() => dead.take('chat', 10)))
    for (const need of needs.slice(0, 2)) if (need) dead.settle(need, 1)
    await dead.tick()
    await dead.take('concurrency', 3)
    await dead.take('chat', 10, 5)
    expect(await alive.take('chat', 10, 8)).toBeUndefined()
    expect(await alive.take('concurrency', 3, 3)).toBeUndefined()
    it.state.time += 21_000
    expect(await alive.take('concurrency', 3, 3)).toBeDefined()
    // Eight were let in, and one may have been.
    expect(await count(9, () => alive.take('chat', 10))).toBe(1)
  })

  test('that only slept does not use what others have taken meanwhile', async () => {
    const it = await shared()
    const [slept, other] = [it.instance(), it.instance()]
    expect(await slept.take('chat', 20)).toBeDefined()
    it.state.time += 25_000
    expect(await other.take('chat', 20, 19)).toBeUndefined()
    const given = await count(60, (index) => {
      it.state.time += 1_100
      return (index % 2 ? slept : other).take('chat', 20)
    })
    expect(given).toBe(19)
  })

  test('that still lives keeps what it holds, however long a turn takes', async () => {
    const it = await shared()
    const [one, other] = [it.instance(), it.instance()]
    expect(await one.take('concurrency', 1)).toBeDefined()
    for (let second = 0; second < 120; second += 2) {
      it.state.time += 2_000
      await one.tick()
    }
    expect(await other.take('concurrency', 1)).toBeUndefined()
  })
})

test('a refusal leaves nothing behind in any bucket', async () => {
  const it = await shared()
  const one = it.instance()
  for (let round = 0; round < 3; round++) {
    const needs = [one.needOf('requests', 10), one.needOf('tokens', 100, 60), one.needOf('chat', 5)]
    expect((await one.takeAll(needs)) === undefined).toBe(round === 0)
  }
  const held = (['requests', 'tokens', 'chat'] as const).map((bucket) => one.peek('k', bucket))
  expect(held.map((counter) => [counter?.reserved, counter?.waiting])).toEqual([
    [1, 0],
    [60, 0],
    [1, 0],
  ])
})

test('a stop gives everything back that was not used', async () => {
  const it = await shared()
  const one = it.instance()
  const need = await one.take('chat', 100, 10)
  if (!need) throw new Error('Not let in.')
  one.settle(need, 4)
  await one.take('concurrency', 1)
  await one.giveBack()
  expect(await it.rows()).toMatchObject([
    { bucket: 'chat', granted: 4, used: 4 },
    { bucket: 'concurrency', granted: 1, used: 0 },
  ])
  const other = it.instance()
  expect(await other.take('chat', 100, 96)).toBeDefined()
})

test('a stop gives back though the database stumbles', async () => {
  const it = await shared()
  const one = it.instance()
  const need = await one.take('chat', 100)
  if (!need) throw new Error('Not let in.')
  one.settle(need, 1)
  it.state.stumbles = 5
  await one.giveBack()
  expect(await it.rows()).toMatchObject([{ bucket: 'chat', granted: 1, used: 1 }])
})

test('a stop gives back what is just being asked for, too', async () => {
  const it = await shared()
  const one = it.instance()
  expect(await one.take('chat', 100)).toBeDefined()
  // Until nothing is left, and more is asked for ahead of need.
  for (const asked = it.state.asked; it.state.asked === asked; )
    expect(one.takeAll([one.needOf('chat', 100)])).toBeUndefined()
  const taken = one.peek('k', 'chat')?.reserved
  it.state.time++
  await one.giveBack()
  await one.done()
  expect(await it.rows()).toMatchObject([{ bucket: 'chat', granted: taken, used: 0 }])
})

test('without a database limits hold for each instance alone, and what was used is told later', async () => {
  const it = await shared()
  const one = it.instance()
  it.state.down = true
  const needs = await Promise.all(Array.from({ length: 9 }, () => one.take('chat', 6)))
  expect(needs.filter(Boolean)).toHaveLength(6)
  for (const need of needs) if (need) one.settle(need, 1)
  await one.tick()
  expect(it.faults).toHaveLength(1)
  expect(await it.rows()).toEqual([])
  it.state.down = false
  await one.tick()
  expect(await it.rows()).toMatchObject([{ bucket: 'chat', granted: 6, used: 6 }])
  expect(await it.instance().take('chat', 6)).toBeUndefined()
})

describe('a database that is known to be silent', () => {
  test('is waited for by nobody, and no turn is refused that may be let in', async () => {
    const { state, instance } = await shared()
    const one = instance()
    const use = async () => {
      const need = one.needOf('requests', 100)
      if (await one.takeAll([need])) return
      one.settle(need, 1)
      return need
    }
    expect(await use()).toBeDefined()
    state.silent = true
    state.awaySince = state.time
    state.time += 3_000
    const begun = performance.now()
    // Far more than is held ahead, and while the tick waits for an answer.
    expect(await count(20, use)).toBe(20)
    const ticking = one.tick()
    expect(await count(20, use)).toBe(20)
    expect(performance.now() - begun).toBeLessThan(1_000)
    await ticking
    expect(await count(100, use)).toBe(59)
    // It is back: what was used is told, and nothing more is to be had.
    state.silent = false
    state.awaySince = Number.POSITIVE_INFINITY
    await one.tick()
    expect(await use()).toBeUndefined()
    state.time += 60_000
    expect(await use()).toBeDefined()
  })

  test('keeps nobody from turns at once', async () => {
    const { state, instance } = await shared()
    const one = instance()
    const take = async () => {
      const need = one.needOf('concurrency', 10)
      return (await one.takeAll([need])) ? undefined : need
    }
    expect(await take()).toBeDefined()
    state.silent = true
    state.awaySince = state.time
    state.time += 3_000
    expect(await count(3, take)).toBe(3)
    const begun = performance.now()
    const ticking = one.tick()
    expect(await count(20, take)).toBe(6)
    expect(performance.now() - begun).toBeLessThan(1_000)
    await ticking
  })
})

test('a database that stumbles once gives no limit twice', async () => {
  const it = await shared()
  const [one, other] = [it.instance(), it.instance()]
  expect(await one.take('chat', 1)).toBeDefined()
  it.state.stumbles = 1
  expect(await other.take('chat', 1)).toBeUndefined()
  expect(it.faults).toEqual([])
})

test('a key that nobody uses asks the database for nothing', async () => {
  const it = await shared()
  const one = it.instance()
  const need = await one.take('chat', 100)
  if (!need) throw new Error('Not let in.')
  one.settle(need, 1)
  for (let second = 0; second < 60; second += 2) {
    it.state.time += 2_000
    await one.tick()
  }
  const before = it.state.asked
  for (let second = 0; second < 60; second += 2) {
    it.state.time += 2_000
    await one.tick()
  }
  expect(it.state.asked).toBe(before)
  expect(await it.rows()).toMatchObject([{ granted: 1, used: 1 }])
})

test('windows that are long over are forgotten', async () => {
  const it = await shared()
  const one = it.instance()
  for (const bucket of ['requests', 'chat', 'cost-month'] as const) await one.take(bucket, 10)
  const left = async (ms: number) => {
    await it.store.prune(it.state.time + ms)
    return (await it.rows()).map(({ bucket }) => bucket).sort()
  }
  expect(await left(0)).toEqual(['chat', 'cost-month', 'requests'])
  expect(await left(2 * 3_600_000)).toEqual(['chat', 'cost-month'])
  expect(await left(4 * 86_400_000)).toEqual(['cost-month'])
  expect(await left(41 * 86_400_000)).toEqual([])
})
