import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { adminWorld } from '../support/admin'
import { DATABASES, emptyDatabase } from '../support/each-database'

const BEGIN_MS = 30_000
const CHINESE = { headers: { 'accept-language': 'zh-CN' } }

describe.each(DATABASES)('the pages of keys over a %s', (kind) => {
  let database: Awaited<ReturnType<typeof emptyDatabase>>
  let it: Awaited<ReturnType<typeof adminWorld>>
  beforeAll(async () => {
    database = await emptyDatabase(kind)
    it = await adminWorld(database.options)
  }, BEGIN_MS)
  afterAll(async () => {
    await it[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const textOf = async (answer: Promise<Response>, status = 200) => {
    const found = await answer
    expect(found.status).toBe(status)
    return found.text()
  }
  const make = async (name: string, more: object = {}) =>
    (await it.stores.keys.create({ name, ...more })).key

  test('who has no keys is told what they are for', async () => {
    const page = await textOf(it.page('/admin/keys'))
    expect(page).toContain('No keys yet')
    expect(page).toContain('curl http://127.0.0.1')
    expect(page).toContain('GROXY_API_KEY')
    expect(await textOf(it.page('/admin/keys', CHINESE))).toContain('还没有密钥')
  })

  test('a key is made, shown once, and works', async () => {
    const fields = { name: 'laptop', chat_per_day: '20', cost_usd_ticks_per_month: '2.50' }
    const part = await textOf(it.send('/admin/keys', { ...fields, models: 'grok-4*, demo\n' }))
    const [secret = ''] = part.match(/sk-groxy-[\w-]+/) ?? []
    expect(part).toContain('not shown again')
    const answer = await it.get('/v1/models', { headers: { authorization: `Bearer ${secret}` } })
    expect(answer.status).toBe(200)
    const [key] = await it.stores.keys.list()
    expect(key).toMatchObject({
      name: 'laptop',
      dailyChat: 20,
      dailyHeavy: null,
      monthlyCostTicks: 25_000_000_000,
      models: ['grok-4*', 'demo'],
    })
    for (const path of ['/admin/keys', '/admin/keys/new', `/admin/keys/${key?.id}`])
      expect(await textOf(it.page(path))).not.toContain(secret)
  })

  test('many are made together, for copying and as a file', async () => {
    const part = await textOf(it.send('/admin/keys', { name: 'class', count: '3' }))
    const secrets = new Set(part.match(/sk-groxy-[\w-]+/g))
    expect(secrets.size).toBe(3)
    const [, file = ''] = part.match(/href="data:text\/plain;charset=utf-8,([^"]+)"/) ?? []
    const lines = decodeURIComponent(file).trim().split('\n')
    expect(lines.map((line) => line.split('\t')[0])).toEqual(['class-1', 'class-2', 'class-3'])
    expect(lines.map((line) => line.split('\t')[1])).toEqual([...secrets])
  })

  test('without scripts a key is made on a page', async () => {
    const answer = it.page('/admin/keys', {
      method: 'POST',
      body: new URLSearchParams({ name: 'plain' }),
    })
    expect(await textOf(answer)).toMatch(/<html[\s\S]*sk-groxy-/)
  })

  test.each([
    ['name', '', 'It needs a name'],
    ['name', 'x'.repeat(101), 'No more than 100'],
    ['count', '101', 'from 1 to 100'],
    ['count', '1.5', 'from 1 to 100'],
    ['chat_per_day', '-1', 'A whole number'],
    ['chat_per_day', '1e3', 'A whole number'],
    ['tokens_per_minute', '1.5', 'A whole number'],
    ['cost_usd_ticks_per_day', 'much', 'An amount'],
    ['models', 'x\n'.repeat(1) + 'y'.repeat(201), 'No more than 100 lines'],
    ['expires_at', 'tomorrow', 'no point in time'],
    ['expires_at', '2020-01-01T00:00', 'over already'],
  ])('a form whose %s is %p comes back with it', async (name, value, problem) => {
    const before = (await it.stores.keys.list()).length
    const form = { name: 'kept', concurrency: '7', [name]: value }
    const part = await textOf(it.send('/admin/keys', form), 422)
    expect(part).toContain(problem)
    expect(part).toContain('aria-invalid="true"')
    expect(part).toContain('value="7"')
    expect((await it.stores.keys.list()).length).toBe(before)
  })

  test('presets fill the limits, and patterns tell what they match', async () => {
    expect(await textOf(it.page('/admin/keys/new?preset=small'))).toContain(
      'name="concurrency" type="text" value="2"',
    )
    const limits = await textOf(it.page('/admin/keys/limits?preset=recommended'))
    expect(limits).toContain('name="requests_per_minute" type="text" value="60"')
    expect(limits).not.toContain('<html')
    const matches = (models: string) =>
      textOf(it.page(`/admin/keys/matches?models=${encodeURIComponent(models)}`))
    expect(await matches('demo*')).toContain('demo')
    expect(await matches('nothing-*')).toContain('nothing-*: no model now')
    expect(await matches('')).toMatch(/All \d+ models/)
  })

  test('a change is saved by who has seen the key as it is', async () => {
    const key = await make('before', { dailyChat: 5 })
    const page = await textOf(it.page(`/admin/keys/${key.id}`))
    expect(page).toContain('name="revision" value="0"')
    const fields = { revision: '0', name: 'after', chat_per_day: '', rescue: 'buffer' }
    expect(await textOf(it.send(`/admin/keys/${key.id}`, fields))).toContain('Saved')
    expect(await it.stores.keys.find(key.id)).toMatchObject({
      name: 'after',
      dailyChat: null,
      rescue: 'buffer',
      version: 1,
    })
    const late = await textOf(
      it.send(`/admin/keys/${key.id}`, { revision: '0', name: 'mine' }),
      409,
    )
    expect(late).toContain('Somebody has changed this key')
    expect(late).toContain('value="mine"')
    const wrong = await textOf(it.send(`/admin/keys/${key.id}`, { revision: '1', name: '' }), 422)
    expect(wrong).toContain('It needs a name')
    expect(await it.stores.keys.find(key.id)).toMatchObject({ name: 'after', version: 1 })
  })

  test('an end that is over stays as it is until somebody changes it', async () => {
    const key = await make('old', { expiresAt: new Date('2020-02-03T04:05:06Z') })
    const page = await textOf(it.page(`/admin/keys/${key.id}`))
    expect(page).toContain('value="2020-02-03T04:05"')
    const fields = { shown_expires_at: '2020-02-03T04:05', expires_at: '2020-02-03T04:05' }
    await textOf(it.send(`/admin/keys/${key.id}`, { revision: '0', name: 'new', ...fields }))
    expect((await it.stores.keys.find(key.id))?.expiresAt).toEqual(key.expiresAt)
    const again = { revision: '1', name: 'new', ...fields, expires_at: '2021-01-01T00:00' }
    expect(await textOf(it.send(`/admin/keys/${key.id}`, again), 422)).toContain('over already')
    await textOf(
      it.send(`/admin/keys/${key.id}`, { revision: '1', name: 'n', ...fields, expires_at: '' }),
    )
    expect((await it.stores.keys.find(key.id))?.expiresAt).toBeNull()
  })

  test('a key is switched off and on and revoked from its page', async () => {
    const { id } = await make('switch')
    const act = (what: string) => textOf(it.send(`/admin/keys/${id}/${what}`, {}))
    expect(await act('disable')).toContain('is switched off')
    expect(await act('enable')).toContain('is switched on')
    expect(await act('revoke')).toContain('is revoked')
    const page = await textOf(it.page(`/admin/keys/${id}`))
    expect(page).toContain('Revoked')
    expect(page).not.toContain('hx-post="/admin/keys/')
    const answer = await it.send(`/admin/keys/${id}/enable`, {})
    expect(answer.status).toBe(400)
  })

  test('ticked keys are changed together, and revoked after a question that names them', async () => {
    const made = [await make('tick-one'), await make('tick-two')]
    const form = (action: string) => {
      const fields = new URLSearchParams({ action, query: '/admin/keys?search=tick-' })
      for (const { id } of made) fields.append('id', id)
      return it.page('/admin/keys/bulk', {
        method: 'POST',
        headers: { 'hx-request': 'true', 'hx-request-type': 'partial' },
        body: fields,
      })
    }
    const off = await textOf(form('disable'))
    expect(off).toContain('2 switched off')
    expect(off).toContain('tick-one')
    expect(off).not.toContain('laptop')
    expect(await textOf(form('enable'))).toContain('2 switched on')
    const question = await textOf(form('revoke'))
    expect(question).toContain('tick-two, tick-one'.split(', ')[0] ?? '')
    expect(question).toContain('Revoke 2 keys?')
    expect((await it.stores.keys.find(made[0]?.id ?? ''))?.revokedAt).toBeNull()
    expect(await textOf(form('revoke-now'))).toContain('2 revoked')
    expect((await it.stores.keys.find(made[0]?.id ?? ''))?.revokedAt).toBeInstanceOf(Date)
    expect((await form('dance')).status).toBe(400)
    expect((await it.send('/admin/keys/bulk', { action: 'enable' })).status).toBe(400)
  })

  test('without scripts the list follows what was done', async () => {
    const { id } = await make('scriptless')
    const send = (action: string) =>
      it.page('/admin/keys/bulk', {
        method: 'POST',
        body: new URLSearchParams({ action, id, query: '/admin/keys?state=off' }),
      })
    const answer = await send('disable')
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/admin/keys?state=off'])
    expect(await textOf(send('revoke'))).toContain('<html')
    const gone = await it.page(`/admin/keys/${id}/revoke`, { method: 'POST' })
    expect(gone.headers.get('location')).toBe(`/admin/keys/${id}`)
  })

  test('the key of the environment has a page, and nothing to change there', async () => {
    const page = await textOf(it.page('/admin/keys/env'))
    expect(page).toContain('is set by the variable GROXY_API_KEY')
    expect(page).not.toContain('name="revision"')
    expect((await it.send('/admin/keys/env/disable', {})).status).toBe(400)
    expect((await it.page('/admin/keys/nobody')).status).toBe(404)
  })

  test('states, searches and pages are in the address', async () => {
    await it.stores.keys.createAll(
      Array.from({ length: 60 }, (_, at) => ({ name: `page-${String(at).padStart(2, '0')}` })),
    )
    const first = await textOf(it.page('/admin/keys?search=page-'))
    expect(first).toContain('page-00')
    expect(first).not.toContain('page-50')
    expect(first).toContain('href="/admin/keys?search=page-&amp;page=2"')
    const second = await textOf(it.page('/admin/keys?search=page-&page=2'))
    expect(second).toContain('page-59')
    expect(second).toContain('51–60 / 60')
    expect(await textOf(it.page('/admin/keys?state=revoked'))).toContain('tick-one')
    expect(await textOf(it.page('/admin/keys?search=nobody-has-this'))).toContain('No key fits')
  })

  test('a name is text, whatever it is', async () => {
    const name = `"><script>alert('x')</script>`
    const { id } = await make(name, { models: ['<img src=x onerror=alert(1)>'] })
    for (const answer of [
      it.page('/admin/keys'),
      it.page(`/admin/keys/${id}`),
      it.page(`/admin/keys?search=${encodeURIComponent(name)}`),
      it.page(`/admin/keys/matches?models=${encodeURIComponent(name)}`),
      it.send('/admin/keys', { name: `${name}2` }),
      it.send('/admin/keys/bulk', { action: 'revoke', id, query: `/admin/keys?search=${name}` }),
      it.send(`/admin/keys/${id}/disable`, {}),
    ]) {
      const page = await textOf(answer)
      expect(page).not.toContain('<script>alert')
      expect(page).not.toContain('<img src=x')
    }
    const asked = await textOf(it.page('/admin/keys/new'))
    expect(asked).not.toContain('alert(')
    const bad = { name: '', models: name, concurrency: name }
    expect(await textOf(it.send('/admin/keys', bad), 422)).not.toContain('<script>alert')
  })
})
