import { expect, test } from 'bun:test'
import { createSecondLook } from '#src/http/second-look'

/** A database that takes its time to answer, and notes when it was asked. */
function world(answerMs: number) {
  const asked: number[] = []
  const lookAgain = createSecondLook({
    async look() {
      asked.push(performance.now())
      await Bun.sleep(answerMs)
    },
    now: () => performance.now(),
  })
  return { asked, lookAgain }
}

test('everybody waits for a look that began after he came, and looks are few', async () => {
  const { asked, lookAgain } = world(10)
  const begun = performance.now()
  const one = async (afterMs: number) => {
    await Bun.sleep(afterMs)
    const came = performance.now()
    await lookAgain()
    // It was over before it said so.
    expect(asked.some((at) => at >= came && at + 10 <= performance.now() + 1)).toBe(true)
  }
  await Promise.all(Array.from({ length: 150 }, (_, at) => one(at * 5)))
  const took = performance.now() - begun
  expect(asked.length).toBeGreaterThan(1)
  expect(asked.length).toBeLessThanOrEqual(Math.ceil(took / 250) + 1)
  for (const [at, time] of asked.entries())
    if (at > 0) expect(time - Number(asked[at - 1])).toBeGreaterThanOrEqual(249)
})

test('nobody waits for long when the database is silent or fails', async () => {
  const silent = world(60_000)
  const begun = performance.now()
  await Promise.all([silent.lookAgain(), silent.lookAgain()])
  expect(performance.now() - begun).toBeLessThan(2_500)
  expect(silent.asked).toHaveLength(1)
  const failing = createSecondLook({
    look: () => Promise.reject(new Error('away')),
    now: () => performance.now(),
  })
  await failing()
})

test('of very many some are turned away at once', async () => {
  const { lookAgain } = world(300)
  let done = 0
  const all = Array.from({ length: 300 }, () => lookAgain().then(() => done++))
  await Bun.sleep(50)
  expect(done).toBe(100)
  await Promise.all(all)
})
