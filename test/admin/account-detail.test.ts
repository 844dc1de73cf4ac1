import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { AccountKind, NewAccount } from '#src/store/accounts'
import { type FakeUpstream, fakeUpstream } from '../fakes/upstream'
import { adminWorld, PASSWORD } from '../support/admin'
import { batchOf, entry } from '../support/entries'

let upstream: FakeUpstream
let it: Awaited<ReturnType<typeof adminWorld>>
beforeAll(async () => {
  upstream = fakeUpstream()
  it = await adminWorld({ env: { XAI_BASE_URL: upstream.url } })
})
afterAll(async () => {
  await it?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

let count = 0
const add = (changes: Partial<NewAccount> = {}, kind: AccountKind = 'xai') => {
  const name = `account-${++count}`
  return it.stores.accounts.add({
    ...{ kind, name, baseUrl: upstream.url, secret: `xai-secret-of-${name}-0123456789` },
    ...changes,
  })
}
const pathOf = ({ id }: { id: string }) => `/admin/accounts/${id}`
const page = async (path: string) => (await it.page(path)).text()
const sent = async (path: string, fields: Record<string, string>) => {
  const answer = await it.send(path, fields)
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

/** Every field that a form of this account has. */
const fieldsOf = (changes: Record<string, string> = {}, version = '0') => ({
  ...{ version, name: `account-${count}`, base_url: upstream.url, secret: '', weight: '1' },
  ...{ tags: '', note: '', api: '', max_in_flight: '', requests_per_minute: '', models: '' },
  ...{ proxy: '' },
  ...changes,
})

describe('the page of one account', () => {
  test('tells everything of it but what is secret', async () => {
    const one = await add(
      {
        proxy: 'http://user:proxy-password@127.0.0.1:3128',
        extras: { headers: { 'x-mine': 'header-value' }, cookies: 'cf_clearance=cookie-value' },
        tier: 'super',
        weight: 3,
        tags: ['team'],
        note: 'of somebody',
        secret: 'session-secret-0123456789',
      },
      'web',
    )
    const at = Date.now()
    await it.stores.modelLists.save([
      {
        ...{ accountId: one.id, baseUrl: one.baseUrl, fetchedAt: new Date(at) },
        models: Array.from({ length: 25 }, (_, index) => ({ id: `model-${index}` })),
      },
    ])
    await it.stores.ledger.append(
      batchOf([
        entry('req_own', { at, accountId: one.id, model: 'grok-4' }),
        entry('req_other', {
          ...{ at, accountId: 'another', model: 'grok-5' },
          attemptLog: [
            {
              account: one.id,
              model: 'grok-5',
              ms: 7,
              fault: 'refused',
              status: 429,
              says: 'slow',
            },
          ],
        }),
        entry('req_stranger', { at, accountId: 'another' }),
      ]),
    )
    const text = await page(pathOf(one))
    for (const said of ['127.0.0.1:3128', 'x-mine', 'cf_clearance', 'SuperGrok', 'of somebody'])
      expect(text).toContain(said)
    for (const said of ['…6789', 'req_own', 'req_other', 'answered by another', '429 slow'])
      expect(text).toContain(said)
    expect(text).toContain('model-24')
    for (const secret of ['proxy-password', 'header-value', 'cookie-value', 'session-secret'])
      expect(text).not.toContain(secret)
    expect(text).not.toContain('req_stranger')
  })

  test('is not there for an account that is not', async () => {
    expect((await it.page('/admin/accounts/nobody')).status).toBe(404)
  })

  test.each([
    ['disable', 'Switched off: 1.', 'Switch on'],
    ['enable', 'Switched on: 1.', 'Switch off'],
    ['clear', 'Cleared: 1.', 'Nothing is held against it.'],
    ['test', 'It answers, and lists its models.', '2 models'],
  ])('does at once what is asked: %s', async (action, told, then) => {
    const one = await add()
    const { text } = await sent(`${pathOf(one)}/act`, { action })
    expect(text).toContain(told)
    expect(text).toContain(then)
    const plain = await it.page(`${pathOf(one)}/act`, {
      method: 'POST',
      body: new URLSearchParams({ action }),
    })
    expect(plain.status).toBe(action === 'test' ? 200 : 303)
  })

  test('asks anew what it offers, as a batch of one', async () => {
    const one = await add()
    const { text } = await sent(`${pathOf(one)}/act`, { action: 'refresh' })
    expect(text).toContain('hx-sse:connect="/admin/batches/')
    const plain = await it.page(`${pathOf(one)}/act`, {
      method: 'POST',
      body: new URLSearchParams({ action: 'refresh' }),
    })
    expect(plain.headers.get('location')).toMatch(/^\/admin\/batches\//)
  })

  test('says what is wrong, and what to do, when its test fails', async () => {
    const one = await add({ baseUrl: `${upstream.url}/nowhere` })
    const { text } = await sent(`${pathOf(one)}/act`, { action: 'test' })
    expect(text).toContain('It does not work.')
    expect(text).toContain('There is no such API at this address.')
  })

  test('deletes it, and leads back', async () => {
    const one = await add()
    expect((await sent(`${pathOf(one)}/act`, { action: 'odd' })).status).toBe(400)
    const { headers } = await sent(`${pathOf(one)}/act`, { action: 'delete' })
    expect(headers.get('hx-redirect')).toBe('/admin/accounts')
    expect((await it.page(pathOf(one))).status).toBe(404)
  })
})

describe('the form of an account', () => {
  test('changes what is typed, and keeps what is secret where nothing is', async () => {
    const one = await add({ proxy: 'http://127.0.0.1:3128' })
    const { status, text } = await sent(
      pathOf(one),
      fieldsOf({
        ...{ name: 'renamed', tags: 'a, b，c', note: 'n', weight: '7', api: 'chat' },
        ...{ max_in_flight: '4', requests_per_minute: '60', models: 'grok-4\r\ngrok-5' },
      }),
    )
    expect([status, text]).toEqual([200, expect.stringContaining('Saved.')])
    const [after] = await it.stores.accountSearch.find({ name: 'renamed' })
    expect(after).toMatchObject({
      ...{ tags: ['a', 'b', 'c'], note: 'n', weight: 7, api: 'chat', maxInFlight: 4 },
      ...{ requestsPerMinute: 60, models: ['grok-4', 'grok-5'], version: 1 },
      ...{ secret: one.secret, proxy: one.proxy },
    })
    expect(text).toContain('name="version" value="1"')
    expect(await page(pathOf(one))).toContain('account.change')
  })

  test('takes a session apart: headers, cookies, a proxy', async () => {
    const one = await add(
      { extras: { headers: { 'x-old': '1', 'x-kept': '2' }, cookies: 'a=1' }, secret: 'token-1' },
      'web',
    )
    const { api: _, ...fields } = fieldsOf({ headers: 'X-New: 3', take_header: 'x-old' })
    await sent(pathOf(one), { ...fields, tier: 'heavy', cookies: 'b=2', proxy: '127.0.0.1:8080' })
    const opened = async () => {
      const [after] = await it.stores.accountSearch.find({ name: one.name })
      return { after, extras: JSON.parse(await it.app.vault.open(after?.extras ?? '')) }
    }
    const { after, extras } = await opened()
    expect(extras).toEqual({ headers: { 'x-kept': '2', 'x-new': '3' }, cookies: 'b=2' })
    expect(after?.tier).toBe('heavy')
    expect(await it.app.vault.open(after?.proxy ?? '')).toBe('http://127.0.0.1:8080')
    await sent(pathOf(one), { ...fields, ...GONE, version: '1' })
    const last = await opened()
    expect(last.extras.cookies).toBe('')
    expect(last.after?.proxy).toBeNull()
  })

  test.each([
    [{ weight: '0' }, 'weight'],
    [{ weight: '1.5' }, 'weight'],
    [{ base_url: 'ftp://host' }, 'base_url'],
    [{ name: 'a/b' }, 'name'],
    [{ proxy: 'socks5://typed-proxy' }, 'proxy'],
  ])('comes back as it was typed when %j is wrong', async (wrong, field) => {
    const one = await add()
    const typed = { note: 'typed <i>', secret: 'typed-secret', ...wrong }
    const { status, text, headers } = await sent(pathOf(one), fieldsOf(typed))
    expect(status).toBe(422)
    expect(text).toContain('typed &lt;i&gt;')
    expect(text).toMatch(new RegExp(`id="field-${field}"[^>]*aria-invalid="true"`))
    // The browser keeps what is secret: it does not come back from here.
    expect(text).not.toContain('typed-secret')
    expect(text).not.toContain('typed-proxy')
    expect(headers.get('hx-reswap')).toBe('outerMorph')
  })

  test('shows both states when somebody else was faster, and saves when it is meant', async () => {
    const one = await add({ note: 'before' })
    await it.stores.accounts.update(one, { note: 'of somebody else' })
    const conflict = await sent(pathOf(one), fieldsOf({ note: 'mine', weight: '5' }))
    expect(conflict.status).toBe(409)
    expect(conflict.text).toContain('Somebody has changed this account since you opened it.')
    expect(conflict.text).toContain('of somebody else')
    const [, version = ''] = /name="version" value="(\d+)"/.exec(conflict.text) ?? []
    await sent(pathOf(one), fieldsOf({ note: 'mine', weight: '5' }, version))
    const [after] = await it.stores.accountSearch.find({ name: one.name })
    expect(after).toMatchObject({ note: 'mine', weight: 5 })
  })

  test('tells of what was done to it with others, and of what was when it had another name', async () => {
    const [one, other] = [await add(), await add()]
    await it.api('/accounts/disable', { ids: [one.id, other.id] })
    await it.api(`/accounts/${one.id}`, { revision: 1, name: `renamed-${count}` }, 'PATCH')
    const changesOf = async ({ id }: { id: string }) =>
      (await it.stores.accountDetail(id)).changes.map(({ action }) => action)
    expect(await changesOf(one)).toEqual(['account.change', 'account.disable'])
    expect(await changesOf(other)).toEqual(['account.disable'])
    expect(await page(pathOf(one))).toContain('<code>account.disable</code>')
    // The command line knows names only.
    const entry = { actor: 'command line', address: null, before: null, after: null }
    await it.stores.audit.note({ ...entry, action: 'account.clear', subject: `xai/${other.name}` })
    expect(await changesOf(other)).toEqual(['account.clear', 'account.disable'])
  })

  test('keeps the password in an address that is left as it is shown', async () => {
    const address = upstream.url.replace('://', '://user:typed-in-a-shell@')
    const one = await add({ baseUrl: address })
    expect(await page('/admin/accounts')).not.toContain('typed-in-a-shell')
    const [, shown = ''] = /name="base_url"[^>]*value="([^"]*)"/.exec(await page(pathOf(one))) ?? []
    const { status } = await sent(pathOf(one), fieldsOf({ base_url: shown, note: 'n' }))
    expect(status).toBe(200)
    const [after] = await it.stores.accountSearch.find({ name: one.name })
    expect(after).toMatchObject({ note: 'n', baseUrl: address })
  })

  test('goes without scripts too', async () => {
    const one = await add()
    const post = (fields: Record<string, string>) =>
      it.page(pathOf(one), { method: 'POST', body: new URLSearchParams(fields) })
    expect((await post(fieldsOf({ note: 'n' }))).headers.get('location')).toBe(pathOf(one))
    const wrong = await post(fieldsOf({ weight: '' }, '1'))
    expect([wrong.status, await wrong.text()]).toEqual([422, expect.stringContaining('<html')])
  })
})

const GONE = { headers: '', take_header: '', cookies: '', no_cookies: 'true', no_proxy: 'true' }

describe('adding accounts', () => {
  test('takes what is pasted, and tests it', async () => {
    const { text } = await sent('/admin/accounts/new', { text: 'xai-pasted-key-0123456789abcdef' })
    expect(text).toContain('is added.')
    expect(text).toContain('It works.')
    expect(text).not.toContain('xai-pasted-key')
    const twice = await sent('/admin/accounts/new', { text: 'xai-pasted-key-0123456789abcdef' })
    expect(twice.status).toBe(422)
    expect(twice.text).toContain('That secret is there already')
    expect(twice.headers.get('hx-reswap')).toBe('outerMorph')
  })

  test('takes more that is said of it, and says what is wrong with it', async () => {
    const wanted = { text: 'sk-other-key-0123456789abcdef', kind: 'openai', base_url: upstream.url }
    const wrong = await sent('/admin/accounts/new', { ...wanted, name: 'a/b' })
    expect(wrong.status).toBe(422)
    expect(wrong.text).toMatch(/id="field-name"[^>]*aria-invalid="true"/)
    const { text } = await sent('/admin/accounts/new', { ...wanted, name: 'other' })
    expect(text).toContain('openai/other is added.')
    const nothing = await sent('/admin/accounts/new', { text: ' ' })
    expect([nothing.status, nothing.text]).toEqual([
      422,
      expect.stringContaining('Paste something'),
    ])
  })

  test('goes without scripts too', async () => {
    const post = (fields: Record<string, string>) =>
      it.page('/admin/accounts/new', { method: 'POST', body: new URLSearchParams(fields) })
    expect(await page('/admin/accounts/new')).toContain('id="paste"')
    expect(await (await post({ text: '' })).text()).toContain('<html')
    expect(await (await post({ text: 'xai-plain-key-0123456789' })).text()).toContain('<html')
  })
})

describe('importing accounts', () => {
  const imported = async (fields: Record<string, string | Blob>, isPartial = true) => {
    const body = new FormData()
    for (const [name, value] of Object.entries(fields)) body.append(name, value)
    const headers: Record<string, string> = isPartial
      ? { 'hx-request': 'true', 'hx-request-type': 'partial' }
      : {}
    const answer = await it.page('/admin/accounts/import', { method: 'POST', body, headers })
    return { status: answer.status, text: await answer.text() }
  }

  test('reports with lines what became of a text', async () => {
    const text = 'xai-imported-key-1-0123456789\n???\nxai-imported-key-2-0123456789\n'
    const dry = await imported({ text, dry_run: 'true' })
    expect(dry.text).toContain('What would become of it')
    const { text: report } = await imported({ text, tags: 'bought, march', note: 'n' })
    expect(report).toContain('line 2')
    expect(report).toContain('Test all 2 new ones')
    expect(report).not.toContain('imported-key')
    expect(await it.stores.accountSearch.count({ tag: 'march' })).toBe(2)
    const [, ids = ''] = /name="ids" value="([^"]+)"/.exec(report) ?? []
    const begun = await sent('/admin/accounts/bulk', { action: 'test', which: 'ticked', ids })
    expect(begun.text).toContain('hx-sse:connect')
  })

  test('takes a file, as a spreadsheet may have saved it', async () => {
    const lines = 'kind,name,secret\nxai,from-file,xai-file-key-0123456789\n'
    const bytes = new Uint8Array([0xff, 0xfe, ...new Uint8Array(Buffer.from(lines, 'utf16le'))])
    const { text } = await imported({ file: new Blob([bytes]), text: '' }, false)
    expect(text).toContain('<html')
    expect(await it.stores.accountSearch.count({ name: 'from-file' })).toBe(1)
  })

  test('refuses what holds none, and what is too large', async () => {
    expect(await page('/admin/accounts/import')).toContain('name="file"')
    const nothing = await imported({ text: ' ' })
    expect([nothing.status, nothing.text]).toEqual([
      422,
      expect.stringContaining('Paste something'),
    ])
    expect((await imported({ text: '' }, false)).text).toContain('<html')
    const large = await imported({ file: new Blob([new Uint8Array(33 * 1024 * 1024)]) })
    expect(large.status).toBe(413)
    const odd = await it.page('/admin/accounts/import', { method: 'POST', body: 'x' })
    expect(odd.status).toBe(400)
  })
})

