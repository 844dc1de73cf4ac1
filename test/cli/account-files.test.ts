import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { type AccountsCli, accountsCli } from '../support/accounts-cli'

let it: AccountsCli
beforeAll(async () => {
  it = await accountsCli()
})
beforeEach(async () => {
  await it.client.execute('DELETE FROM accounts')
})
afterAll(() => it?.[Symbol.asyncDispose]())

/** Import what a file holds. */
async function imported(content: string | Uint8Array<ArrayBuffer>, ...options: string[]) {
  const path = it.file('import.txt')
  await Bun.write(path, content)
  return it.tried(['import', path, ...options])
}

/** All accounts with their secrets, without what is another in each database. */
async function contents() {
  const accounts = await it.accounts.list()
  const opened = async ({
    id: _,
    createdAt: __,
    version: ___,
    ...account
  }: (typeof accounts)[number]) => ({
    ...account,
    secret: await it.vault.open(account.secret),
    extras: account.extras && JSON.parse(await it.vault.open(account.extras)),
    proxy: account.proxy && (await it.vault.open(account.proxy)),
  })
  return Promise.all(accounts.map(opened))
}

describe('groxy accounts import', () => {
  test('tells of each line, takes in what it can, and says by its exit code that it was not all', async () => {
    await it.run('accounts', 'add', 'web', 't-known', '--name', 'known', '--note', 'keep')
    const text = [
      '# mine',
      't-one,super,a,"a note",first',
      'sso=t-two; cf_clearance=c; prefs="a, b"',
      'not usable',
      't-known,basic,b,other,renamed,disabled',
      't-one',
    ]
    const { code, stdout } = await imported(text.join('\r\n'))
    const report = stdout.replace(/web-[0-9a-f]{8}/, 'web-HASH')
    expect([code, report]).toEqual([
      1,
      `line 2: added as web "first"
line 3: added as web "web-HASH", without prefs
line 4: not usable. There is a space in it.
line 5: already there as web "known"
line 6: given twice, first in line 2
Added 2 accounts (1 super, 1 of unknown tier); 1 already there, left as it is; 1 given twice; 1 not usable.
`,
    ])
    expect(await contents()).toMatchObject([
      { name: 'first', secret: 't-one', tier: 'super', tags: ['a'], note: 'a note' },
      { name: 'known', secret: 't-known', tier: null, tags: null, note: 'keep', enabled: true },
      { secret: 't-two', extras: { headers: {}, cookies: 'cf_clearance=c' } },
    ])
  })

  test('reads the JSON of other systems, from standard input too, with the options for all', async () => {
    const text = JSON.stringify({
      ssoBasic: ['t1', { token: 't2', status: 'disabled', tags: ['own'], note: 'own' }],
      ssoSuper: ['t3'],
    })
    const options = ['--tier', 'heavy', '--tags', 'new,own', '--note', 'batch 7']
    const dry = await it.tried(['import', '-', '--dry-run', ...options], text)
    expect([dry.code, dry.stdout]).toEqual([
      0,
      expect.stringContaining('Would add 3 accounts (3 heavy). Nothing was written.'),
    ])
    expect(dry.stdout).toMatch(/ssoBasic\[0\]: would be added as web "web-[0-9a-f]{8}"/)
    expect(await it.accountSearch.count({})).toBe(0)

    const { code, stdout } = await it.tried(['import', '-', ...options], text)
    expect([code, stdout]).toEqual([0, expect.stringContaining('Added 3 accounts (3 heavy).')])
    const all = (await contents()).toSorted((a, b) => (a.secret < b.secret ? -1 : 1))
    expect(all).toMatchObject([
      { secret: 't1', tier: 'heavy', tags: ['new', 'own'], note: 'batch 7', enabled: true },
      { secret: 't2', tier: 'heavy', tags: ['own', 'new'], note: 'batch 7', enabled: false },
      { secret: 't3', tier: 'heavy', baseUrl: 'https://grok.com' },
    ])
    const again = await it.tried(['import', '-', ...options], text)
    expect([again.code, again.stdout]).toEqual([
      0,
      expect.stringContaining('Added 0 accounts; 3 already there, left as they are.'),
    ])
  })

  test('shows of a long file only what needs a look, unless everything is asked for', async () => {
    const tokens = Array.from({ length: 100 }, (_, index) => `t-${index}`)
    const long = await imported([...tokens, 'bad one', 't-0'].join('\n'))
    expect([long.code, long.stdout]).toEqual([
      1,
      `line 101: not usable. There is a space in it.
Added 100 accounts (100 of unknown tier); 1 given twice; 1 not usable.
`,
    ])
    const whole = await imported([...tokens, 'bad one'].join('\n'), '--verbose')
    expect(whole.stdout.split('\n')).toHaveLength(103)
    expect(whole.stdout).toMatch(/line 100: already there as web "web-[0-9a-f]{8}"\n/)
    const bad = await imported(tokens.map((token) => `${token} bad`).join('\n'))
    expect(bad.stdout.split('\n')).toHaveLength(53)
    expect(bad.stdout).toContain('… and 50 more: --verbose shows all.\nAdded 0 accounts; 100 not')
  })

  test('takes what Excel calls Unicode text', async () => {
    const text = '\ufeffToken\tTier\r\nt1\tsuper\r\n'
    const { code } = await imported(
      new Uint8Array(new Uint16Array([...text].map((s) => s.charCodeAt(0))).buffer),
    )
    expect(code).toBe(0)
    expect(await contents()).toMatchObject([{ secret: 't1', tier: 'super' }])
  })

  test.each([
    [['import'], 2, 'say which file'],
    [['import', 'a', 'b'], 2, 'say which file'],
    [['import', '/nowhere/at/all'], 1, 'cannot be read'],
    [['import', '-', '--tier', 'gold'], 2, '"gold" is no tier'],
  ])('refuses %j', async (args, expected, problem) => {
    const { code, stderr } = await it.tried(args, '')
    expect([code, stderr]).toEqual([expected, expect.stringContaining(problem)])
  })

  test('refuses JSON that is none without quoting it, and says of an empty file that nothing is in it', async () => {
    const { code, stdout, stderr } = await imported('{"sso":{"s3cret":{}')
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining('is none')])
    expect(stderr).not.toContain('s3cret')
    for (const nothing of ['\n', '{}', '{"version":1}']) {
      const empty = await imported(nothing)
      expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining('no account in it')])
    }
  })
})

