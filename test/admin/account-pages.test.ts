import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { AccountKind, NewAccount } from '#src/store/accounts'
import { type FakeUpstream, fakeUpstream } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { openaiAt } from '../support/gateway'

const HOUR = 3_600_000

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
beforeEach(async () => {
  const all = await it.stores.accounts.list()
  await it.stores.accounts.remove(all.map(({ id }) => id))
  await it.app.refresh()
})

const add = (name: string, changes: Partial<NewAccount> = {}, kind: AccountKind = 'xai') =>
  it.stores.accounts.add({
    ...{ kind, name, baseUrl: upstream.url, secret: `xai-secret-of-${name}-0123456789` },
    ...changes,
  })

const page = async (path: string) => {
  const answer = await it.page(path)
  return { status: answer.status, text: await answer.text() }
}
const sent = async (path: string, fields: Record<string, string>) => {
  const answer = await it.send(path, fields)
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

/** What stands against an account now. */
async function hold(accountId: string, changes: object) {
  const state = { scope: '', state: 'cooling', reason: '429: slow down', until: Date.now() + HOUR }
  await it.stores.accountStates.save([
    { ...state, faults: 1, updatedAt: Date.now(), accountId, ...changes } as never,
  ])
}

describe('the list of accounts', () => {
  test('teaches how to get one while there is none', async () => {
    const { text } = await page('/admin/accounts')
    expect(text).toContain('There are no accounts yet, so the demo model answers.')
    expect(text).toContain('name="text"')
  })

  test('shows what is held against each, in words, what is left of it, and never a secret', async () => {
    const one = await add('main', { tags: ['team'], note: 'bought <b>here</b>' })
    await hold(one.id, {})
    await hold(one.id, { scope: 'grok-4', state: 'exhausted', reason: 'no quota is left' })
    await it.stores.accountQuotas.save([
      {
        ...{ accountId: one.id, bucket: 'requests grok-4', limit: 80, remaining: 4 },
        ...{ resetAt: Date.now() + HOUR, source: 'reported', updatedAt: Date.now() - 61_000 },
      },
    ])
    const { text } = await page('/admin/accounts')
    expect(text).toContain('Cooling down')
    expect(text).toContain('429: slow down; back <time')
    expect(text).toMatch(/in 59 min|in 1 hr/)
    expect(text).toContain('grok-4: Quota used up')
    expect(text).toMatch(/requests grok-4: 4 of 80 left, reported .*1 min\. ago/)
    expect(text).toContain('bought &lt;b&gt;here&lt;/b&gt;')
    expect(text).toContain('…6789')
    expect(text).not.toContain('xai-secret-of')
    expect(text).toContain('Cooling down (1)')
  })

  test('says in Chinese what is so', async () => {
    await add('main')
    const answer = await it.page('/admin/accounts', { headers: { 'accept-language': 'zh' } })
    const text = await answer.text()
    expect(text).toContain('按类型和名称')
    expect(text).toContain('可用')
  })

  test('is filtered by its address, and sends a part of it while somebody types', async () => {
    await add('alpha', { tags: ['eu'] })
    await add('beta')
    expect((await page('/admin/accounts?q=alp')).text).not.toContain('>beta<')
    expect((await page('/admin/accounts?tag=eu')).text).toContain('>alpha<')
    expect((await page('/admin/accounts?state=off')).text).toContain('No account fits.')
    expect((await page('/admin/accounts?kind=nonsense&size=7&after=x')).text).toContain('>beta<')
    const answer = await it.page('/admin/accounts?q=beta&kind=&sort=name&size=50', {
      headers: { 'hx-request': 'true', 'hx-request-type': 'partial' },
    })
    expect(answer.headers.get('hx-replace-url')).toBe('/admin/accounts?q=beta')
    const part = await answer.text()
    expect(part).toContain('>beta<')
    expect(part).not.toContain('<html')
    expect(part).not.toContain('>alpha<')
  })

  test('goes from page to page and back', async () => {
    await it.stores.accountImport.add(
      Array.from({ length: 120 }, (_, at) => ({
        ...{ kind: 'xai' as const, secret: `xai-key-number-${at}`, baseUrl: upstream.url },
        name: `n-${String(at).padStart(3, '0')}`,
      })),
    )
    const linkOf = (text: string, rel: string) =>
      new RegExp(`href="([^"]*)" rel="${rel}"`).exec(text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const first = (await page('/admin/accounts')).text
    expect(linkOf(first, 'prev')).toBe('')
    const second = (await page(linkOf(first, 'next'))).text
    expect(second).toContain('>n-050<')
    const third = (await page(linkOf(second, 'next'))).text
    expect(third).toContain('>n-119<')
    expect(linkOf(third, 'next')).toBe('')
    const back = (await page(linkOf(third, 'prev'))).text
    expect(back).toContain('>n-099<')
    expect(back).not.toContain('>n-100<')
    expect((await page('/admin/accounts?size=200')).text).toContain('>n-119<')
  })

  test('shows those of the environment, and marks them', async () => {
    await using own = await adminWorld({ env: openaiAt(upstream.url) })
    const text = await (await own.page('/admin/accounts')).text()
    expect(text).toContain('of the environment')
    const [, id = ''] = /href="\/admin\/accounts\/(env-openai-[^"]+)"/.exec(text) ?? []
    const detail = await (await own.page(`/admin/accounts/${id}`)).text()
    expect(detail).toContain('Set by variables of the environment')
    expect(detail).not.toContain('id="edit"')
    const tested = await own.send(`/admin/accounts/${id}/act`, { action: 'test' })
    expect(await tested.text()).toContain('It works.')
    const found = async (query: string) =>
      (await (await own.api(`/accounts${query}`)).json()).data.map(
        ({ source }: { source: string }) => source,
      )
    expect(await found('')).toEqual(['environment'])
    for (const query of ['?tag=x', '?kind=xai', '?state=off', '?q=nobody', '?tier=basic'])
      expect([query, await found(query)]).toEqual([query, []])
    for (const query of ['?kind=openai', '?state=on', '?state=ready', '?q=openai/env'])
      expect([query, await found(query)]).toEqual([query, ['environment']])
  })
})

