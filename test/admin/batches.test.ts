import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { type FakeUpstream, fakeUpstream, type Script } from '../fakes/upstream'
import { until } from '../support/programs'
import { type Instance, PLACES, twoInstances } from '../support/two-instances'

interface BatchAnswer {
  readonly id: string
  readonly state: string
  readonly total: number
  readonly done: number
  readonly good: number
  readonly problems: readonly {
    readonly name: string
    readonly reason: string
    readonly code: string
  }[]
}

const secretIn = (headers: Headers) => headers.get('authorization')?.replace('Bearer ', '') ?? ''

describe.each(PLACES)('work on many accounts, in %s', (place) => {
  const stack = new AsyncDisposableStack()
  let upstream: FakeUpstream
  let one: Instance
  let two: Instance
  let ids: readonly string[]
  beforeAll(async () => {
    upstream = stack.use(fakeUpstream())
    const world = await twoInstances(place)
    stack.use(world)
    one = world.one
    two = world.two
    for (const [name, value] of [
      ['model_refresh', false],
      ['account_check', false],
    ] as const)
      await one.stores.settings.set(name, value)
    const report = await one.api('/accounts/import', {
      text: Array.from({ length: 40 }, (_, at) => `sk-batch-${at}-0000 ${upstream.url}`).join('\n'),
      tags: ['all'],
    })
    ids = ((await report.json()) as { ids: string[] }).ids
    expect(ids).toHaveLength(40)
    await one.app.refresh()
    await two.app.refresh()
  }, 60_000)
  beforeEach(() => upstream.script(() => undefined))
  afterAll(() => stack.disposeAsync())

  async function begin(kind: string, more: object = { filter: { tag: 'all' } }, instance = one) {
    const answer = await instance.api('/accounts/batches', { kind, ...more })
    expect(answer.status).toBe(202)
    return (await answer.json()) as BatchAnswer
  }
  const read = async (id: string, instance = one) =>
    (await (await instance.api(`/batches/${id}`)).json()) as BatchAnswer
  const ended = (id: string) =>
    until(async () => {
      const batch = await read(id)
      return ['done', 'failed', 'cancelled'].includes(batch.state) ? batch : undefined
    })
  const slowly: Script = async () => {
    await Bun.sleep(100)
    return undefined
  }

  test('tests each of them, and says which does not work and why', async () => {
    upstream.script(({ headers }) => {
      const secret = secretIn(headers)
      if (secret === 'sk-batch-3-0000')
        return Response.json({ error: { message: `Incorrect API key ${secret}` } }, { status: 401 })
      return secret === 'sk-batch-4-0000' ? new Response('busy', { status: 503 }) : undefined
    })
    const batch = await begin('test')
    expect(batch).toMatchObject({ object: 'batch', kind: 'test', total: 40 })
    const done = await ended(batch.id)
    expect(done).toMatchObject({ state: 'done', done: 40, good: 38 })
    expect(done.problems).toHaveLength(2)
    expect(JSON.stringify(done)).not.toContain('sk-batch-3')
    expect(done.problems.map(({ reason }) => reason).toSorted()).toEqual([
      expect.stringContaining('its key is refused (401)'),
      expect.stringContaining('503'),
    ])
    expect(done.problems.map(({ code }) => code).toSorted()).toEqual(['refused', 'server_failed'])
    const chinese = { headers: { 'accept-language': 'zh-CN' } }
    const page = await (await one.page(`/admin/batches/${batch.id}`, chinese)).text()
    expect(page).toContain('密钥被拒绝。')
    expect(page).toContain('its key is refused (401)')
    // What is held against accounts is written a little later.
    const { data } = await until(async () => {
      const found = await one.api('/accounts?state=suspect')
      const list = (await found.json()) as { data: object[] }
      return list.data.length > 0 ? list : undefined
    })
    expect(data).toHaveLength(1)
    expect((await one.stores.audit.list(1))[0]).toMatchObject({
      ...{ action: 'account.test', subject: '40 accounts', after: { batch: batch.id } },
    })
  })

  test('asks for the models of each, which this instance knows then', async () => {
    upstream.script(({ path }) =>
      path === '/v1/models'
        ? Response.json({ object: 'list', data: [{ id: 'quite-new', object: 'model' }] })
        : undefined,
    )
    const { id } = await begin('refresh', { ids: ids.slice(0, 3) })
    expect(await ended(id)).toMatchObject({ state: 'done', total: 3, good: 3 })
    const models = (await (await one.get('/v1/models')).json()) as { data: { id: string }[] }
    expect(models.data.map((model) => model.id)).toContain('quite-new')
  })

  test('is followed by events from wherever somebody looks on', async () => {
    upstream.script(slowly)
    const { id } = await begin('test')
    const answers = await Promise.all(
      [one, two].map(async (instance) => {
        const answer = await instance.page(`/admin/api/batches/${id}/events`)
        expect(answer.headers.get('content-type')).toContain('text/event-stream')
        return (await answer.text()).split('\n\n').filter(Boolean)
      }),
    )
    for (const events of answers) {
      const names = events.map((event) => /^event: (.*)$/m.exec(event)?.[1])
      expect([names[0], names.at(-1)]).toEqual(['snapshot', 'done'])
      expect(new Set(names.slice(1, -1)).size).toBeLessThanOrEqual(1)
      const last = JSON.parse(events.at(-1)?.split('data: ')[1] ?? '') as BatchAnswer
      expect(last).toMatchObject({ id, state: 'done', done: 40 })
    }
  })

  test('looks on for nobody who has left', async () => {
    upstream.script(slowly)
    const { id } = await begin('test')
    const asked: string[] = []
    const { execute } = one.client
    one.client.execute = ((statement: { sql?: string }) => {
      if (JSON.stringify(statement).includes('batches')) asked.push(JSON.stringify(statement))
      return execute.call(one.client, statement as never)
    }) as typeof execute
    const abort = new AbortController()
    const answer = await one.page(`/admin/api/batches/${id}/events`, { signal: abort.signal })
    const reader = answer.body?.getReader()
    await reader?.read()
    abort.abort()
    await reader?.read().catch(() => {})
    await ended(id)
    await Bun.sleep(1_300)
    asked.length = 0
    await Bun.sleep(2_300)
    one.client.execute = execute
    expect(asked).toEqual([])
  }, 20_000)

  test('is paused, gone on with and ended', async () => {
    upstream.script(async () => {
      await Bun.sleep(500)
      return undefined
    })
    const { id } = await begin('test')
    await until(async () => (await read(id)).done > 0 || undefined)
    const act = async (action: string, instance = one) => {
      const answer = await instance.api(`/batches/${id}/${action}`, {})
      return { status: answer.status, ...((await answer.json()) as object) }
    }
    expect(await act('pause')).toMatchObject({ status: 200 })
    await until(async () => (await read(id)).state === 'paused' || undefined)
    expect(await act('pause')).toMatchObject({
      status: 400,
      error: { message: expect.stringContaining('paused') },
    })
    expect(await act('resume', two)).toMatchObject({ status: 200 })
    await until(async () => (await read(id)).state === 'running' || undefined)
    expect(await act('cancel')).toMatchObject({ status: 200 })
    const over = await ended(id)
    expect(over.state).toBe('cancelled')
    expect(over.done).toBeLessThan(40)
    expect(await act('cancel')).toMatchObject({ status: 400 })
    expect(await act('resume')).toMatchObject({ status: 400 })
    const actions = (await one.stores.audit.list(10)).map(({ action }) => action)
    expect(actions).toEqual(expect.arrayContaining(['batch.pause', 'batch.resume', 'batch.cancel']))
  }, 20_000)

  test('is listed, the newest first, page by page', async () => {
    const first = await (await one.api('/batches?limit=2')).json()
    const { data, next } = first as { data: BatchAnswer[]; next: string }
    expect(first).toMatchObject({ object: 'list', has_more: true })
    const more = (await (await one.api(`/batches?limit=200&after=${next}`)).json()) as {
      data: BatchAnswer[]
      has_more: boolean
    }
    expect(more.has_more).toBe(false)
    const all = [...data, ...more.data].map(({ id }) => id)
    expect(new Set(all).size).toBe(all.length)
    expect(all.length).toBeGreaterThan(3)
  })

  test.each([
    ['an unknown one', '/batches/nobody', 'GET', 404],
    ['events of an unknown one', '/batches/nobody/events', 'GET', 404],
    ['a pause of an unknown one', '/batches/nobody/pause', 'POST', 404],
    ['a list behind an unknown one', '/batches?after=nobody', 'GET', 404],
    ['a list without end', '/batches?limit=201', 'GET', 400],
  ])('%s is refused', async (_, path, method, status) => {
    const answer = await one.api(path, method === 'POST' ? {} : undefined)
    expect(answer.status).toBe(status)
  })

  test.each([
    ['of a kind that nobody knows', { kind: 'dance', filter: {} }],
    ['of nobody', { kind: 'test', ids: ['nobody'] }],
    ['of nobody named', { kind: 'test' }],
  ])('work %s is not begun', async (_, body) => {
    const answer = await one.api('/accounts/batches', body)
    expect(answer.status).toBe(400)
  })

  test('strangers neither see nor begin any', async () => {
    for (const [path, init] of [
      ['/admin/api/batches', {}],
      ['/admin/api/batches/x/events', {}],
      ['/admin/api/accounts/batches', { method: 'POST', body: '{}' }],
      ['/admin/api/accounts/export', { method: 'POST', body: '{}' }],
    ] as const)
      expect((await fetch(one.url + path, init)).status).toBe(401)
  })
})
