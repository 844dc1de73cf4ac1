import { expect, test } from 'bun:test'
import { createKeeping } from '#src/keeping'
import { createLog } from '#src/log'
import type { Snapshot } from '#src/store/snapshot'

const SNAPSHOT = { revision: 1 } as Snapshot

function world() {
  const state = { at: 1_000_000, up: true, age: 0, isFull: false, current: SNAPSHOT }
  const written: number[] = []
  const confirmed: number[] = []
  const lines: string[] = []
  const work: Promise<unknown>[] = []
  const keeping = createKeeping({
    platform: {
      now: () => state.at,
      later: (promise) => void work.push(promise),
      log: createLog({
        ...{ level: 'debug', readable: false, now: () => state.at },
        write: (line) => lines.push(line),
      }),
      keeping: {
        async write({ at }) {
          if (state.isFull) throw new Error('no space left')
          written.push(at)
        },
        confirm: async (at) => void confirmed.push(at),
      },
    },
    database: () => ({ up: state.up, writable: true, since: 0 }),
    snapshot: () => state.current,
    age: () => state.age,
    rest: () => ({ lists: [], states: [], quotas: [] }),
  })
  const look = async (ms: number) => {
    state.at += ms
    keeping.look()
    await Promise.all(work)
  }
  return { state, written, confirmed, lines, look }
}

test('what operators change is kept within seconds, what upstreams said within a minute', async () => {
  const { state, written, confirmed, look } = world()
  await look(0)
  await look(2_000)
  expect([written.length, confirmed.length]).toEqual([1, 0])
  state.current = { ...SNAPSHOT, revision: 2 }
  await look(2_000)
  expect(written).toHaveLength(2)
  for (let second = 0; second < 58; second += 2) await look(2_000)
  expect(written).toHaveLength(2)
  expect(confirmed.length).toBeGreaterThan(10)
  await look(4_000)
  expect(written).toHaveLength(3)
})

test('nothing is kept of a database that is away, or that said nothing in a while', async () => {
  const { state, written, look } = world()
  state.up = false
  await look(5_000)
  state.up = true
  state.age = 30_000
  await look(5_000)
  expect(written).toEqual([])
  state.age = 1_000
  await look(5_000)
  expect(written).toEqual([state.at - 1_000])
})

test('a disk that is full is told of, and tried again', async () => {
  const { state, written, lines, look } = world()
  state.isFull = true
  await look(0)
  expect(lines.join('\n')).toContain('snapshot_not_kept')
  state.isFull = false
  await look(5_000)
  expect(written).toHaveLength(1)
})
