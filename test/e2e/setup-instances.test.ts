import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { openFile } from '#src/store/file'
import { openRemote } from '#src/store/remote'
import { logIn, PASSWORD } from '../support/admin'
import { type Gateway, gateway } from '../support/gateway'
import { scratch } from '../support/programs'
import { sqld } from '../support/sqld'
import { PLACES } from '../support/two-instances'

describe.each(PLACES)('an operator before two instances over %s', (place) => {
  const stack = new AsyncDisposableStack()
  let one: Gateway
  let two: Gateway

  beforeAll(async () => {
    const server = place === 'a libSQL server' ? stack.use(await sqld()) : undefined
    const { path } = stack.use(await scratch('setup'))
    const start = async () =>
      stack.use(
        await gateway({
          client: server ? openRemote(server.url) : openFile(`${path}/groxy.db`),
          env: { DEMO: '1' },
        }),
      )
    one = await start()
    two = await start()
  })
  afterAll(() => stack.disposeAsync())

  const submit = (it: Gateway, token: string, password = PASSWORD) =>
    fetch(`${it.url}/setup`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: it.url, 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams({ token, password }),
    })

  test('is led by one link to whichever of them, once', async () => {
    expect(two.setupToken).toBe(one.setupToken)
    expect(one.setupToken).toMatch(/^[\w-]{32}$/)
    const { rows } = await one.client.execute(
      "SELECT value FROM settings WHERE name = 'setup_link'",
    )
    expect(JSON.stringify(rows)).not.toContain(one.setupToken)
    for (const it of [one, two])
      expect((await it.get(`/setup?token=${one.setupToken}`)).status).toBe(200)
    expect((await submit(two, 'x'.repeat(32))).status).toBe(403)
    expect((await submit(two, one.setupToken)).status).toBe(303)
    expect(await one.app.needsSetup()).toBe(false)
    for (const it of [one, two])
      expect((await submit(it, one.setupToken, 'another password')).status).toBe(403)
    // What was used up is never offered again.
    expect(await one.app.setupToken()).not.toBe(one.setupToken)
    expect((await submit(one, await one.app.setupToken())).status).toBe(403)
  })

  test('is logged in at both, and logged out at both', async () => {
    const { cookie, page } = await logIn(one)
    const at = (it: Gateway) => ({
      ...{ redirect: 'manual' as const },
      headers: { cookie, origin: it.url, 'sec-fetch-site': 'same-origin' },
    })
    for (const it of [one, two]) expect((await fetch(`${it.url}/admin`, at(it))).status).toBe(200)
    expect((await fetch(`${two.url}/admin/system`, at(two))).status).toBe(200)
    const changed = await fetch(`${two.url}/admin/api/keys`, {
      ...{ method: 'POST', body: JSON.stringify({ name: 'made at two' }) },
      headers: { ...at(two).headers, 'content-type': 'application/json' },
    })
    expect(changed.status).toBe(201)
    const out = await page('/admin/logout', { method: 'POST' })
    expect(out.status).toBeLessThan(400)
    for (const it of [one, two])
      expect((await fetch(`${it.url}/admin`, at(it))).status).not.toBe(200)
  })

  test('is kept from guessing at both together', async () => {
    const guess = (it: Gateway) =>
      fetch(`${it.url}/admin/login`, {
        ...{ method: 'POST', redirect: 'manual' },
        headers: { origin: it.url, 'sec-fetch-site': 'same-origin' },
        body: new URLSearchParams({ password: 'wrong password' }),
      })
    const statuses: number[] = []
    for (let at = 0; at < 12; at++) statuses.push((await guess(at % 2 === 0 ? one : two)).status)
    expect(statuses.slice(0, 10)).not.toContain(429)
    expect(statuses.slice(10)).toEqual([429, 429])
  }, 30_000)
})
