import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type AccountsCli, accountsCli } from '../support/accounts-cli'

const JWT = 'eyJ0eXAiOiJKV1QifQ.eyJzZXNzaW9uX2lkIjoiMSJ9.'

let it: AccountsCli
beforeAll(async () => {
  it = await accountsCli()
})
afterAll(() => it?.[Symbol.asyncDispose]())

/** An account as it is stored, opened. */
async function opened(name: string) {
  const account = await it.account(name)
  const extras = account.extras ? JSON.parse(await it.vault.open(account.extras)) : null
  return { ...account, secret: await it.vault.open(account.secret), extras }
}

describe('groxy accounts add web', () => {
  test('takes a whole line of cookies, and everything that its owner supplies besides', async () => {
    const line = `i18n=en; sso=${JWT}full; sso-rw=${JWT}full; cf_clearance=old; prefs="a, b"`
    const said = await it.run(
      ...['accounts', 'add', 'web', line, '--name', 'full', '--tier', 'super'],
      ...['--user-agent', 'Mozilla/5.0 (X11)', '--cf-clearance', 'cf_clearance=new'],
      ...['--statsig-id', 'st4tsig', '--header', 'X-One: 1', '--header', 'x-two:  2'],
      ...['--cookies', 'a=b; c=d', '--tags', 'mine, team ,mine', '--note', ' of\tAnna '],
    )
    expect(said).toContain('Added the web account "full" (…full) at https://grok.com.')
    expect(said).toContain('Left out what no program could send: prefs.')
    expect(await opened('full')).toMatchObject({
      secret: `${JWT}full`,
      tier: 'super',
      tags: ['mine', 'team'],
      note: 'of Anna',
      extras: {
        headers: {
          'user-agent': 'Mozilla/5.0 (X11)',
          'x-statsig-id': 'st4tsig',
          'x-one': '1',
          'x-two': '2',
        },
        cookies: 'i18n=en; cf_clearance=new; a=b; c=d',
      },
    })
    const list = await it.run('accounts', 'list')
    expect(list).toMatch(/web +full +…full +super +https:\/\/grok\.com +on +mine,team +of Anna/)
    const { rows } = await it.client.execute('SELECT * FROM accounts')
    expect(said + list + JSON.stringify(rows)).not.toMatch(/eyJ0|st4tsig|cf_clearance|new/)
  })

  test('reads it from standard input, and names it after itself', async () => {
    const { code, stdout } = await it.tried(['add', 'web', '-'], `sso=${JWT}stdin\n`)
    expect(code).toBe(0)
    const [, name = ''] = stdout.match(/"(web-[0-9a-f]{8})"/) ?? []
    expect(await opened(name)).toMatchObject({ secret: `${JWT}stdin`, tier: null, extras: null })
    expect(stdout).toContain(`groxy accounts test web/${name}`)
  })

  test('refuses a session that is there already, saying where', async () => {
    await it.run('accounts', 'add', 'web', `${JWT}once`, '--name', 'once')
    const again = await it.tried(['add', 'web', `sso=${JWT}once`, '--base-url', 'http://x'])
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('web account "once"')])
    await it.run('accounts', 'add', 'web', `${JWT}other`, '--name', 'other')
    const set = await it.tried(['set', 'other', '--secret', `${JWT}once`])
    expect([set.code, set.stderr]).toEqual([1, expect.stringContaining('web account "once"')])
    expect(await opened('other')).toMatchObject({ secret: `${JWT}other` })
    const named = await it.tried(['add', 'web', `${JWT}third`, '--name', 'once'])
    expect(named.stderr).toContain('already a web account named "once"')
  })

  test('lives where WEB_BASE_URL says', async () => {
    const env = { WEB_BASE_URL: 'http://127.0.0.1:9/' }
    await it.runWith(env, 'accounts', 'add', 'web', `${JWT}away`, '--name', 'away')
    expect((await it.account('away')).baseUrl).toBe('http://127.0.0.1:9')
  })

  test.each([
    [['add', 'web', 'two s3crets'], 'a space in it', 'copy the value of the cookie "sso"'],
    [['add', 'web', `s3cret${'x'.repeat(5000)}`], 'too long', 'copy the value'],
    [['add', 'web', 's3cret\u0007'], 'no session has', 'copy the value'],
    [['add', 'web', 'sso=s3cret; sso-rw=other'], 'not the same', 'copy the value'],
    [['add', 'web', 'cf_clearance=s3cret; a=b'], 'no cookie "sso"', 'copy the value'],
    [['add', 'web', 's3cret\ntwo'], 'more than one line', 'groxy accounts import FILE'],
    [['add', 'web', 'a', '--tier', 'gold'], '"gold" is no tier', 'basic, super, heavy'],
    [['add', 'web', 'a', '--header', 's3cret'], 'no header', 'NAME: VALUE'],
    [['add', 'web', 'a', '--header', 'Cookie: s3cret'], 'sets the header "Cookie"', 'Leave it out'],
    [['add', 'web', 'a', '--cookies', 's3cret'], 'no cookies', 'NAME=VALUE'],
    [['add', 'web', 'a', '--api', 'chat'], '--api is not for', 'its own protocol'],
    [['add', 'web', 'a', '--note', 'x'.repeat(1001)], 'note is too long', '1000'],
    [['add', 'web', 'a', '--name', 'x'.repeat(81)], 'no name of an account', '1 to 80'],
    [['add', 'web', 'a', '--name', 'a\u001b[2J'], 'no name of an account', 'can be seen'],
    [['add', 'xai', 'a', '--tier', 'super'], '--tier is not for', 'grok.com sessions'],
    [['set', 'xai/key', '--user-agent', 'x'], '--user-agent is not for', 'grok.com sessions'],
    [['add', 'web', 'a', '--force'], 'takes no --force', '--help'],
    [['list', '--weight', '3'], 'takes no --weight', '--help'],
  ])('refuses %j', async (args, problem, remedy) => {
    if (args.includes('xai/key')) await it.run('accounts', 'add', 'xai', 'xai-1', '--name', 'key')
    const before = await it.accountSearch.count({})
    const { code, stderr } = await it.tried(args)
    expect(code).toBeGreaterThan(0)
    expect(stderr).toContain(problem)
    expect(stderr).toContain(remedy)
    expect(stderr).not.toContain('s3cret')
    expect(await it.accountSearch.count({})).toBe(before)
  })

  test('an empty secret from standard input is none', async () => {
    const { code, stderr } = await it.tried(['add', 'web', '-'], ' \n')
    expect([code, stderr]).toEqual([2, expect.stringContaining('The secret is empty.')])
  })
})

