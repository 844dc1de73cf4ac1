import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { SaidTurn } from '#src/state/draft'
import {
  answer,
  chainTexts,
  databases,
  type SaidAt,
  type SaidDatabase,
  saidAt,
  textsOf,
  turn,
} from '../support/said'

const MINUTE = 60_000

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`background turns, ${where}`, () => {
    let database: SaidDatabase
    let one: SaidAt
    let two: SaidAt
    let at = Date.now()

    beforeAll(async () => {
      database = await make()
      one = saidAt(database.open())
      two = saidAt(database.open())
      pass(0)
    })
    afterAll(() => database[Symbol.asyncDispose]())

    function pass(ms: number) {
      at += ms
      one.standAt(at)
      two.standAt(at)
    }
    const lease = (instance: string) => ({ instance, expiresAt: at + MINUTE })
    const step = (id: string, status: 'queued' | 'in_progress' | 'completed'): SaidTurn =>
      turn(id, {
        response: { id, status, instructions: 'Be brief.' },
        output: status === 'completed' ? [answer(`answer ${id}`)] : [],
        tape: status === 'completed' ? 'tape' : null,
      })
    const statusOf = async (it: SaidAt, id: string) => {
      const found = await it.responses.get('k', id)
      return [found?.status, found?.body.status, textsOf(found?.output), found?.tape]
    }
    const open = () => one.one('SELECT count(*) FROM background_turns')
    const requests = () => one.one("SELECT count(*) FROM said_items WHERE side = 'request'")

    test('are seen as they come further, and are gone on from when they are over', async () => {
      expect(await one.background.begin(step('b1', 'queued'), '{"secret":1}', lease('one'))).toBe(
        true,
      )
      expect(await statusOf(two, 'b1')).toEqual(['queued', 'queued', [], null])
      one.background.note(step('b1', 'in_progress'), 'one')
      expect(await statusOf(one, 'b1')).toEqual(['in_progress', 'in_progress', [], null])
      one.background.end(step('b1', 'completed'), 'one')
      expect(await statusOf(one, 'b1')).toEqual(['completed', 'completed', ['answer b1'], 'tape'])
      expect(await statusOf(two, 'b1')).toEqual(['completed', 'completed', ['answer b1'], 'tape'])
      const context = await two.responses.context('k', 'b1')
      expect(textsOf(context?.items)).toEqual(chainTexts('b', 1))
      expect([await open(), await requests()]).toEqual([0, 0])
      expect(await one.one("SELECT count(*) FROM item_bodies WHERE body LIKE '%secret%'")).toBe(0)
    })

    test('what it takes to begin one again is no item of it', async () => {
      await one.background.begin(step('hid1', 'queued'), 'the request', lease('one'))
      const page = { order: 'asc', after: undefined, limit: 9 } as const
      const found = await two.responses.inputItems('k', 'hid1', page)
      expect(textsOf(found?.data)).toEqual(['ask hid1'])
      expect((await two.responses.references('k', [''])).size).toBe(0)
      expect((await two.responses.get('k', 'hid1'))?.body).toEqual(step('hid1', 'queued').response)
      await two.responses.remove('k', 'hid1')
      expect(await requests()).toBe(0)
      one.background.end(step('hid1', 'completed'), 'one')
      await one.flush()
    })

    test('those whose instance has gone are taken over once, with their request', async () => {
      const request = JSON.stringify({ input: 'é'.repeat(2_000_000) })
      const begunAt = at
      await one.background.begin(step('left1', 'queued'), request, lease('one'))
      expect(await two.background.claim(lease('two'), 10)).toEqual([])
      expect(await one.background.renew(lease('one'), ['left1', 'strange'])).toEqual({
        cancelled: [],
        lost: ['strange'],
      })
      pass(MINUTE + 1)
      const claims = await Promise.all(
        [two, saidAt(database.open())].map((it, index) => {
          it.standAt(at)
          return it.background.claim(lease(`heir ${index}`), 10)
        }),
      )
      const claimed = claims.flat()
      expect(claimed.map(({ request: _, ...rest }) => rest)).toEqual([
        { keyId: 'k', responseId: 'left1', tries: 2, cancelled: false, createdAt: begunAt },
      ])
      expect(claimed[0]?.request === request).toBe(true)
      const heir = claims[0]?.length ? 'heir 0' : 'heir 1'
      // The first comes back: it has lost the turn, and what it brings is not taken.
      expect(await one.background.renew(lease('one'), ['left1'])).toEqual({
        cancelled: [],
        lost: ['left1'],
      })
      one.background.end(step('left1', 'completed'), 'one')
      await one.flush()
      expect((await statusOf(two, 'left1'))[0]).toBe('queued')
      two.background.end(step('left1', 'completed'), heir)
      expect(await statusOf(two, 'left1')).toEqual([
        'completed',
        'completed',
        ['answer left1'],
        'tape',
      ])
      expect([await open(), await requests()]).toEqual([0, 0])
    })

    test('those that are given up are taken over at once, and nobody counts as a failure', async () => {
      for (const id of ['up1', 'up2', 'up3'])
        await one.background.begin(step(id, 'queued'), 'r', lease('one'))
      await one.background.release('one', ['up1', 'up3', 'strange'])
      await one.background.release('two', ['up2'])
      const claimed = await two.background.claim(lease('two'), 10)
      expect(claimed.map(({ responseId, tries }) => [responseId, tries]).toSorted()).toEqual([
        ['up1', 1],
        ['up3', 1],
      ])
      one.background.end(step('up1', 'completed'), 'one')
      await one.flush()
      expect((await statusOf(two, 'up1'))[0]).toBe('queued')
      await two.background.drop('k', 'up1', 'two')
      expect((await statusOf(two, 'up1'))[0]).toBe('cancelled')
      await one.background.drop('k', 'up2', 'one')
      two.background.end(step('up3', 'completed'), 'two')
      expect((await statusOf(two, 'up3'))[0]).toBe('completed')
      expect([await open(), await requests()]).toEqual([0, 0])
    })

    test('those that are cancelled stay so, whatever comes after', async () => {
      await one.background.begin(step('stop1', 'queued'), 'r', lease('one'))
      expect(await two.background.cancel('x', 'stop1')).toBe(false)
      expect(await two.background.cancel('k', 'stop1')).toBe(true)
      expect(await two.background.cancel('k', 'stop1')).toBe(false)
      expect(await statusOf(two, 'stop1')).toEqual(['cancelled', 'cancelled', [], null])
      expect(await one.background.renew(lease('one'), ['stop1'])).toEqual({
        cancelled: ['stop1'],
        lost: [],
      })
      one.background.end(step('stop1', 'completed'), 'one')
      expect(await statusOf(one, 'stop1')).toEqual(['cancelled', 'cancelled', [], null])
      expect([await open(), await requests()]).toEqual([0, 0])
    })

    test('those that are deleted stay so, and stop', async () => {
      await one.background.begin(step('del1', 'queued'), 'r', lease('one'))
      expect(await two.responses.remove('k', 'del1')).toBe(true)
      expect((await one.background.renew(lease('one'), ['del1'])).cancelled).toEqual(['del1'])
      one.background.end(step('del1', 'completed'), 'one')
      await one.flush()
      expect(await one.responses.get('k', 'del1')).toBeUndefined()
      expect(await one.one("SELECT body FROM responses WHERE id = 'del1'")).toBe('{}')
      expect([await open(), await requests()]).toEqual([0, 0])
    })

    test('give what they asked and answered to their conversation, once and when they are over', async () => {
      const { id } = await one.conversations.create('k', {}, [])
      const own = { conversation: { id, end: 0 } }
      await one.background.begin({ ...step('talk1', 'queued'), ...own }, 'r', lease('one'))
      expect((await two.conversations.context('k', id))?.items).toEqual([])
      for (const _ of [1, 2]) {
        one.background.end({ ...step('talk1', 'completed'), ...own }, 'one')
        await one.flush()
      }
      const context = await two.conversations.context('k', id)
      expect(textsOf(context?.items)).toEqual(chainTexts('talk', 1))
    })

    test('those that come out too large have failed', async () => {
      await one.background.begin(step('fat1', 'queued'), 'r', lease('one'))
      Object.assign(one.settings, { stored_response_bytes: 2_000 })
      expect(
        await one.background.begin(step('fat2', 'queued'), 'r'.repeat(2_000), lease('one')),
      ).toBe(false)
      const output = [answer('x'.repeat(2_000))]
      one.background.end({ ...step('fat1', 'completed'), output }, 'one')
      await one.flush()
      const found = await two.responses.get('k', 'fat1')
      expect([found?.status, found?.body.status]).toEqual(['failed', 'failed'])
      expect(found?.body.error).toMatchObject({ code: 'server_error' })
      expect(await two.responses.get('k', 'fat2')).toBeUndefined()
      expect([await open(), await requests()]).toEqual([0, 0])
    })
  })
