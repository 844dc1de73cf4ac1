import { expect, test } from 'bun:test'
import { officialFaults } from '../../support/official-responses'
import { saying } from '../../support/responses-http'
import { expectRefusal, good, idsOfAll, type List } from '../checks'
import type { Json, Target } from '../world'

const PATH = '/v1/conversations'
const said = (text: string) => ({ type: 'message', role: 'user', content: text })

/** `/v1/conversations` */
export function conversationsSuite(target: Target): void {
  const begun = async (body: object = {}) =>
    (await good<{ id: string }>(target().post(PATH, body))).id
  const itemsOf = async (id: string, query = '?order=asc') =>
    (await good<List>(target().get(`${PATH}/${id}/items${query}`))).data

  test('one begins without anything', async () => {
    const made = await good(target().post(PATH))
    expect(officialFaults('ConversationResource', made)).toEqual([])
    expect(made.metadata).toEqual({})
    expect(await good(target().get(`${PATH}/${made.id}`))).toEqual(made)
    const list = await good<List>(target().get(`${PATH}/${made.id}/items`))
    expect(officialFaults('ConversationItemList', list)).toEqual([])
    expect(list).toMatchObject({ data: [], has_more: false })
  })

  test('one begins with items and what is noted of it', async () => {
    const id = await begun({ items: [said('One'), said('Two')], metadata: { a: '1' } })
    expect((await good(target().get(`${PATH}/${id}`))).metadata).toEqual({ a: '1' })
    expect((await itemsOf(id)).map(saying)).toEqual(['user: One', 'user: Two'])
  })

  test('what is noted of one is changed', async () => {
    const id = await begun({ metadata: { a: '1' } })
    const changed = await good(target().post(`${PATH}/${id}`, { metadata: { b: '2' } }))
    expect(officialFaults('ConversationResource', changed)).toEqual([])
    expect((await good(target().get(`${PATH}/${id}`))).metadata).toEqual({ b: '2' })
  })

  test('items are added, looked up, listed page by page, and removed', async () => {
    const id = await begun({ items: ['1', '2', '3', '4', '5'].map(said) })
    const added = await good<List>(target().post(`${PATH}/${id}/items`, { items: [said('6')] }))
    expect(officialFaults('ConversationItemList', added)).toEqual([])
    const ids = await idsOfAll((query) => target().get(`${PATH}/${id}/items${query}`), 2)
    expect(ids).toHaveLength(6)
    expect(ids[0]).toBe(added.data[0]?.id as string)
    const item = `${PATH}/${id}/items/${ids[0]}`
    expect(await good(target().get(item))).toEqual(added.data[0] as Json)
    await good(target().remove(item))
    await expectRefusal(target().get(item), { status: 404, param: 'item_id' })
    expect(await itemsOf(id)).toHaveLength(5)
  })

  test('one that is deleted is gone with its items', async () => {
    const id = await begun({ items: [said('One')] })
    const deleted = await good(target().remove(`${PATH}/${id}`))
    expect(deleted).toEqual({ id, object: 'conversation.deleted', deleted: true })
    for (const path of [`${PATH}/${id}`, `${PATH}/${id}/items`])
      await expectRefusal(target().get(path), { status: 404, code: 'not_found' })
    await expectRefusal(target().remove(`${PATH}/${id}`), { status: 404 })
  })

  test('one is there for its key alone', async () => {
    const id = await begun({ items: [said('One')] })
    const { other } = target()
    for (const [method, path, body] of [
      ['GET', `${PATH}/${id}`, undefined],
      ['POST', `${PATH}/${id}`, { metadata: {} }],
      ['GET', `${PATH}/${id}/items`, undefined],
      ['POST', `${PATH}/${id}/items`, { items: [said('Two')] }],
      ['DELETE', `${PATH}/${id}`, undefined],
    ] as const)
      await expectRefusal(other.call(method, path, body), { status: 404, code: 'not_found' })
    expect((await itemsOf(id)).map(saying)).toEqual(['user: One'])
  })

  test.each([
    ['21 items', { items: Array(21).fill(said('One')) }, 'items'],
    ['items that are no list', { items: 'One' }, 'items'],
    ['an item of an unknown type', { items: [said('One'), { type: 'riddle' }] }, 'items[1]'],
    ['a message without a role', { items: [{ type: 'message', content: 'x' }] }, 'items[0].role'],
    ['a long key', { metadata: { ['k'.repeat(65)]: 'v' } }, 'metadata'],
    ['a number as metadata', { metadata: { k: 1 } }, 'metadata.k'],
  ])('one is not begun with %s', async (_, body, param) => {
    await expectRefusal(target().post(PATH, body), { status: 400, code: 'invalid_value', param })
  })

  test.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['order=up', 'order'],
    ['after=msg_0', 'after'],
  ])('items are not listed with %s', async (query, param) => {
    const id = await begun()
    await expectRefusal(target().get(`${PATH}/${id}/items?${query}`), { status: 400, param })
  })

  test('take a key, and no other method', async () => {
    await expectRefusal(target().stranger('POST', PATH, {}), { status: 401 })
    await expectRefusal(target().get(PATH), { status: 405 })
  })
}
