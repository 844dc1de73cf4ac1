import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  allPages,
  answer,
  ask,
  chainTexts,
  databases,
  type SaidAt,
  type SaidDatabase,
  saidAt,
  textsOf,
  turn,
} from '../support/said'

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`conversations, ${where}`, () => {
    let database: SaidDatabase
    let it: SaidAt

    beforeAll(async () => {
      database = await make()
      it = saidAt(database.open())
    })
    afterAll(() => database[Symbol.asyncDispose]())

    const page = { order: 'asc', after: undefined, limit: 20 } as const
    const itemsOf = (id: string) =>
      it.one('SELECT count(*) FROM said_items WHERE owner_id = ?', [id])

    test('are made, read, changed and removed', async () => {
      const made = await it.conversations.create('k', { a: '1' }, [ask('one'), ask('two')])
      const { id } = made
      expect(made).toEqual({
        id: expect.stringMatching(/^conv_/),
        metadata: { a: '1' },
        createdAt: expect.any(Number),
      })
      expect(await it.conversations.get('k', id)).toEqual(made)
      const changed = { ...made, metadata: { b: '2' } }
      expect(await it.conversations.update('k', id, { b: '2' })).toEqual(changed)
      const list = await it.conversations.items('k', id, { ...page, order: 'desc' })
      expect(textsOf(list?.data)).toEqual(['two', 'one'])
      const first = list?.data[1]
      expect(await it.conversations.item('k', id, String(first?.id))).toEqual(first as never)
      const added = await it.conversations.add('k', id, [ask('three')])
      expect(textsOf(added)).toEqual(['three'])
      expect(await it.conversations.item('k', id, String(added?.[0]?.id))).toEqual(added?.[0])
      expect(await it.conversations.removeItem('k', id, String(first?.id))).toEqual(changed)
      expect(await it.conversations.removeItem('k', id, String(first?.id))).toBeUndefined()
      expect(await it.conversations.item('k', id, String(first?.id))).toBeUndefined()
      const context = await it.conversations.context('k', id)
      expect([textsOf(context?.items), context?.end]).toEqual([['two', 'three'], 3])
      expect(await it.conversations.remove('k', id)).toBe(true)
      expect(await it.conversations.remove('k', id)).toBe(false)
      expect(await it.conversations.get('k', id)).toBeUndefined()
      expect(await it.conversations.items('k', id, page)).toBeUndefined()
      expect(await itemsOf(id)).toBe(0)
    })

    test('are not there for another key, and take nothing from it', async () => {
      const { id } = await it.conversations.create('k', {}, [ask('mine')])
      const [item] = (await it.conversations.items('k', id, page))?.data ?? []
      const others = it.conversations
      expect(await others.get('x', id)).toBeUndefined()
      expect(await others.update('x', id, {})).toBeUndefined()
      expect(await others.items('x', id, page)).toBeUndefined()
      expect(await others.context('x', id)).toBeUndefined()
      expect(await others.add('x', id, [ask('foreign')])).toBeUndefined()
      expect(await others.item('x', id, String(item?.id))).toBeUndefined()
      expect(await others.removeItem('x', id, String(item?.id))).toBeUndefined()
      expect(await others.remove('x', id)).toBe(false)
      it.responses.save(turn('foreign1', { keyId: 'x', conversation: { id, end: 1 } }))
      await it.flush()
      expect(textsOf((await it.conversations.context('k', id))?.items)).toEqual(['mine'])
      const foreign = 'SELECT count(*) FROM item_bodies WHERE body LIKE \'%"foreign"%\''
      expect(await it.one(foreign)).toBe(0)
    })

    test('get what turns in them ask and answer, and responses know what they held', async () => {
      const { id } = await it.conversations.create('k', {}, [ask('hello')])
      for (const name of ['conv1', 'conv2']) {
        const context = await it.conversations.context('k', id)
        it.responses.save(turn(name, { conversation: { id, end: context?.end ?? 0 } }))
      }
      // Read at once: it waits for what the turns have added.
      const context = await it.conversations.context('k', id)
      expect(textsOf(context?.items)).toEqual(['hello', ...chainTexts('conv', 2)])
      const input = async (name: string) =>
        textsOf((await it.responses.inputItems('k', name, page))?.data)
      expect(await input('conv1')).toEqual(['hello', 'ask conv1'])
      expect(await input('conv2')).toEqual(['hello', ...chainTexts('conv', 2).slice(0, -1)])
      it.responses.save(turn('after1', { previousId: 'conv1' }))
      const after = await it.responses.context('k', 'after1')
      expect(textsOf(after?.items)).toEqual([
        'hello',
        ...chainTexts('conv', 1),
        ...chainTexts('after', 1),
      ])
      await it.conversations.remove('k', id)
      expect(await input('conv2')).toEqual(['ask conv2'])
    })

    test('get what is not stored by itself, behind its answer, and are read after that', async () => {
      const { id } = await it.conversations.create('k', {}, [ask('hello')])
      for (const name of ['one', 'two']) it.conversations.append('k', id, [ask(name), answer(name)])
      it.conversations.append('other', id, [ask('three'), answer('three')])
      const context = await it.conversations.context('k', id)
      expect(textsOf(context?.items)).toEqual(['hello', 'one', 'one', 'two', 'two'])
      expect(context?.end).toBe(5)
    })

    test('that are gone get nothing more, and the turn is stored all the same', async () => {
      const { id } = await it.conversations.create('k', {}, [])
      await it.conversations.remove('k', id)
      it.responses.save(turn('gone1', { conversation: { id, end: 0 } }))
      await it.flush()
      expect(await itemsOf(id)).toBe(0)
      expect(await it.responses.get('k', 'gone1')).toBeDefined()
    })

    test('get a turn once, however often it is written', async () => {
      const { id } = await it.conversations.create('k', {}, [])
      for (const _ of [1, 2, 3]) {
        it.responses.save(turn('once1', { conversation: { id, end: 0 } }))
        await it.flush()
      }
      const context = await it.conversations.context('k', id)
      expect(textsOf(context?.items)).toEqual(chainTexts('once', 1))
    })

    test('keep every item in order while two instances write', async () => {
      const { id } = await it.conversations.create('k', {}, [])
      const writers = [it, saidAt(database.open())]
      const name = (who: number, at: number) => `${who}-${at}`
      await Promise.all(
        writers.map(async (writer, who) => {
          for (let at = 0; at < 20; at++) {
            const pair = [ask(`${name(who, at)} a`), ask(`${name(who, at)} b`)]
            if (at % 2 === 0) await writer.conversations.add('k', id, pair)
            else {
              const conversation = { id, end: 0 }
              const [input, output] = [pair.slice(0, 1), pair.slice(1)]
              writer.responses.save(turn(`w${name(who, at)}`, { conversation, input, output }))
              await writer.flush()
            }
          }
        }),
      )
      const read = (after: string | undefined) =>
        it.conversations.items('k', id, { order: 'asc', after, limit: 7 })
      const texts = textsOf(await allPages(read))
      expect(texts).toHaveLength(80)
      for (const who of [0, 1])
        expect(texts.filter((text) => text.startsWith(`${who}-`))).toEqual(
          Array.from({ length: 20 }, (_, at) =>
            ['a', 'b'].map((end) => `${name(who, at)} ${end}`),
          ).flat(),
        )
      // Nobody's pair was torn apart.
      for (let at = 0; at < 80; at += 2)
        expect(texts[at + 1]).toBe(String(texts[at]).replace(/a$/, 'b'))
    })

    test('are gone when nobody has used them for long, and stay when somebody has', async () => {
      const [at, day] = [Date.now(), 86_400_000]
      const own = saidAt(database.open(), { stored_days: 10 })
      own.standAt(at)
      const { id: used } = await own.conversations.create('k', {}, [ask('used')])
      const { id: left } = await own.conversations.create('k', {}, [ask('left alone')])
      own.standAt(at + 8 * day)
      own.responses.save(turn('use1', { conversation: { id: used, end: 1 } }))
      await own.flush()
      own.standAt(at + 11 * day)
      expect(await own.conversations.get('k', left)).toBeUndefined()
      expect(await own.conversations.context('k', left)).toBeUndefined()
      await own.clean()
      expect(await itemsOf(left)).toBe(0)
      const context = await own.conversations.context('k', used)
      expect(textsOf(context?.items)).toEqual(['used', ...chainTexts('use', 1)])
    })
  })
