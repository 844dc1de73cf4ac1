import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { type FakeUpstream, fakeUpstream } from '../fakes/upstream'
import { type Instance, PLACES, twoInstances } from '../support/two-instances'

const SECRET = 'xai-Planted-Secret-0001'
const JWT = 'eyJ0eXAiOiJKV1QifQ.eyJzZXNzaW9uX2lkIjoiMSJ9.c2lnbmF0dXJl'

let count = 0
/** A secret that no other account has. */
const fresh = (): string => `xai-Fresh-Secret-${String(++count).padStart(6, '0')}`

/** What an answer says, with its status. */
async function said(
  answer: Response | Promise<Response>,
): Promise<Record<string, unknown> & { readonly status: number }> {
  const got = await answer
  const body = (await got.json()) as Record<string, unknown>
  return { status: got.status, ...body }
}

describe.each(PLACES)('accounts that change, in %s', (place) => {
  const stack = new AsyncDisposableStack()
  let upstream: FakeUpstream
  let one: Instance
  let two: Instance
  beforeAll(async () => {
    upstream = stack.use(fakeUpstream())
    const world = await twoInstances(place, {
      XAI_API_KEY: 'xai-of-the-environment',
      XAI_BASE_URL: upstream.url,
    })
    stack.use(world)
    one = world.one
    two = world.two
  }, 60_000)
  beforeEach(() => upstream.script(() => undefined))
  afterAll(() => stack.disposeAsync())

  const added = async (more: object = {}) => {
    const fields = { kind: 'xai', secret: fresh(), name: `n-${count}`, base_url: upstream.url }
    const answer = await said(one.api('/accounts', { ...fields, ...more }))
    expect(answer).toMatchObject({ status: 201 })
    return answer as unknown as { id: string; revision: number; name: string; finding: object }
  }

  const audited = async (action: string, subject: string) => {
    const entries = await one.stores.audit.list(50)
    const found = entries.find((entry) => entry.action === action && entry.subject === subject)
    if (found) return found
    throw new Error(`${action} of ${subject} is not in ${JSON.stringify(entries)}`)
  }

  test('one is added by its fields and tested, and every instance knows it', async () => {
    const answer = await said(
      one.api('/accounts', {
        ...{ kind: 'xai', secret: SECRET, name: 'main', base_url: `${upstream.url}/` },
        ...{ weight: 3, max_in_flight: 4, tags: ['a', 'b'], note: 'ours' },
        proxy: null,
      }),
    )
    expect(answer).toMatchObject({
      ...{ status: 201, object: 'account', kind: 'xai', name: 'main', hint: '0001' },
      ...{ base_url: upstream.url, weight: 3, max_in_flight: 4, tags: ['a', 'b'], note: 'ours' },
      ...{ revision: 0, taken_for: null, left_out: [] },
      finding: { ok: true, code: 'models', reason: '2 models', hint: '', models: 2 },
    })
    expect(JSON.stringify(answer)).not.toContain(SECRET)
    expect(await audited('account.add', 'xai/main')).toMatchObject({
      actor: expect.stringContaining('session'),
      before: null,
      after: { name: 'main', secret: '…0001', weight: 3 },
    })
    await two.app.refresh()
    expect(await said(two.api(`/accounts/${answer.id}`))).toMatchObject({
      ...{ status: 200, name: 'main', state: 'ready' },
    })
  })

  test('one is added as it was pasted', async () => {
    const text = `OPENAI_BASE_URL=${upstream.url}\nOPENAI_API_KEY=sk-pasted-${place.length}-000`
    const answer = await said(one.api('/accounts', { text, name: 'pasted', tags: ['new'] }))
    expect(answer).toMatchObject({
      ...{ status: 201, kind: 'openai', name: 'pasted', base_url: upstream.url, tags: ['new'] },
      ...{ taken_for: 'environment', finding: { ok: true } },
    })
  })

  test('a key whose address stands in a field of its own is pasted, too, and gets a name', async () => {
    const names = []
    for (const text of ['gsk_0123456789abcdef', 'gsk_0123456789abcdee']) {
      const answer = await said(one.api('/accounts', { text, base_url: upstream.url }))
      expect(answer).toMatchObject({ status: 201, kind: 'openai', base_url: upstream.url })
      names.push(String(answer.name))
    }
    expect(names).toEqual(['openai', expect.stringMatching(/^openai-[0-9a-f]{8}$/)])
  })

  test('one whose test fails stays, with the reason and what to do, unless that is not wanted', async () => {
    upstream.script(() =>
      Response.json({ error: { message: 'Incorrect API key provided' } }, { status: 401 }),
    )
    const wanted = { kind: 'xai', secret: fresh(), name: 'refused', base_url: upstream.url }
    const refused = await said(one.api('/accounts', { ...wanted, keep: false }))
    expect(refused).toMatchObject({
      status: 400,
      error: { code: 'invalid_value', message: expect.stringMatching(/its test failed.*refused/) },
    })
    const kept = await said(one.api('/accounts', wanted))
    expect(kept).toMatchObject({
      ...{ status: 201, name: 'refused' },
      finding: { ok: false, code: 'refused', hint: expect.stringContaining('key') },
    })
    await two.app.refresh()
    const stored = (await one.stores.accounts.list()).filter(({ name }) => name === 'refused')
    expect(stored).toHaveLength(1)
  })

  test('a secret or a name that is there already is refused with what has it', async () => {
    const secret = fresh()
    const { name } = await added({ secret })
    const again = { kind: 'xai', base_url: upstream.url }
    expect(await said(one.api('/accounts', { ...again, secret, name: 'other' }))).toMatchObject({
      status: 409,
      error: { code: 'already_exists', param: 'secret', message: expect.stringContaining(name) },
    })
    expect(await said(one.api('/accounts', { ...again, secret: fresh(), name }))).toMatchObject({
      status: 409,
      error: { code: 'already_exists', param: 'name', message: expect.stringContaining('Choose') },
    })
  })

  test('what is named is changed and nothing else, and the audit log tells what', async () => {
    const { id, revision, name } = await added({ weight: 2, note: 'before' })
    const changed = await said(
      one.api(`/accounts/${id}`, { revision, weight: 7, tags: ['x'] }, 'PATCH'),
    )
    expect(changed).toMatchObject({
      ...{ status: 200, weight: 7, tags: ['x'], note: 'before', revision: revision + 1 },
    })
    expect(await audited('account.change', `xai/${name}`)).toMatchObject({
      before: { weight: 2, tags: null },
      after: { weight: 7, tags: ['x'] },
    })
  })

  test('who has not seen the last change learns of it, and changes nothing', async () => {
    const { id, revision, name } = await added()
    expect(
      await said(one.api(`/accounts/${id}`, { revision, note: 'first' }, 'PATCH')),
    ).toMatchObject({ status: 200 })
    const late = await said(two.api(`/accounts/${id}`, { revision, note: 'late' }, 'PATCH'))
    expect(late).toMatchObject({
      status: 409,
      error: { code: 'revision_conflict', message: expect.stringContaining(`${revision + 1}`) },
    })
    expect((await one.stores.accounts.find(id))?.note).toBe('first')
    // The command line changes it, too.
    const stored = await one.stores.accounts.find(id)
    if (stored) await one.stores.accounts.update(stored, { weight: 9 })
    expect(
      await said(two.api(`/accounts/${id}`, { revision: revision + 1, note: 'x' }, 'PATCH')),
    ).toMatchObject({ status: 409 })
    expect(
      await said(two.api(`/accounts/${id}`, { revision: revision + 2, note: 'now' }, 'PATCH')),
    ).toMatchObject({ status: 200, note: 'now', weight: 9, name })
  })

  test('of changes at the same time one is made, and the others are told', async () => {
    const { id, revision } = await added()
    const answers = await Promise.all(
      [one, two, one, two].map((instance, at) =>
        said(instance.api(`/accounts/${id}`, { revision, note: `n${at}` }, 'PATCH')),
      ),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409])
    expect((await one.stores.accounts.find(id))?.version).toBe(revision + 1)
  })

  test('a new secret that comes too late leaves what is held against the account', async () => {
    const { id } = await added()
    const account = await one.stores.accounts.find(id)
    if (!account) throw new Error('It is not there.')
    const held = { scope: '', state: 'expired', reason: 'refused', until: null, faults: 1 } as const
    await one.stores.accountStates.save([{ accountId: id, ...held, updatedAt: Date.now() }])
    const stateOf = async () =>
      (await one.stores.accountStates.all()).find(({ accountId }) => accountId === id)?.reason
    expect(await one.stores.accounts.update(account, { secret: fresh() }, 7)).toBe(false)
    expect(await stateOf()).toBe('refused')
    expect(await one.stores.accounts.update(account, { secret: fresh() }, account.version)).toBe(
      true,
    )
    expect(await stateOf()).toBe('cleared')
  })

  test('who adds the same twice in one moment is told that it is there', async () => {
    const wanted = { kind: 'xai', secret: fresh(), name: `twice-${count}`, base_url: upstream.url }
    const answers = await Promise.all(
      [one, two, one, two].map((instance) => said(instance.api('/accounts', wanted))),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409])
  })

  test('headers and cookies of a session are set and taken away by name, and never shown', async () => {
    const secret = `${JWT}${++count}`
    const { id } = await added({
      ...{ kind: 'web', secret: `sso=${secret}; cf_clearance=Clear-Secret-1`, tier: 'super' },
      ...{ headers: { 'User-Agent': 'Agent-Secret-2', 'x-statsig-id': 'Statsig-Secret-3' } },
      base_url: upstream.url.replace('/v1', ''),
    })
    const before = await said(one.api(`/accounts/${id}`))
    expect(before).toMatchObject({
      ...{ tier: 'super', cookie_names: ['cf_clearance'] },
      header_names: ['user-agent', 'x-statsig-id'],
    })
    const after = await said(
      one.api(
        `/accounts/${id}`,
        { revision: 0, headers: { 'user-agent': null, 'x-new': 'New-Secret-4' } },
        'PATCH',
      ),
    )
    expect(after).toMatchObject({ status: 200, header_names: ['x-statsig-id', 'x-new'] })
    const none = await said(
      one.api(`/accounts/${id}`, { revision: 1, headers: null, cookies: null }, 'PATCH'),
    )
    expect(none).toMatchObject({ status: 200, header_names: [], cookie_names: [] })
    const log = JSON.stringify(await one.stores.audit.list(200))
    for (const text of [JSON.stringify([before, after, none]), log, one.lines.join('\n')])
      expect(text).not.toMatch(/(?:Clear|Agent|Statsig|New)-Secret/)
    expect(log).toContain('"x-new":"…et-4"')
  })

  test.each([
    ['a field that nobody knows', { colour: 'red' }, 'colour'],
    ['a weight of nothing', { weight: 0 }, 'weight'],
    ['half a weight', { weight: 1.5 }, 'weight'],
    ['no turns at once', { max_in_flight: 0 }, 'max_in_flight'],
    ['no turns a minute', { requests_per_minute: -1 }, 'requests_per_minute'],
    ['a name with a slash', { name: 'a/b' }, 'name'],
    ['a name that cannot be seen', { name: '\u202e' }, 'name'],
    ['what is no address', { base_url: 'ftp://host' }, 'base_url'],
    ['an address with a password', { base_url: 'https://me:pw@host/v1' }, 'base_url'],
    ['an address with a query', { base_url: 'https://host/v1?key=1' }, 'base_url'],
    ['a SOCKS proxy', { proxy: 'socks5://host:1' }, 'proxy'],
    ['a secret of two words', { secret: 'two words' }, 'secret'],
    ['a tier of a key', { tier: 'super' }, 'tier'],
    ['headers of a key', { headers: { 'user-agent': 'x' } }, 'headers'],
    ['a tier that nobody sells', { tier: 'gold' }, 'tier'],
    ['what no server speaks', { api: 'soap' }, 'api'],
    ['a note without end', { note: 'x'.repeat(1001) }, 'note'],
    ['tags without end', { tags: Array.from({ length: 33 }, (_, at) => `t${at}`) }, 'tags'],
    ['a model without a name', { models: [''] }, 'models.0'],
  ])('%s is refused by name', async (_, fields, param) => {
    const id = (await one.stores.accounts.list()).find(({ kind }) => kind === 'xai')?.id
    const answer = await said(one.api(`/accounts/${id}`, { revision: 0, ...fields }, 'PATCH'))
    expect([answer.status, JSON.stringify(answer.error)]).toEqual([400, expect.any(String)])
    const { error } = answer as unknown as { error: { param: string | null; message: string } }
    expect(`${error.param} ${error.message}`).toContain(param)
  })

  test.each([
    ['a header that Groxy sets itself', { headers: { Cookie: 'a=b' } }, 'headers'],
    ['a header that is none', { headers: { 'a b': 'c' } }, 'headers'],
    ['a header of two lines', { headers: { a: 'b\r\nevil: 1' } }, 'headers'],
    ['what is no cookie', { cookies: 'a b' }, 'cookies'],
    ['what a session does not speak', { api: 'chat' }, 'api'],
    ['half a session', { secret: 'sso=abc...' }, 'secret'],
  ])('of a session, %s is refused', async (_, fields, param) => {
    const wanted = { kind: 'web', name: 'odd', secret: `sso=${JWT}-odd`, ...fields }
    expect(await said(one.api('/accounts', wanted))).toMatchObject({
      status: 400,
      error: { code: 'invalid_value', param },
    })
  })

  test.each([
    ['nothing', {}, 'kind'],
    ['no secret', { kind: 'xai' }, 'secret'],
    ['a text and a secret', { text: 'xai-abcdefgh', secret: 'xai-abcdefgh' }, 'text'],
    ['a text of another kind', { text: `sso=${JWT}; a=b`, kind: 'xai' }, 'kind'],
    ['many accounts at once', { text: 'xai-abcdefgh\nxai-abcdefgi' }, 'text'],
    ['a text that is nothing', { text: 'hello' }, 'text'],
    ['a key of Groxy', { text: 'sk-groxy-abcdefgh' }, 'text'],
  ])('nothing is added of %s', async (_, wanted, param) => {
    const before = (await one.stores.accounts.list()).length
    const answer = await said(one.api('/accounts', { base_url: upstream.url, ...wanted }))
    expect(answer).toMatchObject({ status: 400, error: { param } })
    expect((await one.stores.accounts.list()).length).toBe(before)
  })

  test('one is tested, cleared and removed', async () => {
    const { id, name } = await added()
    expect(await said(one.api(`/accounts/${id}/test`, {}))).toMatchObject({
      ...{ status: 200, object: 'account.finding', ok: true },
    })
    upstream.script(() => new Response('no', { status: 500 }))
    expect(await said(one.api(`/accounts/${id}/test`, {}))).toMatchObject({
      ...{ status: 200, ok: false, code: 'server_failed' },
    })
    expect(await said(one.api(`/accounts/${id}/clear`, {}))).toMatchObject({ accounts: 1 })
    expect(await said(one.api(`/accounts/${id}`, undefined, 'DELETE'))).toMatchObject({
      ...{ status: 200, id, deleted: true },
    })
    expect(await said(one.api(`/accounts/${id}`, undefined, 'DELETE'))).toMatchObject({
      ...{ status: 404, error: { code: 'not_found' } },
    })
    expect(await said(one.api(`/accounts/${id}/test`, {}))).toMatchObject({ status: 404 })
    expect(await said(one.api(`/accounts/${id}/clear`, {}))).toMatchObject({ status: 404 })
    expect(await said(one.api(`/accounts/${id}`, { revision: 0 }, 'PATCH'))).toMatchObject({
      status: 404,
    })
    await audited('account.remove', `xai/${name}`)
  })

  test('who is refused at a test is asked about once more before it takes turns again', async () => {
    const { id } = await added()
    await one.app.refresh()
    upstream.script(() => Response.json({ error: { message: 'bad key' } }, { status: 401 }))
    expect(await said(one.api(`/accounts/${id}/test`, {}))).toMatchObject({ code: 'refused' })
    const shown = (await said(one.api(`/accounts/${id}`))) as unknown as { state: string }
    expect(['suspect', 'expired']).toContain(shown.state)
  })

  test('those of the environment can be tested and cleared, and changed only there', async () => {
    const { data } = (await said(one.api('/accounts?kind=xai'))) as unknown as {
      data: { id: string; source: string }[]
    }
    const id = data.find(({ source }) => source === 'environment')?.id
    expect(await said(one.api(`/accounts/${id}/test`, {}))).toMatchObject({ ok: true })
    expect(await said(one.api(`/accounts/${id}/clear`, {}))).toMatchObject({ accounts: 1 })
    for (const [body, method] of [
      [{ revision: 0, note: 'x' }, 'PATCH'],
      [undefined, 'DELETE'],
    ] as const)
      expect(await said(one.api(`/accounts/${id}`, body, method))).toMatchObject({ status: 404 })
    expect(await said(one.api('/accounts/disable', { ids: [id] }))).toMatchObject({ accounts: 0 })
  })

  test('many are switched, cleared and removed together, and counted before', async () => {
    const ids: string[] = []
    for (let at = 0; at < 3; at++) ids.push((await added({ tags: ['bulk'] })).id)
    const filter = { tag: 'bulk' }
    const off = async () =>
      (await one.stores.accounts.some(ids)).filter(({ enabled }) => !enabled).length
    expect(await said(one.api('/accounts/disable', { filter, dry_run: true }))).toMatchObject({
      ...{ status: 200, accounts: 3, dry_run: true },
    })
    expect(await off()).toBe(0)
    expect(await said(one.api('/accounts/disable', { filter }))).toMatchObject({ accounts: 3 })
    expect(await off()).toBe(3)
    expect(
      await said(one.api('/accounts/enable', { ids: [ids[0], ids[0], 'nobody'] })),
    ).toMatchObject({ accounts: 1 })
    expect(await off()).toBe(2)
    expect(await said(one.api('/accounts/clear', { ids }))).toMatchObject({ accounts: 3 })
    expect(await said(one.api('/accounts/delete', { filter }))).toMatchObject({ accounts: 3 })
    expect(await one.stores.accounts.some(ids)).toEqual([])
    expect((await one.stores.audit.list(1))[0]).toMatchObject({
      ...{ action: 'account.remove', subject: expect.stringContaining('xai/n-') },
      after: { accounts: 3 },
    })
  })

  test.each([
    ['neither', {}],
    ['both', { ids: ['a'], filter: {} }],
    ['none', { ids: [] }],
    ['by what nobody knows', { filter: { colour: 'red' } }],
  ])('nothing is done to many where it is said %s which', async (_, body) => {
    expect(await said(one.api('/accounts/delete', body))).toMatchObject({ status: 400 })
  })
})
