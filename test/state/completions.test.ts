import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  allPages,
  databases,
  type SaidAt,
  type SaidDatabase,
  saidAt,
  textsOf,
} from '../support/said'

const WORDS = ['a', 'b', 'c', 'd']
const EVERY = {
  order: 'asc',
  after: undefined,
  limit: 20,
  model: undefined,
  metadata: {},
} as const

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`stored completions, ${where}`, () => {
    let database: SaidDatabase
    let it: SaidAt

    beforeAll(async () => {
      database = await make()
      it = saidAt(database.open())
      const began = Date.now()
      for (const [at, word] of WORDS.entries()) {
        // Two of them in the same moment.
        it.standAt(began + (at >> 1))
        const model = at < 3 ? 'm' : 'n'
        it.completions.save({
          keyId: 'k',
          completion: { id: `chatcmpl-${word}`, model, choices: [{ text: word }] },
          messages: [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content: word },
          ],
          metadata: at % 2 === 0 ? { even: 'yes', word } : { word },
        })
      }
    })
    afterAll(() => database[Symbol.asyncDispose]())

    const names = async (
      asked: Partial<Parameters<SaidAt['completions']['list']>[1]>,
      keyId = 'k',
    ) => {
      const { data } = await it.completions.list(keyId, { ...EVERY, ...asked })
      return data.map(({ id }) => id.at(-1))
    }

    test.each([
      ['all', {}, ['a', 'b', 'c', 'd']],
      ['the newest first', { order: 'desc' }, ['d', 'c', 'b', 'a']],
      ['of a model', { model: 'm' }, ['a', 'b', 'c']],
      ['with a pair', { metadata: { even: 'yes' } }, ['a', 'c']],
      ['with two pairs', { metadata: { even: 'yes', word: 'c' } }, ['c']],
      ['with another value', { metadata: { even: 'no' } }, []],
      ['of a model and with a pair', { model: 'n', metadata: { word: 'd' } }, ['d']],
    ] as const)('are listed: %s', async (_, asked, expected) => {
      expect(await names(asked)).toEqual([...expected])
    })

    test('are listed page by page', async () => {
      for (const order of ['asc', 'desc'] as const)
        for (const limit of [1, 3]) {
          const read = (after: string | undefined) =>
            it.completions.list('k', { ...EVERY, order, after, limit })
          const ids = (await allPages(read)).map(({ id }) => id.at(-1))
          expect(ids).toEqual(order === 'asc' ? WORDS : WORDS.toReversed())
        }
      await expect(names({ after: 'chatcmpl-z' })).rejects.toThrow('chatcmpl-z')
    })

    test('come back as they were, with the metadata that they have now', async () => {
      const completion = {
        id: 'chatcmpl-b',
        model: 'm',
        choices: [{ text: 'b' }],
        metadata: { word: 'b' },
      }
      expect(await it.completions.get('k', 'chatcmpl-b')).toEqual(completion)
      const changed = { ...completion, metadata: { new: '1' } }
      expect(await it.completions.update('k', 'chatcmpl-b', { new: '1' })).toEqual(changed)
      expect(await it.completions.get('k', 'chatcmpl-b')).toEqual(changed)
    })

    test('have their messages, each under an id', async () => {
      const page = { order: 'asc', after: undefined, limit: 1 } as const
      const first = await it.completions.messages('k', 'chatcmpl-b', page)
      expect(first).toEqual({
        data: [{ id: 'chatcmpl-b-0', role: 'system', content: 'Be brief.' }],
        hasMore: true,
      })
      const after = 'chatcmpl-b-0'
      const rest = await it.completions.messages('k', 'chatcmpl-b', { ...page, after })
      expect([textsOf(rest?.data), rest?.hasMore]).toEqual([['b'], false])
      const shared = `SELECT count(*) FROM item_bodies WHERE body LIKE '%Be brief.%'`
      expect(await it.one(shared)).toBe(1)
    })

    test('are not there for another key', async () => {
      const page = { order: 'asc', after: undefined, limit: 1 } as const
      expect(await names({}, 'x')).toEqual([])
      expect(await it.completions.get('x', 'chatcmpl-b')).toBeUndefined()
      expect(await it.completions.update('x', 'chatcmpl-b', {})).toBeUndefined()
      expect(await it.completions.messages('x', 'chatcmpl-b', page)).toBeUndefined()
      expect(await it.completions.remove('x', 'chatcmpl-b')).toBe(false)
      await expect(it.completions.list('x', { ...EVERY, after: 'chatcmpl-b' })).rejects.toThrow()
    })

    test('are removed, and what others say too stays', async () => {
      expect(await it.completions.remove('k', 'chatcmpl-b')).toBe(true)
      expect(await it.completions.remove('k', 'chatcmpl-b')).toBe(false)
      expect(await it.completions.get('k', 'chatcmpl-b')).toBeUndefined()
      expect(await names({})).toEqual(['a', 'c', 'd'])
      // Of the three that are left: themselves, their questions, and the one instruction.
      expect(await it.one('SELECT count(*) FROM item_bodies')).toBe(7)
    })

    test('are not stored when they are too large', async () => {
      Object.assign(it.settings, { stored_response_bytes: 1_024 })
      it.completions.save({
        keyId: 'k',
        completion: { id: 'chatcmpl-large', model: 'm' },
        messages: [{ role: 'user', content: 'x'.repeat(1_024) }],
        metadata: {},
      })
      expect(it.waiting()).toBe(0)
      expect(it.lines.join()).toContain('not_stored')
    })
  })
