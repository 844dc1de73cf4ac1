import { expect, test } from 'bun:test'
import { expectRefusal, good } from '../checks'
import type { Json, Target } from '../world'
import { CHAT } from './chat'

const OWN = 'xai-callers-own-key-0123456789'
const ASK = { model: 'grok-4', messages: [{ role: 'user', content: 'Hi' }] }

/** Callers with a key of xAI, and paths that are not modelled. */
export function passThroughSuite(target: Target): void {
  const own = () => target().client(OWN)

  test('a key of xAI goes there with its call, as it is', async () => {
    const reply = await own().post('/v1/completions?x=1', '{"a":1,"a":2}', {
      headers: { cookie: 'c=d', 'x-forwarded-for': '1.2.3.4' },
    })
    expect(reply.headers.get('x-ratelimit-limit')).toBe('9')
    expect(reply.headers.get('set-cookie')).toBeNull()
    expect(await good(reply, 201)).toEqual({
      ...{ method: 'POST', path: '/v1/completions?x=1', body: '{"a":1,"a":2}' },
      authorization: `Bearer ${OWN}`,
    })
    const seen = target().fakes.own.seen.at(-1)
    expect(seen?.headers.get('cookie')).toBeNull()
    expect(seen?.headers.get('x-forwarded-for')).toBeNull()
  })

  test.each([
    ['POST', CHAT, ASK],
    ['POST', '/v1/responses', { model: 'grok-4', input: 'Hi' }],
    ['GET', '/v1/models/grok-4', undefined],
    ['DELETE', '/v1/files/file-1', undefined],
    ['GET', '/v1/api-key', undefined],
  ] as const)('so does %s %s, though we serve it ourselves', async (method, path, body) => {
    expect(await good(own().call(method, path, body), 201)).toMatchObject({ method, path })
  })

  test('nothing of it is in the log of the operator', async () => {
    const reply = await own().post(CHAT, ASK)
    const id = reply.headers.get('x-request-id')
    await reply.text()
    expect((await target().admin.api(`/requests/${id}`)).status).toBe(404)
  })

  test('a path that we do not model is asked with an account of the pool', async () => {
    const { models } = await good<{ models: readonly Json[] }>(
      target().get('/v1/image-generation-models'),
    )
    expect(models.map(({ id }) => id)).toContain('grok-imagine-image')
    expect(target().fakes.xai.calls.at(-1)?.account).toBe('xai-media-account-0123456789')
  })

  test.each(['/v1/files/a/b/c', '/v1/responses/a/b', '/v1//models', '/v1/a%2fb'])(
    'but %s is asked of nobody',
    async (path) => {
      const before = target().fakes.xai.calls.length
      await expectRefusal(target().get(path), { status: 404 })
      expect(target().fakes.xai.calls.length).toBe(before)
    },
  )

  test('what merely looks like a key of xAI is none', async () => {
    for (const key of ['xai-short', 'XAI-callers-own-key-0123456789'])
      await expectRefusal(target().stranger('GET', '/v1/models', undefined, key), { status: 401 })
  })

  test('the operator may forbid it', async () => {
    const { having, honoured } = target()
    await having({ pass_through: false }, async () => {
      await honoured(async () => (await own().get('/v1/models')).status === 401)
      await expectRefusal(own().post(CHAT, ASK), { status: 401, code: 'invalid_api_key' })
    })
    await honoured(async () => (await own().get('/v1/models')).status === 201)
  })
}
