import { expect, test } from 'bun:test'
import { createJobs, type Job, type Progress } from '#src/jobs/runner'
import { createLog } from '#src/log'
import { openFile } from '#src/store/file'
import { createJobRows, jobState } from '#src/store/jobs'
import { migrate } from '#src/store/migrate'
import { until } from '../support/programs'

const HOUR = 3_600_000

/** Instances over one database, under one clock that only the test moves. */
async function world() {
  const client = openFile(':memory:')
  await migrate(client)
  let time = 1_000_000_000
  const now = () => time
  const store = createJobRows(client, now)
  const lines: string[] = []
  const log = createLog({ level: 'info', write: (line) => lines.push(line), readable: false, now })
  return {
    client,
    store,
    lines,
    wait: (ms: number) => (time += ms),
    row: async (name = 'cleaning') => {
      const row = (await store.all()).find((one) => one.name === name)
      return row && { ...row, seen: jobState(row, time) }
    },
    instance: (name: string, job: Partial<Job>, spreadMs = 0) => {
      const jobs = createJobs({
        store,
        now,
        random: () => 0.5,
        instance: () => name,
        spreadMs,
        log,
      })
      const when = 'dueAt' in job || 'since' in job ? {} : { everyMs: () => HOUR }
      const whole = { name: 'cleaning', isOn: () => true, run: async () => {}, ...when, ...job }
      jobs.add(whole as Job)
      return jobs
    },
  }
}

/** Work that is held until it is let go, and says when it is cancelled. */
function held() {
  let letGo = () => {}
  let told: Progress = () => {}
  const runs: boolean[] = []
  const run = (signal: AbortSignal, progress: Progress, asked: boolean) =>
    new Promise<void>((resolve) => {
      runs.push(asked)
      told = progress
      letGo = resolve
      signal.addEventListener('abort', () => resolve())
    })
  return { run, runs, end: () => letGo(), tell: (done: number, total: number) => told(done, total) }
}

test('shared work is done by one instance, when it is due, and not again soon by another', async () => {
  const it = await world()
  const runs: string[] = []
  const [a, b] = ['a', 'b'].map((name) =>
    it.instance(name, { run: async () => void runs.push(name) }),
  )
  await a?.tick()
  await b?.tick()
  await a?.tick()
  expect(runs).toEqual(['a'])
  expect(await it.row()).toMatchObject({ instance: 'a', state: 'done', wanted: null })
  it.wait(HOUR * 1.1)
  await b?.tick()
  await a?.tick()
  expect(runs).toEqual(['a', 'b'])
  // An instance that knows nothing, such as a fresh Worker, sees that it was done.
  await it.instance('c', { run: async () => void runs.push('c') }).tick()
  expect(runs).toEqual(['a', 'b'])
})

test('first runs are spread after the start', async () => {
  const it = await world()
  let runs = 0
  const jobs = it.instance('a', { run: async () => void runs++ }, 30_000)
  await jobs.tick()
  it.wait(14_000)
  await jobs.tick()
  expect(runs).toBe(0)
  it.wait(2_000)
  await jobs.tick()
  expect(runs).toBe(1)
})

test("an instance's own work is done by each", async () => {
  const it = await world()
  let due = 0
  const runs: string[] = []
  const instances = ['a', 'b'].map((name) => {
    const run = async () => void runs.push(name)
    return it.instance(name, { name: 'models', dueAt: () => due, run })
  })
  for (const jobs of instances) await jobs.tick()
  due = Number.POSITIVE_INFINITY
  for (const jobs of instances) await jobs.tick()
  expect(runs).toEqual(['a', 'b'])
})

test('a job that is switched off runs only when an operator asks for it', async () => {
  const it = await world()
  const asks: boolean[] = []
  const run = async (_: AbortSignal, __: Progress, asked: boolean) => void asks.push(asked)
  const jobs = it.instance('a', { isOn: () => false, run })
  await jobs.tick()
  expect(asks).toEqual([])
  expect(await it.store.want('cleaning', 'run')).toBe(true)
  await jobs.tick()
  await jobs.tick()
  expect(asks).toEqual([true])
  expect(await it.row()).toMatchObject({ state: 'done', wanted: null })
})

test('what an operator asks for is done by one of several instances, at once', async () => {
  const it = await world()
  const runs: string[] = []
  const instances = ['a', 'b'].map((name) =>
    it.instance(name, {
      run: async () => {
        runs.push(name)
        await Bun.sleep(20)
      },
    }),
  )
  await Promise.all(instances.map((jobs) => jobs.tick()))
  await it.store.want('cleaning', 'run')
  await Promise.all(instances.map((jobs) => jobs.tick()))
  expect(runs).toHaveLength(2)
})

test('progress is written once a second at most, and a run is cancelled from outside', async () => {
  const it = await world()
  const work = held()
  const jobs = it.instance('a', { run: work.run })
  const running = jobs.tick()
  await until(() => work.runs.length > 0 || undefined)
  work.tell(1, 10)
  expect(await it.row()).toMatchObject({ seen: 'running', done: 0, total: 0 })
  it.wait(1_000)
  work.tell(2, 10)
  await until(async () => (await it.row())?.done || undefined)
  work.tell(3, 10)
  await Bun.sleep(10)
  expect(await it.row()).toMatchObject({ seen: 'running', done: 2, total: 10 })
  expect(await it.store.want('cleaning', 'run')).toBe(false)
  expect(await it.store.want('cleaning', 'cancel')).toBe(true)
  await jobs.tick()
  await running
  expect(await it.row()).toMatchObject({ state: 'cancelled', done: 3, total: 10, wanted: null })
  expect(await it.store.want('cleaning', 'cancel')).toBe(false)
  await jobs.tick()
  expect(work.runs).toHaveLength(1)
})

