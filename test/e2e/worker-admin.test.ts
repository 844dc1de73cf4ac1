import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { scryptSync } from 'node:crypto'
import { PASSWORD } from '../support/admin'
import { runProgram } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'
import { type WorkerWorld, workerWorld } from '../support/worker-world'

const SLOW = 120_000

describe.skipIf(isWithoutSqld)('the admin page on Workers', () => {
  let it: WorkerWorld
  beforeAll(async () => {
    it = await workerWorld()
  }, SLOW)
  afterAll(() => it[Symbol.asyncDispose]())

  const guess = (password: string, from = '203.0.113.7', url = it.worker.url) =>
    fetch(`${url}/admin/login`, {
      method: 'POST',
      redirect: 'manual',
      // What Cloudflare says of a client; another address would be a forged one.
      headers: { 'cf-connecting-ip': from, 'x-forwarded-for': '192.0.2.1' },
      body: new URLSearchParams({ password }),
    })
  const statusOf = async (answer: Promise<Response>) => (await answer).status
  const cookieOf = (answer: Response) =>
    answer.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ')

  /** As the first versions hashed it, in 128 MiB. */
  const old = () => {
    const terms = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 }
    const hash = scryptSync(PASSWORD, Buffer.from('ab'.repeat(16), 'hex'), 32, terms)
    return `scrypt$131072$8$1$${'ab'.repeat(16)}$${hash.toString('hex')}`
  }

  test(
    'a hash of the first versions is refused with what to do, and kills nothing',
    async () => {
      await it.stores.settings.setMark('admin_password', old())
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => guess(PASSWORD, '192.0.2.9')),
      )
      for (const answer of answers) {
        expect(answer.status).toBe(503)
        expect(await answer.text()).toContain('groxy admin password')
      }
      expect(it.worker.output()).toContain('more memory than a Worker has')
      expect((await fetch(`${it.worker.url}/health`)).status).toBe(200)
    },
    SLOW,
  )

  test(
    'a password that the command line has set opens it, and pages, tokens and the audit log work',
    async () => {
      const command = [process.execPath, 'src/main.ts', 'admin', 'password']
      const set = await runProgram(command, { env: it.env, input: PASSWORD })
      expect(set.code).toBe(0)
      expect(await statusOf(guess('wrong'))).toBe(401)
      const entered = await guess(PASSWORD)
      expect(entered.status).toBe(303)
      const headers = { cookie: cookieOf(entered), 'sec-fetch-site': 'same-origin' }
      const page = await fetch(`${it.worker.url}/admin/access`, { headers })
      expect([page.status, await page.text()]).toEqual([
        200,
        expect.stringContaining('203.0.113.7'),
      ])
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
      const made = await fetch(`${it.worker.url}/admin/api/tokens`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'edge' }),
      })
      const { token } = (await made.json()) as { token: string }
      const authorization = `Bearer ${token}`
      const audit = await fetch(`${it.worker.url}/admin/api/audit`, { headers: { authorization } })
      const { data } = (await audit.json()) as { data: { action: string }[] }
      expect(data.slice(0, 4).map(({ action }) => action)).toEqual([
        'token.create',
        'session.begin',
        'session.fail',
        'password.change',
      ])
      const gone = await fetch(`${it.worker.url}/admin/nothing`, {
        headers: { ...headers, accept: 'text/html' },
      })
      expect([gone.status, gone.headers.get('content-type')]).toEqual([
        404,
        'text/html; charset=utf-8',
      ])
    },
    SLOW,
  )

  test(
    'guesses made at once on two Workers are counted together, and hashed a few at a time',
    async () => {
      await it.stores.loginFailures.clear()
      await using second = await it.another()
      const from = '203.0.113.8'
      const guesses = Array.from({ length: 24 }, (_, at) =>
        statusOf(guess('wrong', from, at % 2 ? second.url : it.worker.url)),
      )
      const statuses = await Promise.all(guesses)
      const counted = statuses.filter((status) => status === 401).length
      expect(counted).toBeLessThanOrEqual(10)
      expect(counted).toBeGreaterThan(0)
      expect(statuses.filter((status) => status === 429)).toHaveLength(24 - counted)
      expect(await statusOf(guess(PASSWORD, from))).toBe(429)
      expect(await statusOf(guess(PASSWORD, '203.0.113.10', second.url))).toBe(303)
    },
    SLOW,
  )

  test(
    'a session begun on one Worker is one on the other, and a new secret is followed there',
    async () => {
      await using second = await it.another()
      const entered = await guess(PASSWORD, '203.0.113.11')
      const ask = (cookie: string, url: string) =>
        fetch(`${url}/admin`, { redirect: 'manual', headers: { cookie } })
      await it.client.execute(
        'UPDATE admin_sessions SET seen_at = seen_at - 1200000, rotated_at = rotated_at - 1200000',
      )
      const answer = await ask(cookieOf(entered), second.url)
      expect(answer.status).toBe(200)
      const next = cookieOf(answer)
      expect(next).toStartWith('groxy_session=')
      expect((await ask(next, it.worker.url)).status).toBe(200)
      expect((await ask(cookieOf(entered), it.worker.url)).status).toBe(200)
    },
    SLOW,
  )
})
