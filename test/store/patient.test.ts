import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Client } from '@libsql/client/web'
import { faultOf, isOutage } from '#src/store/fault'
import { openFile } from '#src/store/file'
import { patient } from '#src/store/patient'
import { openRemote } from '#src/store/remote'
import { scratch } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'

async function locked(path: string, ms: number) {
  const code = `
    const { Database } = require('bun:sqlite')
    const other = new Database(process.argv[1])
    other.run('BEGIN IMMEDIATE')
    console.log('locked')
    Bun.sleepSync(Number(process.argv[2]))
    other.run('COMMIT')
  `
  const child = Bun.spawn([process.execPath, '-e', code, path, String(ms)], { stdout: 'pipe' })
  const reader = child.stdout.getReader()
  await reader.read()
  return child
}

describe('a file that another process writes to', () => {
  test('is waited for, while everything else goes on', async () => {
    await using folder = await scratch('locked')
    const path = join(folder.path, 'groxy.db')
    const client = openFile(path)
    await client.execute('CREATE TABLE t (a INTEGER)')
    const other = await locked(path, 1_000)
    let [longest, last] = [0, performance.now()]
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 5)
    const writes = Array.from({ length: 30 }, (_, a) =>
      client.batch([{ sql: 'INSERT INTO t VALUES (?)', args: [a] }], 'write'),
    )
    expect((await client.execute('SELECT count(*) FROM t')).rows[0]?.[0]).toBe(0)
    await Promise.all(writes)
    clearInterval(timer)
    expect((await client.execute('SELECT count(*), sum(a) FROM t')).rows[0]).toMatchObject({
      0: 30,
      1: 435,
    })
    expect(longest).toBeLessThan(200)
    await other.exited
    client.close()
  })

  test('is not waited for for ever, and says that it is locked', async () => {
    await using folder = await scratch('locked')
    const path = join(folder.path, 'groxy.db')
    const client = openFile(path)
    await client.execute('CREATE TABLE t (a INTEGER)')
    const other = new Database(path)
    other.run('BEGIN IMMEDIATE')
    const begun = performance.now()
    const refused = await client.execute('INSERT INTO t VALUES (1)').catch((cause) => cause)
    expect(faultOf(refused)).toBe('busy')
    expect(performance.now() - begun).toBeGreaterThan(1_500)
    other.run('COMMIT')
    await client.execute('INSERT INTO t VALUES (1)')
    other.close()
    client.close()
  })
})

describe('faults of a database', () => {
  const error = (fields: object, cause?: Error) =>
    Object.assign(new Error('x', cause && { cause }), fields)

  test.each([
    ['away', error({ name: 'TypeError', code: 'ECONNREFUSED' })],
    ['away', error({ code: 'SERVER_ERROR' }, error({ status: 503 }))],
    ['away', error({ code: 'SQLITE_IOERR_WRITE' })],
    ['away', 'nothing that can be read'],
    ['crowded', error({ code: 'SERVER_ERROR' }, error({ status: 429 }))],
    ['barred', error({ code: 'SERVER_ERROR' }, error({ status: 401 }))],
    ['busy', error({ code: 'SQLITE_BUSY' })],
    ['busy', error({}, error({ code: 'SQLITE_LOCKED_SHAREDCACHE' }))],
    ['blocked', error({ code: 'BLOCKED' })],
    ['blocked', error({ code: 'SQLITE_READONLY' })],
    ['said', error({ code: 'SQLITE_CONSTRAINT_UNIQUE' })],
    ['said', error({ code: 'RESPONSE_TOO_LARGE' })],
    ['said', error({ code: 'SERVER_ERROR' }, error({ status: 404 }))],
  ])('%s', (fault, cause) => expect(faultOf(cause)).toBe(fault as never))

  test('are told from mistakes of ours', () => {
    expect(isOutage(new TypeError('undefined is not a function'))).toBe(false)
    expect(isOutage(error({ name: 'LibsqlError', code: 'SQLITE_CONSTRAINT' }))).toBe(false)
    expect(isOutage(error({}, error({ name: 'LibsqlError', code: 'BLOCKED' })))).toBe(true)
  })
})

test('a server that is busy or crowded is asked again, one that is silent is not', async () => {
  const asked: string[] = []
  const failing = (name: string, fields: object, times: number) =>
    ({
      protocol: 'http',
      execute: async () => {
        asked.push(name)
        if (asked.filter((one) => one === name).length <= times)
          throw Object.assign(new Error(name), fields)
        return name
      },
    }) as unknown as Client
  const said = (client: Client) =>
    patient(client)
      .execute('x')
      .catch((cause: Error) => cause.message)
  expect(await said(failing('busy', { code: 'SQLITE_BUSY' }, 2))).toBe('busy' as never)
  expect(await said(failing('crowded', { status: 429 }, 7))).toBe('crowded' as never)
  expect(await said(failing('silent', { status: 503 }, 1))).toBe('silent')
  expect(Object.groupBy(asked, (name) => name)).toMatchObject({
    busy: Array(3).fill('busy'),
    crowded: Array(8).fill('crowded'),
    silent: ['silent'],
  })
})

describe.skipIf(isWithoutSqld)('a libSQL server that falls silent', () => {
  test('is given up within the limit, sooner the next time, and heard when it is back', async () => {
    await using server = await sqld()
    const client = openRemote(server.url, undefined, { limitMs: 4_000 })
    const ask = async () => {
      const begun = performance.now()
      const answer = await client.execute('SELECT 1').catch((cause) => cause)
      return [answer instanceof Error ? answer.name : 'answer', performance.now() - begun] as const
    }
    expect((await ask())[0]).toBe('answer')
    server.signal('SIGSTOP')
    const [first, firstMs] = await ask()
    const [second, secondMs] = await ask()
    expect([first, second]).toEqual(['DatabaseAway', 'DatabaseAway'])
    expect(Math.round(firstMs / 1000)).toBe(4)
    expect(Math.round(secondMs / 1000)).toBe(3)
    server.signal('SIGCONT')
    expect((await ask())[0]).toBe('answer')
    client.close()
  }, 20_000)

  test('in the middle of an answer is given up, too', async () => {
    using half = Bun.serve({
      port: 0,
      fetch: () =>
        new Response(
          new ReadableStream({ start: (it) => it.enqueue(new TextEncoder().encode('{"baton"')) }),
        ),
    })
    const client = openRemote(`ws://127.0.0.1:${half.port}`, undefined, { limitMs: 300 })
    await expect(client.execute('SELECT 1')).rejects.toThrow('no answer within 300 ms')
  })
})
