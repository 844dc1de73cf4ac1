import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readConfig } from '#src/config'
import { environmentAccounts } from '#src/pool/roster'
import { fakeProxy } from '../fakes/proxy'
import { fakeUpstream, MODELS } from '../fakes/upstream'
import { type AccountsCli, accountsCli } from '../support/accounts-cli'

let it: AccountsCli
beforeAll(async () => {
  it = await accountsCli()
})
afterAll(() => it?.[Symbol.asyncDispose]())

describe('groxy accounts', () => {
  test('adds an account with all that may be said of it, and shows it without its secrets', async () => {
    const said = await it.run(
      ...[
        'accounts',
        'add',
        'xai',
        'xai-secret-abcd',
        '--name',
        'full',
        '--weight',
        '3',
        '--max',
        '5',
      ],
      ...['--rpm', '60', '--models', 'a,b', '--proxy', 'me:s3cret@proxy.example:3128'],
    )
    expect(said).toContain('Its calls go through proxy.example:3128.')
    expect(said).not.toContain('Workers')
    const account = await it.account('full')
    expect(account).toMatchObject({
      weight: 3,
      maxInFlight: 5,
      requestsPerMinute: 60,
      models: ['a', 'b'],
    })
    expect(await it.vault.open(account.proxy ?? '')).toBe('http://me:s3cret@proxy.example:3128')
    const { rows } = await it.client.execute('SELECT * FROM accounts')
    const list = await it.run('accounts', 'list')
    expect(said + list + JSON.stringify(rows)).not.toMatch(/s3cret|xai-secret/)
    expect(list).toMatch(
      /xai +full +…abcd +https:\/\/api\.x\.ai\/v1 via proxy\.example:3128 +weight 3, 5 at once, 60\/min, models a,b +on/,
    )
  })

  test('changes what is named and nothing else', async () => {
    await it.run(
      'accounts',
      'add',
      'openai',
      'sk-one',
      '--name',
      'changing',
      '--max',
      '5',
      '--base-url',
      'http://one.example/v1',
    )
    await it.run(
      'accounts',
      'set',
      'changing',
      '--weight',
      '2',
      '--rpm',
      '9',
      '--proxy',
      'http://p.example:1',
    )
    const before = await it.account('changing')
    expect(before).toMatchObject({ weight: 2, requestsPerMinute: 9, maxInFlight: 5, models: null })
    await it.run(
      ...[
        'accounts',
        'set',
        'changing',
        '--rename',
        'changed',
        '--base-url',
        'http://two.example/v1/',
      ],
      ...['--max', 'none', '--rpm', 'none', '--models', 'm', '--proxy', 'none'],
    )
    expect(await it.account('changed')).toEqual({
      ...before,
      version: (before?.version ?? 0) + 1,
      name: 'changed',
      baseUrl: 'http://two.example/v1',
      maxInFlight: null,
      requestsPerMinute: null,
      models: ['m'],
      proxy: null,
    })
    await it.run('accounts', 'set', 'changed', '--models', 'none')
    expect((await it.account('changed')).models).toBeNull()
  })

  test('another secret forgets what was held against the old one', async () => {
    await it.run('accounts', 'add', 'openai', 'sk-refused', '--name', 'refused')
    const { id } = await it.account('refused')
    const row = {
      accountId: id,
      state: 'expired',
      reason: '401',
      until: null,
      faults: 1,
      updatedAt: 1,
    } as const
    await it.accountStates.save([{ ...row, scope: '' }])
    expect(await it.run('accounts', 'list')).toContain('on; expired (401, until cleared)')
    await it.run('accounts', 'set', 'refused', '--secret', 'sk-two-wxyz')
    const account = await it.account('refused')
    expect([account.hint, await it.vault.open(account.secret)]).toEqual(['wxyz', 'sk-two-wxyz'])
    expect(await it.run('accounts', 'list')).not.toContain('until cleared')
  })

  test('tells what is held against an account and what is left of its quotas, and clears the first', async () => {
    await it.run('accounts', 'add', 'openai', 'sk-resting', '--name', 'resting')
    const { id: accountId } = await it.account('resting')
    const now = Date.now()
    const rest = {
      accountId,
      state: 'cooling',
      reason: 'quota',
      faults: 1,
      updatedAt: now,
    } as const
    await it.accountStates.save([
      { ...rest, scope: 'grok-4', until: now + 3_600_000 * 5 },
      { ...rest, scope: 'over', until: now - 1 },
    ])
    const quota = {
      accountId,
      limit: 100,
      resetAt: now + 60_000,
      source: 'reported',
      updatedAt: now,
    } as const
    await it.accountQuotas.save([
      { ...quota, bucket: 'requests', remaining: 7 },
      { ...quota, bucket: 'tokens', remaining: 9, resetAt: now - 1 },
    ])
    const list = await it.run('accounts', 'list')
    expect(list).toContain('on; cooling grok-4 (quota, 5 h left)')
    expect(list).toMatch(/requests 7\/100 \(reported \d+ s ago\)/)
    expect(list).not.toMatch(/over|tokens/)
    const before = await it.revision()
    await it.run('accounts', 'clear', 'resting')
    expect(await it.revision()).toBeGreaterThan(before)
    expect(await it.run('accounts', 'list')).not.toContain('cooling')
    // Running servers learn of it as of any other change.
    const learnt = await it.accountStates.changedSince(now + 1)
    expect(learnt.map(({ accountId: id, scope, faults }) => [id, scope, faults])).toEqual([
      [accountId, '', 0],
    ])
  })

  test('clears an account of the environment, which another secret replaces', async () => {
    const expire = async (key: string) => {
      const config = readConfig({ XAI_API_KEY: key })
      const [account] = await environmentAccounts(config, await it.settings.all())
      const accountId = account?.id ?? ''
      await it.accountStates.save([
        {
          ...{ accountId, scope: '', state: 'expired', reason: '401' },
          ...{ until: null, faults: 2, updatedAt: 1 },
        },
      ])
    }
    const [one, two] = [{ XAI_API_KEY: 'xai-one' }, { XAI_API_KEY: 'xai-two' }]
    await expire(one.XAI_API_KEY)
    const list = async (env: Record<string, string>) =>
      (await it.runWith(env, 'accounts', 'list')).split('\n').find((line) => /xai +env /.test(line))
    expect(await list(one)).toContain('until cleared')
    expect(await list(two)).not.toContain('until cleared')
    await it.runWith(one, 'accounts', 'clear', 'env')
    expect(await list(one)).not.toContain('until cleared')
    await expire(two.XAI_API_KEY)
    expect(await list(two)).toContain('until cleared')
    const said = await it.runWith(two, 'accounts', 'clear', 'xai/env')
    expect(said).toContain('Nothing is held against xai "env"')
    expect(await list(two)).not.toContain('until cleared')
  })

  test('switches accounts off and on, and removes them when it is meant', async () => {
    await it.run('accounts', 'add', 'openai', 'sk-going', '--name', 'going')
    const { id: accountId } = await it.account('going')
    await it.accountStates.save([
      { accountId, scope: '', state: 'cooling', reason: 'x', until: 1, faults: 1, updatedAt: 1 },
    ])
    await it.run('accounts', 'disable', 'going')
    expect((await it.account('going')).enabled).toBe(false)
    await it.run('accounts', 'enable', 'openai/going')
    expect((await it.account('going')).enabled).toBe(true)
    const unsure = await it.refused('accounts', 'remove', 'going')
    expect([unsure.code, unsure.said.includes('--yes')]).toEqual([2, true])
    await it.run('accounts', 'remove', 'going', '--yes')
    expect(await it.run('accounts', 'list')).not.toContain('going')
    expect((await it.accountStates.all()).filter((row) => row.accountId === accountId)).toEqual([])
  })

  test('asks which account is meant when a name exists once per kind', async () => {
    for (const kind of ['xai', 'openai'])
      await it.run('accounts', 'add', kind, 'sk-twin', '--name', 'twin')
    const { code, said } = await it.refused('accounts', 'disable', 'twin')
    expect(code).toBe(2)
    expect(said).toContain('openai/twin, xai/twin')
    await it.run('accounts', 'disable', 'xai/twin')
    const off = (await it.accounts.list()).filter(({ enabled }) => !enabled)
    expect(off.map(({ kind, name }) => `${kind}/${name}`)).toEqual(['xai/twin'])
  })

  test.each([
    [['set', 'full'], 'say what to change'],
    [['set', 'nobody', '--weight', '1'], 'no account named "nobody"'],
    [['set', 'xai/full', '--rename', 'twin'], 'already an xai account named "twin"'],
    [['set', 'full', '--weight', '0'], '--weight must be a whole number'],
    [['set', 'full', '--base-url', 'nonsense'], 'no web address'],
    [['set', 'full', '--proxy', 'socks5://me:s3cret@p:1'], 'SOCKS proxies are not supported'],
    [
      ['add', 'xai', 'xai-1', '--proxy', 'http://me:s3cret@p:1/x'],
      'no address of an HTTP(S) proxy',
    ],
    [['shrink', 'full'], 'say what to do'],
    [['add', 'xai', 'xai-1', 'extra'], 'a word too many, "extra"'],
    [['add', 'xai', 'xai-1', '--name', ''], 'is no name of an account'],
    [['add', 'xai', 'xai-1', '--name', ' '], 'is no name of an account'],
    [['add', 'xai', 'xai-1', '--name', 'a/b'], '"a/b" is no name of an account'],
    [['set', 'full', '--rename', 'xai/full'], '"xai/full" is no name of an account'],
    [['set', 'full', '--rename', ''], 'is no name of an account'],
  ])('refuses %p', async (args, problem) => {
    const { code, said } = await it.refused('accounts', ...args)
    expect(code).toBeGreaterThan(0)
    expect(said).toContain(problem)
    expect(said).not.toContain('s3cret')
  })
})