describe('exporting accounts', () => {
  const exported = async (fields: Record<string, string>) => {
    const body = new URLSearchParams({ which: 'all', query: '/admin/accounts', ...fields })
    const answer = await it.page('/admin/accounts/export', { method: 'POST', body })
    return { status: answer.status, text: await answer.text(), headers: answer.headers }
  }

  test('gives a file without secrets to who is logged in', async () => {
    const { name } = await add()
    expect(await page('/admin/accounts/export')).toContain('name="password"')
    const { text, headers } = await exported({ format: 'csv' })
    expect(headers.get('content-disposition')).toContain('attachment')
    expect(text).toContain(name)
    expect(text).not.toContain(`xai-secret-of-${name}`)
    expect((await exported({ format: 'odd' })).status).toBe(400)
  })

  test('gives secrets to who knows the password only, those that are ticked', async () => {
    const [one, other] = [await add(), await add()]
    const wanted = { which: 'ticked', ids: one.id, format: 'json', secrets: 'true' }
    const refused = await exported({ ...wanted, password: 'wrong' })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('That is not the password.')
    const { text } = await exported({ ...wanted, password: PASSWORD })
    expect(text).toContain(`xai-secret-of-${one.name}`)
    expect(text).not.toContain(other.name)
    const [said] = await it.stores.audit.list(1)
    expect(said).toMatchObject({ action: 'account.export', after: { with_secrets: true } })
  })

  test('begins at those that were chosen in the list', async () => {
    const one = await add()
    const { text } = await sent('/admin/accounts/bulk', {
      ...{ action: 'export', which: 'ticked', ids: one.id, query: '/admin/accounts' },
    })
    expect(text).toContain(`name="id" value="${one.id}"`)
    expect(text).toContain('action="/admin/accounts/export"')
  })
})