describe('groxy accounts set', () => {
  const set = (...args: string[]) => it.run('accounts', 'set', 'web/changing', ...args)
  const extras = async () => (await opened('changing')).extras

  test('changes what is named of a session and takes away what is none', async () => {
    const line = `sso=${JWT}changing; cf_clearance=c; a=1`
    await it.run('accounts', 'add', 'web', line, '--name', 'changing', '--user-agent', 'U')
    await set('--cf-clearance', 'd', '--header', 'X-One: 1', '--cookies', 'a=2; b=3')
    expect(await extras()).toEqual({
      headers: { 'user-agent': 'U', 'x-one': '1' },
      cookies: 'cf_clearance=d; a=2; b=3',
    })
    await set('--user-agent', 'none', '--statsig-id', 's', '--cf-clearance', 'none')
    expect(await extras()).toEqual({
      headers: { 'x-one': '1', 'x-statsig-id': 's' },
      cookies: 'a=2; b=3',
    })
    await set('--header', 'none', '--header', 'X-Two: 2', '--cookies', 'none')
    expect(await extras()).toEqual({ headers: { 'x-two': '2' }, cookies: '' })
    await set('--header', 'none')
    expect(await extras()).toBeNull()

    await set('--tags', 'a,b', '--note', 'n', '--tier', 'heavy')
    expect(await opened('changing')).toMatchObject({ tags: ['a', 'b'], note: 'n', tier: 'heavy' })
    await set('--tags', 'none', '--note', 'none', '--tier', 'unknown')
    expect(await opened('changing')).toMatchObject({ tags: null, note: null, tier: null })
  })

  test('another line of cookies brings its own, and keeps the others', async () => {
    await set('--cookies', 'a=1; b=2', '--user-agent', 'U')
    await it.accountStates.save([
      {
        ...{ accountId: (await it.account('changing')).id, scope: '', state: 'expired' },
        ...{ reason: '401', until: null, faults: 1, updatedAt: 1 },
      },
    ])
    await set('--secret', `b=3; sso=${JWT}changed`, '--cf-clearance', 'x')
    expect(await opened('changing')).toMatchObject({
      secret: `${JWT}changed`,
      hint: 'nged',
      extras: { headers: { 'user-agent': 'U' }, cookies: 'a=1; b=3; cf_clearance=x' },
    })
    expect(await it.run('accounts', 'list', '--state', 'expired')).toContain('No account fits')
  })

  test('tags and notes are for accounts of every kind', async () => {
    const { baseUrl } = await it.account('key')
    await it.run('accounts', 'set', 'xai/key', '--tags', 'x', '--note', 'y')
    expect(await it.account('key')).toMatchObject({ tags: ['x'], note: 'y', baseUrl, tier: null })
  })
})
