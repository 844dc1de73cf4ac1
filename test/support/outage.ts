import { join } from 'node:path'
import { createClient } from '@libsql/client/web'
import { chunk, fakeUpstream, hello, sse } from '../fakes/upstream'
import { ASK, KEY, openaiAt } from './gateway'
import { type Execute, insertKey, TEST_SECRET } from './pool'
import { freePort, scratch, startProgram, until } from './programs'
import { sqld } from './sqld'

const MAIN = join(import.meta.dir, '../../src/main.ts')

/** How long one answer of the upstream takes when it is streamed. */
const CHUNKS = 20
const GAP_MS = 100

/** An upstream, a libSQL server, and instances over it that may be started and stopped. */
export async function outageWorld(database?: string) {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await sqld())
  const folder = stack.use(await scratch('outage'))
  const upstream = stack.use(fakeUpstream())
  upstream.script(({ path, body }) => {
    if (path === '/v1/models') return undefined
    const { stream } = JSON.parse(body) as { stream?: boolean }
    if (!stream) return Response.json(hello())
    const events = Array.from({ length: CHUNKS }, (_, at) => chunk({ content: `${at} ` }))
    return sse(
      [...events, chunk({}, 'stop')].map((event) => JSON.stringify(event)).concat('[DONE]'),
      {
        gapMs: GAP_MS,
      },
    )
  })
  const client = createClient({ url: server.url })
  stack.defer(() => client.close())
  const execute: Execute = (sql, args = []) => client.execute({ sql, args })
  const snapshot = join(folder.path, 'kept', 'groxy.snapshot')
  const env = {
    ...openaiAt(upstream.url),
    DATABASE_URL: database ?? server.url,
    GROXY_SECRET: TEST_SECRET,
    GROXY_API_KEY: KEY,
    ADMIN_PASSWORD: 'a password for tests',
    GROXY_SNAPSHOT: snapshot,
    LOG_LEVEL: 'info',
  }

  async function start(more: Record<string, string> = {}) {
    const port = freePort()
    const began = performance.now()
    const program = await startProgram({
      command: [process.execPath, MAIN],
      cwd: folder.path,
      port,
      path: '/health',
      env: { ...env, PORT: String(port), ...more },
    })
    const startMs = performance.now() - began
    const at = (path: string, init: RequestInit = {}, key = KEY) =>
      fetch(program.url + path, {
        ...init,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      })
    const post = (path: string, body: object, key?: string) =>
      at(path, { method: 'POST', body: JSON.stringify(body) }, key)
    return {
      ...program,
      url: program.url,
      startMs,
      get: at,
      post,
      /** One turn: its status, and when its first byte came. */
      async turn({ stream = false, key = KEY } = {}) {
        const asked = performance.now()
        const answer = await post('/v1/chat/completions', { ...ASK, stream }, key)
        const reader = answer.body?.getReader()
        await reader?.read()
        const firstMs = performance.now() - asked
        let text = ''
        for (;;) {
          const piece = await reader?.read()
          if (!piece || piece.done) break
          text += new TextDecoder().decode(piece.value)
        }
        return { status: answer.status, firstMs, isWhole: !stream || text.includes('[DONE]') }
      },
      ready: async () => {
        const answer = await at('/ready')
        return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
      },
      async metric(name: string): Promise<number> {
        const text = await (await fetch(`${program.url}/metrics`)).text()
        return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
      },
      async stop(): Promise<void> {
        program.signal('SIGTERM')
        await program.exited
      },
    }
  }

  return {
    server,
    upstream,
    snapshot,
    start: async (more?: Record<string, string>) => stack.use(await start(more)),
    addKey: (name: string) => insertKey(execute, { name }),
    async count(sql: string): Promise<number> {
      const { rows } = await client.execute(sql)
      return Number(rows[0]?.[0])
    },
    /** Wait until a question of the database is answered with this number. */
    counts: (sql: string, wanted: number, ms = 20_000) =>
      until(async () => {
        const { rows } = await client.execute(sql)
        return Number(rows[0]?.[0]) === wanted || undefined
      }, ms),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

export type OutageWorld = Awaited<ReturnType<typeof outageWorld>>
export type OutageInstance = Awaited<ReturnType<OutageWorld['start']>>
