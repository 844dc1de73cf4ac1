import { describe, expect, test } from 'bun:test'
import { jpeg } from '../../fakes/media/jpeg'
import { fakeXaiMedia } from '../../fakes/xai-media'
import { gateway } from '../../support/gateway'
import { mediaPool } from '../../support/media-pool'
import { webGateway } from '../../support/web-gateway'

const GENERATIONS = '/v1/images/generations'
const PICTURE = `data:image/jpeg;base64,${jpeg('a cat').toBase64()}`

const BOTH = { xai: ['one'], openai: ['two'] }

describe('pictures without a model', () => {
  const modelOf = async (it: Awaited<ReturnType<typeof mediaPool>>, path = GENERATIONS) => {
    const body = { prompt: 'A fern', ...(path !== GENERATIONS && { image: PICTURE }) }
    const reply = await it.post(path, body)
    return reply.headers.get('x-groxy-model') ?? (await reply.json()).error
  }

  test('are made by the first model of the kind that comes first', async () => {
    await using it = await mediaPool(BOTH)
    expect(await modelOf(it)).toBe('grok-imagine-image')
    expect(await modelOf(it, '/v1/images/edits')).toBe('grok-imagine-image')
    await it.stores.settings.set('priority_xai', 9)
    await it.app.refresh()
    expect(await modelOf(it)).toBe('chatgpt-image-latest')
    await it.stores.settings.set('image_model', 'dall-e-2')
    await it.app.refresh()
    expect(await modelOf(it)).toBe('dall-e-2')
  })

  test('are made by grok.com too', async () => {
    await using it = await webGateway()
    const made = await it.post(GENERATIONS, { prompt: 'A fern' })
    expect(made.headers.get('x-groxy-model')).toBe('grok-imagine-0.9')
    const edited = await it.post('/v1/images/edits', { prompt: 'Snow', image: PICTURE })
    expect(edited.headers.get('x-groxy-model')).toBe('grok-imagine-1.0')
  })

  test('are refused where no model is known to draw, and what to do', async () => {
    await using it = await mediaPool({ openai: ['one'], models: ['llama-3'] })
    const { code, param, message } = await modelOf(it)
    expect([code, param]).toEqual(['invalid_value', 'model'])
    expect(message).toContain('image_model')
  })
})

describe('how grok.com makes pictures', () => {
  test.each([
    ['chat', 'legacy'],
    ['imagine', 'imagine_ws_experimental'],
  ])('is said by its setting: %s', async (image_method, wanted) => {
    await using it = await gateway({ settings: { image_method } })
    const reply = await it.get('/v1/images/method')
    expect([reply.status, await reply.json()]).toEqual([200, { image_generation_method: wanted }])
  })
})

describe('paths of pictures', () => {
  test('are for those with a key', async () => {
    await using it = await gateway()
    for (const path of ['generations', 'edits', 'method']) {
      const method = path === 'method' ? 'GET' : 'POST'
      const reply = await fetch(`${it.url}/v1/images/${path}`, { method })
      expect(reply.status).toBe(401)
    }
  })

  test('that nobody has any more say what to do instead', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const variations = await it.post('/v1/images/variations', {})
    expect(variations.status).toBe(404)
    expect((await variations.json()).error.message).toContain('/v1/images/edits')
    const deferred = await it.get('/v1/images/8d1f')
    expect([deferred.status, (await deferred.json()).error.code]).toEqual([404, 'not_found'])
    const wrong = await it.get(GENERATIONS)
    expect(wrong.status).toBe(404)
    const removed = await fetch(it.url + GENERATIONS, {
      method: 'DELETE',
      headers: { authorization: 'Bearer sk-groxy-test-0123456789' },
    })
    expect([removed.status, removed.headers.get('allow')]).toEqual([405, 'POST'])
    expect(it.grok.calls.filter(({ endpoint }) => endpoint.startsWith('images'))).toEqual([])
  })

  test('take pictures to be changed at one of them only', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const reply = await it.post(GENERATIONS, { prompt: 'Snow', image: { url: PICTURE } })
    const { error } = await reply.json()
    expect([reply.status, error.code, error.param]).toEqual([400, 'unsupported_parameter', 'image'])
    expect(error.message).toContain('/v1/images/edits')
  })

  test('are xAI’s own for those who bring a key of theirs', async () => {
    await using xai = fakeXaiMedia({ keys: ['xai-0123456789abcdef'] })
    await using it = await gateway({ env: { XAI_BASE_URL: xai.url } })
    const headers = {
      authorization: 'Bearer xai-0123456789abcdef',
      'content-type': 'application/json',
    }
    const body = { prompt: 'A fern', model: 'grok-imagine-image', deferred: true }
    const asked = await it.post(GENERATIONS, body, { headers })
    const { request_id: id } = await asked.json()
    expect((await it.get(`/v1/images/${id}`, { headers })).status).toBe(202)
    expect(await it.ledger()).toEqual([])
  })
})

test('what an upstream is not asked for is what the gateway says in its own words', async () => {
  await using it = await mediaPool({ xai: ['one'] })
  for (const [body, param] of [
    [{}, 'prompt'],
    [{ prompt: 'x', n: 0 }, 'n'],
    [{ prompt: 'x', size: 'big' }, 'size'],
    [{ prompt: 'x', deferred: true }, 'deferred'],
  ] as const) {
    const reply = await it.post(GENERATIONS, { model: 'grok-imagine-image', ...body })
    expect([reply.status, (await reply.json()).error.param]).toEqual([400, param])
  }
  expect(it.grok.callsOf('images.generations')).toEqual([])
})