describe('work on many accounts', () => {
  test('switches those that are ticked', async () => {
    const [a, b] = [await add('a'), await add('b')]
    const { text } = await sent('/admin/accounts/bulk', {
      ...{ action: 'disable', which: 'ticked', ids: a.id, query: '/admin/accounts' },
    })
    expect(text).toContain('Switched off: 1.')
    expect(text).toContain('hx-target="#accounts"')
    const enabled = async () =>
      (await it.stores.accounts.list()).map(({ name, enabled }) => [name, enabled])
    expect(await enabled()).toEqual([
      ['a', false],
      ['b', true],
    ])
    await sent('/admin/accounts/bulk', {
      ...{ action: 'enable', which: 'all', query: '/admin/accounts?state=off' },
    })
    expect((await enabled()).every(([, is]) => is)).toBe(true)
    expect(b.enabled).toBe(true)
  })

  test('clears what is held against them', async () => {
    const one = await add('a')
    await hold(one.id, { state: 'expired', until: null })
    const { text } = await sent('/admin/accounts/bulk', {
      ...{ action: 'clear', which: 'all', query: '/admin/accounts' },
    })
    expect(text).toContain('Cleared: 1.')
    expect(await it.stores.accountSearch.count({ state: 'expired' })).toBe(0)
  })

  test('asks before it deletes, by number and names, and once more when there are more', async () => {
    await add('a')
    await add('b')
    const all = { which: 'all', query: '/admin/accounts?q=xai' }
    const asked = await sent('/admin/accounts/bulk', { action: 'delete', ...all })
    expect(asked.text).toContain('Delete 2 accounts for good?')
    expect(asked.text).toContain('xai/a, xai/b')
    expect(await it.stores.accountSearch.count({})).toBe(2)
    await add('c')
    const again = await sent('/admin/accounts/bulk', { action: 'delete-now', count: '2', ...all })
    expect(again.text).toContain('Delete 3 accounts for good?')
    const done = await sent('/admin/accounts/bulk', { action: 'delete-now', count: '3', ...all })
    expect(done.text).toContain('Deleted: 3.')
    expect(await it.stores.accountSearch.count({})).toBe(0)
  })

  test('wants to be told which, and what', async () => {
    const none = await sent('/admin/accounts/bulk', { action: 'test', which: 'ticked' })
    expect([none.status, none.text]).toEqual([400, expect.stringContaining('Tick some accounts')])
    const { id } = await add('a')
    const odd = await sent('/admin/accounts/bulk', { action: 'odd', which: 'ticked', ids: id })
    expect(odd.status).toBe(400)
  })

  test('goes without scripts too', async () => {
    const one = await add('a')
    const post = (fields: Record<string, string>) =>
      it.page('/admin/accounts/bulk', { method: 'POST', body: new URLSearchParams(fields) })
    const off = await post({ action: 'disable', ids: one.id, query: '/admin/accounts?q=a' })
    expect([off.status, off.headers.get('location')]).toEqual([303, '/admin/accounts?q=a'])
    const asked = await (await post({ action: 'delete', ids: one.id })).text()
    expect(asked).toContain('<html')
    expect(asked).toContain('Delete 1 accounts for good?')
    const begun = await post({ action: 'test', ids: one.id })
    expect(begun.headers.get('location')).toMatch(/^\/admin\/batches\//)
  })
})

describe('a batch', () => {
  test('is followed by its events, and has a page that stays', async () => {
    await add('good')
    await add('bad', { baseUrl: `${upstream.url}/nowhere` })
    const { text } = await sent('/admin/accounts/bulk', {
      ...{ action: 'test', which: 'all', query: '/admin/accounts' },
    })
    const [, path = ''] = /hx-sse:connect="([^"]+)\/live"/.exec(text) ?? []
    const live = await it.page(`${path}/live`)
    expect(live.headers.get('content-type')).toBe('text/event-stream')
    const events = await live.text()
    expect(events).toContain('data: ')
    expect(events).toEndWith('event: done\ndata: \n\n')
    const shown = (await page(path)).text
    expect(shown).toContain('2 of 2')
    expect(shown).toContain('xai/bad')
    expect(shown).not.toContain('hx-sse:connect')
    expect((await page('/admin/batches')).text).toContain(path)
    expect((await page('/admin/batches/nothing')).status).toBe(404)
  })

  test('is paused, resumed and cancelled', async () => {
    const waits = Promise.withResolvers<undefined>()
    upstream.script(() => waits.promise)
    await add('slow')
    const { text } = await sent('/admin/accounts/bulk', {
      ...{ action: 'test', which: 'all', query: '/admin/accounts' },
    })
    const [, path = ''] = /hx-sse:connect="([^"]+)\/live"/.exec(text) ?? []
    try {
      expect((await sent(path, { action: 'pause' })).text).toContain('Go on')
      expect((await sent(path, { action: 'resume' })).text).toContain('>Pause<')
      const ended = await sent(path, { action: 'cancel' })
      expect(ended.text).toMatch(/Cancelled|About to end/)
      expect((await sent(path, { action: 'nonsense' })).status).toBe(200)
    } finally {
      waits.resolve(undefined)
      upstream.script(() => undefined)
    }
    const said = (await it.stores.audit.list(10)).map(({ action }) => action)
    expect(said).toContain('batch.pause')
    expect(said).toContain('batch.cancel')
  })
})
