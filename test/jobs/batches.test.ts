import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type { Client } from '@libsql/client/web'
import type { Problem } from '#src/jobs/batch-places'
import type { Slice } from '#src/jobs/batch-run'
import { type Batch, type BatchKind, createBatches, hasEnded } from '#src/jobs/batches'
import { createLog } from '#src/log'
import { createBatchRows } from '#src/store/batches'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { openRemote } from '#src/store/remote'
import { until } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'

type Ask = (id: string, signal: AbortSignal) => Promise<Problem | undefined> | Problem | undefined

interface Options {
  readonly ask?: Ask
  readonly slice?: Slice
  readonly placeOf?: (id: string) => string
  /** By how much its clock is ahead. */
  readonly aheadMs?: () => number
}

const fine: Ask = () => undefined
const ids = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `id-${from + at}`)

describe.each([
  ['a file', async () => ({ url: undefined, [Symbol.asyncDispose]: async () => {} })],
  ...(isWithoutSqld ? [] : ([['a libSQL server', sqld]] as const)),
] as const)('work on many things, over %s', (_, start) => {
  const stack = new AsyncDisposableStack()
  const running = new Set<{ stop(): void }>()
  let client: Client
  beforeAll(async () => {
    const { url } = stack.use(await start())
    client = url ? openRemote(url) : openFile(':memory:')
    stack.defer(() => client.close())
    await migrate(client)
  }, 60_000)
  afterEach(async () => {
    for (const one of running) one.stop()
    running.clear()
    await client.execute('DELETE FROM batches')
    await client.execute('DELETE FROM batch_subjects')
  })
  afterAll(() => stack.disposeAsync())

  let count = 0
  /** An instance with work to do, and what it has asked about. */
  function instance({
    ask = fine,
    slice,
    placeOf = () => 'here',
    aheadMs = () => 0,
  }: Options = {}) {
    const asked: string[] = []
    const lines: string[] = []
    const left: Promise<unknown>[] = []
    let learnt = 0
    let busy = 0
    let most = 0
    const kind: BatchKind = {
      find: async (wanted) =>
        new Map(
          wanted
            .filter((id) => !id.startsWith('gone'))
            .map((id) => [
              id,
              {
                ...{ id, name: `n/${id}`, place: placeOf(id) },
                async run(signal) {
                  asked.push(id)
                  most = Math.max(most, ++busy)
                  try {
                    return await ask(id, signal)
                  } finally {
                    busy--
                  }
                },
              },
            ]),
        ),
      learn: async () => void learnt++,
    }
    const now = () => Date.now() + aheadMs()
    const name = `instance-${++count}`
    const batches = createBatches({
      store: createBatchRows(client, now),
      kinds: { work: kind },
      now,
      random: () => 0.5,
      instance: () => name,
      newId: () => crypto.randomUUID(),
      later: (work) => void left.push(work),
      slice,
      log: createLog({ level: 'info', write: (line) => lines.push(line), readable: false, now }),
    })
    running.add(batches)
    return {
      ...batches,
      asked,
      lines,
      learnt: () => learnt,
      most: () => most,
      settle: () => Promise.allSettled(left),
      begin: (subjects: readonly string[], wanted = 'work') =>
        batches.begin({ kind: wanted, actor: 'somebody', subjects }),
    }
  }

  /** A batch as the database has it. */
  const stored = (id: string) => createBatchRows(client, Date.now).find(id)
  const ended = (id: string) =>
    until(async () => {
      const batch = await stored(id)
      return batch && hasEnded(batch) ? batch : undefined
    })
  const sleep = (ms: number) => Bun.sleep(ms)

  test('is done once for each, a few at a time, and tells what did not work', async () => {
    const it = instance({
      async ask(id) {
        await sleep(2)
        return id.endsWith('7') ? { reason: `${id} is odd` } : undefined
      },
    })
    const { id } = await it.begin([...ids(50), 'gone-1'])
    const batch = await ended(id)
    expect(batch).toMatchObject({ state: 'done', total: 51, done: 51, good: 45, ahead: [] })
    expect(batch.problems.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: 'gone-1', name: 'gone-1', reason: 'It is not there any more.', code: 'gone' },
      ...['17', '27', '37', '47', '7'].map((end) => ({
        ...{ id: `id-${end}`, name: `n/id-${end}`, reason: `id-${end} is odd` },
      })),
    ])
    expect(it.asked.toSorted()).toEqual(ids(50).toSorted())
    expect(it.most()).toBe(8)
    expect(it.learnt()).toBe(1)
    const { rows } = await client.execute('SELECT count(*) AS found FROM batch_subjects')
    expect(Number(rows[0]?.found)).toBe(0)
  })

  test('asks at several places at once, and at each by a few only', async () => {
    const busy = new Map<string, number>()
    let most = 0
    const placeOf = (id: string) => `place-${Number(id.slice(3)) % 3}`
    const it = instance({
      placeOf,
      async ask(id) {
        const place = placeOf(id)
        busy.set(place, (busy.get(place) ?? 0) + 1)
        most = Math.max(most, busy.get(place) ?? 0)
        await sleep(5)
        busy.set(place, (busy.get(place) ?? 0) - 1)
        return undefined
      },
    })
    const { id } = await it.begin(ids(120))
    expect(await ended(id)).toMatchObject({ state: 'done', good: 120 })
    expect(most).toBeLessThanOrEqual(8)
    expect(it.most()).toBeGreaterThan(8)
    expect(it.most()).toBeLessThanOrEqual(16)
  })

  test('gives a place up that cannot be reached, and goes on elsewhere', async () => {
    const it = instance({
      placeOf: (id) => (Number(id.slice(3)) % 2 === 0 ? 'barred' : 'open'),
      ask: (id) =>
        Number(id.slice(3)) % 2 === 0 ? { reason: 'No way there.', isOfPlace: true } : undefined,
    })
    const { id } = await it.begin(ids(200))
    const batch = await ended(id)
    expect(batch).toMatchObject({ state: 'done', done: 200, good: 100 })
    const tried = it.asked.filter((one) => Number(one.slice(3)) % 2 === 0)
    expect(tried.length).toBeGreaterThanOrEqual(20)
    expect(tried.length).toBeLessThan(30)
    expect(batch.problems.at(-1)?.reason).toMatch(/^Not asked: .*No way there\.$/)
  })

  test('leaves a place alone that is asked too often, and comes back', async () => {
    const tries = new Map<string, number>()
    let restUntil = 0
    let tooEarly = 0
    const it = instance({
      ask(id) {
        const tried = (tries.get(id) ?? 0) + 1
        tries.set(id, tried)
        if (Date.now() < restUntil - 150) tooEarly++
        if (id !== 'id-20' || tried > 2) return undefined
        restUntil = Date.now() + 300
        return { reason: 'Slow down.', isTooOften: true, restMs: 400 }
      },
    })
    const { id } = await it.begin(ids(60))
    expect(await ended(id)).toMatchObject({ state: 'done', good: 60, problems: [] })
    expect(tries.get('id-20')).toBe(3)
    // Those that had been asked already when the answer came.
    expect(tooEarly).toBeLessThanOrEqual(16)
  })

  test('believes a place in the end that always wants to be left alone', async () => {
    const it = instance({
      ask: () => ({ reason: 'Slow down.', isTooOften: true, restMs: 10 }),
    })
    const { id } = await it.begin(ids(2))
    const batch = await ended(id)
    expect(batch).toMatchObject({ state: 'done', good: 0 })
    expect(batch.problems.map(({ reason }) => reason)).toEqual(['Slow down.', 'Slow down.'])
    expect(it.asked).toHaveLength(8)
  })

  test('waits in order for what was asked for before, whoever does it', async () => {
    const order: string[] = []
    const ask: Ask = async (id) => {
      order.push(id)
      await sleep(10)
      return undefined
    }
    const [one, two] = [instance({ ask }), instance({ ask })]
    const first = await one.begin(ids(30))
    await sleep(5)
    const second = await two.begin(ids(5, 100))
    await sleep(50)
    await two.tick()
    expect((await stored(second.id))?.state).toBe('waiting')
    await ended(first.id)
    await two.tick()
    await ended(second.id)
    expect(order.slice(-5).toSorted()).toEqual(ids(5, 100).toSorted())
    expect((await one.list(10)).map(({ id }) => id)).toEqual([second.id, first.id])
    expect(await one.list(1, second)).toMatchObject([{ id: first.id }])
  })

  test('is paused and goes on behind what is done', async () => {
    const it = instance({
      async ask() {
        await sleep(20)
        return undefined
      },
    })
    const { id } = await it.begin(ids(200))
    await until(async () => ((await it.find(id))?.done ?? 0) > 20 || undefined)
    expect(await it.pause(id)).toBe(true)
    const paused = await until(async () => {
      const batch = await stored(id)
      return batch?.state === 'paused' ? batch : undefined
    })
    expect(paused.done).toBeGreaterThan(20)
    expect(paused.done).toBeLessThan(200)
    await it.tick()
    expect((await stored(id))?.state).toBe('paused')
    expect(await it.pause(id)).toBe(false)
    expect(await it.resume(id)).toBe(true)
    expect(await ended(id)).toMatchObject({ state: 'done', done: 200, good: 200 })
    // Those that were under way when it was paused are asked about again.
    expect(it.asked.length).toBeLessThanOrEqual(200 + 16)
    expect(new Set(it.asked).size).toBe(200)
  })

  test('is ended, by another instance too, and what is done stays done', async () => {
    const ask: Ask = (_id, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(undefined), 30)
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          resolve({ reason: 'It was stopped.' })
        })
      })
    const [one, two] = [instance({ ask }), instance()]
    const { id } = await one.begin(ids(1_000))
    await until(async () => ((await one.find(id))?.done ?? 0) > 8 || undefined)
    expect(await two.cancel(id)).toBe(true)
    const batch = await ended(id)
    expect(batch).toMatchObject({ state: 'cancelled', problems: [], wanted: null })
    expect(batch.done).toBeGreaterThan(0)
    expect(batch.done).toBeLessThan(1_000)
    expect(await one.cancel(id)).toBe(false)
    expect(await one.resume(id)).toBe(false)
  })

  test('that waits is paused and ended at once', async () => {
    const it = instance()
    it.stop()
    const { id } = await it.begin(ids(5))
    expect(await it.pause(id)).toBe(true)
    expect(await stored(id)).toMatchObject({ state: 'paused', finishedAt: null })
    expect(await it.cancel(id)).toBe(true)
    expect(await stored(id)).toMatchObject({ state: 'cancelled', finishedAt: expect.any(Number) })
    const { rows } = await client.execute('SELECT count(*) AS found FROM batch_subjects')
    expect(Number(rows[0]?.found)).toBe(0)
  })

  test('is gone on with by another instance when its own stops, or is gone', async () => {
    let isGone = false
    const slow: Ask = async (_id, signal) => {
      await sleep(20)
      // As if the process were there no more.
      if (isGone) await new Promise(() => {})
      return signal.aborted ? { reason: 'It was stopped.' } : undefined
    }
    const one = instance({ ask: slow })
    const { id } = await one.begin(ids(300))
    await until(async () => ((await stored(id))?.done ?? 0) > 10 || undefined)
    isGone = true
    const lost = await stored(id)
    const two = instance({ aheadMs: () => 20_000 })
    await two.tick()
    // It may still be alive.
    expect(two.asked).toEqual([])
    const three = instance({ aheadMs: () => 40_000 })
    await three.tick()
    expect(await ended(id)).toMatchObject({ state: 'done', done: 300, good: 300, ahead: [] })
    const done = (lost?.done ?? 0) - (lost?.ahead.length ?? 0)
    expect(three.asked.length).toBeLessThanOrEqual(300 - done)
    for (const position of lost?.ahead ?? []) expect(three.asked).not.toContain(`id-${position}`)
    // Whoever was taken for gone learns that, and does not write over what the other did.
    await until(async () => one.find(id).then((batch) => batch?.state === 'done' || undefined))
  })

  test('is left to others at once by an instance that stops', async () => {
    const one = instance({
      async ask() {
        await sleep(10)
        return undefined
      },
    })
    const { id } = await one.begin(ids(200))
    await until(async () => ((await one.find(id))?.done ?? 0) > 10 || undefined)
    one.stop()
    await one.settle()
    expect(await stored(id)).toMatchObject({ state: 'waiting', instance: null })
    const two = instance()
    await two.tick()
    expect(await ended(id)).toMatchObject({ state: 'done', good: 200 })
    expect(one.asked.length + two.asked.length).toBeLessThanOrEqual(200 + 16)
  })

  test('is done slice by slice where nothing may run for long', async () => {
    const it = instance({ slice: { items: 20, ms: 10_000 } })
    const { id } = await it.begin(ids(50))
    await it.settle()
    const first = await stored(id)
    expect(first).toMatchObject({ state: 'waiting' })
    expect(first?.done).toBeGreaterThanOrEqual(20)
    expect(first?.done).toBeLessThan(50)
    for (let tick = 0; tick < 3; tick++) await it.tick()
    expect(await stored(id)).toMatchObject({ state: 'done', good: 50 })
    expect(it.asked).toHaveLength(50)
  })

  test('is kept going by whoever looks on where nothing may run for long', async () => {
    const it = instance({ slice: { items: 5, ms: 10_000 } })
    const { id } = await it.begin(ids(12))
    const seen: Batch[] = []
    for await (const batch of it.watch(id, new AbortController().signal)) seen.push(batch)
    expect(seen.at(-1)).toMatchObject({ state: 'done', done: 12 })
  })

  test('is watched from beginning to end, and by nobody once they have left', async () => {
    const it = instance({
      async ask() {
        await sleep(100)
        return undefined
      },
    })
    const { id } = await it.begin(ids(250))
    const seen: Batch[] = []
    const abort = new AbortController()
    const left: Batch[] = []
    const leaving = (async () => {
      for await (const batch of it.watch(id, abort.signal)) {
        left.push(batch)
        if (left.length === 2) abort.abort()
      }
    })()
    for await (const batch of it.watch(id, new AbortController().signal)) seen.push(batch)
    await leaving
    const counts = seen.map(({ done }) => done)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(seen.length).toBeGreaterThan(2)
    expect(seen.at(-1)).toMatchObject({ state: 'done', done: 250 })
    expect(left).toHaveLength(2)
    for await (const _ of it.watch('nobody', abort.signal)) throw new Error('There is none.')
  }, 20_000)

  test('of a kind that nobody knows fails, and says so in the log', async () => {
    const it = instance()
    const { id } = await it.begin(ids(2), 'dance')
    expect(await ended(id)).toMatchObject({ state: 'failed', done: 0 })
    expect(it.lines.join()).toContain('Nobody here knows how to dance')
    // Once somebody does it can be gone on with.
    expect(await it.resume(id)).toBe(true)
  })

  test('of nothing is done at once', async () => {
    const it = instance()
    const { id } = await it.begin([])
    expect(await ended(id)).toMatchObject({ state: 'done', total: 0 })
  })

  test('on twenty thousand is told once a second at most, and keeps but the first problems', async () => {
    let steps = 0
    const counting = createBatchRows(client, Date.now)
    const { execute } = client
    client.execute = ((statement: never) => {
      if (JSON.stringify(statement).includes('UPDATE batches SET done')) steps++
      return execute.call(client, statement)
    }) as typeof client.execute
    const it = instance({
      ask: (id) => (id.endsWith('1') ? { reason: 'x'.repeat(900) } : undefined),
    })
    const begunAt = Date.now()
    try {
      const { id } = await it.begin(ids(20_000))
      await until(async () => {
        const batch = await counting.find(id)
        return batch?.state === 'done' || undefined
      })
      const batch = await counting.find(id)
      expect(batch).toMatchObject({ done: 20_000, good: 18_000 })
      expect(batch?.problems).toHaveLength(200)
      expect(batch?.problems[0]?.reason).toHaveLength(300)
    } finally {
      client.execute = execute
    }
    expect(steps).toBeLessThanOrEqual(2 + (Date.now() - begunAt) / 1_000)
  }, 60_000)
})