describe('groxy accounts export', () => {
  async function furnished() {
    await it.run(
      ...['accounts', 'add', 'web', 'sso=t1; cf_clearance=c', '--name', 'mine', '--tier', 'super'],
      ...['--tags', 'a,b', '--note', 'says "hi", twice', '--user-agent', 'U', '--max', '3'],
    )
    await it.run('accounts', 'add', 'web', 't2', '--tags', 'b', '--base-url', 'http://other')
    await it.run('accounts', 'disable', '--tag', 'b', '--yes')
    await it.run(
      ...['accounts', 'add', 'openai', 'sk-1', '--base-url', 'http://o/v1', '--api', 'both'],
      ...['--models', 'm,n', '--weight', '4', '--rpm', '9', '--proxy', 'http://me:pw@p.example:1'],
    )
    await it.run('accounts', 'add', 'xai', 'xai-1')
    return contents()
  }

  test('writes JSON that gives the same accounts again', async () => {
    const before = await furnished()
    expect(before).toHaveLength(4)
    const path = it.file('out.json')
    const { code, stdout, stderr } = await it.tried(['export', path])
    expect([code, stdout, stderr]).toEqual([0, '', expect.stringContaining('Exported 4 accounts')])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await it.client.execute('DELETE FROM accounts')
    const back = await it.tried(['import', path])
    expect([back.code, back.stdout]).toEqual([
      0,
      expect.stringContaining('Added 4 accounts (1 openai, 1 super, 1 of unknown tier, 1 xai).'),
    ])
    expect(await contents()).toEqual(before)
  })

  test('writes text and tables of sessions, picked by what they have in common', async () => {
    await furnished()
    const text = await it.tried(['export', '-', '--format', 'text'])
    expect(text.stdout.trim().split('\n').toSorted()).toEqual(['t1', 't2'])
    expect(text.stderr).toContain('2 of other kinds are only in JSON')
    const csv = await it.tried(['export', '-', '--format', 'csv', '--kind', 'web', '--tag', 'a'])
    expect(csv.stdout).toBe(
      'token,tier,tags,note,name,status\nt1,super,"a,b","says ""hi"", twice",mine,disabled\n',
    )
    const some = await it.tried(['export', '-', '--state', 'on', '--kind', 'xai'])
    expect(JSON.parse(some.stdout)).toEqual({
      accounts: [{ kind: 'xai', name: 'xai', token: 'xai-1' }],
    })
  })

  test('never replaces a file unless it is told to, and then with one for this user only', async () => {
    await furnished()
    const path = it.file('kept.json')
    await Bun.write(path, 'mine')
    const refused = await it.tried(['export', path])
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('exists')])
    expect(await Bun.file(path).text()).toBe('mine')
    expect(statSync(path).mode & 0o077).not.toBe(0)
    expect((await it.tried(['export', path, '--force'])).code).toBe(0)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await Bun.file(path).json()).toHaveProperty('accounts')
    const nowhere = await it.tried(['export', it.file('none/out.json')])
    expect([nowhere.code, nowhere.stderr]).toEqual([
      1,
      expect.stringContaining('cannot be written'),
    ])
  })

  test.each([
    [['export'], 'say into which file'],
    [['export', 'a', 'b'], 'say into which file'],
    [['export', '-', '--format', 'xml'], '"xml" is no format'],
    [['export', '-', '--state', 'tired'], '"tired" is no state'],
  ])('refuses %j', async (args, problem) => {
    const { code, stdout, stderr } = await it.tried(args)
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(problem)])
  })
})
