import { expect, test } from 'bun:test'
import { createInstances } from '#src/instances'

/** One of some processes over a database that tells how many live, or does not answer. */
function instanceOf(processes: number, keep: () => Promise<number>) {
  const faults: unknown[] = []
  const parts = {
    platform: {
      self: { name: 'one', worksBehind: false, processes, index: 1 },
      ground: { runtime: 'bun' },
      sharesWork: true,
      now: () => 0,
    },
    stores: { instances: { keep, leave: async () => {} } },
    instance: () => 'one',
    onFault: (cause: unknown) => void faults.push(cause),
  }
  return { faults, ...createInstances(parts as unknown as Parameters<typeof createInstances>[0]) }
}

test('an instance that nobody has told counts the processes of its machine', async () => {
  const it = instanceOf(4, () => Promise.reject(new Error('away')))
  expect(it.count()).toBe(4)
  await it.keep()
  expect([it.count(), it.faults.length]).toEqual([4, 1])
})

test('an instance counts those that live, as the database tells', async () => {
  const it = instanceOf(4, async () => 7)
  await it.keep()
  expect(it.count()).toBe(7)
})
