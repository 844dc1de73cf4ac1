import { expect, test } from 'bun:test'
import { fakeUpstream } from '../fakes/upstream'
import { ASK, gateway, openaiAt, xaiAt } from '../support/gateway'

const ids = async (reply: Response) => (await reply.json()).data.map(({ id }: { id: string }) => id)

test('the list is what the accounts offer together, with aliases', async () => {
  await using one = fakeUpstream()
  await using other = fakeUpstream(({ path }) =>
    path === '/v1/models'
      ? Response.json({ data: [{ id: 'org/model', context_length: 5 }] })
      : undefined,
  )
  await using it = await gateway({ env: { ...xaiAt(one.url), ...openaiAt(other.url) } })
  await it.stores.aliases.set('gpt-4o', 'grok-4')
  await it.app.refresh()
  expect(await ids(await it.get('/v1/models'))).toEqual([
    'gpt-4o',
    'grok-4',
    'grok-4-mini',
    'org/model',
  ])
  const shown = {
    id: 'org/model',
    object: 'model',
    created: 0,
    owned_by: 'unknown',
    context_length: 5,
  }
  for (const path of ['/v1/models/org/model', '/v1/models/org%2Fmodel'])
    expect(await (await it.get(path)).json()).toEqual(shown)
  const missing = await it.get('/v1/models/nothing')
  expect([missing.status, (await missing.json()).error.code]).toEqual([404, 'model_not_found'])
  const reply = await it.post('/v1/chat/completions', { ...ASK, model: 'gpt-4o' })
  expect((await reply.json()).model).toBe('gpt-4o')
  expect(JSON.parse(one.asked()[0]?.body ?? '').model).toBe('grok-4')
  await it.stores.aliases.remove('gpt-4o')
  await it.app.refresh()
  expect(await ids(await it.get('/v1/models'))).not.toContain('gpt-4o')
})

test('the last good list survives an outage of the upstream and a restart', async () => {
  const path = `${await import('node:fs').then((fs) => fs.mkdtempSync('/tmp/groxy-models-'))}/groxy.db`
  const upstream = fakeUpstream()
  {
    await using it = await gateway({ env: xaiAt(upstream.url), path })
    expect(await ids(await it.get('/v1/models'))).toContain('grok-4')
  }
  await upstream.stop()
  await using it = await gateway({ env: xaiAt(upstream.url), path })
  expect(await ids(await it.get('/v1/models'))).toContain('grok-4')
  await it.app.refresh()
  expect(await ids(await it.get('/v1/models'))).toContain('grok-4')
})

test('a list is asked for again when it is old, and a failure changes nothing', async () => {
  let now = Date.now()
  await using upstream = fakeUpstream()
  await using it = await gateway({ env: xaiAt(upstream.url), now: () => now })
  const asks = () => upstream.seen.length
  expect(asks()).toBe(1)
  await it.app.refresh()
  expect(asks()).toBe(1)
  now += 11 * 60_000
  upstream.script(() => new Response('no list', { status: 200 }))
  await it.app.refresh()
  expect(asks()).toBe(2)
  expect(await ids(await it.get('/v1/models'))).toContain('grok-4')
  expect(it.lines.join('\n')).toContain('models_failed')
})

test('a key that is limited to some models sees only these', async () => {
  await using upstream = fakeUpstream()
  await using it = await gateway({ env: xaiAt(upstream.url) })
  const { secret } = await it.stores.keys.create({ name: 'k', models: ['grok-4-mini'] })
  await it.app.refresh()
  const headers = { authorization: `Bearer ${secret}` }
  expect(await ids(await it.get('/v1/models', { headers }))).toEqual(['grok-4-mini'])
  expect((await it.get('/v1/models/grok-4', { headers })).status).toBe(404)
})

test('without any account the demo models are there, and with one they are not', async () => {
  await using alone = await gateway()
  expect(await ids(await alone.get('/v1/models'))).toContain('demo-thinking')
  await using upstream = fakeUpstream()
  await using it = await gateway({ env: xaiAt(upstream.url) })
  expect(await ids(await it.get('/v1/models'))).not.toContain('demo')
  await using both = await gateway({ env: { ...xaiAt(upstream.url), DEMO: '1' } })
  expect(await ids(await both.get('/v1/models'))).toContain('demo')
})
