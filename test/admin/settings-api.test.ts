import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { settingsApi } from '#src/admin/settings/api'
import { createSettingsService } from '#src/admin/settings/service'
import { SETTING_WORDS } from '#src/admin/settings/setting-words'
import { groupWords } from '#src/admin/settings/words'
import { SETTING_GROUPS } from '#src/store/setting-groups'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { adminWorld } from '../support/admin'
import { DATABASES, emptyDatabase } from '../support/each-database'

const NAMES = Object.keys(DEFAULT_SETTINGS).toSorted()

test('every setting belongs to one group', () => {
  expect(Object.values(SETTING_GROUPS).flat().toSorted() as string[]).toEqual(NAMES)
})

test('every group has a name in both languages', () => {
  for (const say of Object.values(groupWords))
    expect(Object.keys(say)).toEqual(Object.keys(SETTING_GROUPS))
})

test('every setting has a name in both languages, and is explained in Chinese', () => {
  expect(Object.keys(SETTING_WORDS).toSorted()).toEqual(NAMES)
  for (const [name, { en, zh, explained }] of Object.entries(SETTING_WORDS)) {
    expect(`${name}: ${en}`).toMatch(/: \S/)
    expect(`${name}: ${zh}`).toMatch(/: \S/)
    expect(`${name}: ${explained}`).toMatch(/\p{Script=Han}/u)
  }
})

interface Shown {
  readonly revision: number
  readonly values: Record<string, unknown>
  readonly changed: readonly string[]
  readonly error?: { readonly code: string; readonly param: string; readonly message: string }
}