test('groxy settings seals the proxies of kinds and shows them without their passwords', async () => {
  const said = await it.run('settings', 'set', 'proxy_openai', 'me:s3cret@proxy.example:3128')
  expect(said.trim()).toBe('proxy_openai = "proxy.example:3128"')
  expect((await it.settings.all()).proxy_openai).toBe('http://me:s3cret@proxy.example:3128')
  const list = await it.run('settings')
  expect(list).toMatch(/proxy_openai +"proxy\.example:3128"/)
  const { rows } = await it.client.execute('SELECT * FROM settings')
  expect(list + JSON.stringify(rows)).not.toContain('s3cret')
  const { said: refusal } = await it.refused(
    'settings',
    'set',
    'proxy_xai',
    'socks5://me:s3cret@p:1',
  )
  expect(refusal).toContain('SOCKS')
  expect(refusal).not.toContain('s3cret')
  expect(await it.run('settings', 'set', 'proxy_openai', 'none')).toContain('proxy_openai = ""')
  await it.run('settings', 'set', 'max_attempts', '3')
  expect(await it.run('settings', 'reset', 'max_attempts')).toContain('max_attempts = 10')
  expect((await it.settings.all()).proxy_openai).toBe('')
})

describe('groxy accounts test', () => {
  const asked = async (name: string, options: string[] = []) => {
    const args = ['accounts', 'add', 'openai', 'sk-tested-secret', '--name', name, ...options]
    await it.run(...args)
    return it.refused('accounts', 'test', name)
  }

  test('goes the way that turns go, and says so', async () => {
    await using upstream = fakeUpstream()
    await using proxy = await fakeProxy({ user: 'me:s3cret' })
    const good = await asked('proxied', ['--base-url', upstream.url, '--proxy', proxy.url])
    expect(good).toEqual({
      code: 0,
      said: `✓ openai "proxied" via ${proxy.name}: ${MODELS.length} models\n`,
    })
    expect(proxy.passed).toHaveLength(1)
    proxy.fail(407)
    const bad = await it.refused('accounts', 'test', 'proxied')
    expect(bad.code).toBe(1)
    expect(bad.said).toContain(`via ${proxy.name}: Your proxy ${proxy.name} answered 407`)
    expect(bad.said).not.toContain('s3cret')
  })

  const refusal = (status: number) => () => Response.json({ error: { message: 'No.' } }, { status })
  test.each([
    ['lists', undefined, `${MODELS[0]}`, 0, '1 models, as you named them'],
    ['differs', undefined, 'other', 0, 'answers, but does not list other'],
    [
      'silent',
      refusal(404),
      'm',
      0,
      'answers, lists no models; 1 named by you, its key is unchecked',
    ],
    ['refuses', refusal(401), 'm', 1, 'its key is refused (401)'],
    ['fails', refusal(500), 'm', 1, 'status 500'],
  ] as const)(
    'an account with models of its own whose server %s',
    async (name, script, models, code, says) => {
      await using upstream = fakeUpstream(script)
      const found = await asked(name, ['--base-url', upstream.url, '--models', models])
      expect(found.code).toBe(code)
      expect(found.said).toContain(says)
    },
  )

  test('takes a server that lists no models for broken when nobody named any', async () => {
    await using upstream = fakeUpstream(refusal(404))
    expect((await asked('unnamed', ['--base-url', upstream.url])).code).toBe(1)
  })
})
