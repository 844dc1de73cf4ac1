import { beforeAll, describe, expect, test } from 'bun:test'
import { helloEvents, sse } from '../../fakes/upstream'
import { readUntil } from '../../support/responses-http'
import { expectRefusal, good } from '../checks'
import type { Target, World } from '../world'
import { CHAT } from './chat'

const ASK = { model: 'talk', messages: [{ role: 'user', content: 'Hi' }] }
const IMAGE = { model: 'grok-imagine-image', prompt: 'A fern' }
const MINUTE_MS = 60_000
const LONG = 120_000

const WANTED = {
  minute: { limits: { requests_per_minute: 5 } },
  tokens: { limits: { tokens_per_minute: 30 } },
  chat: { limits: { chat_per_day: 4 } },
  image: { limits: { image_per_day: 3 } },
  atOnce: { limits: { concurrency: 2 } },
  nothing: { limits: { chat_per_day: 0, image_per_day: 0, video_per_day: 0 } },
  some: { models: ['talk*', 'grok-imagine-image'] },
  revoked: {},
  disabled: {},
  changed: { limits: { chat_per_day: 0 } },
  brief: {},
  counted: { limits: { chat_per_day: 100 } },
}

/** What keys may and may not. */
export function keysSuite(target: Target): void {
  let keys: Awaited<ReturnType<World['newKeys']>>
  const keyOf = (name: keyof typeof WANTED) => {
    const key = keys[name]
    if (!key) throw new Error(`There is no key ${name}.`)
    return key
  }
  beforeAll(async () => {
    keys = await target().newKeys(WANTED)
  }, LONG)

  const ask = (name: keyof typeof WANTED, more: object = {}) =>
    keyOf(name).post(CHAT, { ...ASK, ...more })
  /** How many of so many turns are taken. */
  const taken = async (times: number, turn: () => Promise<Response>) => {
    let count = 0
    for (let at = 0; at < times; at++) {
      const reply = await turn()
      await reply.text()
      expect(reply.status).toBeOneOf([200, 429])
      if (reply.status === 200) count++
    }
    return count
  }

  describe('a limit holds, whoever is asked:', () => {
    test(
      'requests a minute',
      async () => {
        const passed = Date.now() % MINUTE_MS
        if (passed > MINUTE_MS - 5_000) await Bun.sleep(MINUTE_MS - passed)
        expect(await taken(15, () => ask('minute'))).toBe(5)
        const reply = await ask('minute')
        expect(Number(reply.headers.get('retry-after'))).toBeWithin(1, 61)
        await expectRefusal(reply, {
          ...{ status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error' },
        })
      },
      LONG,
    )

    test(
      'tokens a minute',
      async () => {
        const passed = Date.now() % MINUTE_MS
        if (passed > MINUTE_MS - 5_000) await Bun.sleep(MINUTE_MS - passed)
        // A turn takes 11; what it may take is reserved until it is over.
        const spend = () => ask('tokens', { max_completion_tokens: 5 })
        expect(await taken(9, spend)).toBeWithin(1, 4)
        await expectRefusal(spend(), { status: 429, code: 'rate_limit_exceeded' })
      },
      LONG,
    )

    test('chats a day', async () => {
      expect(await taken(12, () => ask('chat'))).toBe(4)
      await expectRefusal(ask('chat'), {
        ...{ status: 429, code: 'daily_quota_exceeded', type: 'insufficient_quota' },
      })
      // Of pictures nothing was said.
      expect((await keyOf('chat').post('/v1/images/generations', IMAGE)).status).toBe(200)
    })

    test('pictures a day, one by one', async () => {
      const images = (n: number) => keyOf('image').post('/v1/images/generations', { ...IMAGE, n })
      await expectRefusal(images(4), { status: 429, code: 'daily_quota_exceeded' })
      expect(await taken(9, () => images(1))).toBe(3)
      expect((await ask('image')).status).toBe(200)
    })

    test('turns at once, until one is over', async () => {
      const { fakes, honoured } = target()
      fakes.chat.script(() => sse(helloEvents().slice(0, 2), { hang: true }))
      const leaving = [new AbortController(), new AbortController()]
      for (const { signal } of leaving) {
        const reply = await keyOf('atOnce').post(CHAT, { ...ASK, stream: true }, { signal })
        await readUntil(reply, 'Hello')
      }
      await expectRefusal(ask('atOnce', { stream: true }), {
        status: 429,
        code: 'rate_limit_exceeded',
      })
      fakes.chat.script(() => undefined)
      for (const one of leaving) one.abort()
      await honoured(async () => (await ask('atOnce')).status === 200)
    })

    test.each([
      [CHAT, ASK],
      ['/v1/responses', { model: 'reply', input: 'Hi' }],
      ['/v1/images/generations', IMAGE],
      ['/v1/videos', { model: 'grok-imagine-video', prompt: 'Waves' }],
    ])('nothing at all of %s', async (path, body) => {
      const reply = keyOf('nothing').post(path, body)
      await expectRefusal(reply, { status: 429, code: 'daily_quota_exceeded' })
    })
  })

  describe('a list of models holds', () => {
    test.each(['talk', 'talk-mini'])('%s is on it', async (model) => {
      expect((await ask('some', { model })).status).toBe(200)
    })

    test.each([
      [CHAT, { ...ASK, model: 'shared' }],
      ['/v1/responses', { model: 'reply', input: 'Hi' }],
      ['/v1/embeddings', { model: 'text-embedding-3-small', input: 'Hi' }],
      ['/v1/images/generations', { ...IMAGE, model: 'gpt-image-1' }],
    ])('others are refused: %s', async (path, body) => {
      const reply = keyOf('some').post(path, body)
      await expectRefusal(reply, { status: 403, code: 'model_not_allowed' })
    })

    test('no others are listed', async () => {
      const { data } = await good<{ data: readonly { id: string }[] }>(
        keyOf('some').get('/v1/models'),
      )
      expect(data.map(({ id }) => id).toSorted()).toEqual([
        'grok-imagine-image',
        'talk',
        'talk-mini',
      ])
    })
  })

  describe('a change is honoured everywhere within three seconds:', () => {
    const is = (name: keyof typeof WANTED, status: number) =>
      target().honoured(async () => (await ask(name)).status === status)
    const patch = async (name: keyof typeof WANTED, fields: object) => {
      const path = `/keys/${keyOf(name).id}`
      const { revision } = await good<{ revision: number }>(target().admin.api(path))
      await good(target().admin.api(path, { revision, ...fields }, 'PATCH'))
    }

    test('one is revoked', async () => {
      await is('revoked', 200)
      await good(target().admin.api(`/keys/${keyOf('revoked').id}`, undefined, 'DELETE'))
      await is('revoked', 401)
    })

    test('one is switched off, and on', async () => {
      await patch('disabled', { enabled: false })
      await is('disabled', 401)
      await patch('disabled', { enabled: true })
      await is('disabled', 200)
    })

    test('one gets other limits', async () => {
      await is('changed', 429)
      await patch('changed', { limits: { chat_per_day: null } })
      await is('changed', 200)
      await patch('changed', { models: ['shared'] })
      await is('changed', 403)
    })

    test('one expires', async () => {
      const expires_at = Math.floor(Date.now() / 1000) + 4
      await patch('brief', { expires_at })
      expect((await ask('brief')).status).toBe(200)
      await Bun.sleep(expires_at * 1000 - Date.now())
      await is('brief', 401)
      const reply = await ask('brief')
      expect((await reply.clone().json()).error.message).toContain('expired')
      await expectRefusal(reply, { status: 401, code: 'invalid_api_key' })
    })
  })

  test('what a key has used is told to the operator', async () => {
    const { admin, honoured } = target()
    for (let turn = 0; turn < 3; turn++) expect((await ask('counted')).status).toBe(200)
    await honoured(async () => {
      const { usage } = await good<{ usage: readonly object[] }>(
        admin.api(`/keys/${keyOf('counted').id}`),
      )
      return Bun.deepMatch({ limit: 'chat_per_day', used: 3, remaining: 97 }, usage[0] ?? {})
    })
  })
}
