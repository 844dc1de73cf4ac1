import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { openFile } from '#src/store/file'
import { type FakeUpstream, fakeUpstream } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { addAccounts } from '../support/many-accounts'
import { watched } from '../support/watched'

const COUNT = 20_000
/** A session, an account more than are shown, five counts, of five states, and 21 tags. */
const COUNTED = 1 + 1 + 5 + 5 + 21

let upstream: FakeUpstream
let it: Awaited<ReturnType<typeof adminWorld>>
const database = watched(openFile(':memory:'))
beforeAll(async () => {
  upstream = fakeUpstream()
  it = await adminWorld({ client: database.client })
  await addAccounts(it.stores, COUNT, Date.now(), upstream.url)
}, 120_000)
afterAll(async () => {
  await it?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

const api = async (path: string) => {
  const answer = await it.api(path)
  return { status: answer.status, body: await answer.json() }
}

describe('lists of twenty thousand accounts', () => {
  test('are read part by part, by what they are filtered by', async () => {
    const seen: string[] = []
    let after = ''
    for (let part = 0; part < 4; part++) {
      const { body } = await api(
        `/accounts?kind=openai&sort=newest&limit=200${after && `&after=${after}`}`,
      )
      expect(body).toMatchObject({ object: 'list', has_more: true, total: COUNT / 5 })
      for (const { id } of body.data) seen.push(id)
      after = body.next
    }
    expect(new Set(seen).size).toBe(800)
    const { body: few } = await api('/accounts?q=acc-00007&kind=web')
    expect(few).toMatchObject({ has_more: false, next: null, total: few.data.length })
  })

  test('tell of each account what the page tells, and no secret', async () => {
    const { body } = await api('/accounts?kind=web&tag=team-6&limit=1')
    const [one] = body.data
    expect(one).toMatchObject({
      ...{ object: 'account', kind: 'web', source: 'database', base_url: upstream.url },
      ...{ header_names: ['user-agent'], cookie_names: ['cf_clearance'], revision: 0 },
      tags: expect.arrayContaining(['team-6', 'eu']),
    })
    expect(one.quotas).toHaveLength(2)
    expect(JSON.stringify(body)).not.toContain('zzzz')
    const { body: same } = await api(`/accounts/${one.id}`)
    expect(same).toEqual(one)
    expect((await api('/accounts/nobody')).status).toBe(404)
  })

  test.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['kind=demo', 'kind'],
    ['state=gone', 'state'],
    ['sort=weight', 'sort'],
    ['after=nonsense', 'after'],
    [`after=${btoa('["name",1,2]')}`, 'after'],
    ['unknown=1', 'unknown'],
  ])('refuse %s by name', async (query, param) => {
    const { status, body } = await api(`/accounts?${query}`)
    expect([status, body.error.code]).toEqual([400, 'invalid_value'])
    expect(`${body.error.param} ${body.error.message}`).toContain(param)
  })

  test('are counted, and their tags listed', async () => {
    const { body } = await api('/accounts/stats')
    expect(body).toMatchObject({ object: 'account_stats', total: COUNT })
    const { kinds, states } = body
    expect(kinds).toEqual({ web: 12_000, xai: 4_000, openai: 4_000 })
    expect(states.on + states.off).toBe(COUNT)
    for (const state of ['ready', 'cooling', 'exhausted', 'suspect', 'expired', 'disabled'])
      expect([state, states[state]]).toEqual([
        state,
        (await api(`/accounts?state=${state}`)).body.total,
      ])
    const { body: tags } = await api('/accounts/tags')
    expect(tags.data).toHaveLength(21)
  })

  test('are for who is logged in', async () => {
    for (const path of ['', '/stats', '/tags', '/x'])
      expect((await fetch(`${it.url}/admin/api/accounts${path}`)).status).toBe(401)
  })

  test.each([
    ['/admin/accounts', 50],
    ['/admin/accounts?sort=state&size=200', 200],
    ['/admin/accounts?q=nobody+at+all', 0],
    ['/admin/accounts?state=ready&sort=newest', 50],
  ])('come as a page by few questions, with the rows that it shows: %s', async (path, shown) => {
    await (await it.page(path)).text()
    database.taken()
    await (await it.page(path)).text()
    const questions = database.taken()
    const rows = questions.flat().reduce((sum, one) => sum + one.rows, 0)
    // Who is logged in, and everything that the page says.
    expect(questions).toHaveLength(2)
    expect(rows).toBeLessThanOrEqual(shown + COUNTED)
  })

  test('can be worked on all together', async () => {
    const { status } = await it.send('/admin/accounts/bulk', {
      ...{ action: 'disable', which: 'all', query: '/admin/accounts?kind=web' },
    })
    expect(status).toBe(200)
    expect(await it.stores.accountSearch.count({ kind: 'web', state: 'on' })).toBe(0)
  })
})
