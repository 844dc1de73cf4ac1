import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { fakeGrokWeb } from '../fakes/grok-web'
import { gateway } from '../support/gateway'
import { groxy, runProgram, scratch, until } from '../support/programs'
import { type WebGateway, webGateway } from '../support/web-gateway'

const TIERS = [
  { name: 'heavy', tier: 'heavy' },
  { name: 'super', tier: 'super' },
  { name: 'basic', tier: 'basic' },
] as const

/** Ask for a chat, each time about something else. */
async function ask(
  { post }: Pick<WebGateway, 'post'>,
  model = 'grok-4',
  text = crypto.randomUUID(),
) {
  const reply = await post('/v1/chat/completions', {
    ...{ model, messages: [{ role: 'user', content: text }] },
  })
  await reply.text()
  return reply.status
}

const many = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, make))

const countOf = (all: readonly number[], one: number) =>
  all.filter((status) => status === one).length

/** How many chats each session had. */
const sharesOf = ({ grok }: WebGateway) =>
  Object.fromEntries(TIERS.map(({ name }) => [name, grok.chats(name).length]))

describe('sessions of several tiers', () => {
  test('are asked in the order of their tiers: who pays more is spared', async () => {
    await using it = await webGateway({ accounts: TIERS })
    expect(countOf(await many(10, () => ask(it)), 200)).toBe(10)
    expect(sharesOf(it)).toEqual({ basic: 10, super: 0, heavy: 0 })
    it.grok.setQuota('basic', 'grok-4', 0)
    expect(countOf(await many(10, () => ask(it)), 200)).toBe(10)
    expect(it.grok.chats('super')).toHaveLength(10)
    it.grok.setQuota('super', 'grok-4', 0)
    expect(countOf(await many(10, () => ask(it)), 200)).toBe(10)
    expect(it.grok.chats('heavy')).toHaveLength(10)
  })

  test('are asked for the heavy model only where they have it', async () => {
    await using it = await webGateway({ accounts: TIERS })
    for (const model of ['heavy', 'grok-4-heavy']) expect(await ask(it, model)).toBe(200)
    expect(sharesOf(it)).toEqual({ basic: 0, super: 2, heavy: 0 })
    it.grok.setQuota('super', 'grok-4-heavy', 0)
    expect(await ask(it, 'heavy')).toBe(200)
    expect(it.grok.chats('heavy')).toHaveLength(1)
  })
})

describe('the units of a session', () => {
  const eight = [{ name: 'one', quota: { 'grok-4': 8 } }]

  test('are not overdrawn by turns that run at the same time', async () => {
    for (const [model, cost] of [
      ['grok-4', 1],
      ['grok-4-expert', 4],
    ] as const) {
      await using it = await webGateway({ accounts: eight })
      expect(await it.left()).toEqual({ one: 8 })
      const statuses = await many(20, () => ask(it, model))
      expect(countOf(statuses, 200)).toBe(8 / cost)
      expect(countOf(statuses, 429)).toBe(20 - 8 / cost)
      expect(it.grok.chats()).toHaveLength(8 / cost)
      expect(it.grok.quota('one', 'grok-4').remaining).toBe(0)
    }
  })

  test('are given back by turns that grok.com has refused, and taken by all others', async () => {
    await using it = await webGateway({ accounts: eight })
    it.grok.account('one').state = 'moderated'
    for (let turn = 0; turn < 6; turn++) expect(await ask(it, 'grok-4-expert')).toBe(400)
    it.grok.account('one').state = 'valid'
    expect(countOf(await many(3, () => ask(it, 'grok-4-expert')), 200)).toBe(2)
    await it.look(6)
    expect(await it.left()).toEqual({ one: 0 })
  })

  test('that are gone keep turns away until their window ends, and not for longer', async () => {
    await using it = await webGateway({ accounts: eight })
    await many(8, () => ask(it))
    await it.look(6)
    expect(await it.held()).toMatchObject([
      { scope: 'units grok-4', state: 'exhausted', hours: 20 },
    ])
    it.grok.forget()
    expect(await ask(it)).toBe(429)
    await it.look(1, 19 * 3_600_000)
    expect(await ask(it)).toBe(429)
    expect(it.grok.chats()).toEqual([])
    await it.look(1, 3_600_000)
    expect(await ask(it)).toBe(200)
  })

  test('of one model do not keep turns of another away', async () => {
    await using it = await webGateway({ accounts: eight })
    await many(8, () => ask(it))
    expect([await ask(it), await ask(it, 'grok-3'), await ask(it, 'grok-4.1')]).toEqual([
      ...[429, 200, 200],
    ])
  })
})

