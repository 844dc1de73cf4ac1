import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { wantedOf } from '#src/admin/accounts/changes'
import { createPlatform } from '#src/cli/platform'
import { readConfig } from '#src/config'
import { createVault } from '#src/crypto'
import { UpstreamFault } from '#src/errors'
import { createLog } from '#src/log'
import {
  codeOf,
  FINDING_CODES,
  type FindingCode,
  hintOf,
  NoProxies,
} from '#src/operator/account-finding'
import { takeIn } from '#src/operator/account-import'
import { createAccountLookup } from '#src/operator/account-lookup'
import { refreshModels, refreshQuotas } from '#src/operator/account-refresh'
import { testAccount } from '#src/operator/account-test'
import type { Asking } from '#src/operator/asking'
import { readPasted } from '#src/operator/pasted'
import type { Account } from '#src/pool/account'
import type { NewAccount } from '#src/store/accounts'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { createStores, type Stores } from '#src/store/stores'
import { createUpstreams } from '#src/upstreams'
import { type FakeUpstream, fakeUpstream, type Script } from '../fakes/upstream'

const JWT = 'eyJ0eXAiOiJKV1QifQ.eyJzZXNzaW9uX2lkIjoiMSJ9.c2ln'

const stack = new AsyncDisposableStack()
const client = openFile(':memory:')
const secret = 'a secret for tests'
const vault = createVault(secret)
const config = readConfig({ XAI_API_KEY: 'xai-env', DATABASE_URL: 'file::memory:' })
let upstream: FakeUpstream
let stores: Stores
let asking: Asking
beforeAll(async () => {
  stack.defer(() => client.close())
  await migrate(client)
  upstream = stack.use(fakeUpstream())
  stores = createStores({ client, vault, now: Date.now })
  const log = createLog({ level: 'silent', write: () => {}, readable: false, now: Date.now })
  const platform = createPlatform(config, { client, secret, vault, stores, applied: [] }, log)
  const show = () => Promise.reject(new Error('Nothing is made here.'))
  asking = {
    settings: DEFAULT_SETTINGS,
    upstreams: createUpstreams(platform, () => DEFAULT_SETTINGS, {
      ...{ cache: { show }, readOwn: async () => undefined },
    }),
  }
})
beforeEach(() => upstream.script(() => undefined))
afterAll(() => stack.disposeAsync())

let count = 0
/** An account as upstreams are asked with it. */
async function stored(more: Partial<NewAccount> = {}): Promise<Account> {
  const { id } = await stores.accounts.add({
    ...{ kind: 'openai', name: `n-${++count}`, secret: `sk-find-${count}-0000` },
    ...{ baseUrl: upstream.url, ...more },
  })
  const lookup = createAccountLookup({ config, vault, stores, settings: () => DEFAULT_SETTINGS })
  const account = (await lookup([id])).get(id)
  if (!account) throw new Error('It is not there.')
  return account
}

const refusing =
  (status: number, message: string): Script =>
  () =>
    Response.json({ error: { message } }, { status })

describe('what a test finds', () => {
  test.each([
    ['its models', undefined, {}, 'models'],
    ['those that were named', undefined, { models: ['grok-4'] }, 'models'],
    ['a server without a list', refusing(404, 'no'), { models: ['m'] }, 'unlisted'],
    ['a bad key', refusing(401, 'bad key'), {}, 'refused'],
    ['an account that is locked out', refusing(403, 'This team is blocked.'), {}, 'blocked'],
    ['a key without rights', refusing(403, 'No credits.'), {}, 'forbidden'],
    ['another path', refusing(404, 'not found'), {}, 'not_found'],
    ['a limit', refusing(429, 'slow down'), {}, 'limited'],
    ['a server that fails', refusing(500, 'oops'), {}, 'server_failed'],
    ['what has no name', refusing(418, 'tea'), {}, 'failed'],
    ['a page', () => new Response('<html>hello'), {}, 'not_understood'],
    [
      'an edge that wants a browser',
      () => new Response('no', { status: 403, headers: { 'cf-mitigated': 'challenge' } }),
      {},
      'challenge',
    ],
    [
      'another address',
      () => new Response(null, { status: 302, headers: { location: 'https://evil.example/' } }),
      {},
      'redirected',
    ],
    ['nobody there', undefined, { baseUrl: 'http://127.0.0.1:1/v1' }, 'unreachable'],
    ['a proxy that is not there', undefined, { proxy: 'http://127.0.0.1:1' }, 'proxy_failed'],
  ] as const)('is %s', async (_, script, more, code) => {
    if (script) upstream.script(script)
    const account = await stored(more)
    const finding = await testAccount(asking, account)
    const isGood = ['models', 'unlisted'].includes(code)
    expect(finding).toMatchObject({ ok: isGood, code })
    expect(finding.reason).toMatch(/\w/)
    expect(finding.hint).toBe(hintOf(code, 'openai'))
    expect(JSON.stringify({ ...finding, fault: undefined })).not.toContain('sk-find')
  })

  test('ends when nobody waits for it any more', async () => {
    upstream.script(() => new Promise(() => {}))
    const abort = new AbortController()
    const asked = testAccount({ ...asking, signal: abort.signal }, await stored())
    setTimeout(() => abort.abort(), 50)
    expect(await asked).toMatchObject({ ok: false })
    expect(await testAccount({ ...asking, signal: abort.signal }, await stored())).toMatchObject({
      ok: false,
    })
  })

  test('is that its secret cannot be opened', async () => {
    const account = await stored()
    const broken = { ...account, secret: () => createVault('another secret').open('v1.AAAA') }
    expect(await testAccount(asking, broken)).toMatchObject({ ok: false, code: 'unreadable' })
  })

  test('says what to do wherever something can be done', () => {
    const good: readonly FindingCode[] = ['models', 'quotas', 'failed']
    for (const code of FINDING_CODES)
      expect([code, hintOf(code, 'xai') !== '']).toEqual([code, !good.includes(code)])
    expect(hintOf('refused', 'web')).toContain('sso')
    expect(codeOf(new UpstreamFault('timeout', 'slow'))).toBe('silent')
    expect(codeOf(new UpstreamFault('unable', 'no'))).toBe('failed')
    expect(codeOf(new Error('what'))).toBe('failed')
  })
})

