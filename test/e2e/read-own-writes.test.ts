import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { newTimedId } from '#src/crypto'
import { KEY } from '../support/gateway'
import { until } from '../support/programs'
import { type Instance, PLACES, twoInstances } from '../support/two-instances'

const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
const DEMO = { model: 'demo' }

interface Said {
  readonly id: string
  readonly status?: string
  readonly [field: string]: unknown
}

const ask = (it: Pick<Instance, 'url'>, path: string, body?: unknown, method?: string) =>
  fetch(`${it.url}/v1${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

async function said(answer: Response): Promise<Said> {
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Said
}

for (const place of PLACES)
  describe(`two instances over ${place}`, () => {
    let both: Awaited<ReturnType<typeof twoInstances>>
    let one: Instance
    let two: Instance

    beforeAll(async () => {
      both = await twoInstances(place, { DEMO: '1' })
      one = both.one
      two = both.two
    })
    afterAll(() => both[Symbol.asyncDispose]())

    test('go on from each other’s answers, one after the other', async () => {
      let previous: string | undefined
      for (let turn = 0; turn < 12; turn++) {
        const it = turn % 2 === 0 ? one : two
        const answer = await said(
          await ask(it, '/responses', {
            ...{ ...DEMO, input: `Turn ${turn}` },
            ...(previous && { previous_response_id: previous }),
          }),
        )
        previous = answer.id
      }
      const items = await said(await ask(two, `/responses/${previous}/input_items?limit=100`))
      expect(items.data).toHaveLength(23)
    })

    const made = async () => (await said(await ask(one, '/responses', { ...DEMO, input: 'Hi' }))).id

    test('show, list and delete what was answered at the other one', async () => {
      expect(await said(await ask(two, `/responses/${await made()}`))).toMatchObject({
        status: 'completed',
      })
      const listed = await said(await ask(two, `/responses/${await made()}/input_items`))
      expect(listed.data).toHaveLength(1)
      const id = await made()
      expect(await said(await ask(two, `/responses/${id}`, undefined, 'DELETE'))).toMatchObject({
        deleted: true,
      })
      const begun = performance.now()
      for (const it of [one, two])
        await until(async () => (await ask(it, `/responses/${id}`)).status === 404 || undefined)
      expect((await ask(two, `/responses/${id}`, undefined, 'DELETE')).status).toBe(404)
      // What is known to be gone is not waited for.
      expect(performance.now() - begun).toBeLessThan(1_500)
    })

    test('resolve references to items that were said at the other one', async () => {
      const answer = await said(await ask(one, '/responses', { ...DEMO, input: 'Hi' }))
      const [item] = answer.output as Said[]
      const input = [{ type: 'item_reference', id: item?.id }]
      expect((await ask(two, '/responses', { ...DEMO, input })).status).toBe(200)
    })

    test.each([
      [false, 10],
      [true, 2],
    ])('have the whole conversation at each turn, stream: %p, %i turns', async (stream, turns) => {
      const { id } = await said(await ask(one, '/conversations', {}))
      for (let turn = 0; turn < turns; turn++) {
        const it = turn % 2 === 0 ? one : two
        const body = { ...DEMO, input: `Turn ${turn}`, conversation: id, stream }
        const text = await (
          await ask(it, '/responses', turn % 3 ? body : { ...body, store: false })
        ).text()
        expect(text).toContain('completed')
        const other = it === one ? two : one
        const items = await said(await ask(other, `/conversations/${id}/items?limit=100`))
        expect(items.data).toHaveLength(2 * turn + 2)
      }
    })

    test('show, change, list the messages of and delete stored completions of the other one', async () => {
      const store = async () => {
        const messages = [{ role: 'user', content: 'Hi' }]
        return (await said(await ask(one, '/chat/completions', { ...DEMO, messages, store: true })))
          .id
      }
      const path = async () => `/chat/completions/${await store()}`
      expect((await ask(two, await path())).status).toBe(200)
      expect((await ask(two, `${await path()}/messages`)).status).toBe(200)
      expect((await ask(two, await path(), { metadata: { a: 'b' } })).status).toBe(200)
      const gone = await path()
      expect((await ask(two, gone, undefined, 'DELETE')).status).toBe(200)
      expect((await ask(two, gone)).status).toBe(404)
    })

    test('watch and cancel background turns of the other one', async () => {
      const begin = async () =>
        (await said(await ask(one, '/responses', { ...DEMO, input: 'Hi', background: true }))).id
      const watched = await (await ask(two, `/responses/${await begin()}?stream=true`)).text()
      expect(watched).toContain('response.completed')
      const cancelled = await said(await ask(two, `/responses/${await begin()}/cancel`, {}))
      expect(['cancelled', 'completed']).toContain(String(cancelled.status))
      const id = await begin()
      await until(async () => {
        const { status } = await said(await ask(one, `/responses/${id}`))
        return status === 'completed' || undefined
      })
      const next = { ...DEMO, input: 'More', previous_response_id: id }
      expect((await ask(two, '/responses', next)).status).toBe(200)
    })

    test('look again for what may come, and for nothing else', async () => {
      const timed = async (id: string) => {
        const begun = performance.now()
        const { status } = await ask(two, `/responses/${id}`)
        return [status, performance.now() - begun > 1_500]
      }
      const now = Date.now()
      expect(await timed(`resp_${newTimedId(now)}`)).toEqual([404, true])
      expect(await timed(`resp_${newTimedId(now - 4_000_000)}`)).toEqual([404, false])
      expect(await timed('resp_of_somebody_else')).toEqual([404, false])
    })

    test('take keys that were just made at the other one, and refuse what nobody has made', async () => {
      const take = (it: Pick<Instance, 'url'>, secret: string) =>
        fetch(`${it.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } })
      for (let at = 0; at < 4; at++) {
        const made = await one.api('/keys', { name: `key ${place} ${at}` })
        const { secret } = (await made.json()) as { readonly secret: string }
        expect((await take(two, secret)).status).toBe(200)
        expect((await take(two, `${secret.slice(0, -4)}AAAA`)).status).toBe(401)
      }
      const { secret } = await one.stores.keys.create({ name: 'of the command line' })
      expect((await take(two, secret)).status).toBe(200)
    })

    test('have files of each other at once', async () => {
      const form = new FormData()
      form.set('purpose', 'user_data')
      form.set('file', new File(['words'], 'a.txt', { type: 'text/plain' }))
      const { authorization } = headers
      const sent = await fetch(`${one.url}/v1/files`, {
        ...{ method: 'POST', headers: { authorization }, body: form },
      })
      const { id } = await said(sent)
      expect((await ask(two, `/files/${id}`)).status).toBe(200)
    })
  })
