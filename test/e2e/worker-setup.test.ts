import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { openaiAt } from '../support/gateway'
import { groxy } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'
import { post } from '../support/worker-world'
import { builtWorker, workerd } from '../support/workerd'

const SLOW = 120_000
const SECRET = 'a secret for tests'
const KEY = 'sk-groxy-of-the-environment'

describe.skipIf(isWithoutSqld)('a Worker that is not set up', () => {
  let build: Awaited<ReturnType<typeof builtWorker>>
  beforeAll(async () => {
    build = await builtWorker()
  }, SLOW)
  afterAll(() => build?.[Symbol.asyncDispose]())

  /** What everybody is told, whatever they ask for. */
  async function told(url: string): Promise<string> {
    const asks = [
      post({ url, key: KEY }, { stream: true }),
      ...['/ready', '/admin', '/v1/models'].map((path) => fetch(url + path)),
    ]
    const said = await Promise.all(
      asks.map(async (ask) => {
        const answer = await ask
        const { error } = await answer.json()
        expect([answer.status, error.type, error.code]).toEqual([503, 'server_error', 'not_ready'])
        return error.message
      }),
    )
    expect(new Set(said).size).toBe(1)
    return said[0]
  }

  test(
    'tells whoever asks, and its log, what is missing and what it cannot do',
    async () => {
      await using worker = await workerd(build.outdir, {
        MEDIA_DIR: '/media',
        DATABASE_AUTH_TOKEN: 'token-that-nobody-may-see',
      })
      const message = await told(worker.url)
      for (const name of ['DATABASE_URL', 'GROXY_SECRET', 'MEDIA_DIR'])
        expect(message).toContain(name)
      expect((await fetch(`${worker.url}/health`)).status).toBe(503)
      expect(await worker.tick()).toBe('exception')
      expect(worker.output()).toContain('"event":"setup","problem":"DATABASE_URL is missing.')
      expect(worker.output() + message).not.toContain('nobody-may-see')
    },
    SLOW,
  )

  test(
    'says that its database is empty until that is mended, and then works',
    async () => {
      await using database = await sqld()
      const env = {
        DATABASE_URL: database.url,
        GROXY_SECRET: SECRET,
        GROXY_API_KEY: KEY,
        DEMO: '1',
      }
      await using worker = await workerd(build.outdir, env)
      expect((await fetch(`${worker.url}/health`)).status).toBe(200)
      expect(await told(worker.url)).toContain('`groxy migrate`')
      expect(await worker.tick()).toBe('exception')
      expect(worker.output()).toContain('"event":"setup","problem":"The database is empty."')
      expect(worker.output()).not.toContain('hung')
      await groxy(['migrate'], env)
      const answer = await post({ url: worker.url, key: KEY }, { model: 'demo' })
      expect([answer.status, await answer.text()]).toEqual([
        200,
        expect.stringContaining('choices'),
      ])
      expect(await worker.tick()).toBe('ok')
    },
    SLOW,
  )

  test(
    'touches no database that was begun with another secret',
    async () => {
      await using database = await sqld()
      const env = { DATABASE_URL: database.url, GROXY_SECRET: SECRET }
      await groxy(['keys', 'create', 'one'], env)
      const other = { ...env, GROXY_SECRET: 'another secret for tests', GROXY_API_KEY: KEY }
      await using worker = await workerd(build.outdir, {
        ...other,
        ...openaiAt('http://[::1]:1/v1'),
      })
      expect(await told(worker.url)).toContain('encrypted with another secret')
      expect(await worker.tick()).toBe('exception')
    },
    SLOW,
  )
})