describe.each(DATABASES)('the settings over a %s', (kind) => {
  let database: Awaited<ReturnType<typeof emptyDatabase>>
  let it: Awaited<ReturnType<typeof adminWorld>>
  beforeAll(async () => {
    database = await emptyDatabase(kind)
    it = await adminWorld(database.options)
  }, 60_000)
  afterAll(async () => {
    await it[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const read = async () => (await (await it.api('/settings')).json()) as Shown
  const patch = async (revision: number, settings: object, more: object = {}) => {
    const answer = await it.api('/settings', { revision, settings, ...more }, 'PATCH')
    return { status: answer.status, ...((await answer.json()) as Shown) }
  }

  test('are read with what is usual and what they take', async () => {
    const all = (await (await it.api('/settings')).json()) as Record<string, unknown>
    expect(all).toMatchObject({
      object: 'admin.settings',
      values: { heartbeat_ms: 15_000, proxy_xai: '' },
      defaults: { heartbeat_ms: 15_000 },
      unusable: {},
      schema: { properties: { max_attempts: { minimum: 1, maximum: 100 } } },
    })
  })

  test('are changed several at once, hold at once, and each goes back to its default', async () => {
    const { revision } = await read()
    const changed = await patch(revision, { heartbeat_ms: 9_000, show_thinking: false })
    expect(changed.status).toBe(200)
    expect(changed.revision).toBe(revision + 1)
    expect(changed.changed).toEqual(['heartbeat_ms', 'show_thinking'])
    expect(await it.stores.settings.all()).toMatchObject({ heartbeat_ms: 9_000 })
    const back = await patch(changed.revision, { heartbeat_ms: null })
    expect(back.changed).toEqual(['show_thinking'])
    expect(back.values).toMatchObject({ heartbeat_ms: 15_000, show_thinking: false })
    const none = await patch(back.revision, { show_thinking: false, max_attempts: null })
    expect([none.status, none.revision]).toEqual([200, back.revision])
  })

  test('take nothing from who has not seen what they are, not even in part', async () => {
    const { revision } = await read()
    await it.stores.settings.set('queue_length', 5)
    const late = await patch(revision, { queue_length: 7, max_attempts: 3 })
    expect(late).toMatchObject({ status: 409, error: { code: 'revision_conflict' } })
    expect(late.error?.message).toContain(`is ${revision + 1} now`)
    expect((await read()).values).toMatchObject({ queue_length: 5, max_attempts: 10 })
  })

  test('of changes that race, one holds', async () => {
    const { revision } = await read()
    const raced = await Promise.all(
      [11, 12, 13, 14].map((max_attempts) => patch(revision, { max_attempts })),
    )
    expect(raced.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409])
    const won = raced.find(({ status }) => status === 200)
    expect((await read()).values.max_attempts).toBe(won?.values.max_attempts)
  })

  test.each([
    [{ max_attempts: 101 }, 'settings.max_attempts'],
    [{ max_attempts: 2.5 }, 'settings.max_attempts'],
    [{ max_attempts: '5' }, 'settings.max_attempts'],
    [{ image_method: 'paint' }, 'settings.image_method'],
    [{ base_url: 'groxy.example' }, 'settings.base_url'],
    [{ heartbeat_ms: 3e9 }, 'settings.heartbeat_ms'],
    [{ proxy_web: 'socks5://10.0.0.1:1080' }, 'settings.proxy_web'],
    [{ no_such: 1 }, 'settings.no_such'],
    [{ no_such: null }, 'settings.no_such'],
    [{ admin_password: 'x' }, 'settings.admin_password'],
  ])('refuse %p and say which one', async (settings, param) => {
    const { revision } = await read()
    const refused = await patch(revision, { ledger_days: 3, ...settings })
    expect(refused).toMatchObject({ status: 400, error: { code: 'invalid_value', param } })
    expect((await read()).values.ledger_days).toBe(30)
  })

  test.each(['constructor', 'toString', '__proto__', 'admin_password', 'no_such'])(
    'have none that is called %s',
    async (name) => {
      const { revision } = await (await it.api('/settings')).json()
      for (const value of ['x', null]) {
        const body = `{"revision":${revision},"settings":{"${name}":${JSON.stringify(value)}}}`
        const headers = { 'content-type': 'application/json' }
        const answer = await it.page('/admin/api/settings', { method: 'PATCH', headers, body })
        expect(answer.status).toBe(400)
        expect((await answer.json()).error.param).toBe(`settings.${name}`)
      }
      const form = { revision: String(revision) }
      expect((await it.send(`/admin/settings/${name}/reset`, form)).status).toBe(404)
      expect((await (await it.api('/settings')).json()).revision).toBe(revision)
    },
  )

  test('take no number that is not exact', async () => {
    const { revision } = await (await it.api('/settings')).json()
    const settings = { ledger_days: 1e300 }
    expect((await it.api('/settings', { revision, settings }, 'PATCH')).status).toBe(400)
  })

  test('take no field that nobody knows', async () => {
    const refused = await patch(0, {}, { force: true })
    expect(refused.status).toBe(400)
  })

  test('show nothing of secrets but their end, and leave both to be read in the audit log', async () => {
    const { revision } = await read()
    const secrets = {
      proxy_web: 'http://me:pl4nted-proxy@proxy.example:3128',
      web_cookies: 'one=pl4nted-cookie-9876',
      web_x_statsig_id: 'pl4nted',
    }
    const changed = await patch(revision, secrets)
    const { values } = changed
    expect(values).toMatchObject({
      proxy_web: 'proxy.example:3128',
      web_cookies: '…9876',
      web_x_statsig_id: '…',
    })
    expect(await it.stores.settings.all()).toMatchObject(secrets)
    const entries = await it.stores.audit.list(10, { action: 'settings.' })
    expect(entries[0]).toMatchObject({
      action: 'settings.change',
      subject: 'proxy_web, web_cookies, web_x_statsig_id',
      before: { web_cookies: '' },
      after: { proxy_web: 'proxy.example:3128', web_cookies: '…9876' },
    })
    const gone = await patch(changed.revision, { web_cookies: null, proxy_web: '' })
    expect(gone.values).toMatchObject({ web_cookies: '', proxy_web: '' })
    const { rows } = await it.client.execute('SELECT * FROM settings')
    for (const text of [entries, changed, gone, rows, it.lines].map((one) => JSON.stringify(one)))
      expect(text).not.toContain('pl4nted')
  })
})

test('a proxy is refused where there is none, and may be taken away there', async () => {
  await using it = await adminWorld()
  const operator = { by: 'token', id: 't', name: 'token t', address: undefined } as const
  const service = createSettingsService({
    stores: it.stores,
    canProxy: false,
    audit: async () => {},
    refresh: async () => {},
  })
  await it.stores.settings.set('proxy_xai', 'proxy.example:3128')
  const { revision } = await service.read()
  const failure = await service
    .change(operator, revision, { proxy_web: 'proxy.example:3128' })
    .catch((cause: unknown) => cause)
  expect(failure).toMatchObject({
    code: 'invalid_value',
    message: expect.stringContaining('Workers cannot call through a proxy'),
  })
  const { settings } = await service.change(operator, revision, { proxy_xai: null })
  expect(settings.proxy_xai).toBe('')
  const handlers = {
    page: () => async () => new Response(),
    api: (answer: (...given: never[]) => unknown) => async () =>
      Response.json(await (answer as () => unknown)()),
  }
  const api = settingsApi({ handlers, canProxy: false } as never, service)
  const shown = await api.handle(new Request('http://localhost/admin/api/settings'))
  expect(await shown.json()).toMatchObject({
    unusable: { proxy_web: expect.stringContaining('Run Groxy on a machine') },
  })
})
