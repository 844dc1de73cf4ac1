import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { chunk, hello, MODELS, sse } from '../fakes/upstream'
import { readEvents, textOf } from '../support/gateway'
import { groxy, until } from '../support/programs'
import { parseMetrics } from '../support/prometheus'
import { isWithoutSqld } from '../support/sqld'
import { keyIn, post, type WorkerWorld, workerWorld } from '../support/worker-world'

/** How soon a change in the database must be honoured. */
const SOON_MS = 5_000

describe.skipIf(isWithoutSqld)('on Workers over a libSQL server', () => {
  let world: WorkerWorld
  beforeAll(async () => {
    world = await workerWorld()
  }, 120_000)
  afterAll(() => world?.[Symbol.asyncDispose]())

  /** The ledger's row of an answer, once it is written. */
  const rowOf = ({ headers }: Response) =>
    until(async () => {
      const rows = await world.stores.ledger.recent(1000)
      return rows.find(({ requestId }) => requestId === headers.get('x-request-id'))
    })

  const another = (variables?: Record<string, string>) => world.another(variables)

  test('the script is under a megabyte, gzipped', () => {
    expect(world.build.gzippedBytes).toBeLessThan(1024 * 1024)
  })

  test('the database was empty and is brought up to date from a machine', () => {
    expect(world.migrated).toStartWith('Applied 0000_')
  })

  test('it lives and is ready', async () => {
    for (const path of ['/health', '/ready'])
      expect((await fetch(world.worker.url + path)).status).toBe(200)
  })

  test('answers a chat', async () => {
    const reply = await world.ask({})
    expect(reply.headers.get('x-request-id')).toStartWith('req_')
    expect(await reply.json()).toMatchObject({
      model: 'grok-4',
      choices: hello().choices,
    })
  })

  test('holds a key to its limits, of many at once and of those that follow', async () => {
    const limits = ['--chat-per-day', '20', '--rpm', '50']
    const key = keyIn(await groxy(['keys', 'create', 'limited', ...limits], world.env))
    await using worker = await another()
    const asker = { url: worker.url, key }
    const replies = await Promise.all(Array.from({ length: 60 }, () => post(asker, {})))
    await Promise.all(replies.map((reply) => reply.text()))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(20)
    const late = await post(asker, {})
    expect((await late.json()).error.code).toBe('daily_quota_exceeded')
    expect(late.headers.get('x-ratelimit-remaining-requests')).toBe('30')
    await until(
      async () =>
        /limited +chat today +20 +20/.test(await groxy(['keys', 'usage'], world.env)) || undefined,
    )
  })

  test('streams a chat', async () => {
    const reply = await world.ask({ stream: true })
    expect(reply.headers.get('content-type')).toStartWith('text/event-stream')
    const events = readEvents(await reply.text())
    expect(textOf(events)).toBe('Hello there')
    expect(events.at(-1)).toBe('[DONE]')
  })

  test.each(['that knows nothing yet', 'that knows everything'])(
    'a Worker %s answers 60 chats at once, and each comes into the ledger once',
    async (state) => {
      await using worker = await another()
      if (state === 'that knows everything') await (await worker.ask({})).text()
      const wanted = Array.from({ length: 60 }, (_, i) => ({ stream: i % 2 === 0 }))
      const replies = await Promise.all(wanted.map((body) => worker.ask(body)))
      const texts = await Promise.all(replies.map((reply) => reply.text()))
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
      for (const text of texts) expect(text).toContain('there')
      const done = { outcome: 'done', inputTokens: 9, outputTokens: 2 }
      for (const reply of replies) expect(await rowOf(reply)).toMatchObject(done)
      const ids = (await world.stores.ledger.recent(1000)).map(({ requestId }) => requestId)
      expect(new Set(ids).size).toBe(ids.length)
      expect(worker.output()).not.toContain('hung')
    },
  )

  test('lists the models', async () => {
    const headers = { authorization: `Bearer ${world.key}` }
    const reply = await fetch(`${world.worker.url}/v1/models`, { headers })
    const { data } = (await reply.json()) as { data: { id: string }[] }
    expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(MODELS))
  })

  test('describes itself', async () => {
    const reply = await fetch(`${world.worker.url}/openapi.json`)
    const document = (await reply.json()) as { paths: object }
    expect(Object.keys(document.paths)).toContain('/v1/chat/completions')
  })

  test('shows the description as a page, whose script comes from the assets', async () => {
    const page = await fetch(`${world.worker.url}/swagger`)
    expect(await page.text()).toContain('/swagger/swagger-ui-bundle.js')
    const script = await fetch(`${world.worker.url}/swagger/swagger-ui-bundle.js`)
    expect(script.headers.get('content-type')).toStartWith('text/javascript')
    expect((await script.text()).length).toBeGreaterThan(1_000_000)
  })

  test('answers with the demo model, whose tokenizer comes from the assets', async () => {
    await using worker = await another({ DEMO: '1' })
    const whole = await worker.ask({ model: 'demo' })
    expect(await whole.json()).toMatchObject({
      model: 'demo',
      usage: { completion_tokens: expect.any(Number) },
    })
    const streamed = await worker.ask({ model: 'demo', stream: true })
    expect(readEvents(await streamed.text()).at(-1)).toBe('[DONE]')
    expect(worker.output()).not.toContain('hung')
  })

  test('refuses a wrong key', async () => {
    const reply = await post({ url: world.worker.url, key: 'sk-groxy-wrong' }, {})
    expect(reply.status).toBe(401)
    expect(await reply.json()).toMatchObject({ error: { code: 'invalid_api_key' } })
  })

  test('a stream that breaks off ends in an error event', async () => {
    await using worker = await another()
    const start = JSON.stringify(chunk({ role: 'assistant', content: 'Hel' }))
    worker.upstream.script(({ path }) => (path === CHAT ? sse([start], { cut: true }) : undefined))
    const reply = await worker.ask({ stream: true })
    const text = await textUntilCut(reply)
    expect(readEvents(text).at(-1)).toMatchObject({ error: { code: 'upstream_error' } })
    expect(text).not.toContain('[DONE]')
    expect(await rowOf(reply)).toMatchObject({ outcome: 'broken' })
  })

  test('a key or an alias that the command line changes is honoured within seconds', async () => {
    const made = await groxy(['keys', 'create', 'brief'], world.env)
    const asker = { url: world.worker.url, key: keyIn(made) }
    const statusOf = async (body: object) => {
      const reply = await post(asker, body)
      await reply.text()
      return reply.status
    }
    const becomes = (status: number, body: object = {}) =>
      until(async () => (await statusOf(body)) === status || undefined, SOON_MS)
    await becomes(200)
    expect(await statusOf({ model: 'nickname' })).toBe(404)
    await groxy(['aliases', 'set', 'nickname', 'grok-4'], world.env)
    await becomes(200, { model: 'nickname' })
    await groxy(['keys', 'revoke', made.match(/id (\S+?)\)/)?.[1] ?? ''], world.env)
    await becomes(401)
  }, 30_000)

  test('a client that leaves a stream ends the call upstream, and is in the ledger', async () => {
    await using worker = await another()
    const start = JSON.stringify(chunk({ role: 'assistant', content: 'Hel' }))
    worker.upstream.script(({ path }) => (path === CHAT ? sse([start], { hang: true }) : undefined))
    const client = new AbortController()
    const reply = await worker.ask({ stream: true }, { signal: client.signal })
    await reply.body?.getReader().read()
    client.abort()
    await worker.upstream.asked()[0]?.aborted
    expect(await rowOf(reply)).toMatchObject({ outcome: 'gone' })
  })

  test('a client that leaves before the answer takes nobody’s place', async () => {
    const key = keyIn(await groxy(['keys', 'create', 'one', '--concurrency', '1'], world.env))
    await using worker = await another()
    worker.upstream.script(({ path }) => (path === CHAT ? new Promise(() => {}) : undefined))
    const client = new AbortController()
    const asker = { url: worker.url, key }
    const left = post(asker, {}, { signal: client.signal }).catch(() => 'left')
    const [call] = await until(() =>
      worker.upstream.asked().length > 0 ? worker.upstream.asked() : undefined,
    )
    client.abort()
    expect(await left).toBe('left')
    await call?.aborted
    worker.upstream.script(() => undefined)
    await until(async () => {
      const reply = await post(asker, {})
      await reply.text()
      return reply.status === 200 || undefined
    }, SOON_MS)
    await until(async () => {
      const rows = await world.stores.ledger.recent(1000)
      return rows.find((row) => row.outcome === 'gone' && row.firstByteMs === null)
    })
  }, 30_000)

  test('a database that does not answer holds up no chat, and gets its rows later', async () => {
    await using worker = await another()
    await (await worker.ask({})).text()
    world.database.signal('SIGSTOP')
    const replies = await Promise.all(Array.from({ length: 10 }, () => worker.ask({})))
    world.database.signal('SIGCONT')
    for (const reply of replies) {
      expect(reply.status).toBe(200)
      expect(await rowOf(reply)).toMatchObject({ outcome: 'done' })
    }
    expect(worker.output()).not.toContain('hung')
  })

  test('large bodies wait for memory, not for ever', async () => {
    await world.stores.settings.set('body_budget_bytes', 5 * 1024 * 1024)
    await using worker = await another()
    let running = 0
    let most = 0
    worker.upstream.script(async ({ path }) => {
      if (path !== CHAT) return Response.json({ data: [{ id: 'grok-4' }] })
      most = Math.max(most, ++running)
      await Bun.sleep(100)
      running--
      return Response.json(hello())
    })
    const user = 'x'.repeat(2 * 1024 * 1024)
    const replies = await Promise.all(Array.from({ length: 12 }, () => worker.ask({ user })))
    await world.stores.settings.set('body_budget_bytes', DEFAULT_SETTINGS.body_budget_bytes)
    expect(replies.map(({ status }) => status)).toEqual(Array(12).fill(200))
    expect(most).toBe(2)
    expect(worker.output()).not.toContain('hung')
  }, 30_000)

  test('large bodies weigh together what an isolate can bear, whatever the setting allows', async () => {
    await using worker = await another()
    let running = 0
    let most = 0
    worker.upstream.script(async ({ path }) => {
      if (path !== CHAT) return Response.json({ data: [{ id: 'grok-4' }] })
      most = Math.max(most, ++running)
      await Bun.sleep(300)
      running--
      return Response.json(hello())
    })
    const user = 'x'.repeat(7 * 1024 * 1024)
    const replies = await Promise.all(Array.from({ length: 7 }, () => worker.ask({ user })))
    expect(replies.map(({ status }) => status)).toEqual(Array(7).fill(200))
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(3)
  }, 60_000)

  test('tells its metrics to those with the token only, for it knows nobody’s address', async () => {
    expect((await fetch(`${world.worker.url}/metrics`)).status).toBe(403)
    const token = 'a-token-of-the-metrics'
    await using worker = await another({ METRICS_TOKEN: token })
    await (await worker.ask({})).text()
    const headers = { authorization: `Bearer ${token}` }
    const { value, values } = parseMetrics(
      await (await fetch(`${worker.url}/metrics`, { headers })).text(),
    )
    expect(values('groxy_turns_total').map(([, turns]) => turns)).toContain(1)
    expect(value('process_resident_memory_bytes')).toBeUndefined()
  })

  test('an account that needs a proxy makes no calls, and whoever configures it is told', async () => {
    const said = await groxy(['settings', 'set', 'proxy_openai', 'proxy.example:3128'], world.env)
    expect(said).toContain('Cloudflare Workers have no proxies')
    await using worker = await another()
    const reply = await worker.ask({})
    expect(reply.status).toBeGreaterThanOrEqual(400)
    expect(worker.upstream.seen).toHaveLength(0)
    expect(worker.output()).toContain('account_left_out')
    await groxy(['settings', 'set', 'proxy_openai', 'none'], world.env)
  })

  test('what is due is done when the clock ticks, though nobody calls', async () => {
    await using worker = await another()
    const isAsked = ({ path }: { readonly path: string }) => path === '/v1/models'
    expect(worker.upstream.seen.filter(isAsked)).toHaveLength(0)
    expect(await worker.tick()).toBe('ok')
    expect(worker.upstream.seen.filter(isAsked)).toHaveLength(1)
  })
})

const CHAT = '/v1/chat/completions'

/** Whatever came before the connection was cut. */
async function textUntilCut(reply: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const bytes of reply.body ?? []) text += decoder.decode(bytes, { stream: true })
  } catch {
    // A broken answer never ends well.
  }
  return text
}
