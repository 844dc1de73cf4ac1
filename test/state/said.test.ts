import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { newTimedId } from '#src/crypto'
import { ApiError } from '#src/errors'
import {
  allPages,
  answer,
  ask,
  chain,
  chainTexts,
  databases,
  fileDatabase,
  type SaidAt,
  type SaidDatabase,
  saidAt,
  textsOf,
  turn,
} from '../support/said'

const LONG = 120_000

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`what was said, ${where}`, () => {
    let database: SaidDatabase
    let it: SaidAt

    beforeAll(async () => {
      database = await make()
      it = saidAt(database.open())
    })
    afterAll(() => database[Symbol.asyncDispose]())

    /** As if nothing were in memory: another instance. */
    const other = () => saidAt(database.open())

    test('a response comes back as it was, before and after it is written', async () => {
      const response = {
        id: 'r1',
        status: 'incomplete' as const,
        instructions: 'Be brief.',
        tools: [{ type: 'function', name: 'f', parameters: { a: 1.5 } }],
        text: { format: { type: 'text' } },
        metadata: { a: 'é😀' },
        error: null,
        output: ['not looked at'],
      }
      const tape = 'tape-1'
      it.responses.save(turn('r1', { response, tape, output: [answer('one'), answer('two')] }))
      const { output: _, ...body } = response
      const expected = { status: 'incomplete', body, tape, output: [answer('one'), answer('two')] }
      expect(it.waiting()).toBe(1)
      expect(await it.responses.get('k', 'r1')).toEqual(expected as never)
      await it.flush()
      expect(it.waiting()).toBe(0)
      expect(await it.responses.get('k', 'r1')).toEqual(expected as never)
      expect(await other().responses.get('k', 'r1')).toEqual(expected as never)
    })

    test('another key sees nothing, before and after it is written', async () => {
      const look = async (said: SaidAt) => [
        await said.responses.get('x', 'p2'),
        await said.responses.context('x', 'p2'),
        await said.responses.inputItems('x', 'p2', { order: 'asc', after: undefined, limit: 9 }),
        (await said.responses.references('x', ['msg_answer p1'])).size,
        await said.responses.remove('x', 'p2'),
        await said.background.cancel('x', 'p2'),
      ]
      const nothing = [undefined, undefined, undefined, 0, false, false]
      it.responses.save(turn('p1'))
      it.responses.save(turn('p2', { previousId: 'p1' }))
      expect(await look(it)).toEqual(nothing)
      await it.flush()
      expect(await look(it)).toEqual(nothing)
      it.responses.save(turn('p3', { keyId: 'x', previousId: 'p2' }))
      expect(await it.responses.context('x', 'p3')).toBeUndefined()
      await it.flush()
      expect(await it.responses.context('x', 'p3')).toBeUndefined()
      const own = await it.responses.context('k', 'p2')
      expect(textsOf(own?.items)).toEqual(chainTexts('p', 2))
    })

    test('a chain of 200 turns comes in one go, oldest first', async () => {
      const last = await chain(it, 'long', 200)
      const began = performance.now()
      const context = await it.responses.context('k', last)
      console.log(`200 turns ${where}: ${(performance.now() - began).toFixed(1)} ms`)
      expect(textsOf(context?.items)).toEqual(chainTexts('long', 200))
      expect([context?.affinity, context?.status]).toEqual([200, 'completed'])
    })

    test('what is half in memory and half in the database is put together', async () => {
      await chain(it, 'half', 3)
      it.responses.save(turn('half4', { previousId: 'half3' }))
      it.responses.save(turn('half5', { previousId: 'half4', affinity: 50 }))
      const found = it.responses.context('k', 'half5')
      expect(it.waiting()).toBe(2)
      const context = await found
      expect(textsOf(context?.items)).toEqual(chainTexts('half', 5))
      expect(context?.affinity).toBe(50)
      await it.flush()
      expect(await it.responses.context('k', 'half5')).toEqual(context)
    })

    test('branches go on from the same response without seeing each other', async () => {
      await chain(it, 'trunk', 2)
      it.responses.save(turn('left1', { previousId: 'trunk2' }))
      it.responses.save(turn('right1', { previousId: 'trunk1' }))
      await it.flush()
      const [left, right] = [
        await it.responses.context('k', 'left1'),
        await it.responses.context('k', 'right1'),
      ]
      expect(textsOf(left?.items)).toEqual([...chainTexts('trunk', 2), ...chainTexts('left', 1)])
      expect(textsOf(right?.items)).toEqual([...chainTexts('trunk', 1), ...chainTexts('right', 1)])
    })

    test('the deleted one in the middle is not there, and is still gone on from', async () => {
      await chain(it, 'mid', 3)
      expect(await it.responses.remove('k', 'mid2')).toBe(true)
      expect(await it.responses.remove('k', 'mid2')).toBe(false)
      expect(await it.responses.get('k', 'mid2')).toBeUndefined()
      expect(await it.responses.context('k', 'mid2')).toBeUndefined()
      const page = { order: 'asc', after: undefined, limit: 100 } as const
      expect(await it.responses.inputItems('k', 'mid2', page)).toBeUndefined()
      const left = "SELECT body || bytes || coalesce(tape, '-') FROM responses WHERE id = 'mid2'"
      expect(await it.one(left)).toBe('{}0-')
      const terms = "SELECT count(*) FROM said_items WHERE owner_id = 'mid2' AND side = 'terms'"
      expect(await it.one(terms)).toBe(0)
      await it.clean()
      const context = await other().responses.context('k', 'mid3')
      expect(textsOf(context?.items)).toEqual(chainTexts('mid', 3))
    })

    test('one that goes on from a response that is being deleted stays usable', async () => {
      await chain(it, 'race', 1)
      await other().responses.remove('k', 'race1')
      await it.clean()
      it.responses.save(turn('race2', { previousId: 'race1' }))
      await it.flush()
      const context = await it.responses.context('k', 'race2')
      expect(textsOf(context?.items)).toEqual(chainTexts('race', 2))
    })

    test('a chain without its beginning is refused rather than taken for a whole one', async () => {
      await chain(it, 'torn', 3)
      await it.client.execute("DELETE FROM responses WHERE id = 'torn1'")
      expect(await it.responses.context('k', 'torn3')).toBeUndefined()
      it.responses.save(turn('torn4', { previousId: 'torn3' }))
      expect(await it.responses.context('k', 'torn4')).toBeUndefined()
    })

    test('a history that is sent again with every turn is stored once', async () => {
      await it.flush()
      const rows = async () => Number(await it.one('SELECT count(*) FROM item_bodies'))
      const before = await rows()
      const history: Readonly<Record<string, unknown>>[] = []
      for (let at = 0; at < 30; at++) {
        history.push({ ...ask(`again ${at}`), id: `msg_again_${at}` })
        const output = [answer(`said ${at}`)]
        it.responses.save(turn(`again${at}`, { input: [...history], output }))
        history.push(...output)
        if (at % 3 === 0) await it.flush()
      }
      await it.flush()
      // Each question and each answer; the terms of all turns were there already.
      expect((await rows()) - before).toBe(60)
      const context = await it.responses.context('k', 'again29')
      expect(context?.items).toEqual(history as never)
      expect(await it.one("SELECT count(*) FROM said_items WHERE owner_id = 'again29'")).toBe(61)
      it.responses.save(turn('again-x', { keyId: 'x', input: history, output: [] }))
      await it.flush()
      // Another key has its own; its terms it has since it was tried above.
      expect((await rows()) - before).toBe(60 + 60)
    })

    test(
      'items above what a libSQL server takes and gives come back whole',
      async () => {
        const input = [
          ask(`${'a'.repeat(5_000_000)}😀`),
          ask('😀'.repeat(1_100_001)),
          ask(`${'é'.repeat(999_999)}😀`),
          ask('日'.repeat(1_500_000)),
        ]
        it.responses.save(turn('big1', { input }))
        it.responses.save(turn('big2', { previousId: 'big1', input: [ask('b'.repeat(3_000_000))] }))
        await it.flush()
        expect(it.lines.filter((line) => line.includes('said_'))).toEqual([])
        const texts = textsOf((await other().responses.context('k', 'big2'))?.items)
        const expected = [...textsOf(input), 'answer big1', 'b'.repeat(3_000_000), 'answer big2']
        expect(texts.length).toBe(expected.length)
        expect(texts.every((text, at) => text === expected[at])).toBe(true)
        const page = { order: 'desc', after: undefined, limit: 3 } as const
        const last = await it.responses.inputItems('k', 'big2', page)
        expect(textsOf(last?.data).map((text) => text.length)).toEqual([3_000_000, 11, 1_500_000])
      },
      LONG,
    )

    test('one that is too large is not stored, and does not take others with it', async () => {
      Object.assign(it.settings, { stored_response_bytes: 100_000 })
      it.responses.save(turn('large1', { input: [ask('a'.repeat(100_000))] }))
      it.responses.save(turn('large2', { input: [ask('é'.repeat(50_000))] }))
      it.responses.save(turn('large3', { input: [ask('é'.repeat(49_000))] }))
      Object.assign(it.settings, { stored_response_bytes: 16 * 1024 * 1024 })
      await it.flush()
      expect(await it.responses.get('k', 'large1')).toBeUndefined()
      expect(await it.responses.get('k', 'large2')).toBeUndefined()
      expect(await it.responses.get('k', 'large3')).toBeDefined()
      expect(it.lines.filter((line) => line.includes('not_stored'))).toHaveLength(2)
      expect(await it.one("SELECT count(*) FROM said_items WHERE owner_id LIKE 'large_'")).toBe(3)
    })

    test('items are found by their ids: those in memory, and the latest', async () => {
      const thought = (summary: string) => ({ type: 'reasoning', id: 'rs_1', summary })
      it.standAt(Date.now() - 2_000)
      it.responses.save(turn('ref1', { output: [thought('first'), answer('kept')] }))
      await it.flush()
      it.standAt(Date.now() - 1_000)
      it.responses.save(turn('ref2', { output: [thought('second')] }))
      await it.flush()
      await it.conversations.create('k', {}, [{ ...ask('in a conversation'), id: 'msg_conv' }])
      const ids = ['rs_1', 'msg_kept', 'msg_conv', 'unknown', 'rs_1', '']
      const found = await it.responses.references('k', ids)
      expect([...found.keys()].toSorted()).toEqual(['msg_conv', 'msg_kept', 'rs_1'])
      expect(found.get('rs_1')).toEqual(thought('second'))
      it.responses.save(turn('ref3', { output: [thought('third')] }))
      expect((await it.responses.references('k', ids)).get('rs_1')?.summary).toBe('third')
      expect((await it.responses.references('x', ids)).size).toBe(0)
    })

    test('items get ids that say what they are, and keep those that they have', async () => {
      const types = ['function_call', 'function_call_output', 'reasoning', 'odd_thing', undefined]
      const input = [
        ...types.map((type) => ({ ...(type && { type }), content: 'x' })),
        { ...ask('own'), id: 'mine' },
        { ...ask('endless'), id: 'm'.repeat(10_000) },
        { ...ask('half a sign'), id: 'm\ud83d' },
      ]
      it.responses.save(turn('ids', { input, output: [] }))
      const context = await it.responses.context('k', 'ids')
      await it.flush()
      expect((await it.responses.context('k', 'ids'))?.items).toEqual(context?.items as never)
      const ids = context?.items.map(({ id }) => id) ?? []
      expect(ids.map((id) => id.replace(/_.*/, ''))).toEqual([
        'fc',
        'fco',
        'rs',
        'item',
        'msg',
        'mine',
        'msg',
        'msg',
      ])
      expect(new Set(ids).size).toBe(8)
    })

    test('input items are the context and the own input, in both orders, whatever the page', async () => {
      await chain(it, 'page', 6)
      const whole = chainTexts('page', 6).slice(0, -1)
      for (const order of ['asc', 'desc'] as const)
        for (const limit of [1, 3, 10, 11, 100]) {
          const read = (after: string | undefined) =>
            it.responses.inputItems('k', 'page6', { order, after, limit })
          const texts = textsOf(await allPages(read))
          expect(texts).toEqual(order === 'asc' ? whole : whole.toReversed())
        }
      const after = 'msg_answer page1'
      const end = await it.responses.inputItems('k', 'page6', { order: 'desc', after, limit: 1 })
      expect([textsOf(end?.data), end?.hasMore]).toEqual([['ask page1'], false])
    })

    test('input items are there at once, and not after one that is not there', async () => {
      it.responses.save(turn('now1'))
      const page = { order: 'desc', after: undefined, limit: 20 } as const
      const found = await it.responses.inputItems('k', 'now1', page)
      expect(textsOf(found?.data)).toEqual(['ask now1'])
      const strange = it.responses.inputItems('k', 'now1', { ...page, after: 'msg_strange' })
      await expect(strange).rejects.toThrow('"msg_strange"')
    })

    test('input items are not endless when one comes twice', async () => {
      const twice = { ...ask('twice'), id: 'msg_twice' }
      it.responses.save(turn('twice1', { input: [twice] }))
      it.responses.save(turn('twice2', { previousId: 'twice1', input: [twice] }))
      for (const order of ['asc', 'desc'] as const) {
        const read = (after: string | undefined) =>
          it.responses.inputItems('k', 'twice2', { order, after, limit: 1 })
        expect((await allPages(read)).length).toBeLessThanOrEqual(3)
      }
    })

    test('what has expired is not there, but is still gone on from', async () => {
      const [at, day] = [Date.now(), 86_400_000]
      const own = other()
      own.standAt(at)
      await chain(own, 'old', 2)
      own.standAt(at + 20 * day)
      own.responses.save(turn('old3', { previousId: 'old2' }))
      await own.flush()
      own.standAt(at + 31 * day)
      expect(await own.responses.get('k', 'old2')).toBeUndefined()
      expect(await own.responses.context('k', 'old2')).toBeUndefined()
      own.responses.save(turn('old4', { previousId: 'old3' }))
      const context = await own.responses.context('k', 'old4')
      expect(textsOf(context?.items)).toEqual(chainTexts('old', 4))
      await own.flush()
      expect(await own.responses.context('k', 'old4')).toEqual(context)
    })

    test('another instance waits for what is on its way, as its id tells', async () => {
      const name = newTimedId(Date.now()).slice(0, -1)
      const found = other().responses.context('k', `${name}1`)
      await Bun.sleep(50)
      await chain(it, name, 1)
      expect(textsOf((await found)?.items)).toEqual(chainTexts(name, 1))
      const began = performance.now()
      expect(await other().responses.context('k', newTimedId(Date.now()))).toBeUndefined()
      expect(performance.now() - began).toBeGreaterThan(1_900)
    })

    test('nobody waits for what is none of ours, or is too old to come', async () => {
      const began = performance.now()
      for (const id of ['never', newTimedId(Date.now() - 2 * 3_600_000)])
        expect(await other().responses.context('k', id)).toBeUndefined()
      expect(performance.now() - began).toBeLessThan(1_900)
    })
  })

test('a database that is away is told as such, and not as something that is not there', async () => {
  await using database = await fileDatabase()
  const it = saidAt(database.open())
  it.responses.save(turn('r1'))
  await it.client.execute('ALTER TABLE responses RENAME TO hidden')
  for (const question of [
    () => it.responses.get('k', 'r'),
    () => it.responses.context('k', 'r'),
    () => it.responses.remove('k', 'r'),
    () => it.responses.remove('k', 'r1'),
    () => it.responses.inputItems('k', 'r1', { order: 'asc', after: undefined, limit: 1 }),
  ]) {
    const failure = await question().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ApiError)
    expect((failure as ApiError).status).toBe(503)
  }
  expect(it.lines.join('\n')).toContain('database_unreachable')
  // What needs no database is there.
  it.responses.save(turn('r2', { previousId: 'r1' }))
  expect(textsOf((await it.responses.context('k', 'r2'))?.items)).toEqual(chainTexts('r', 2))
  await it.client.execute('ALTER TABLE hidden RENAME TO responses')
  expect(await it.responses.remove('k', 'r1')).toBe(true)
  expect(textsOf((await it.responses.context('k', 'r2'))?.items)).toEqual(chainTexts('r', 2))
})
