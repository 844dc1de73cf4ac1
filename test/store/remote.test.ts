import { describe, expect, test } from 'bun:test'
import { openRemote } from '#src/store/remote'
import { isWithoutSqld, sqld } from '../support/sqld'

const LIMIT_MS = 4_000
/** Longer than a server is waited for that has fallen silent, and not too long. */
const SLOW_MS = 3_500

/** Stands before a database: a statement that names a number of milliseconds is passed on after so many. */
function delaying(url: string) {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const body = await request.bytes()
      const ms = /\/\* (\d+) ms \*\//.exec(Buffer.from(body).toString())?.[1]
      if (ms) await Bun.sleep(Number(ms))
      const headers = new Headers(request.headers)
      headers.delete('host')
      const init = { method: request.method, headers, body: body.length > 0 ? body : null }
      return fetch(url + pathname + search, { ...init, decompress: false })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

describe.skipIf(isWithoutSqld)('a libSQL server', () => {
  test('that leaves one call without an answer and answers others is busy, and not away', async () => {
    await using server = await sqld()
    await using between = delaying(server.url)
    const client = openRemote(between.url, undefined, { limitMs: LIMIT_MS })
    const after = (ms: number) => client.execute(`SELECT 1 /* ${ms} ms */`)
    await after(0)
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
    const client = openRemote(between.url, undefined, { limitMs: LIMIT_MS })
    const after = (ms: number) => client.execute(`SELECT 1 /* ${ms} ms */`)
    await after(0)
    await expect(after(60_000)).rejects.toThrow(`There was no answer within ${LIMIT_MS} ms.`)
    await expect(after(SLOW_MS)).rejects.toThrow('There was no answer within 3000 ms.')
    await after(0)
    expect((await after(SLOW_MS)).rows).toHaveLength(1)
  })
})
