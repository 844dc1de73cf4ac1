import { afterAll, beforeAll, expect, test } from 'bun:test'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { adminWorld } from '../support/admin'
import { gateway } from '../support/gateway'

const DAY = 86_400_000
const NOON = Date.UTC(2026, 10, 21, 12)

let it: Awaited<ReturnType<typeof adminWorld>>
let at = NOON
beforeAll(async () => {
  it = await adminWorld({ now: () => at })
  await it.client.execute('DELETE FROM audit_log')
  const note = (actor: string, action: string, subject: string, values = {}) =>
    it.stores.audit.note({
      actor,
      action,
      subject,
      address: null,
      before: null,
      after: null,
      ...values,
    })
  at = NOON - 3 * DAY
  await note('command line', 'setting.change', 'max_attempts')
  at = NOON - 2 * DAY
  await note('token Deploy', 'account.create', 'xai/main', { after: { weight: 1 } })
  at = NOON - DAY
  await note('session abc', 'account.change', 'xai/main', {
    before: { weight: 1, note: null },
    after: { weight: 2, note: 'paid <by> us' },
  })
  await note('session abc', 'accounting.change', '100%')
  at = NOON
})
afterAll(() => it[Symbol.asyncDispose]())

interface Entry {
  readonly id: string
  readonly action: string
  readonly subject: string
}

const find = async (
  query: string,
): Promise<{ data: Entry[]; has_more: boolean; next: string | null }> =>
  (await it.api(`/audit${query}`)).json()

test('changes are found by who made them, what they did, to what, and when', async () => {
  const cases: Record<string, string[]> = {
    '': ['accounting.change', 'account.change', 'account.create', 'setting.change'],
    '?actor=deploy': ['account.create'],
    '?actor=session': ['accounting.change', 'account.change'],
    '?action=account.': ['account.change', 'account.create'],
    '?action=account.change': ['account.change'],
    '?subject=XAI/': ['account.change', 'account.create'],
    '?subject=%25': ['accounting.change'],
    '?subject=_': ['setting.change'],
    [`?since=${(NOON - 2 * DAY) / 1000}`]: [
      'accounting.change',
      'account.change',
      'account.create',
    ],
    '?actor=nobody': [],
  }
  for (const [query, actions] of Object.entries(cases))
    expect([query, (await find(query)).data.map(({ action }) => action)]).toEqual([query, actions])
})

test('a list goes on where its part before ended', async () => {
  const first = await find('?limit=3')
  expect([first.data.length, first.has_more]).toEqual([3, true])
  const second = await find(`?limit=3&after=${first.next}`)
  expect(second).toMatchObject({
    has_more: false,
    next: null,
    data: [{ action: 'setting.change' }],
  })
  for (const wrong of ['?limit=0', '?limit=201', '?limit=x', '?after=-1', '?since=yesterday'])
    expect([wrong, (await it.api(`/audit${wrong}`)).status]).toEqual([wrong, 400])
})

test('an entry says what was and what is', async () => {
  const { data } = await find('?action=account.change')
  expect(data[0]).toMatchObject({
    object: 'admin.audit_entry',
    created_at: (NOON - DAY) / 1000,
    actor: 'session abc',
    before: { weight: 1, note: null },
    after: { weight: 2, note: 'paid <by> us' },
  })
  const page = await (await it.page('/admin/audit?action=account.change')).text()
  expect(page).toContain('<code>weight</code>: <del>1</del> → <ins>2</ins>')
  expect(page).toContain('<del><i>nothing</i></del> → <ins>paid &lt;by&gt; us</ins>')
})

test('the page keeps its filter in its address, and leads from part to part', async () => {
  const page = await (await it.page('/admin/audit?actor=session&limit=1')).text()
  expect(page).toContain('value="session"')
  const [, next = ''] = /href="(\/admin\/audit\?[^"]+)" rel="next"/.exec(page) ?? []
  expect(next).toContain('actor=session&amp;limit=1&amp;after=')
  const second = await (await it.page(next.replaceAll('&amp;', '&'))).text()
  expect(second).toContain('<code>account.change</code>')
  expect(second).toContain('rel="prev"')
  expect(await (await it.page('/admin/audit?actor=nobody')).text()).toContain('Nothing fits')
  const since = await (await it.page('/admin/audit?since=2026-11-20T00:00')).text()
  expect([since.includes('accounting.change'), since.includes('account.create')]).toEqual([
    true,
    false,
  ])
  expect((await it.page('/admin/audit?limit=x')).status).toBe(400)
})

test('who logs in and out is in it', async () => {
  await using other = await adminWorld()
  await other.page('/admin/logout', { method: 'POST' })
  const list = await other.stores.audit.list(10)
  expect(list.map(({ action }) => action)).toEqual(['session.end', 'session.begin'])
  expect(list[0]).toMatchObject({ actor: list[1]?.subject, address: '127.0.0.1' })
})

test('cleaning removes what is older than the setting says, and failed log-ins sooner', async () => {
  let clock = NOON - 400 * DAY
  await using gate = await gateway({ now: () => clock })
  const { audit, adminSessions, loginFailures, cleaning } = gate.stores
  const note = (action: string) =>
    audit.note({ actor: 'x', action, subject: 's', address: null, before: null, after: null })
  await note('a.old')
  await loginFailures.count('all', 1000)
  await adminSessions.begin({ address: undefined, agent: undefined, lifeMs: 1000 })
  clock = NOON - 31 * DAY
  await note('a.kept')
  await note('session.fail')
  clock = NOON - DAY
  await note('session.fail')
  clock = NOON
  for (const { step } of await cleaning.sweeps(DEFAULT_SETTINGS)) while ((await step()).more);
  expect((await audit.list(10)).map(({ action, at: when }) => [action, NOON - when])).toEqual([
    ['session.fail', DAY],
    ['a.kept', 31 * DAY],
  ])
  for (const table of ['login_failures', 'admin_sessions'])
    expect((await gate.client.execute(`SELECT * FROM ${table}`)).rows).toEqual([])
})
