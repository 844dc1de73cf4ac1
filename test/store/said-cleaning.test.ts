import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Settings } from '#src/store/settings'
import {
  ask,
  chain,
  chainTexts,
  databases,
  type SaidAt,
  type SaidDatabase,
  saidAt,
  textsOf,
  turn,
} from '../support/said'

const [HOUR, DAY] = [3_600_000, 86_400_000]
const NOW = Date.UTC(2026, 9, 15, 12)

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`what was said goes, ${where}`, () => {
    let database: SaidDatabase
    beforeAll(async () => {
      database = await make()
    })
    afterAll(() => database[Symbol.asyncDispose]())

    /** Over the same database, emptied. */
    async function emptied(changed: Partial<Settings> = {}): Promise<SaidAt> {
      const it = saidAt(database.open(), changed)
      const tables = ['responses', 'said_items', 'item_bodies', 'conversations', 'completions']
      await it.client.batch(tables.map((table) => `DELETE FROM ${table}`))
      it.standAt(NOW)
      return it
    }
    const left = async (it: SaidAt) => {
      const { rows } = await it.client.execute('SELECT id FROM responses ORDER BY id')
      return rows.map(({ id }) => id)
    }
    /** Nobody refers to a body that is not there, and no body is there that nobody refers to. */
    const isWhole = async (it: SaidAt) => {
      const counts = await it.one(`SELECT
        (SELECT count(*) FROM item_bodies WHERE hash NOT IN (SELECT hash FROM said_items)) ||
        (SELECT count(*) FROM said_items WHERE hash NOT IN (SELECT hash FROM item_bodies)) ||
        (SELECT count(*) FROM said_items WHERE owner_id NOT IN (SELECT id FROM responses
          UNION ALL SELECT id FROM conversations UNION ALL SELECT id FROM completions))`)
      expect(counts).toBe('000')
    }

    test('when its days are over and an hour more, but not what others go on from', async () => {
      const it = await emptied()
      await chain(it, 'old', 3)
      await chain(it, 'kept', 2)
      it.standAt(NOW + 20 * DAY)
      it.responses.save(turn('kept3', { previousId: 'kept2' }))
      it.responses.save(turn('fork1', { previousId: 'kept1' }))
      await it.flush()
      it.standAt(NOW + 30 * DAY + HOUR / 2)
      expect(await it.clean()).toBe(0)
      it.standAt(NOW + 30 * DAY + 2 * HOUR)
      expect(await it.clean()).toBe(3)
      expect(await left(it)).toEqual(['fork1', 'kept1', 'kept2', 'kept3'])
      await isWhole(it)
      const context = await it.responses.context('k', 'kept3')
      expect(textsOf(context?.items)).toEqual(chainTexts('kept', 3))
      it.standAt(NOW + 51 * DAY)
      expect(await it.clean()).toBe(4)
      expect(await left(it)).toEqual([])
      await isWhole(it)
      expect(await it.one('SELECT count(*) FROM item_bodies')).toBe(0)
    })

    test('when it was deleted and nobody goes on from it', async () => {
      const it = await emptied()
      await chain(it, 'a', 4)
      for (const id of ['a2', 'a3']) await it.responses.remove('k', id)
      await isWhole(it)
      it.standAt(NOW + 2 * HOUR)
      expect(await it.clean()).toBe(0)
      await it.responses.remove('k', 'a4')
      it.standAt(NOW + 4 * HOUR)
      expect(await it.clean()).toBe(3)
      expect(await left(it)).toEqual(['a1'])
      await isWhole(it)
      const context = await it.responses.context('k', 'a1')
      expect(textsOf(context?.items)).toEqual(chainTexts('a', 1))
    })

    test('a chain of hundreds, with branches', async () => {
      const it = await emptied()
      await chain(it, 'long', 450)
      for (const at of [10, 200, 449])
        it.responses.save(turn(`branch${at}`, { previousId: `long${at}` }))
      await it.flush()
      it.standAt(NOW + 31 * DAY)
      expect(await it.clean()).toBe(453)
      expect(await it.one('SELECT count(*) FROM said_items')).toBe(0)
      await isWhole(it)
    })

    test('but not what others have said too', async () => {
      const it = await emptied()
      const shared = [ask('what everybody says')]
      it.responses.save(turn('first', { input: shared }))
      await it.flush()
      it.standAt(NOW + 20 * DAY)
      it.responses.save(turn('second', { input: shared }))
      await it.conversations.create('k', {}, shared)
      await it.flush()
      it.standAt(NOW + 31 * DAY)
      expect(await it.clean()).toBe(1)
      await isWhole(it)
      const context = await it.responses.context('k', 'second')
      expect(textsOf(context?.items)).toEqual(['what everybody says', 'answer second'])
    })

    test('the longest unused first when it is too much, whole chains at once', async () => {
      const it = await emptied({ stored_bytes: 3_000_000 })
      const large = (id: string, previousId: string | null = null) =>
        it.responses.save(turn(id, { previousId, input: [ask(`${id} ${'x'.repeat(100_000)}`)] }))
      large('active1')
      for (let at = 0; at < 30; at++) {
        it.standAt(NOW + (at + 1) * HOUR)
        large(`lone${String(at).padStart(2, '0')}`)
        if (at === 10) {
          await it.conversations.create('k', {}, [ask('y'.repeat(100_000))])
          it.completions.save({
            keyId: 'k',
            completion: { id: 'chatcmpl-1', model: 'm' },
            messages: [{ role: 'user', content: 'z'.repeat(100_000) }],
            metadata: {},
          })
        }
      }
      it.standAt(NOW + 40 * HOUR)
      large('active2', 'active1')
      await it.flush()
      // 34 of them: 31 and the two of the chain and of the others.
      expect(await it.clean()).toBeGreaterThan(0)
      const stays = await left(it)
      expect(stays).toContain('active1')
      expect(stays).toContain('active2')
      expect(stays).not.toContain('lone00')
      expect(stays).toContain('lone29')
      const bytes = Number(await it.one('SELECT sum(bytes) FROM item_bodies'))
      expect(bytes).toBeLessThan(3_000_000)
      // Not more than twenty of them beyond what was needed.
      expect(bytes).toBeGreaterThan(900_000)
      await isWhole(it)
      expect(await it.clean()).toBe(0)
      Object.assign(it.settings, { stored_bytes: 1_024 })
      await it.clean()
      expect(await it.one('SELECT count(*) FROM item_bodies')).toBe(0)
      expect(await it.one('SELECT count(*) FROM conversations')).toBe(0)
      expect(await it.one('SELECT count(*) FROM completions')).toBe(0)
    })

    test('completions when their days are over', async () => {
      const it = await emptied({ stored_days: 5 })
      it.completions.save({
        keyId: 'k',
        completion: { id: 'chatcmpl-1', model: 'm' },
        messages: [{ role: 'user', content: 'hi' }],
        metadata: {},
      })
      await it.flush()
      it.standAt(NOW + 4 * DAY)
      expect(await it.clean()).toBe(0)
      it.standAt(NOW + 6 * DAY)
      expect(await it.completions.get('k', 'chatcmpl-1')).toBeUndefined()
      expect(await it.clean()).toBe(1)
      await isWhole(it)
    })
  })
