import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Client } from '@libsql/client/web'
import { createVault } from '#src/crypto'
import type { ImportedAccount } from '#src/store/account-import'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { openRemote } from '#src/store/remote'
import { createStores, type Stores } from '#src/store/stores'
import { isWithoutSqld, sqld } from '../support/sqld'

const vault = createVault('a secret')
const storesOver = (client: Client) => createStores({ client, vault, now: () => 1_000 })

const session = (secret: string, more: Partial<ImportedAccount> = {}): ImportedAccount => ({
  kind: 'web',
  secret,
  baseUrl: 'https://grok.example',
  ...more,
})
const many = (count: number, more: Partial<ImportedAccount> = {}) =>
  Array.from({ length: count }, (_, index) => session(`token-${index}`, more))

describe.each([
  ['a file', async () => ({ url: undefined, [Symbol.asyncDispose]: async () => {} })],
  ...(isWithoutSqld ? [] : ([['a libSQL server', sqld]] as const)),
] as const)('many accounts in %s', (_, start) => {
  let client: Client
  let stores: Stores
  const stack = new AsyncDisposableStack()
  beforeAll(async () => {
    const { url } = stack.use(await start())
    client = url ? openRemote(url) : openFile(':memory:')
    stack.defer(() => client.close())
    await migrate(client)
    stores = storesOver(client)
  }, 60_000)
  beforeEach(async () => {
    await client.execute('DELETE FROM accounts')
  })
  afterAll(() => stack.disposeAsync())

  test('are taken in once, each under a name of its own, with all that is said of them', async () => {
    const full = session('token-full', {
      name: 'mine',
      tier: 'super',
      tags: ['a', 'b'],
      note: 'n',
      enabled: false,
      extras: { headers: { 'user-agent': 'U' }, cookies: 'cf_clearance=c' },
      baseUrl: 'https://grok.example/',
    })
    const [one, two] = await stores.accountImport.add([full, session('token-bare')])
    expect(one).toEqual({ outcome: 'added', name: 'mine', id: expect.any(String) })
    expect(two).toEqual({
      ...{ outcome: 'added', name: expect.stringMatching(/^web-[0-9a-f]{8}$/) },
      id: expect.any(String),
    })
    const [mine, bare] = await stores.accounts.list()
    expect(mine).toMatchObject({
      ...{ kind: 'web', name: 'mine', tier: 'super', tags: ['a', 'b'], note: 'n', enabled: false },
      ...{ baseUrl: 'https://grok.example', hint: 'full', weight: 1, models: null },
    })
    expect(await vault.open(mine?.secret ?? '')).toBe('token-full')
    expect(JSON.parse(await vault.open(mine?.extras ?? ''))).toEqual(full.extras)
    expect(bare).toMatchObject({ enabled: true, tier: null, tags: null, note: null, extras: null })
    const { rows } = await client.execute('SELECT * FROM accounts')
    expect(JSON.stringify(rows)).not.toMatch(/token-|cf_clearance/)
  })

  test('leave those that are there as they are', async () => {
    const kept = await stores.accounts.add({
      ...{ kind: 'web', name: 'kept', baseUrl: 'https://other.example', secret: 'token-1' },
      ...{ tier: 'heavy', tags: ['mine'], note: 'keep' },
    })
    const given = many(3, { tier: 'basic', tags: ['theirs'], note: 'other', enabled: false })
    const outcomes = await stores.accountImport.add(given)
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['added', 'known', 'added'])
    expect(outcomes[1]?.name).toBe('kept')
    expect((await stores.accounts.list()).find(({ name }) => name === 'kept')).toEqual(kept)
    const before = await stores.revision()
    const again = await stores.accountImport.add(given)
    expect(again.map(({ outcome }) => outcome)).toEqual(['known', 'known', 'known'])
    // Nothing has changed, so nobody has to load anything.
    expect(await stores.revision()).toBe(before)
  })

  test('are one where a secret is given twice, but keys of other kinds are per server', async () => {
    const key = { kind: 'openai', secret: 'sk-1' } as const
    const outcomes = await stores.accountImport.add([
      session('token-1', { name: 'a' }),
      session('token-1', { name: 'b', baseUrl: 'https://elsewhere.example' }),
      { ...key, baseUrl: 'http://a/v1' },
      { ...key, baseUrl: 'http://a/v1/' },
      { ...key, baseUrl: 'http://b/v1' },
    ])
    const became = outcomes.map(({ outcome }) => outcome)
    expect(became).toEqual(['added', 'known', 'added', 'known', 'added'])
    expect(await stores.accountSearch.count({})).toBe(3)
  })

  test('are known again where they were added before accounts had fingerprints', async () => {
    const old = { kind: 'xai', baseUrl: 'https://x.example', secret: 'xai-old' } as const
    const unmark = () => client.execute('UPDATE accounts SET fingerprint = NULL')
    await stores.accounts.add({ ...old, name: 'old' })
    await client.execute(
      `INSERT INTO accounts (id, kind, name, base_url, secret, hint, created_at)
        VALUES ('lost', 'xai', 'lost', '', 'of another GROXY_SECRET', '', 0)`,
    )
    await unmark()
    expect(await stores.accountImport.add([old])).toEqual([{ outcome: 'known', name: 'old' }])
    await unmark()
    await expect(stores.accounts.add({ ...old, name: 'new' })).rejects.toThrow(
      'as the xai account "old"',
    )
  })

  test('whose name is taken get another', async () => {
    await stores.accounts.add({ kind: 'web', name: 'twin', baseUrl: 'https://x', secret: 'other' })
    const outcomes = await stores.accountImport.add([
      session('token-1', { name: 'twin' }),
      session('token-2', { name: 'twin' }),
      session('token-3', { kind: 'xai', name: 'twin' }),
    ])
    expect(outcomes.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^twin-[0-9a-f]{8}$/),
      expect.stringMatching(/^twin-[0-9a-f]{8}$/),
      'twin',
    ])
    expect(new Set(outcomes.map(({ name }) => name)).size).toBe(3)
  })

  test('come in batches that tell every instance once, and can be ended between two', async () => {
    const before = await stores.revision()
    const seen: number[] = []
    const outcomes = await stores.accountImport.add(many(1_200), {
      onProgress: (done) => seen.push(done),
    })
    expect([outcomes.length, seen]).toEqual([1_200, [500, 1_000, 1_200]])
    expect(await stores.revision()).toBe(before + 3)
    expect(await stores.accountSearch.count({ kind: 'web' })).toBe(1_200)

    await client.execute('DELETE FROM accounts')
    const abort = new AbortController()
    const ended = await stores.accountImport.add(many(1_200), {
      onProgress: () => abort.abort(),
      signal: abort.signal,
    })
    expect(ended).toHaveLength(500)
    expect(await stores.accountSearch.count({})).toBe(500)
  })

  test('are only looked at in a dry run', async () => {
    await stores.accountImport.add([session('token-1', { name: 'a' })])
    const before = await stores.revision()
    const given = [session('token-1'), session('token-2', { name: 'a' }), session('token-3')]
    const outcomes = await stores.accountImport.add(given, { dryRun: true })
    expect(outcomes).toEqual([
      { outcome: 'known', name: 'a' },
      { outcome: 'added', name: expect.stringMatching(/^a-[0-9a-f]{8}$/) },
      { outcome: 'added', name: expect.stringMatching(/^web-/) },
    ])
    expect([await stores.accountSearch.count({}), await stores.revision()]).toEqual([1, before])
  })

  test('that several take in at the same time are there once', async () => {
    const given = many(300)
    const [one = [], other = []] = await Promise.all([
      stores.accountImport.add(given),
      storesOver(client).accountImport.add(given),
    ])
    expect(await stores.accountSearch.count({})).toBe(300)
    for (const [at, { outcome, name }] of one.entries()) {
      expect([outcome, other[at]?.outcome].toSorted()).toEqual(['added', 'known'])
      expect(other[at]?.name).toBe(name)
    }
  })

  test.each([1, 2, 3])('that another takes in after %i looks are there once', async (at) => {
    const given = many(3)
    let looks = 0
    const execute = async (...asked: Parameters<Client['execute']>) => {
      const found = await client.execute(...asked)
      if (++looks === at) await stores.accountImport.add(given)
      return found
    }
    const batch: Client['batch'] = (...asked) => client.batch(...asked)
    const outcomes = await storesOver({ ...client, execute, batch }).accountImport.add(given)
    expect(await stores.accountSearch.count({})).toBe(3)
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['known', 'known', 'known'])
  })

  test('with very long lines of cookies fit into what a database takes and gives at once', async () => {
    const extras = { headers: {}, cookies: `long=${'x'.repeat(15_000)}` }
    const given = many(700, { extras })
    const outcomes = await stores.accountImport.add(given)
    expect(outcomes.every(({ outcome }) => outcome === 'added')).toBe(true)
    // 14 MB, more than a libSQL server gives at once.
    const listed = await stores.accounts.list()
    const names = outcomes.map(({ name }) => name).toSorted()
    expect(listed.map(({ name }) => name)).toEqual(names)
    const { secret = '', extras: sealed } = listed[699] ?? {}
    expect(await vault.open(secret)).toStartWith('token-')
    expect(JSON.parse(await vault.open(sealed ?? ''))).toEqual(extras)
    expect(await stores.accountSearch.find({ kind: 'web' }, 650)).toEqual(listed.slice(0, 650))
  })

  test('are found by kind, tag, name and state, and changed together', async () => {
    await stores.accountImport.add([
      session('t-1', { name: 'a', tags: ['x', 'both'] }),
      session('t-2', { name: 'b', tags: ['both'], enabled: false }),
      session('t-3', { name: 'c', tags: ['x%', "it's"] }),
      session('sk-4', { kind: 'openai', name: 'a' }),
    ])
    const { accountSearch, accountStates, accounts } = stores
    const names = async (filter: Parameters<typeof accountSearch.find>[0]) => {
      const found = await accountSearch.find(filter)
      expect(await accountSearch.count(filter)).toBe(found.length)
      return found.map(({ kind, name }) => `${kind}/${name}`)
    }
    const all = await accountSearch.find({})
    const idOf = (name: string) => all.find((one) => `${one.kind}/${one.name}` === name)?.id ?? ''
    const held = { state: 'expired', reason: '401', faults: 1, updatedAt: 1, scope: '' } as const
    await accountStates.save([
      { ...held, accountId: idOf('web/a'), until: null },
      { ...held, accountId: idOf('web/c'), until: 999 },
      { ...held, accountId: idOf('openai/a'), until: 5_000, scope: 'grok-4', state: 'cooling' },
    ])
    expect(await names({})).toEqual(['openai/a', 'web/a', 'web/b', 'web/c'])
    expect(await names({ kind: 'web' })).toEqual(['web/a', 'web/b', 'web/c'])
    expect(await names({ tag: 'both' })).toEqual(['web/a', 'web/b'])
    expect(await names({ tag: 'x' })).toEqual(['web/a'])
    expect(await names({ tag: "it's" })).toEqual(['web/c'])
    expect(await names({ tag: '%' })).toEqual([])
    expect(await names({ name: 'a' })).toEqual(['openai/a', 'web/a'])
    expect(await names({ name: 'web/a' })).toEqual(['web/a'])
    expect(await names({ state: 'off' })).toEqual(['web/b'])
    expect(await names({ state: 'on', kind: 'web' })).toEqual(['web/a', 'web/c'])
    expect(await names({ state: 'expired' })).toEqual(['web/a'])
    expect(await names({ state: 'cooling' })).toEqual(['openai/a'])
    // What rests for one model only takes turns; what is over holds no more.
    expect(await names({ state: 'ready' })).toEqual(['openai/a', 'web/c'])
    expect((await accountSearch.find({}, 2)).map(({ name }) => name)).toEqual(['a', 'a'])
    expect(await accountSearch.tags()).toEqual([
      { tag: 'both', accounts: 2 },
      { tag: "it's", accounts: 1 },
      { tag: 'x', accounts: 1 },
      { tag: 'x%', accounts: 1 },
    ])

    const before = await stores.revision()
    const ids = [idOf('web/a'), idOf('web/b')]
    await accounts.setEnabled(ids, true)
    await accounts.updateAll(
      (await accountSearch.find({ kind: 'web' })).map((account) => ({
        account,
        changes: { note: `of ${account.name}`, weight: 2 },
      })),
    )
    await accountStates.clear(ids)
    expect(await stores.revision()).toBe(before + 3)
    expect(await names({ state: 'expired' })).toEqual([])
    expect(await accounts.list()).toMatchObject([
      { kind: 'openai', weight: 1, note: null },
      { name: 'a', enabled: true, note: 'of a', weight: 2, tags: ['x', 'both'] },
      { name: 'b', enabled: true, note: 'of b', weight: 2 },
      { name: 'c', enabled: true, note: 'of c', weight: 2 },
    ])
    await accounts.remove(ids)
    expect(await names({})).toEqual(['openai/a', 'web/c'])
  })
})

test('a batch that fails leaves nothing of itself, and those before it', async () => {
  const client = openFile(':memory:')
  await migrate(client)
  const stores = storesOver(client)
  await client.execute(`CREATE TRIGGER refuse BEFORE INSERT ON accounts WHEN NEW.hint = '-777'
    BEGIN SELECT RAISE(ABORT, 'no more'); END`)
  const before = await stores.revision()
  await expect(stores.accountImport.add(many(1_200))).rejects.toThrow('no more')
  expect(await stores.accountSearch.count({})).toBe(500)
  expect(await stores.revision()).toBe(before + 1)
  await client.execute('DROP TRIGGER refuse')
  const outcomes = await stores.accountImport.add(many(1_200))
  expect(outcomes.filter(({ outcome }) => outcome === 'known')).toHaveLength(500)
  expect(await stores.accountSearch.count({})).toBe(1_200)
})
