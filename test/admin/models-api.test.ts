import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { DATABASES } from '../support/each-database'
import { modelsWorld } from '../support/models-world'

const BEGIN_MS = 30_000

describe.each(DATABASES)('the admin API of models over a %s', (kind) => {
  let it: Awaited<ReturnType<typeof modelsWorld>>
  beforeAll(async () => {
    it = await modelsWorld(kind)
  }, BEGIN_MS)
  afterAll(() => it[Symbol.asyncDispose]())

  const json = async (answer: Promise<Response>, status = 200) => {
    const found = await answer
    const body = await found.json()
    expect([found.status, found.status === status ? '' : body]).toEqual([status, ''])
    return body
  }
  const auditOf = async (action: string) =>
    (await it.stores.audit.list(100)).filter((entry) => entry.action === action)
  const model = (id: string) => json(it.api(`/models/${encodeURIComponent(id)}`))

  describe('models', () => {
    test('are told with who serves them, what they cost and how long they listen', async () => {
      const { data, total } = await json(it.api('/models'))
      expect(data.map(({ id }: { id: string }) => id)).toEqual([
        'grok-4',
        'grok-4-mini',
        'llama3',
        'org/priced',
      ])
      expect(total).toBe(4)
      expect(await model('org/priced')).toEqual({
        object: 'model',
        id: 'org/priced',
        listed: true,
        served_by: [{ kind: 'openai', accounts: 1, ready: 1 }],
        upstream_name: 'org/priced',
        also_called: ['org/priced-latest'],
        alias: null,
        cost_class: null,
        context_length: 131_072,
        price: {
          input: 1.25,
          output: 2.5,
          cached: null,
          long_from: null,
          long_input: null,
          long_cached: null,
          long_output: null,
          source: 'upstream',
        },
        why_not: [],
      })
    })

    test('are searched, and come in parts', async () => {
      const first = await json(it.api('/models?search=GROK&limit=1'))
      expect(first).toMatchObject({ total: 2, has_more: true, next: 'grok-4' })
      const second = await json(it.api(`/models?search=GROK&limit=1&after=${first.next}`))
      expect(second).toMatchObject({ data: [{ id: 'grok-4-mini' }], has_more: false, next: null })
      expect((await json(it.api('/models?after=zzz'))).data).toEqual([])
      expect((await it.api('/models?limit=0')).status).toBe(400)
    })

    test('that nobody has are explained', async () => {
      const codes = async (id: string) =>
        (await model(id)).why_not.map(({ code }: { code: string }) => code)
      expect(await codes('nothing')).toEqual(['nobody'])
      expect(await codes('grok-4-heavy')).toEqual(['no_session'])
      const session = {
        kind: 'web',
        name: 'poor',
        baseUrl: 'http://127.0.0.1:9',
        secret: 'sso-secret',
      } as const
      const { id } = await it.stores.accounts.add({ ...session, tier: 'basic' })
      const off = {
        kind: 'openai',
        name: 'asleep',
        baseUrl: 'http://127.0.0.1:9',
        secret: 'x',
        models: ['dreams'],
        enabled: false,
      } as const
      await it.stores.accounts.add(off)
      await it.gate.app.refresh()
      expect(await codes('grok-4-heavy')).toEqual(['tier'])
      const { why_not } = await model('dreams')
      expect(why_not).toMatchObject([{ code: 'off' }])
      expect(why_not[0].message).toContain('openai/asleep')
      expect(await model('grok-4.1-expert')).toMatchObject({
        served_by: [{ kind: 'web', accounts: 1, ready: 1 }],
        cost_class: 4,
        upstream_name: expect.stringContaining('grok-4-1-thinking'),
      })
      await it.stores.accounts.remove([id])
      await it.gate.app.refresh()
    })
  })

  describe('aliases', () => {
    const alias = (name: string) => `/aliases/${encodeURIComponent(name)}`

    test('are made, work, are changed by who has seen them, and removed', async () => {
      const wish = { name: 'org/best', targets: [{ model: 'grok-4' }, { model: 'unheard-of' }] }
      const made = await json(it.api('/aliases', { ...wish, also: ['moderation'] }), 201)
      expect(made).toMatchObject({
        ...wish,
        mode: 'order',
        also: ['moderation'],
        listed: true,
        unknown_models: ['unheard-of'],
        hides_model: false,
      })
      expect((await json(it.get('/v1/models/org/best'))).id).toBe('org/best')
      expect(await model('org/best')).toMatchObject({
        alias: { mode: 'order' },
        served_by: [{ kind: 'xai', accounts: 1 }],
      })
      expect((await json(it.api('/aliases', wish), 409)).error.code).toBe('already_exists')
      const patch = (body: object) => it.api(alias('org/best'), body, 'PATCH')
      const { revision } = made
      const split = [
        { model: 'grok-4', weight: 9 },
        { model: 'llama3', weight: 1 },
      ]
      const changed = await json(patch({ revision, mode: 'split', targets: split }))
      expect(changed).toMatchObject({ mode: 'split', targets: split, also: ['moderation'] })
      expect((await json(patch({ revision, also: [] }), 409)).error.code).toBe('revision_conflict')
      const simple = await json(
        patch({
          revision: changed.revision,
          mode: 'order',
          targets: [{ model: 'llama3' }],
          also: [],
        }),
      )
      // The command line counts, too.
      await it.stores.aliases.set('org/best', 'grok-4-mini')
      expect((await patch({ revision: simple.revision, also: [] })).status).toBe(409)
      expect(await json(it.api(alias('org/best'), undefined, 'DELETE'))).toEqual({
        object: 'removed',
        id: 'org/best',
      })
      expect((await it.api(alias('org/best'))).status).toBe(404)
      expect((await it.get('/v1/models/org/best')).status).toBe(404)
      expect(await auditOf('alias.change')).toMatchObject([
        { after: { targets: [{ model: 'llama3' }] } },
        { before: { mode: 'order' }, after: { mode: 'split' } },
      ])
      expect(await auditOf('alias.create')).toHaveLength(1)
      expect(await auditOf('alias.remove')).toHaveLength(1)
    })

    test('of two changes at once one is made, also of an alias in the old form', async () => {
      await it.stores.aliases.set('raced', 'grok-4')
      const { revision } = await json(it.api(alias('raced')))
      const answers = await Promise.all(
        ['llama3', 'grok-4-mini', 'org/priced'].map((one) =>
          it.api(alias('raced'), { revision, targets: [{ model: one }] }, 'PATCH'),
        ),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
      await it.api(alias('raced'), undefined, 'DELETE')
    })

    test('that two make in one moment do not go in circles', async () => {
      const { aliases } = it.stores
      const to = (model: string) => ({ mode: 'order' as const, targets: [{ model }] })
      const split = { mode: 'split' as const, targets: [{ model: 'x' }, { model: 'ring-1' }] }
      const both = [aliases.create('ring-1', to('ring-2')), aliases.create('ring-2', split)]
      expect((await Promise.all(both)).sort()).toEqual([false, true])
      for (const name of ['ring-1', 'ring-2']) await aliases.remove(name)
      expect(await aliases.create('ring-1', to('ring-2'))).toBe(true)
      expect(await aliases.create('ring-2', split)).toBe(false)
      expect(await aliases.create('ring-3', to('ring-1'))).toBe(false)
      expect(await aliases.set('ring-2', split)).toBe(false)
      expect(await aliases.create('ring-4', to('y'))).toBe(true)
      const [ring] = (await aliases.all()).filter(({ name }) => name === 'ring-4')
      if (!ring) throw new Error('It is not there.')
      expect(await aliases.change(ring, to('ring-1'))).toBe(false)
      expect(
        await aliases.change(ring, { ...split, targets: [{ model: 'y' }, { model: 'z' }] }),
      ).toBe(true)
      const said = await Promise.all([
        it.api('/aliases', { name: 'round-1', targets: [{ model: 'round-2' }] }),
        it.api('/aliases', { name: 'round-2', targets: [{ model: 'round-1' }] }),
      ])
      expect(said.map(({ status }) => status).sort()).toEqual([201, 400])
      for (const { name } of await aliases.all()) await aliases.remove(name)
    })

    test('that go in circles or mean nothing are refused', async () => {
      await json(it.api('/aliases', { name: 'known', targets: [{ model: 'grok-4' }] }), 201)
      const refused = async (body: object) =>
        (await json(it.api('/aliases', body), 400)).error.message
      const to = (name: string, ...models: string[]) =>
        refused({ name, targets: models.map((one) => ({ model: one })) })
      expect(await to('new', 'known')).toContain('is an alias itself')
      expect(await to('new', 'new')).toContain('is an alias itself')
      expect(await to('new', 'a', 'a')).toContain('named twice')
      expect(await to('grok-4', 'a')).toContain('is a model of the alias "known"')
      expect(await to('new')).toContain('targets')
      expect(await to(' new', 'a')).toContain('name')
      expect(await refused({ name: 'x', targets: [{ model: 'a', weight: 0 }] })).toContain('weight')
      const { revision } = await json(it.api('/aliases/known'))
      const circle = { revision, targets: [{ model: 'known' }] }
      expect((await it.api('/aliases/known', circle, 'PATCH')).status).toBe(400)
      expect((await json(it.api('/aliases'))).data).toHaveLength(1)
    })

    test('that lead nowhere are listed with the reason, and those that hide a model say so', async () => {
      await json(it.api('/aliases', { name: 'lost', targets: [{ model: 'unheard-of' }] }), 201)
      const { data } = await json(it.api('/models?search=lost'))
      expect(data).toMatchObject([{ id: 'lost', listed: false, why_not: [{ code: 'targets' }] }])
      const hiding = await json(
        it.api('/aliases', { name: 'llama3', targets: [{ model: 'grok-4' }] }),
        201,
      )
      expect(hiding.hides_model).toBe(true)
      await it.api('/aliases/llama3', undefined, 'DELETE')
    })
  })

  describe('prices', () => {
    test('are set, count, are changed by who has seen them, and removed', async () => {
      const wish = { model: 'org/priced', input: 3, output: 6.5, cached: 0.1 }
      const made = await json(it.api('/prices', wish), 201)
      expect(made).toMatchObject({ ...wish, object: 'price', long_from: null })
      expect(await model('org/priced')).toMatchObject({ price: { input: 3, source: 'operator' } })
      expect((await it.api('/prices', wish)).status).toBe(409)
      const path = `/prices/${encodeURIComponent('org/priced')}`
      const { revision } = made
      const changed = await json(
        it.api(path, { revision, long_from: 200_000, long_input: 6 }, 'PATCH'),
      )
      expect(changed).toMatchObject({ input: 3, long_from: 200_000, long_input: 6 })
      expect((await it.api(path, { revision, input: 1 }, 'PATCH')).status).toBe(409)
      expect(await json(it.api(path))).toEqual(changed)
      expect((await json(it.api('/prices'))).data).toEqual([changed])
      await json(it.api(path, undefined, 'DELETE'))
      expect((await it.api(path)).status).toBe(404)
      expect((await it.api(path, undefined, 'DELETE')).status).toBe(404)
      expect(await model('org/priced')).toMatchObject({ price: { source: 'upstream' } })
      expect(await auditOf('price.change')).toMatchObject([
        { before: { long_from: null }, after: { long_from: 200_000 } },
      ])
    })

    test('of two changes at once one is made', async () => {
      const { revision } = await json(
        it.api('/prices', { model: 'raced', input: 0.1, output: 0.2 }),
        201,
      )
      const answers = await Promise.all(
        [1, 2, 3].map((input) => it.api('/prices/raced', { revision, input }, 'PATCH')),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    })

    test.each([
      [{ model: 'm', input: -1, output: 1 }, 'input'],
      [{ model: 'm', input: 1e6, output: 1 }, 'input'],
      [{ model: 'm', input: 1 }, null],
      [{ model: 'm', input: 1, output: 1, long_input: 2 }, 'long_from'],
      [{ model: 'm', input: 1, output: 1, long_from: 1.5 }, 'long_from'],
      [{ model: '', input: 1, output: 1 }, 'model'],
    ])('%j is no price', async (body, param) => {
      expect((await json(it.api('/prices', body), 400)).error.param).toBe(param)
    })
  })
})
