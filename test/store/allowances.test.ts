import { expect, test } from 'bun:test'
import { type Bucket, createAllowances } from '#src/store/allowances'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'

const SHARE = 300

test('what one that died in an outage may have taken is booked once, whenever others missed the database', async () => {
  const client = openFile(':memory:')
  await migrate(client)
  const { hold, book } = createAllowances(client)
  const want = { keyId: 'k', bucket: 'chat' as Bucket, window: 1, limit: 1_000, used: 0 }
  const holder = (instance: string, now: number) => ({ instance, now, expiresAt: now + 20_000 })
  const from = 100_000
  await hold(holder('dead', from), [{ ...want, wanted: 100 }])
  // Each has its own last question without an answer.
  for (const [instance, until] of [
    ['first', from + 8_000],
    ['second', from + 9_000],
    ['third', from + 10_000],
  ] as const) {
    const silent = { ...holder(instance, until + 12_000), silence: { from: from - 6_500, until } }
    await book(silent, [{ ...want, wanted: 0, share: SHARE }])
  }
  const { rows } = await client.execute("SELECT granted FROM allowances WHERE instance = 'dead'")
  expect(rows[0]?.granted).toBe(100 + SHARE)
  // Less the hundredth of the limit that is given again of what the dead held.
  const [held] = await hold(holder('late', from + 60_000), [{ ...want, wanted: 1 }])
  expect(held?.others).toBe(100 + SHARE - 10)
})
