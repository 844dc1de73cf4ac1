import { expect, test } from 'bun:test'
import { SetupError } from '#src/errors'
import { readWorkerSetup, setupRefusal } from '#src/worker-setup'

const TOKEN = 'token-that-nobody-may-see'
const GOOD = {
  DATABASE_URL: 'libsql://database.example',
  DATABASE_AUTH_TOKEN: TOKEN,
  GROXY_SECRET: 'a secret for tests',
  ASSETS: { fetch: async () => new Response() },
}

const refusalOf = (env: Readonly<Record<string, unknown>>): SetupError => {
  try {
    readWorkerSetup(env)
  } catch (cause) {
    if (cause instanceof SetupError) return cause
    throw cause
  }
  throw new Error('It was taken.')
}

test.each([
  ['what it needs', {}],
  ['a bucket', { MEDIA: { put: async () => {} } }],
  ['an address and port that nobody listens on', { HOST: '', PORT: 'any' }],
  ['numbers of processes and seconds that mean nothing', { WORKERS: 'many', DRAIN_SECONDS: '-' }],
  ['a snapshot that is switched off', { GROXY_SNAPSHOT: 'off' }],
  ['https', { DATABASE_URL: 'https://database.example' }],
  ['a server without TLS', { DATABASE_URL: 'libsql://database.example:8080?tls=0' }],
])('a Worker takes %s', (_, env) => {
  const { config, secret, client } = readWorkerSetup({ ...GOOD, ...env })
  client.close()
  expect([config.GROXY_SECRET, secret]).toEqual([GOOD.GROXY_SECRET, GOOD.GROXY_SECRET])
})

test.each([
  ['no database', { DATABASE_URL: '' }, 'DATABASE_URL is missing', 'wrangler secret put'],
  ['a file', { DATABASE_URL: 'file:data/groxy.db' }, 'no files', 'libsql://'],
  ['a WebSocket', { DATABASE_URL: `wss://h?authToken=${TOKEN}` }, 'WebSocket', 'https:'],
  ['no host', { DATABASE_URL: 'libsql:' }, 'not the address', 'libsql://'],
  ['a query', { DATABASE_URL: `https://h?token=${TOKEN}` }, 'not the address', 'libsql://'],
  ['another scheme', { DATABASE_URL: 'mysql://h' }, 'DATABASE_URL', '--help'],
  ['no secret', { GROXY_SECRET: undefined }, 'GROXY_SECRET is missing', 'wrangler secret put'],
  ['a short secret', { GROXY_SECRET: 'short' }, 'GROXY_SECRET', '--help'],
  ['a directory', { MEDIA_DIR: '/media' }, 'MEDIA_DIR', 'binding MEDIA'],
  ['a snapshot', { GROXY_SNAPSHOT: '/groxy.snapshot' }, 'GROXY_SNAPSHOT', 'Remove'],
  ['a text as bucket', { MEDIA: 'groxy-media' }, 'no R2 bucket', 'r2_buckets'],
  ['no assets', { ASSETS: undefined }, 'ASSETS', 'wrangler.jsonc'],
])('a Worker refuses %s, and says what to do', (_, env, message, remedy) => {
  const refusal = refusalOf({ ...GOOD, ...env })
  expect(refusal.message).toContain(message)
  expect(refusal.remedy).toContain(remedy)
  expect(`${refusal.message} ${refusal.remedy}`).not.toContain(TOKEN)
})

test('several mistakes are told at once', () => {
  const { message } = refusalOf({ MEDIA_DIR: '/media' })
  for (const name of ['DATABASE_URL', 'GROXY_SECRET', 'MEDIA_DIR', 'ASSETS'])
    expect(message).toContain(name)
})

test('a refusal is one that programs understand', async () => {
  const answer = setupRefusal(new SetupError('It is so.', 'Do this.'), Date.now())
  expect(answer.status).toBe(503)
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(answer.headers.get('x-request-id')).toStartWith('req_')
  expect(await answer.json()).toEqual({
    error: {
      message: 'This gateway is not ready. It is so. Do this.',
      type: 'server_error',
      param: null,
      code: 'not_ready',
    },
  })
})
