import { expect, test } from 'bun:test'
import { streamBody } from '#src/stream/body'

const utf8 = new TextEncoder()

test('what was said last is taken before the connection is cut, however busy the machine is', async () => {
  const body = streamBody({
    source: { next: () => Promise.reject(new Error('It broke.')) },
    head: { bytes: utf8.encode('data: a\n\n'), whole: false },
    heartbeatMs: 60_000,
    now: Date.now,
    farewell: () => utf8.encode('data: sorry\n\n'),
    onEnd: () => {},
  })
  const reader = body.getReader()
  const words = async () => new TextDecoder().decode((await reader.read()).value)
  expect([await words(), await words()]).toEqual(['data: a\n\n', 'data: sorry\n\n'])
  await Bun.sleep(100)
  const askedAt = performance.now()
  await expect(reader.read()).rejects.toBeUndefined()
  expect(performance.now() - askedAt).toBeGreaterThan(40)
})
