import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type AccountsCli, accountsCli } from '../support/accounts-cli'

let it: AccountsCli
beforeAll(async () => {
  it = await accountsCli()
  const session = (index: number) => ({
    ...({ kind: 'web', secret: `t-${index}`, baseUrl: 'https://grok.com' } as const),
    name: `s-${String(index).padStart(3, '0')}`,
    tags: index < 120 ? ['old'] : ['new', 'team'],
  })
  await it.accountImport.add(Array.from({ length: 150 }, (_, index) => session(index)))
})
afterAll(() => it?.[Symbol.asyncDispose]())

const hold = async (name: string, state: 'expired' | 'cooling', until: number | null) =>
  it.accountStates.save([
    {
      ...{ accountId: (await it.account(name)).id, scope: '', state, reason: 'test', until },
      ...{ faults: 1, updatedAt: Date.now() },
    },
  ])

describe('groxy accounts list', () => {
  const lines = async (...args: string[]) =>
    (await it.run('accounts', 'list', ...args)).trimEnd().split('\n')

  test('shows the first of many, says how many there are, and all when asked', async () => {
    const some = await lines()
    expect(some).toHaveLength(1 + 100 + 2)
    expect(some.at(-1)).toContain('The first 100 of 150 accounts. --all shows all')
    expect(await lines('--all')).toHaveLength(1 + 150)
    expect((await lines('--tag', 'old')).at(-1)).toContain('The first 100 of 120 accounts.')
  })

  test('picks by kind, tag and state, those of the environment too', async () => {
    await hold('s-001', 'expired', null)
    await hold('s-002', 'expired', 1)
    await hold('s-003', 'cooling', Date.now() + 60_000)
    expect(await lines('--state', 'expired')).toEqual([
      expect.stringContaining('KIND'),
      expect.stringMatching(/web +s-001 .* on; expired \(test, until cleared\) +old$/),
    ])
    expect(await lines('--tag', 'new')).toHaveLength(1 + 30)
    expect(await lines('--tag', 'new', '--state', 'off')).toEqual(['No account fits.'])
    const env = { XAI_API_KEY: 'xai-of-the-environment' }
    const list = (...args: string[]) => it.runWith(env, 'accounts', 'list', ...args)
    expect(await list('--kind', 'xai')).toMatch(/xai +env +\(environment\)/)
    expect(await list('--kind', 'web', '--tag', 'team')).not.toContain('env')
    expect(await list('--state', 'off')).not.toContain('env')
  })

  test('names the quotas of a session together, and leaves out columns with nothing in them', async () => {
    const { id: accountId } = await it.account('s-149')
    const quota = { limit: 80, source: 'reported', updatedAt: Date.now() } as const
    const resetAt = Date.now() + 60_000
    await it.accountQuotas.save([
      { ...quota, accountId, resetAt, bucket: 'units grok-3', remaining: 80 },
      { ...quota, accountId, resetAt, bucket: 'units grok-4', remaining: 7 },
    ])
    const long = 'a note that is longer than a line of a table should be'
    await it.run('accounts', 'set', 's-149', '--note', long)
    const [head = '', ...rest] = await lines('--tag', 'new', '--all')
    expect(head).not.toContain('TIER')
    expect(rest.at(-1)).toMatch(
      /on +units grok-3 80\/80, units grok-4 7\/80 \(reported \d+ s ago\) +new,team +a note that is longer than a …$/,
    )
  })
})

test('groxy accounts tags counts who has them', async () => {
  expect((await it.run('accounts', 'tags')).replace(/ +/g, ' ')).toBe(
    'TAG ACCOUNTS\nnew 30\nold 120\nteam 30\n',
  )
})

describe('many accounts at once', () => {
  test('are shown before anything is done to them', async () => {
    const before = await it.accounts.list()
    for (const [action = '', verb = ''] of [
      ['disable', 'switches off'],
      ['enable', 'switches on'],
      ['remove', 'removes'],
      ['clear', 'clears'],
    ]) {
      const { code, stderr } = await it.tried([action, '--tag', 'new'])
      expect([action, code]).toEqual([action, 2])
      expect(stderr).toContain(`This ${verb} 30 accounts: web/s-120, web/s-121`)
      expect(stderr).toContain('web/s-129 and 20 more.\nSay --yes if you mean it.')
    }
    const { stderr } = await it.tried(['remove', '--state', 'expired'])
    expect(stderr).toContain('This removes 1 account: web/s-001.')
    expect(stderr).toContain('groxy accounts export')
    const set = await it.tried(['set', '--kind', 'web', '--weight', '3'])
    expect([set.code, set.stderr]).toEqual([2, expect.stringContaining('changes 150 accounts')])
    expect(await it.accounts.list()).toEqual(before)
  })

  test('are switched, changed, cleared and removed when it is meant', async () => {
    const yes = async (...args: string[]) => it.run('accounts', ...args, '--yes')
    expect(await yes('disable', '--tag', 'new')).toContain('Switched off 30 accounts: web/s-120')
    expect(await it.accountSearch.count({ state: 'off' })).toBe(30)
    await yes('enable', '--tag', 'new')
    expect(await it.accountSearch.count({ state: 'off' })).toBe(0)

    await it.run('accounts', 'set', 's-120', '--cookies', 'own=1')
    await yes('set', '--tag', 'new', '--cf-clearance', 'c', '--weight', '2', '--tier', 'super')
    const extras = async (name: string) =>
      JSON.parse(await it.vault.open((await it.account(name)).extras ?? ''))
    expect(await extras('s-120')).toEqual({ headers: {}, cookies: 'own=1; cf_clearance=c' })
    expect(await extras('s-121')).toEqual({ headers: {}, cookies: 'cf_clearance=c' })
    expect(await it.account('s-149')).toMatchObject({ weight: 2, tier: 'super' })
    expect(await it.account('s-119')).toMatchObject({ weight: 1, tier: null, extras: null })

    expect(await yes('clear', '--state', 'cooling')).toContain('Cleared 1 account: web/s-003.')
    expect(await it.accountSearch.count({ state: 'cooling' })).toBe(0)
    expect(await yes('remove', '--state', 'expired')).toContain('Removed 1 account: web/s-001.')
    expect(await yes('remove', '--state', 'expired')).toContain('No account fits.')
    expect(await it.accountSearch.count({})).toBe(149)
  })

  test.each([
    [['disable'], 'say which'],
    [['disable', 's-000', '--tag', 'old'], 'say which'],
    [['remove', '--tag', 'old', '--state', 'gone'], '"gone" is no state'],
    [['set', '--tag', 'old', '--rename', 'x'], 'those of one account'],
    [['set', '--tag', 'old', '--secret', 'x'], 'those of one account'],
    [['set', '--tag', 'old', '--yes'], 'say what to change'],
    [['set', '--tag', 'old', '--api', 'chat', '--yes'], '--api is not for'],
    [['enable', '--kind', 'demo'], '"demo" is no kind'],
  ])('refuses %j', async (args, problem) => {
    const { code, stderr } = await it.tried(args)
    expect([code, stderr]).toEqual([2, expect.stringContaining(problem)])
  })

  test('are asked for before more than some are tested', async () => {
    const more = Array.from({ length: 100 }, (_, index) => `n-${index}`).join('\n')
    await it.tried(['import', '-'], more)
    const { code, stderr } = await it.tried(['test'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('asks the upstreams of 249')])
  })
})
