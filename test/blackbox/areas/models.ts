import { expect, test } from 'bun:test'
import { FIXTURE, faultsAgainst } from '../../support/official'
import { expectRefusal, good, type List } from '../checks'
import type { Target } from '../world'

const faultsOf = faultsAgainst<string>(await Bun.file(FIXTURE).json())

/** `/v1/models` */
export function modelsSuite(target: Target): void {
  test('are listed as OpenAI lists them', async () => {
    const list = await good<List>(target().get('/v1/models'))
    expect(faultsOf('ListModelsResponse', list)).toEqual([])
    const ids = list.data.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test.each([
    ...['talk', 'talk-mini', 'reply', 'shared', 'grok-4.7', 'grok-imagine-image'],
    ...['grok-imagine-video', 'gpt-5', 'gpt-image-1', 'text-embedding-3-small', 'grok-4.1'],
  ])('%s is one of them, and told of alone', async (id) => {
    const { data } = await good<List>(target().get('/v1/models'))
    const model = await good(target().get(`/v1/models/${id}`))
    expect(faultsOf('Model', model)).toEqual([])
    expect(data.find((one) => one.id === id)).toEqual(model as never)
  })

  test('one that nobody serves is not found', async () => {
    const reply = target().get('/v1/models/no-such-model')
    await expectRefusal(reply, { status: 404, code: 'model_not_found' })
  })

  test('are for those with a key', async () => {
    const reply = target().stranger('GET', '/v1/models')
    await expectRefusal(reply, { status: 401, code: 'invalid_api_key' })
  })

  test('take no other method', async () => {
    const reply = await target().post('/v1/models', {})
    await expectRefusal(reply, { status: 405, code: 'method_not_allowed' })
    expect(reply.headers.get('allow')).toContain('GET')
  })
}
