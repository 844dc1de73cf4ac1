import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { createPasswords } from '#src/admin/passwords'
import { hashPassword, isPassword } from '#src/password'
import { type adminWorld, PASSWORD } from '../support/admin'
import { gateway } from '../support/gateway'
import { scratch } from '../support/programs'

const SLOW = 30_000

interface Guess {
  readonly password?: string
  /** From where, as a trusted proxy says. */
  readonly from?: string
  readonly cookie?: string
  readonly language?: string
}

/** A world whose clock is at hand, behind a proxy that says who asks. */
async function world(options: Parameters<typeof adminWorld>[0] = {}) {
  let at = 1_780_000_000_000
  const env = { TRUSTED_PROXIES: '127.0.0.1', ...options.env }
  const it = await gateway({
    now: () => at,
    ...options,
    env: { ADMIN_PASSWORD: PASSWORD, ...env },
  })
  return {
    ...it,
    pass: (ms: number) => {
      at += ms
    },
    [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
  }
}

const guess = (
  { url }: { readonly url: string },
  { password = 'wrong', from = '203.0.113.7', cookie = '', language = 'en' }: Guess = {},
) =>
  fetch(`${url}/admin/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'x-forwarded-for': from, cookie, 'accept-language': language },
    body: new URLSearchParams({ password }),
  })

const statusOf = async (answer: Promise<Response>): Promise<number> => (await answer).status

async function times(count: number, ask: (at: number) => Promise<Response>): Promise<number[]> {
  const statuses: number[] = []
  for (let at = 0; at < count; at++) statuses.push(await statusOf(ask(at)))
  return statuses
}

const MINUTE = 60_000

test('after ten wrong passwords an address has to wait, even with the right one, and is told so', async () => {
  await using it = await world()
  expect(await times(10, () => guess(it))).toEqual(Array(10).fill(401))
  const eleventh = await guess(it, { password: PASSWORD })
  expect([eleventh.status, eleventh.headers.get('retry-after')]).toEqual([429, '600'])
  expect(await eleventh.text()).toContain('Too many attempts. Try again in ')
  expect(await (await guess(it, { language: 'zh' })).text()).toContain('尝试次数过多')
  expect(eleventh.headers.getSetCookie()).toEqual([])
  expect(await statusOf(guess(it, { password: PASSWORD, from: '203.0.113.8' }))).toBe(303)
  it.pass(10 * MINUTE)
  expect(await statusOf(guess(it, { password: PASSWORD }))).toBe(303)
})

test('guesses made at once gain nothing', async () => {
  await using it = await world()
  const statuses = await Promise.all(Array.from({ length: 60 }, () => statusOf(guess(it))))
  expect(statuses.filter((status) => status === 401)).toHaveLength(10)
  expect(statuses.filter((status) => status === 429)).toHaveLength(50)
})

test('two instances over one database count together', async () => {
  await using folder = await scratch('login')
  const path = join(folder.path, 'groxy.db')
  await using one = await world({ path })
  await using other = await world({ path })
  const ask = (at: number) => guess(at % 2 === 0 ? one : other)
  expect(await times(12, ask)).toEqual([...Array(10).fill(401), 429, 429])
})

test('a network of IPv6 counts as one address, and what a client forges as none', async () => {
  await using it = await world()
  const spread = (at: number) => guess(it, { from: `2001:db8:1:2::${at + 1}` })
  expect((await times(11, spread)).at(-1)).toBe(429)
  expect(await statusOf(guess(it, { from: '2001:db8:1:3::1' }))).toBe(401)
  const forged = (at: number) => guess(it, { from: `198.51.100.${at}, 203.0.113.9` })
  expect((await times(11, forged)).at(-1)).toBe(429)
})

test('guesses from many addresses are slowed as one, but not in a browser that was logged in before', async () => {
  await using it = await world()
  const own = await guess(it, { password: PASSWORD, from: '192.0.2.1' })
  const known = own.headers
    .getSetCookie()
    .map((one) => one.split(';')[0] ?? '')
    .find((one) => one.startsWith('groxy_known='))
  const spread = (at: number) => guess(it, { from: `198.51.100.${at}` })
  expect(await times(100, spread)).toEqual(Array(100).fill(401))
  const stranger = { password: PASSWORD, from: '192.0.2.2' }
  expect(await statusOf(guess(it, stranger))).toBe(429)
  expect(await statusOf(guess(it, { ...stranger, cookie: 'groxy_known=v1.forged' }))).toBe(429)
  expect(await statusOf(guess(it, { ...stranger, cookie: known ?? '' }))).toBe(303)
  it.pass(10 * MINUTE)
  expect(await statusOf(guess(it, stranger))).toBe(303)
  // What somebody stole of a browser has a count of its own, too.
  const stolen = { from: '192.0.2.3', cookie: known ?? '' }
  expect((await times(11, () => guess(it, stolen))).at(-1)).toBe(429)
})

test('who is refused is not counted against others', async () => {
  await using it = await world()
  await times(300, () => guess(it))
  expect(await statusOf(guess(it, { password: PASSWORD, from: '192.0.2.4' }))).toBe(303)
})

test('a good password clears what its address has missed', async () => {
  await using it = await world()
  for (let round = 0; round < 3; round++) {
    expect(await times(9, () => guess(it))).toEqual(Array(9).fill(401))
    expect(await statusOf(guess(it, { password: PASSWORD }))).toBe(303)
  }
})

test('unlocking lets everybody try again', async () => {
  await using it = await world()
  await times(11, () => guess(it))
  expect(await it.stores.loginFailures.clear()).toBe(true)
  it.pass(5_000)
  expect(await statusOf(guess(it, { password: PASSWORD }))).toBe(303)
})

test('every wrong password is in the audit log, and so is that the brake was put on', async () => {
  await using it = await world()
  await times(12, () => guess(it))
  const actions = (await it.stores.audit.list(50)).map(({ action }) => action)
  expect(actions).toEqual(['session.brake', ...Array(10).fill('session.fail')])
  expect(await it.stores.audit.list(1)).toMatchObject([
    { actor: 'stranger', address: '203.0.113.7', subject: 'address 203.0.113.7' },
  ])
})

/** A store of marks with real passwords behind it, whose hashing is counted. */
function counted(stored: string | undefined, mostMemory = 256 * 1024 * 1024) {
  let mark: unknown = stored
  let running = 0
  const seen = { compared: 0, hashed: 0, most: 0 }
  const during = async <T>(work: Promise<T>): Promise<T> => {
    seen.most = Math.max(seen.most, ++running)
    return work.finally(() => running--)
  }
  const passwords = createPasswords({
    ofEnvironment: undefined,
    settings: {
      mark: async () => mark,
      setMark: async (_name, value) => {
        mark = value
      },
      replaceMark: async (_name, before, after) => {
        if (mark === before) mark = after
        return mark === after
      },
    },
    mostMemory,
    now: Date.now,
    hashing: {
      hash(password) {
        seen.hashed++
        return during(hashPassword(password))
      },
      compare(password, known) {
        seen.compared++
        return during(isPassword(password, known))
      },
    },
  })
  return { passwords, seen, mark: () => mark }
}

test(
  'a password is compared with a hash of the same cost, whether or not one is stored',
  async () => {
    const none = counted(undefined)
    expect(await none.passwords.check('anything')).toBe(false)
    expect(await none.passwords.check('')).toBe(false)
    const some = counted(await hashPassword(PASSWORD))
    expect(await some.passwords.check('anything')).toBe(false)
    expect(await some.passwords.check(PASSWORD)).toBe(true)
    expect([none.seen.compared, some.seen.compared]).toEqual([2, 2])
    expect([none.seen.hashed, some.seen.hashed]).toEqual([0, 0])
  },
  SLOW,
)

test(
  'however many guess at once, two are hashed at a time, and who waits too long is sent away',
  async () => {
    const { passwords, seen } = counted(await hashPassword(PASSWORD))
    const guesses = Array.from({ length: 40 }, () => passwords.check('wrong'))
    const results = await Promise.allSettled(guesses)
    expect(seen.most).toBe(2)
    const refused = results.filter((one) => one.status === 'rejected')
    expect(refused.length).toBeGreaterThanOrEqual(18)
    expect(refused[0]).toMatchObject({ reason: { code: 'rate_limit_exceeded' } })
    expect(await passwords.check(PASSWORD)).toBe(true)
  },
  SLOW,
)

/** `PASSWORD` as the first versions hashed it: N = 2^17, r = 8, p = 1. */
const OLD = `scrypt$131072$8$1$${'ab'.repeat(16)}$`

test(
  'a hash of the first versions is good on a machine, and is written anew after a log-in',
  async () => {
    const { scryptSync } = await import('node:crypto')
    const terms = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 }
    const hash = scryptSync(PASSWORD, Buffer.from('ab'.repeat(16), 'hex'), 32, terms)
    const old = OLD + hash.toString('hex')
    const machine = counted(old)
    expect(await machine.passwords.check('wrong')).toBe(false)
    expect(machine.mark()).toBe(old)
    expect(await machine.passwords.check(PASSWORD)).toBe(true)
    expect(String(machine.mark())).toStartWith('scrypt$32768$8$3$')
    expect(await machine.passwords.check(PASSWORD)).toBe(true)
    const worker = counted(old, 48 * 1024 * 1024)
    await expect(worker.passwords.check(PASSWORD)).rejects.toThrow('more memory than a Worker has')
    expect(worker.seen.compared).toBe(0)
  },
  SLOW,
)

test(
  'where no password was chosen yet the log-in says where to choose one',
  async () => {
    await using it = await gateway()
    const answer = await guess(it)
    expect([answer.status, await answer.text()]).toEqual([
      401,
      expect.stringContaining('No password is set yet.'),
    ])
  },
  SLOW,
)

test('a log-in form that is too large is refused before it is read', async () => {
  await using it = await world()
  const answer = await guess(it, { password: 'x'.repeat(100_000) })
  expect(answer.status).toBe(413)
})
