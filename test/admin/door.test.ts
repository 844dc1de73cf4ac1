import { describe, expect, test } from 'bun:test'
import { createAdminSurface } from '#src/admin-surface'
import { createApp } from '#src/app'
import { createPlatform } from '#src/cli/platform'
import { readConfig } from '#src/config'
import { createVault } from '#src/crypto'
import { createLog } from '#src/log'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'
import { gateway } from '../support/gateway'

const ask = (url: string, path: string, init: RequestInit = {}) =>
  fetch(url + path, { redirect: 'manual', ...init })

test.each([
  ['/', 302, '/admin'],
  ['/?a=b', 302, '/admin'],
  ['/login', 302, '/admin/login'],
  ['/manage', 302, '/admin'],
  ['/admin', 303, undefined],
  ['/admin/assets/none', 404, undefined],
  ['/setup?token=no', 403, undefined],
] as const)('the very first request for %s finds the surface', async (path, status, location) => {
  await using it = await gateway()
  const answer = await ask(it.url, path)
  expect(answer.headers.get('x-request-id')).toStartWith('req_')
  if (location) expect(answer.headers.get('location')).toBe(location)
  if (status === 302 || status === 303) expect([301, 302, 303]).toContain(answer.status)
  else expect(answer.status).toBe(status)
})

test.each(['/administrator', '/adminx', '/loginx', '/managers', '/setupx', '/nothing'])(
  'what only looks as if it led there is unknown: %s',
  async (path) => {
    await using it = await gateway()
    const answer = await ask(it.url, path)
    expect(answer.status).toBe(404)
    expect((await answer.json()).error).toMatchObject({
      code: 'unknown_path',
      message: expect.stringContaining(path),
    })
  },
)

test('those who come at the same time at first come to one surface', async () => {
  await using it = await gateway()
  const set = () =>
    ask(it.url, `/setup?token=${it.setupToken}`, {
      method: 'POST',
      headers: { origin: it.url, 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams({ token: it.setupToken, password: 'the password of somebody' }),
    })
  const answers = await Promise.all([set(), set(), set(), set()])
  const letIn = answers.filter(({ headers }) => headers.getSetCookie().length > 0)
  expect(letIn).toHaveLength(1)
})

test('everything is in the document and among the routes, though nobody asked for a page', async () => {
  await using it = await gateway()
  const { paths } = JSON.parse(await it.app.describe()) as { paths: Record<string, unknown> }
  for (const path of ['/v1/chat/completions', '/admin/api/keys', '/health', '/metrics'])
    expect(Object.keys(paths)).toContain(path)
  const routes = (await it.app.routes()).map(({ method, path }) => `${method} ${path}`)
  for (const route of [
    'POST /v1/responses',
    'GET /admin/login',
    'GET /setup/',
    'GET /openapi.json',
  ])
    expect(routes).toContain(route)
})

describe('where nothing may be made late', () => {
  test('the surface is made with the app, once', async () => {
    const client = openFile(':memory:')
    await migrate(client)
    const vault = createVault('a secret for tests')
    const stores = createStores({ client, vault, now: Date.now })
    const log = createLog({ level: 'silent', write() {}, readable: false, now: Date.now })
    const state = { client, secret: 'a secret for tests', vault, stores, applied: [] }
    let made = 0
    const app = createApp({
      ...createPlatform(readConfig({ DATABASE_URL: 'file::memory:' }), state, log),
      adminSurface(parts) {
        made++
        return createAdminSurface(parts)
      },
    })
    expect(made).toBe(1)
    await app.load()
    const page = await app.fetch(new Request('http://localhost/admin/login'))
    expect([page.status, made]).toEqual([200, 1])
    client.close()
  })
})
