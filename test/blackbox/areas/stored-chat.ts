import { expect, test } from 'bun:test'
import { FIXTURE, faultsAgainst } from '../../support/official'
import { until } from '../../support/programs'
import { expectRefusal, good, idsOfAll, type List } from '../checks'
import type { Json, Target } from '../world'
import { CHAT } from './chat'

const faultsOf = faultsAgainst<string>(await Bun.file(FIXTURE).json())

/** Chat completions that are kept. */
export function storedChatSuite(target: Target): void {
  const make = (more: object = {}, by = target()) =>
    good<Json & { id: string }>(
      by.post(CHAT, {
        ...{ model: 'talk', messages: [{ role: 'user', content: 'Hi' }], store: true },
        ...more,
      }),
    )

  test('one that is to be kept is found as it was given', async () => {
    const made = await make({ metadata: { room: '7' } })
    const kept = await good(target().get(`${CHAT}/${made.id}`))
    expect(kept).toEqual(made)
    expect(faultsOf('CreateChatCompletionResponse', kept)).toEqual([])
  })

  test('one that was streamed is found, too', async () => {
    const { sdk, get } = target()
    const asked = {
      model: 'talk',
      messages: [{ role: 'user' as const, content: 'Hi' }],
      store: true,
    }
    const { id, choices } = await sdk.chat.completions.stream(asked).finalChatCompletion()
    expect(choices[0]?.message.content).toBe('Hello there')
    const kept = await until(async () => {
      const reply = await get(`${CHAT}/${id}`)
      return reply.status === 200 ? ((await reply.json()) as Json) : undefined
    })
    expect(kept.choices).toMatchObject([{ message: { content: 'Hello there' } }])
  })

  test('one that nobody asked to keep is not', async () => {
    const { id } = await make({ store: false })
    await expectRefusal(target().get(`${CHAT}/${id}`), { status: 404, code: 'not_found' })
  })

  test('are listed page by page, and by what is noted of them', async () => {
    const by = await target().newKey()
    const ids: string[] = []
    for (const room of ['1', '2', '1', '2', '1'])
      ids.push((await make({ metadata: { room } }, { ...target(), ...by })).id)
    const list = await good<List>(by.get(`${CHAT}?limit=2`))
    expect(faultsOf('ChatCompletionList', list)).toEqual([])
    expect(list.has_more).toBe(true)
    expect(await idsOfAll((query) => by.get(CHAT + query), 2)).toEqual(ids)
    expect(await idsOfAll((query) => by.get(`${CHAT}${query}&order=desc`), 2)).toEqual(
      ids.toReversed(),
    )
    const some = await good<List>(by.get(`${CHAT}?metadata[room]=2`))
    expect(some.data.map(({ id }) => id)).toEqual([ids[1], ids[3]] as string[])
    const others = await good<List>(by.get(`${CHAT}?model=talk-mini`))
    expect(others.data).toEqual([])
  })

  test('what was said to one is told', async () => {
    const { id } = await make()
    const list = await good<List>(target().get(`${CHAT}/${id}/messages`))
    expect(list).toMatchObject({
      object: 'list',
      data: [{ role: 'user', content: 'Hi' }],
      has_more: false,
    })
  })

  test('what is noted of one can be changed', async () => {
    const { id } = await make({ metadata: { a: '1' } })
    const changed = await good(target().post(`${CHAT}/${id}`, { metadata: { b: '2' } }))
    expect(changed.metadata).toEqual({ b: '2' })
    expect((await good(target().get(`${CHAT}/${id}`))).metadata).toEqual({ b: '2' })
  })

  test('one that is deleted is gone', async () => {
    const { id } = await make()
    const deleted = await good(target().remove(`${CHAT}/${id}`))
    expect(faultsOf('ChatCompletionDeleted', deleted)).toEqual([])
    expect(deleted).toMatchObject({ id, deleted: true })
    await expectRefusal(target().get(`${CHAT}/${id}`), { status: 404, code: 'not_found' })
    await expectRefusal(target().remove(`${CHAT}/${id}`), { status: 404, code: 'not_found' })
  })

  test('are there for their key alone', async () => {
    const { id } = await make()
    const { other } = target()
    for (const method of ['GET', 'DELETE'])
      await expectRefusal(other.call(method, `${CHAT}/${id}`), { status: 404, code: 'not_found' })
    await expectRefusal(other.post(`${CHAT}/${id}`, { metadata: {} }), { status: 404 })
    await expectRefusal(other.get(`${CHAT}/${id}/messages`), { status: 404 })
    expect((await good<List>(other.get(CHAT))).data).toEqual([])
    expect((await target().get(`${CHAT}/${id}`)).status).toBe(200)
  })

  test.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['order=up', 'order'],
    ['after=chatcmpl-nothing', 'after'],
  ])('are not listed with %s', async (query, param) => {
    await expectRefusal(target().get(`${CHAT}?${query}`), { status: 400, param })
  })
}
