import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { fakeGrokWeb } from '../fakes/grok-web'
import { fakeUpstream } from '../fakes/upstream'
import { type AccountsCli, accountsCli } from '../support/accounts-cli'

const STATES = ['expired', 'blocked', 'challenged', 'anti_bot'] as const

let it: AccountsCli
const grok = fakeGrokWeb({
  accounts: [
    { name: 'basic' },
    { name: 'super', tier: 'super' },
    ...STATES.map((state) => ({ name: state, state })),
  ],
})
beforeAll(async () => {
  it = await accountsCli()
  for (const name of ['basic', 'super', ...STATES]) {
    const { sso } = grok.account(name)
    await it.run('accounts', 'add', 'web', sso, '--name', name, '--base-url', grok.url)
  }
})
afterAll(async () => {
  await it?.[Symbol.asyncDispose]()
  await grok.stop()
})

describe('groxy accounts test', () => {
  test('asks a session for a quota, and tells its tier and what is left, but keeps nothing', async () => {
    grok.forget()
    grok.setQuota('super', 'grok-4', 79, 140)
    const { code, stdout } = await it.tried(['test', 'super'])
    expect([code, stdout]).toEqual([0, '✓ web "super": super; units grok-4 79/140\n'])
    expect(grok.calls.map(({ endpoint }) => endpoint)).toEqual(['rate-limits'])
    expect((await it.account('super')).tier).toBeNull()
    expect(await it.accountQuotas.all()).toEqual([])
  })

  test.each([
    ['expired', 'its session is refused (401)'],
    ['blocked', 'its session is refused (403)'],
    ['challenged', "it refuses this machine's address, not the account"],
  ])('tells why a session is no good when it is %s', async (name, says) => {
    const { code, stdout } = await it.tried(['test', name])
    expect([code, stdout]).toEqual([1, expect.stringContaining(`✗ web "${name}": `)])
    expect(stdout).toContain(says)
    expect(stdout).not.toContain(grok.account(name).sso)
  })

  test('picks by kind, each tested its own way', async () => {
    await using upstream = fakeUpstream()
    await it.run('accounts', 'add', 'openai', 'sk-1', '--base-url', upstream.url)
    const { code, stdout } = await it.tried(['test', '--kind', 'openai'])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^✓ openai "openai": \d+ models\n$/)])
    const all = await it.tried(['test', '--state', 'ready'])
    expect(all.stdout.trim().split('\n')).toHaveLength(7)
  })
})

describe('groxy accounts refresh', () => {
  test('keeps what is left of the quotas of a session, and its tier', async () => {
    grok.setQuota('super', 'grok-3', 100, 140)
    const before = await it.revision()
    const { code, stdout } = await it.tried(['refresh', 'web/super'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('web "super": super; units grok-')])
    const { id, tier } = await it.account('super')
    expect(tier).toBe('super')
    expect(await it.revision()).toBeGreaterThan(before)
    const quotas = await it.accountQuotas.all()
    expect(quotas.every(({ accountId, source }) => accountId === id && source === 'reported')).toBe(
      true,
    )
    const left = Object.fromEntries(
      quotas.map(({ bucket, remaining, limit }) => [bucket, `${remaining}/${limit}`]),
    )
    // What only a paying account has was asked for once it was known to be one.
    expect(left).toMatchObject({
      'units grok-3': '100/140',
      'units grok-4': '79/140',
      'units grok-4-heavy': '80/80',
    })
    const list = await it.run('accounts', 'list', '--kind', 'web')
    expect(list).toMatch(/web +super .* super .* units grok-3 100\/140, units grok-4 79\/140/)
  })

  test('finds no fault with a session that is refused, but says it', async () => {
    const { code, stdout } = await it.tried(['refresh', 'expired'])
    expect([code, stdout]).toEqual([1, expect.stringContaining('its session is refused (401)')])
    expect(await it.accountStates.all()).toEqual([])
  })

  test('has the running server ask about all of them', async () => {
    const { code, stdout } = await it.tried(['refresh', '--all'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('groxy jobs cancel quota')])
    expect(await it.jobs.wanted()).toEqual([{ name: 'quota', wanted: 'run' }])
  })

  test.each([
    [['refresh'], 2, 'say which'],
    [['refresh', 'super', '--all'], 2, 'say which'],
    [['refresh', 'nobody'], 2, 'no account named "nobody"'],
    [['refresh', 'openai'], 0, 'there is nothing to ask'],
  ])('answers %j', async (args, expected, says) => {
    const { code, stdout, stderr } = await it.tried(args)
    expect([code, stdout + stderr]).toEqual([expected, expect.stringContaining(says)])
  })
})

test('groxy doctor asks some sessions, and says that there are more', async () => {
  const tokens = Array.from({ length: 25 }, (_, at) => ({ token: `t-${at}`, base_url: grok.url }))
  await it.tried(['import', '-'], JSON.stringify(tokens))
  grok.forget()
  const { code, said } = await it.refused('doctor')
  expect(code).toBe(1)
  expect(said).toContain('✓ web "super": super; units grok-4 79/140')
  expect(said).toContain('✗ web "expired": its session is refused (401)')
  expect(said).toContain('11 more of kind web, not asked: groxy accounts test --kind web --all')
  expect(grok.calls).toHaveLength(20)
}, 20_000)
