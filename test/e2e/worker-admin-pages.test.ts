import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { logIn, PASSWORD } from '../support/admin'
import { answerOf, callsOf } from '../support/admin-walk'
import { gateway, readEvents, textOf } from '../support/gateway'
import { runProgram, until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'
import { type WorkerWorld, workerWorld } from '../support/worker-world'

const SLOW = 180_000
/** More than a Worker does at a stretch. */
const ACCOUNTS = 50

describe.skipIf(isWithoutSqld)('every page and every call of the admin page on Workers', () => {
  let it: WorkerWorld
  let admin: Awaited<ReturnType<typeof logIn>>
  let ids: Readonly<Record<'account' | 'key' | 'batch', string>>
  beforeAll(async () => {
    it = await workerWorld()
    const command = [process.execPath, 'src/main.ts', 'admin', 'password']
    expect((await runProgram(command, { env: it.env, input: PASSWORD })).code).toBe(0)
    admin = await logIn(it.worker)
    ids = await filled()
  }, SLOW)
  afterAll(() => it[Symbol.asyncDispose]())

  const json = async <T = Record<string, never>>(answer: Promise<Response>, status = 200) => {
    const response = await answer
    const text = await response.text()
    expect(`${new URL(response.url).pathname} ${response.status} ${text}`).toContain(` ${status} `)
    return JSON.parse(text || 'null') as T
  }
  const beginBatch = async () =>
    (await json<{ id: string }>(admin.api('/accounts/batches', { kind: 'test', filter: {} }), 202))
      .id

  /** Something of each sort, made by the API of the Worker itself. */
  async function filled() {
    const base_url = `${it.upstream.url}/v1`.replace('/v1/v1', '/v1')
    const accounts = Array.from({ length: ACCOUNTS }, (_, at) => ({
      ...{ kind: 'openai', name: `n-${at}`, token: `sk-worker-${at}-0000` },
      ...{ base_url, models: ['grok-4'], tags: ['edge'] },
    }))
    const imported = admin.api('/accounts/import', { text: JSON.stringify({ accounts }) })
    expect(await json(imported)).toMatchObject({ added: ACCOUNTS, problems: [] })
    const { data } = await json<{ data: { id: string }[] }>(admin.api('/accounts?q=n-7'))
    const key = await json<{ id: string }>(admin.api('/keys', { name: 'made at the edge' }), 201)
    await json(admin.api('/aliases', { name: 'best', targets: [{ model: 'grok-4' }] }), 201)
    await json(admin.api('/tokens', { name: 'robot' }), 201)
    expect((await it.ask({})).status).toBe(200)
    const listed = async () =>
      (await json<{ data: unknown[] }>(admin.api('/requests'))).data.length > 0 || undefined
    expect(await until(listed)).toBe(true)
    const batch = await beginBatch()
    return { account: data[0]?.id ?? '', key: key.id, batch }
  }

  test(
    'each answers, and none with a fault of ours',
    async () => {
      await using same = await gateway()
      const world = { ...admin, app: same.app }
      const calls = (await callsOf(world)).filter(({ method }) => method === 'GET')
      expect(calls.length).toBeGreaterThan(60)
      const found: string[] = []
      for (const call of calls) {
        const { status, body } = await answerOf(world, call)
        const isUnknown = status === 404 && /\/x(?:\/|$)/.test(call.path)
        if (status >= 400 && !isUnknown) found.push(`${call.path} ${status}`)
        expect(`${call.path} ${body}`).not.toContain('internal_error')
      }
      expect(found.sort()).toEqual([...REFUSED].sort())
      expect(it.worker.output()).not.toMatch(/internal_error|will never generate a response/)
    },
    SLOW,
  )

  test(
    'a change of each sort is kept, and written down',
    async () => {
      const { id, revision } = await json<{ id: string; revision: number }>(
        admin.api(`/accounts/${ids.account}`),
      )
      const change = { revision, note: 'seen from the edge', tags: ['edge', 'near'], weight: 3 }
      expect(await json(admin.api(`/accounts/${id}`, change, 'PATCH'))).toMatchObject({ weight: 3 })
      await json(admin.api(`/accounts/${id}`, change, 'PATCH'), 409)
      const proxy = { revision: revision + 1, proxy: 'http://127.0.0.1:9' }
      await json(admin.api(`/accounts/${id}`, proxy, 'PATCH'), 400)
      await json(admin.api('/accounts/disable', { ids: [id] }))
      expect(await json(admin.api(`/accounts/${id}`))).toMatchObject({ enabled: false })
      await json(admin.api('/accounts/enable', { ids: [id] }))
      await json(admin.api('/accounts/clear', { ids: [id] }))
      expect(await json(admin.api(`/accounts/${id}/test`, {}))).toMatchObject({ ok: true })

      const key = await json<{ revision: number }>(admin.api(`/keys/${ids.key}`))
      const renamed = { revision: key.revision, name: 'renamed' }
      expect(await json(admin.api(`/keys/${ids.key}`, renamed, 'PATCH'))).toMatchObject({
        name: 'renamed',
      })
      const { revision: known } = await json<{ revision: string }>(admin.api('/settings'))
      const set = { revision: known, settings: { max_attempts: 2 } }
      await json(admin.api('/settings', set, 'PATCH'))
      const { data } = await json<{ data: { action: string }[] }>(admin.api('/audit?limit=50'))
      const actions = data.map(({ action }) => action)
      for (const action of WRITTEN) expect(actions).toContain(action)
    },
    SLOW,
  )

  test(
    'what a Worker cannot do is refused with the reason, by page and by API',
    async () => {
      const { revision } = await json<{ revision: string }>(admin.api('/settings'))
      const refused = await admin.api(
        '/settings',
        { revision, settings: { proxy_xai: 'http://127.0.0.1:9' } },
        'PATCH',
      )
      expect([refused.status, await refused.text()]).toEqual([
        400,
        expect.stringContaining('Worker'),
      ])
      const { changed, unusable } = await json<{
        changed: string[]
        unusable: Record<string, string>
      }>(admin.api('/settings'))
      expect(changed).not.toContain('proxy_xai')
      expect(Object.keys(unusable)).toEqual(['proxy_xai', 'proxy_openai', 'proxy_web'])
      const proxy = 'http://proxy.example:3128'
      const base_url = `${it.upstream.url}/v1`
      const made = await admin.api('/accounts', {
        ...{ kind: 'openai', name: 'by proxy', secret: 'sk-by-proxy-0000', base_url, proxy },
      })
      expect([made.status, await made.json()]).toMatchObject([
        400,
        {
          error: {
            code: 'invalid_value',
            param: 'proxy',
            message: expect.stringContaining('Worker'),
          },
        },
      ])
      const token = 'sk-by-proxy-0001'
      const text = JSON.stringify({ accounts: [{ kind: 'openai', token, base_url, proxy }] })
      expect(await json(admin.api('/accounts/import', { text }))).toMatchObject({
        added: 0,
        problems: [{ reason: expect.stringContaining('Cloudflare Workers have none') }],
      })
      const form = await (await admin.page(`/admin/accounts/${ids.account}`)).text()
      expect(form).toMatch(/<input id="field-proxy" name="proxy"[^>]* disabled/)
      expect(form).toContain('Cloudflare Workers cannot call through a proxy')
      const page = await (await admin.page('/admin/system')).text()
      expect(page).toContain('Cloudflare Workers')
      expect(page).not.toContain('/admin/system/backup')
    },
    SLOW,
  )

  test(
    'a batch runs to its end by ticks when nobody looks, and is followed by whoever watches it',
    async () => {
      const ended = async () => {
        expect(await it.worker.tick()).toBe('ok')
        const batch = await json<{ state: string; done: number }>(
          admin.api(`/batches/${ids.batch}`),
        )
        return batch.state === 'done' ? batch : undefined
      }
      expect(await until(ended)).toMatchObject({ state: 'done', done: ACCOUNTS, total: ACCOUNTS })

      const watched = await admin.api(`/batches/${await beginBatch()}/events`)
      expect(watched.headers.get('content-type')).toStartWith('text/event-stream')
      const text = await watched.text()
      expect(text).toStartWith('event: snapshot\n')
      const last = text.trimEnd().split('\n\n').at(-1)
      expect(last).toStartWith('event: done\n')
      expect(JSON.parse(last?.split('data: ')[1] ?? '')).toMatchObject({ done: ACCOUNTS })
      expect((await fetch(`${it.worker.url}/health`)).status).toBe(200)
    },
    SLOW,
  )

  test(
    'the playground streams as programs are answered',
    async () => {
      for (const model of ['grok-4', 'best']) {
        const body = { model, stream: true, messages: [{ role: 'user', content: 'Hi' }] }
        const answer = await admin.page('/admin/playground/v1/chat/completions', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        const text = await answer.text()
        expect([model, answer.status]).toEqual([model, 200])
        expect(textOf(readEvents(text)).length).toBeGreaterThan(4)
      }
    },
    SLOW,
  )
})

/** What has to say no: what needs a name in the address, and what a Worker does not have. */
const REFUSED = [
  '/admin/models/aliases/edit 404',
  '/admin/models/prices/edit 404',
  '/admin/system/backup 409',
  '/admin/api/system/backup 409',
  '/setup 403',
]

const WRITTEN = [
  'account.change',
  'account.disable',
  'account.enable',
  'account.import',
  'alias.create',
  'key.change',
  'key.create',
  'settings.change',
  'token.create',
]
