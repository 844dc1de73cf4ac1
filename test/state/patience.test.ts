import { expect, test } from 'bun:test'
import { createPatience } from '#src/state/patience'

test('what comes soon is found, and what does not come is looked for two seconds', async () => {
  const patiently = createPatience(Date.now)
  let looks = 0
  const found = await patiently(
    0,
    (one) => one > 2,
    async () => ++looks,
  )
  expect([found, looks]).toEqual([3, 3])
  const begun = performance.now()
  const never = await patiently(
    0,
    () => false,
    async () => 0,
  )
  expect(never).toBe(0)
  expect(Math.round((performance.now() - begun) / 1_000)).toBe(2)
})

test('of very many that look for what nobody makes most look once, and the database has rest', async () => {
  const patiently = createPatience(Date.now)
  let looks = 0
  const search = async () => {
    looks++
    return undefined
  }
  const isThere = (found: unknown) => found !== undefined
  let done = 0
  const all = Array.from({ length: 2_000 }, () =>
    patiently(undefined, isThere, search).then(() => done++),
  )
  await Bun.sleep(10)
  expect(done).toBe(1_800)
  await Promise.all(all)
  expect(looks).toBe(200 * 7)
  // Their places are free again.
  expect(
    await patiently(
      0,
      (one) => one > 0,
      async () => 1,
    ),
  ).toBe(1)
})
