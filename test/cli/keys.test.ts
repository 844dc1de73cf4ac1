import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { fakeUpstream } from '../fakes/upstream'
import { ASK, gateway, xaiAt } from '../support/gateway'
import { groxy, runProgram, scratch } from '../support/programs'

const SLOW = 30_000

async function world() {
  const folder = await scratch('keys')
  const path = join(folder.path, 'groxy.db')
  const env = { DATABASE_URL: `file:${path}`, GROXY_SECRET: 'a secret for tests' }
  return {
    path,
    keys: (...args: string[]) => groxy(['keys', ...args], env),
    failing: (...args: string[]) =>
      runProgram([process.execPath, 'src/main.ts', 'keys', ...args], { env }),
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  }
}

const idIn = (said: string): string => said.match(/id (\w+)/)?.[1] ?? ''
const secretIn = (said: string): string => said.split('\n')[0] ?? ''

test(
  'a key is made with every limit, shown with them, changed, and rid of them',
  async () => {
    await using it = await world()
    const limits =
      '--rpm 60 --tpm 5000 --concurrency 4 --chat-per-day 20 --heavy-per-day 2 --image-per-day 0 --video-per-day 1 --usd-per-day 0.5 --usd-per-month 10 --rescue buffer --models grok-4*,demo'
    const id = idIn(await it.keys('create', 'me', ...limits.split(' ')))
    const shown =
      'models grok-4*,demo, 60/min, 5000 tokens/min, 4 at once, 20 chat/day, 2 heavy/day, 0 image/day, 1 video/day, $0.50/day, $10.00/month, rescue buffer'
    expect(await it.keys('list')).toContain(shown)
    await it.keys('set', id, '--rpm', '0', '--tpm', 'none', '--models', 'none', '--rescue', 'off')
    const rest =
      '0/min, 4 at once, 20 chat/day, 2 heavy/day, 0 image/day, 1 video/day, $0.50/day, $10.00/month  in force'
    expect(await it.keys('list')).toContain(`  ${rest}`)
    await it.keys('disable', id)
    expect(await it.keys('list')).toContain('disabled')
    await it.keys('enable', id)
    await it.keys('set', id, '--days', '3')
    expect(await it.keys('list')).toContain('until 20')
  },
  SLOW,
)

test(
  'a running server knows of a change at its next look, and tells what was used',
  async () => {
    await using it = await world()
    const made = await it.keys('create', 'me', '--chat-per-day', '3', '--usd-per-day', '1')
    const id = idIn(made)
    await using upstream = fakeUpstream()
    await using server = await gateway({ env: xaiAt(upstream.url), path: it.path })
    const headers = {
      authorization: `Bearer ${secretIn(made)}`,
      'content-type': 'application/json',
    }
    const ask = async () => (await server.post('/v1/chat/completions', ASK, { headers })).status
    expect([await ask(), await ask()]).toEqual([200, 200])
    await server.app.refresh()
    const usage = await it.keys('usage', id)
    expect(usage).toMatch(/me +chat today +2 +3\n/)
    expect(usage).toMatch(/me +money today +\$0\.00 +\$1\.00/)
    await it.keys('set', id, '--chat-per-day', '2')
    await server.app.refresh()
    expect(await ask()).toBe(429)
    await it.keys('disable', id)
    await server.app.refresh()
    expect(await ask()).toBe(401)
  },
  SLOW,
)

test(
  'what is no limit is refused by name, and an unknown key is said to be one',
  async () => {
    await using it = await world()
    await it.keys('list')
    const codes = await Promise.all(
      [
        ['create', 'x', '--rpm', '-1'],
        ['create', 'x', '--rpm', '1.5'],
        ['create', 'x', '--tpm', ''],
        ['create', 'x', '--usd-per-day', 'much'],
        ['create', 'x', '--models', ','],
        ['create', 'x', '--rescue', 'maybe'],
        ['create', 'x', '--days', '0'],
        ['create', 'x', '--days', '36526'],
        ['create', 'x', '--days', '1e12'],
        ['create', ' '],
        ['set', 'id'],
        ['usage', 'nobody'],
        ['disable', 'nobody'],
      ].map(async (args) => (await it.failing(...args)).code),
    )
    expect(codes).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1])
    expect((await it.failing('create', 'x', '--rpm', '-1')).stderr).toContain('--rpm')
  },
  SLOW,
)
