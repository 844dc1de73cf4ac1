import { describe, expect, test } from 'bun:test'
import { createApp } from '#src/app'
import { createPlatform } from '#src/cli/platform'
import { awaitReturn, beginWithout } from '#src/cli/return'
import { openState } from '#src/cli/state'
import { readConfig } from '#src/config'
import { createVault } from '#src/crypto'
import { SetupError } from '#src/errors'
import { createLog } from '#src/log'
import { fakeUpstream } from '../fakes/upstream'
import { KEY, openaiAt } from '../support/gateway'
import { freePort, scratch, until } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'

const SECRET = 'a secret of sixteen signs'
const LONG = 60_000

async function world() {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await sqld())
  const folder = stack.use(await scratch('remote'))
  const upstream = stack.use(fakeUpstream())
  const config = readConfig({
    ...openaiAt(upstream.url),
    ...{ DATABASE_URL: server.url, GROXY_SECRET: SECRET, GROXY_API_KEY: KEY },
    GROXY_SNAPSHOT: `${folder.path}/groxy.snapshot`,
  })
  const lines: string[] = []
  const log = createLog({
    ...{ level: 'debug' as const, readable: false, now: Date.now },
    write: (line) => lines.push(line),
  })

  async function open() {
    const state = await openState(config, { mayBeAway: true })
    stack.defer(() => state.client.close())
    const platform = createPlatform(config, state, log)
    const app = createApp(platform)
    const ask = async (path: string, init?: RequestInit) =>
      app.fetch(
        new Request(`http://groxy${path}`, {
          headers: { authorization: `Bearer ${KEY}` },
          ...init,
        }),
      )
    return { state, app, ask, settle: platform.settle }
  }

  /** An instance that has kept what it knows. */
  async function keep() {
    const { app, settle, state } = await open()
    await app.load()
    await until(async () => {
      await app.refresh()
      await settle()
      return (await Bun.file(config.GROXY_SNAPSHOT).exists()) || undefined
    })
    state.client.close()
  }

  return { server, config, lines, open, keep, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe.skipIf(isWithoutSqld)('a remote database that is away at the start', () => {
  test(
    'is begun without, and used when it is back',
    async () => {
      await using it = await world()
      await it.keep()
      await it.server.kill()
      const { state, app, ask } = await it.open()
      const { away } = state
      if (!away) throw new Error('It is not away.')
      await beginWithout({ away, app, log: createLog(quiet(it.lines)) })
      expect(it.lines.join('\n')).toContain('started_without_database')
      expect((await ask('/v1/models')).status).toBe(200)
      expect(await (await ask('/ready')).json()).toMatchObject({ database: 'away' })
      await expect(state.client.execute('SELECT 1')).rejects.toThrow('since the start')
      let isWelcome = false
      const stop = new AbortController()
      const back = awaitReturn(
        {
          ...{ away, app, log: createLog(quiet(it.lines)) },
          onReturn: async () => {
            isWelcome = true
          },
        },
        stop.signal,
      )
      await Bun.sleep(1_200)
      expect(isWelcome).toBe(false)
      await it.server.restart()
      await back
      expect(isWelcome).toBe(true)
      expect(await (await ask('/ready')).json()).toEqual({ status: 'ready' })
      expect((await state.client.execute('SELECT 1')).rows).toHaveLength(1)
    },
    LONG,
  )

  test(
    'and belongs to another secret when it is back is neither read nor written',
    async () => {
      await using it = await world()
      await it.keep()
      const { client } = await openState(it.config)
      const other = await createVault('another secret for tests').seal('secret_check')
      await client.execute({
        sql: "UPDATE settings SET value = ? WHERE name = 'secret_check'",
        args: [JSON.stringify(other)],
      })
      client.close()
      await it.server.kill()
      const { state, app, ask } = await it.open()
      const { away } = state
      if (!away) throw new Error('It is not away.')
      await beginWithout({ away, app, log: createLog(quiet(it.lines)) })
      await it.server.restart()
      await expect(away.back()).rejects.toBeInstanceOf(SetupError)
      const stop = new AbortController()
      void awaitReturn(
        { ...{ away, app, log: createLog(quiet(it.lines)) }, onReturn: async () => {} },
        stop.signal,
      )
      await until(() => it.lines.join('\n').includes('"setup"') || undefined)
      stop.abort()
      expect((await ask('/v1/models')).status).toBe(200)
      await expect(state.client.execute('SELECT 1')).rejects.toThrow('since the start')
    },
    LONG,
  )

  test(
    'and does not let us in when it is back says so',
    async () => {
      await using it = await world()
      await it.keep()
      await it.server.kill()
      const { state } = await it.open()
      expect(await state.away?.back()).toBeUndefined()
      await using _ = Bun.serve({
        port: Number(new URL(it.config.DATABASE_URL).port),
        hostname: '127.0.0.1',
        fetch: () =>
          Response.json({ error: 'Unauthorized: the token has expired' }, { status: 401 }),
      })
      await expect(state.away?.back()).rejects.toMatchObject({
        message: expect.stringContaining('401'),
        remedy: expect.stringContaining('DATABASE_AUTH_TOKEN'),
      })
    },
    LONG,
  )

  test('takes no writes, and has none to take, is opened as ever', async () => {
    await using it = await world()
    await it.keep()
    await it.server.refuseWrites(true)
    const { state, app } = await it.open()
    expect(state.away).toBeUndefined()
    await app.load()
  })

  test('and whose snapshot cannot be used says why', async () => {
    await using it = await world()
    await it.keep()
    const away = { ...it.config, DATABASE_URL: `http://127.0.0.1:${freePort()}` }
    const options = { mayBeAway: true }
    await expect(openState(away, options)).rejects.toMatchObject({
      message: expect.stringContaining('does not answer'),
      remedy: expect.stringContaining('It is of another database.'),
    })
    await it.server.kill()
    const other = { ...it.config, GROXY_SECRET: 'another secret for tests' }
    await expect(openState(other, options)).rejects.toMatchObject({
      remedy: expect.stringContaining('cannot be used'),
    })
    await expect(openState({ ...it.config, GROXY_SNAPSHOT: 'off' }, options)).rejects.toMatchObject(
      {
        remedy: expect.not.stringContaining('snapshot'),
      },
    )
    await expect(openState(it.config)).rejects.toBeInstanceOf(SetupError)
  })
})

const quiet = (lines: string[]) => ({
  ...{ level: 'debug' as const, readable: false, now: Date.now },
  write: (line: string) => void lines.push(line),
})
