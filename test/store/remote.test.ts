import { describe, expect, test } from 'bun:test'
import { openRemote } from '#src/store/remote'
import { databaseProxy } from '../support/database-proxy'
import { isWithoutSqld, sqld } from '../support/sqld'

const LIMIT_MS = 4_000
/** Longer than a server is waited for that has fallen silent, and not too long. */
const SLOW_MS = 3_500

/** Stands before a database: a statement that names a number of milliseconds is passed on after so many. */
const delaying = (url: string) =>
  databaseProxy(url, async (question) => {
    const ms = /\/\* (\d+) ms \*\//.exec(question)?.[1]
    if (ms) await Bun.sleep(Number(ms))
  })

/** Asks for an answer after so many milliseconds, over a connection that has had one. */
async function asking(url: string) {
  const client = openRemote(url, undefined, { limitMs: LIMIT_MS })
  const after = (ms: number) => client.execute(`SELECT 1 /* ${ms} ms */`)
  await after(0)
  return after
}

describe.skipIf(isWithoutSqld)('a libSQL server', () => {
  test('that leaves one call without an answer and answers others is busy, and not away', async () => {
    await using server = await sqld()
    await using between = delaying(server.url)
    const after = await asking(between.url)
    const unanswered = after(60_000)
    const failed = expect(unanswered).rejects.toThrow(`There was no answer within ${LIMIT_MS} ms.`)
    await Bun.sleep(LIMIT_MS / 2)
    await after(0)
    await failed
    expect((await after(SLOW_MS)).rows).toHaveLength(1)
  })

  test('that answers nobody is waited for less, until it answers', async () => {
    await using server = await sqld()
    await using between = delaying(server.url)
    const after = await asking(between.url)
    await expect(after(60_000)).rejects.toThrow(`There was no answer within ${LIMIT_MS} ms.`)
    await expect(after(SLOW_MS)).rejects.toThrow('There was no answer within 3000 ms.')
    await after(0)
    expect((await after(SLOW_MS)).rows).toHaveLength(1)
  })
})
