import { describe, expect, test } from 'bun:test'
import { until } from '../../support/programs'
import { expectRefusal, good, type List } from '../checks'
import type { Json, Target } from '../world'
import { CHAT } from './chat'

interface Account extends Json {
  readonly id: string
  readonly revision: number
}

/** Accounts, as the operator has them. */
export function adminAccountsSuite(target: Target): void {
  const api = (...parts: Parameters<ReturnType<Target>['admin']['api']>) =>
    target().admin.api(...parts)
  const add = (more: object = {}) => {
    const secret = `sk-account-${crypto.randomUUID()}`
    const fields = { kind: 'openai', name: secret.slice(-12), secret, tags: ['mine'] }
    return good<Account>(
      api('/accounts', { ...fields, base_url: target().fakes.chat.url, models: ['talk'], ...more }),
      201,
    )
  }
  const patch = ({ id, revision }: Account, fields: object) =>
    api(`/accounts/${id}`, { revision, ...fields }, 'PATCH')
  const remove = ({ id }: Account) => good(api(`/accounts/${id}`, undefined, 'DELETE'))

  test('one is added, tested, looked up, changed and deleted, and its secret told to nobody', async () => {
    const secret = 'sk-account-secret-of-mine-0001'
    const made = await add({ secret, name: 'noted', weight: 3, note: 'ours' })
    expect(made).toMatchObject({
      ...{
        object: 'account',
        kind: 'openai',
        name: 'noted',
        hint: '0001',
        weight: 3,
        note: 'ours',
      },
      ...{ source: 'database', enabled: true, revision: 0, finding: { ok: true, code: 'models' } },
    })
    const path = `/accounts/${made.id}`
    const changed = await good<Account>(patch(made, { note: 'yours', weight: 1 }))
    expect(changed).toMatchObject({ note: 'yours', weight: 1, revision: 1 })
    await expectRefusal(patch(made, { note: 'late' }), { status: 409, code: 'revision_conflict' })
    const seen = await good(api(path))
    expect(seen).toMatchObject({ note: 'yours', revision: 1 })
    expect(
      JSON.stringify([made, changed, seen, await good(api('/accounts?limit=200'))]),
    ).not.toContain(secret)
    expect(await good(api(`${path}/test`, {}))).toMatchObject({
      ok: true,
      code: 'models',
      models: 2,
    })
    expect(await good(api(path, undefined, 'DELETE'))).toMatchObject({ id: made.id, deleted: true })
    for (const method of ['GET', 'DELETE'])
      await expectRefusal(api(path, undefined, method), { status: 404 })
  })

  test('one is added as it was pasted', async () => {
    const { url } = target().fakes.chat
    const text = `OPENAI_BASE_URL=${url}\nOPENAI_API_KEY=sk-pasted-0123456789-000`
    const made = await good<Account>(api('/accounts', { text, name: 'pasted' }), 201)
    expect(made).toMatchObject({ kind: 'openai', name: 'pasted', base_url: url })
    await remove(made)
  })

  test('one serves within three seconds, and no more once it is off', async () => {
    const { post, honoured } = target()
    const made = await add({ models: ['late-comer'] })
    const ask = async () =>
      (await post(CHAT, { model: 'late-comer', messages: [{ role: 'user', content: 'Hi' }] }))
        .status
    await honoured(async () => (await ask()) === 200)
    const off = await good<Account>(patch(made, { enabled: false }))
    await honoured(async () => (await ask()) !== 200)
    await good(patch(off, { enabled: true }))
    await honoured(async () => (await ask()) === 200)
    await remove(made)
    await honoured(async () => (await ask()) === 404)
  })

  test.each([
    [{ kind: 'mail' }, 'kind'],
    [{ base_url: 'nowhere' }, 'base_url'],
    [{ weight: -1 }, 'weight'],
    [{ max_in_flight: 'many' }, 'max_in_flight'],
    [{ colour: 'red' }, 'colour'],
  ])('one is not made of %j', async (more, param) => {
    const fields = { kind: 'openai', name: 'x', secret: 'sk-x-0123456789', ...more }
    await expectRefusal(api('/accounts', fields), { status: 400, code: 'invalid_value', param })
  })

  test('one that is there already is refused', async () => {
    const fields = { kind: 'openai', name: 'chat', secret: 'sk-other-0123456789' }
    const reply = await api('/accounts', { ...fields, base_url: target().fakes.chat.url })
    expect(reply.status).toBeOneOf([400, 409])
  })

  test('are listed, searched, counted, and come in parts', async () => {
    const made = [
      await add({ name: 'part-1' }),
      await add({ name: 'part-2' }),
      await add({ name: 'part-3' }),
    ]
    const first = await good<List<Account> & { next: string }>(api('/accounts?q=part-&limit=2'))
    expect(first).toMatchObject({ total: 3, has_more: true })
    const second = await good<List<Account>>(api(`/accounts?q=part-&limit=2&after=${first.next}`))
    const ids = [...first.data, ...second.data].map(({ id }) => id)
    expect(ids.toSorted()).toEqual(made.map(({ id }) => id).toSorted())
    expect((await good<List<Account>>(api('/accounts?kind=web'))).data).toMatchObject([
      { name: 'web' },
    ])
    expect(await good(api('/accounts/stats'))).toMatchObject({ kinds: { web: 1, xai: 1 } })
    const tags = await good<List<Json>>(api('/accounts/tags'))
    expect(tags.data).toContainEqual({ tag: 'mine', accounts: 3 } as never)
    for (const one of made) await remove(one)
    await expectRefusal(api('/accounts?limit=0'), { status: 400, param: 'limit' })
  })

  test('many are switched off, on, cleared and deleted together', async () => {
    const ids = [(await add()).id, (await add()).id]
    const all = async (what: string, more: object = {}) =>
      (await good(api(`/accounts/${what}`, { ids, ...more }))).accounts
    expect(await all('delete', { dry_run: true })).toBe(2)
    expect(await all('disable')).toBe(2)
    expect((await good(api(`/accounts/${ids[0]}`))).enabled).toBe(false)
    expect(await all('enable')).toBe(2)
    expect(await all('clear')).toBe(2)
    expect(await all('delete')).toBe(2)
    await expectRefusal(api(`/accounts/${ids[0]}`), { status: 404 })
  })

  test('many are brought in, and given out', async () => {
    const { url } = target().fakes.chat
    const text = [1, 2, 3].map((at) => `sk-brought-${at}-0123456789 ${url}`).join('\n')
    const asked = { text, tags: ['brought'] }
    expect(await good(api('/accounts/import', { ...asked, dry_run: true }))).toMatchObject({
      added: 3,
    })
    const report = await good<{ ids: readonly string[] }>(api('/accounts/import', asked))
    expect(report).toMatchObject({ added: 3, known: 0, unusable: 0 })
    expect(await good(api('/accounts/import', asked))).toMatchObject({ added: 0, known: 3 })
    const { ids } = report
    const told = await api('/accounts/export', { ids, format: 'csv' })
    expect([told.status, told.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/csv'),
    ])
    const csv = await told.text()
    expect(csv.trim().split('\n').length).toBe(4)
    expect(csv).not.toContain('sk-brought-1-0123456789')
    const secret = await api('/accounts/export', { ids, with_secrets: true, password: 'wrong' })
    expect(secret.status).toBeOneOf([401, 403])
    expect(await good(api('/accounts/delete', { ids }))).toMatchObject({ accounts: 3 })
  })

  describe('work on many', () => {
    test('is done behind the request, and watched', async () => {
      const ids = [(await add()).id, (await add()).id]
      const begun = await good(api('/accounts/batches', { kind: 'test', ids }), 202)
      const path = `/batches/${begun.id}`
      const done = await until(async () => {
        const now = await good(api(path))
        return now.state === 'done' ? now : undefined
      })
      expect(done).toMatchObject({ total: 2, done: 2, good: 2, problems: [] })
      const events = await api(`${path}/events`)
      expect(events.headers.get('content-type')).toStartWith('text/event-stream')
      expect(await events.text()).toContain('"state":"done"')
      const { data } = await good<List>(api('/batches?limit=200'))
      expect(data.map(({ id }) => id)).toContain(String(begun.id))
      for (const what of ['pause', 'resume', 'cancel'])
        expect((await api(`${path}/${what}`, {})).status).toBe(400)
      await good(api('/accounts/delete', { ids }))
    }, 60_000)

    test('that nobody began is not there', async () => {
      await expectRefusal(api('/batches/nothing'), { status: 404 })
      await expectRefusal(api('/accounts/batches', { kind: 'fry', ids: ['x'] }), { status: 400 })
    })
  })
}