test('a run that its instance left without a word counts as interrupted, and another takes over', async () => {
  const it = await world()
  const dead = held()
  const left = it.instance('dead', { run: dead.run }).tick()
  await until(() => dead.runs.length > 0 || undefined)
  it.wait(20_000)
  dead.tell(1, 2)
  await until(async () => (await it.row())?.done || undefined)
  it.wait(29_000)
  const other = held()
  const heir = it.instance('heir', { run: other.run, everyMs: () => 1_000 })
  await heir.tick()
  expect((await it.row())?.seen).toBe('running')
  it.wait(2_000)
  expect((await it.row())?.seen).toBe('interrupted')
  const running = heir.tick()
  await until(() => other.runs.length > 0 || undefined)
  expect(await it.row()).toMatchObject({ instance: 'heir', seen: 'running', done: 0 })
  // Whoever was only slow learns that the work is not his any more.
  it.wait(1_000)
  dead.tell(2, 2)
  await left
  other.end()
  await running
  expect(await it.row()).toMatchObject({ instance: 'heir', state: 'done' })
})

test('a job that fails says why, keeps nothing from running, and pauses', async () => {
  const it = await world()
  let runs = 0
  const run = async () => {
    runs++
    throw new Error('The disk is full.')
  }
  const jobs = it.instance('a', { run, everyMs: () => 1_000 })
  await jobs.tick()
  expect(await it.row()).toMatchObject({ state: 'failed', note: 'The disk is full.' })
  expect(it.lines.join('\n')).toContain('job_failed')
  it.wait(60_000)
  await jobs.tick()
  expect(runs).toBe(1)
  it.wait(600_000)
  await jobs.tick()
  expect(runs).toBe(2)
})

test('without a database shared work waits, and own work goes on', async () => {
  const it = await world()
  it.client.close()
  const runs: string[] = []
  await it.instance('a', { run: async () => void runs.push('shared') }).tick()
  const own = {
    name: 'models' as const,
    dueAt: () => 0,
    run: async () => void runs.push('own'),
  }
  await it.instance('a', own).tick()
  expect(runs).toEqual(['own'])
})

test('a stop ends what runs and begins nothing', async () => {
  const it = await world()
  const work = held()
  const jobs = it.instance('a', { run: work.run })
  const running = jobs.tick()
  await until(() => work.runs.length > 0 || undefined)
  jobs.stop()
  await running
  expect(await it.row()).toMatchObject({ state: 'cancelled' })
  await it.store.want('cleaning', 'run')
  await jobs.tick()
  expect(work.runs).toHaveLength(1)
})

test('quiet work leaves no trace and keeps no operator waiting, but what he asks for is shown', async () => {
  const it = await world()
  const work = held()
  let due = 0
  const quiet = { isQuiet: true, dueAt: () => due }
  const jobs = it.instance('a', { ...quiet, run: work.run })
  const own = jobs.tick()
  await until(async () => work.runs.length > 0 || undefined)
  expect(await it.row()).toBeUndefined()
  expect(await it.store.want('cleaning', 'run')).toBeTrue()
  work.end()
  await own
  due = Number.POSITIVE_INFINITY
  const asked = jobs.tick()
  await until(async () => work.runs.length > 1 || undefined)
  expect(work.runs).toEqual([false, true])
  expect(await it.row()).toMatchObject({ state: 'running' })
  work.end()
  await asked
  expect(await it.row()).toMatchObject({ state: 'done' })
})

test('what falls due at a time is done once after it, by whichever instance', async () => {
  const it = await world()
  const runs: string[] = []
  const due = { a: 1_000_000_000, b: 1_000_000_000 }
  const [a, b] = (['a', 'b'] as const).map((name) =>
    it.instance(name, { since: () => due[name], run: async () => void runs.push(name) }),
  )
  await a?.tick()
  await b?.tick()
  it.wait(HOUR)
  await a?.tick()
  await b?.tick()
  expect(runs).toEqual(['a'])
  due.a = due.b = 1_000_000_000 + HOUR
  await b?.tick()
  await a?.tick()
  expect(runs).toEqual(['a', 'b'])
  it.wait(1_000)
  due.a += 1_000
  await b?.tick()
  await a?.tick()
  expect(runs).toEqual(['a', 'b', 'a'])
})

test('what falls due while another is at it since before that is looked for again', async () => {
  const it = await world()
  const work = held()
  let due = 1_000_000_000
  const a = it.instance('a', { since: () => due, run: work.run })
  const b = it.instance('b', { since: () => due, run: work.run })
  const running = a.tick()
  await until(() => work.runs.length === 1 || undefined)
  it.wait(1_000)
  due += 1_000
  await b.tick()
  work.end()
  await running
  await b.tick()
  expect(work.runs).toHaveLength(1)
  it.wait(HOUR / 10)
  const again = b.tick()
  await until(() => work.runs.length === 2 || undefined)
  work.end()
  await again
})