describe('a refresh', () => {
  test('keeps the models that were listed', async () => {
    const account = await stored()
    await refreshModels({ stores, now: Date.now }, asking, account)
    const lists = await stores.modelLists.since(0)
    expect(lists.find(({ accountId }) => accountId === account.id)?.models).toMatchObject([
      { id: 'grok-4' },
      { id: 'grok-4-mini' },
    ])
  })

  test('keeps quotas and the tier that shows in them, and asks for those that come with it', async () => {
    const account = await stored({ kind: 'web', secret: JWT, tier: 'basic' })
    const asked: string[][] = []
    const web = {
      ...asking.upstreams.web,
      quotas: async (_: Account, buckets: readonly string[]) => {
        asked.push([...buckets])
        return {
          tier: 'super' as const,
          reports: buckets.map((bucket) => ({ bucket, limit: 80, remaining: 7, resetAt: 9 })),
        }
      },
    }
    const upstreams = { ...asking.upstreams, web }
    await refreshQuotas({ stores, now: () => 5 }, { ...asking, upstreams }, account)
    expect((await stores.accounts.find(account.id))?.tier).toBe('super')
    const quotas = await stores.accountQuotas.all()
    expect(quotas.map(({ bucket }) => bucket).toSorted()).toEqual(asked.flat().toSorted())
    expect(new Set(asked.flat()).size).toBe(asked.flat().length)
  })
})

describe('where calls cannot go through a proxy', () => {
  test('an account with one is not asked, so that its calls do not go out without', async () => {
    const account = await stored({ proxy: 'http://127.0.0.1:1' })
    const seen = upstream.seen.length
    const there = { ...asking, canProxy: false }
    expect(await testAccount(there, account)).toMatchObject({
      ...{ ok: false, code: 'no_proxies_here', proxy: '127.0.0.1:1' },
    })
    for (const refresh of [refreshModels, refreshQuotas])
      await expect(refresh({ stores, now: Date.now }, there, account)).rejects.toThrow(NoProxies)
    expect(upstream.seen.length).toBe(seen)
  })

  test('none is set, and the reason is said', () => {
    expect(() => wantedOf('xai', { proxy: 'http://p.example:1' }, false)).toThrow(/Workers/)
    expect(wantedOf('xai', { proxy: null }, false).changes.proxy).toBeNull()
    expect(wantedOf('xai', { proxy: 'p.example:1' }, true).changes.proxy).toBe('http://p.example:1')
  })

  test('accounts that need one are not taken in', async () => {
    const accounts = [
      { kind: 'openai', name: 'p', token: 'sk-proxied-0000', proxy: 'http://p.example:1' },
      { kind: 'openai', name: 'q', token: 'sk-direct-0000' },
    ]
    const { places } = readPasted(JSON.stringify({ accounts }))
    const { accountImport } = stores
    expect(await takeIn({ accountImport, config, canProxy: false }, places)).toMatchObject({
      ...{ added: 1, unusable: 1 },
      problems: [{ line: 'accounts[0]', reason: expect.stringContaining('proxy') }],
    })
  })
})