test('a restart remembers what is left, who rests and who is out', async () => {
  await using folder = await scratch('web-pool')
  const path = join(folder.path, 'groxy.db')
  const accounts = [{ name: 'one', quota: { 'grok-4': 4 } }, { name: 'out' }]
  await using it = await webGateway({ accounts, path })
  it.grok.account('out').state = 'expired'
  await until(async () => {
    await ask(it)
    await it.look()
    return (await it.held()).some(({ name }) => name === 'out') || undefined
  })
  await many(4, () => ask(it))
  const [held, left] = [await it.held(), await it.left()]
  expect(held.find(({ name }) => name === 'out')).toMatchObject({ state: 'expired' })
  expect(left.one).toBeLessThan(4)
  it.grok.forget()
  await using again = await it.again()
  expect(await ask(again)).toBe(429)
  expect(await ask(again, 'grok-3')).toBe(200)
  expect(it.grok.chats('out')).toEqual([])
})

describe('twenty thousand sessions', () => {
  const COUNT = 20_000
  const IMPORT_MS = 10_000

  test('are imported, asked for their quotas until somebody cancels that, and serve meanwhile', async () => {
    await using folder = await scratch('web-many')
    await using grok = fakeGrokWeb({ accounts: [] })
    const names = Array.from({ length: COUNT }, (_, at) => `session ${at}`)
    const file = join(folder.path, 'sessions.txt')
    await Bun.write(file, names.map((name) => grok.add({ name }).sso).join('\n'))
    const path = join(folder.path, 'groxy.db')
    const env = {
      ...{ DATABASE_URL: `file:${path}`, GROXY_SECRET: 'a secret for tests' },
      WEB_BASE_URL: grok.url,
    }
    await groxy(['migrate'], env)
    const began = Date.now()
    const command = [process.execPath, 'src/main.ts', 'accounts', 'import', file]
    const { stdout, waitedMs } = await runProgram(command, { env })
    expect(stdout).toContain('Added 20000 accounts')
    expect(Date.now() - began - waitedMs).toBeLessThan(IMPORT_MS)

    await using it = await gateway({ path, env: { WEB_ASSETS_URL: grok.assetsUrl } })
    expect(await ask(it)).toBe(200)
    grok.intercept('rate-limits', () => Bun.sleep(20).then(() => undefined))
    expect(await it.stores.jobs.want('quota', 'run')).toBeTrue()
    // It takes as long as the job does.
    const looking = it.app.refresh()
    const job = async () => {
      const jobs = await it.stores.jobs.all()
      const found = jobs.find(({ name }) => name === 'quota')
      return found && found.total > 0 ? found : undefined
    }
    expect(await until(job)).toMatchObject({ state: 'running', total: COUNT })
    // Answers come while it runs.
    for (let turn = 0; turn < 20; turn++) expect(await ask(it)).toBe(200)
    expect((await it.get('/v1/models')).status).toBe(200)
    const seen = await until(async () => {
      const found = await job()
      return found && found.done > 100 ? found : undefined
    })
    expect(seen.state).toBe('running')
    expect(await it.stores.jobs.want('quota', 'cancel')).toBeTrue()
    await it.app.refresh()
    const ended = await until(async () => {
      const found = await job()
      return found?.state === 'running' ? undefined : found
    })
    await looking
    expect(ended.state).toBe('cancelled')
    expect(ended.done).toBeWithin(100, COUNT)
    const asked = grok.callsOf({ endpoint: 'rate-limits' }).length
    expect(asked).toBeLessThan(COUNT)
    await Bun.sleep(300)
    expect(grok.callsOf({ endpoint: 'rate-limits' }).length).toBe(asked)
    expect(await ask(it)).toBe(200)
    expect(grok.complaints()).toEqual([])
  }, 60_000)
})
