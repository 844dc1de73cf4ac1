import { beforeAll, expect, test } from 'bun:test'
import { expectRefusal, good } from '../checks'
import type { Json, Target } from '../world'
import { CHAT } from './chat'

/** Names that lead to models. */
export function aliasesSuite(target: Target): void {
  const make = (fields: object) => target().admin.api('/aliases', fields)
  const to = (...models: readonly string[]) => models.map((model) => ({ model }))
  const ask = (model: string, more: object = {}) =>
    target().post(CHAT, { model, messages: [{ role: 'user', content: 'Hi' }], ...more })

  beforeAll(async () => {
    const { honoured } = target()
    for (const fields of [
      { name: 'team/best', targets: to('talk') },
      { name: 'ordered', targets: to('only-garbage', 'talk') },
      {
        name: 'split',
        mode: 'split',
        targets: [
          { model: 'talk', weight: 1 },
          { model: 'talk-mini', weight: 1 },
        ],
      },
      { name: 'painter', targets: to('grok-imagine-image') },
      { name: 'vectors', targets: to('text-embedding-3-small') },
    ])
      await good(make(fields), 201)
    // The last of them: it is known where all others are.
    const embed = () => target().post('/v1/embeddings', { model: 'vectors', input: 'Hi' })
    await honoured(async () => (await embed()).status === 200)
  })

  test('one is a model as others are', async () => {
    const reply = await ask('team/best')
    expect(reply.headers.get('x-groxy-model')).toBe('talk')
    expect(await good(reply)).toMatchObject({ model: 'team/best' })
    expect(await good(target().get('/v1/models/team/best'))).toMatchObject({ id: 'team/best' })
    const { data } = await good<{ data: readonly { id: string }[] }>(target().get('/v1/models'))
    expect(data.map(({ id }) => id)).toContain('team/best')
  })

  test('a stream bears its name, too', async () => {
    const text = await (await ask('team/best', { stream: true })).text()
    expect(text).toContain('"model":"team/best"')
    expect(text).not.toContain('"model":"talk"')
  })

  test.each([
    ['/v1/responses', { model: 'team/best', input: 'Hi' }],
    ['/v1/images/generations', { model: 'painter', prompt: 'A fern' }],
    ['/v1/embeddings', { model: 'vectors', input: 'Hi' }],
  ])('one is known to %s', async (path, body) => {
    const reply = await target().post(path, body)
    expect([reply.status, reply.headers.get('x-groxy-model')]).toEqual([
      200,
      expect.stringMatching(/^(?:talk|grok-imagine-image|text-embedding-3-small)$/),
    ])
  })

  test('one with several goes on where the first fails', async () => {
    for (const stream of [false, true]) {
      const reply = await ask('ordered', { stream })
      expect([reply.status, reply.headers.get('x-groxy-model')]).toEqual([200, 'talk'])
      expect(await reply.text()).toContain('"model":"ordered"')
    }
  })

  test('one that is split goes to all', async () => {
    const models = new Set<string | null>()
    for (let turn = 0; turn < 40 && models.size < 2; turn++)
      models.add(
        (await ask('split', { messages: [{ role: 'user', content: `turn ${turn}` }] })).headers.get(
          'x-groxy-model',
        ),
      )
    expect([...models].toSorted()).toEqual(['talk', 'talk-mini'])
  })

  test('one is changed by who has seen it, and removed', async () => {
    const { admin, honoured } = target()
    const made = await good<Json>(make({ name: 'moving', targets: to('talk') }), 201)
    const path = '/aliases/moving'
    await honoured(async () => Bun.deepEquals(await good(admin.api(path)), made))
    const { revision } = made
    const changed = admin.api(path, { revision, targets: to('talk-mini') }, 'PATCH')
    expect(await good(changed)).toMatchObject({ targets: to('talk-mini') })
    const late = admin.api(path, { revision, targets: to('talk') }, 'PATCH')
    await expectRefusal(late, { status: 409, code: 'revision_conflict' })
    await honoured(async () => (await ask('moving')).headers.get('x-groxy-model') === 'talk-mini')
    expect(await good(admin.api(path, undefined, 'DELETE'))).toEqual({
      object: 'removed',
      id: 'moving',
    })
    await honoured(async () => (await ask('moving')).status === 404)
    await expectRefusal(admin.api(path), { status: 404 })
  })

  test.each([
    ['itself', { name: 'loop', targets: to('loop') }],
    ['an alias', { name: 'loop', targets: to('team/best') }],
    ['a model twice', { name: 'twice', targets: to('a', 'a') }],
    ['nothing', { name: 'empty', targets: [] }],
  ])('one to %s is refused', async (_, fields) => {
    await expectRefusal(make(fields), { status: 400, code: 'invalid_value' })
  })

  test('one that is there already is refused', async () => {
    const again = make({ name: 'team/best', targets: to('talk') })
    await expectRefusal(again, { status: 409, code: 'already_exists' })
  })
}
