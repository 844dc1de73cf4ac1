import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { heldAnswers } from '../fakes/held-answers'
import { type FakeUpstream, fakeUpstream } from '../fakes/upstream'
import { emptyFolder, startGroxy } from '../support/executable'
import { openaiAt } from '../support/gateway'
import { INSTANCE_ENV, type SharedDatabase, sharedDatabase } from '../support/instances'
import { until } from '../support/programs'
import {
  answerOf,
  becomes,
  readUntil,
  responsesAt,
  type WireResponse,
} from '../support/responses-http'
import { expectOfficialStream } from '../support/responses-world'
import { isWithoutSqld } from '../support/sqld'

const LONG = 120_000
/** A lease is over after 30 seconds, and looked for every five. */
const TAKEOVER_MS = 45_000
/** What another instance was told is seen within so long. */
const SEEN_MS = 12_000
/** Instances look at the database every two seconds. */
const LOOKED_MS = 3_500

const ASKED = { background: true }

let upstream: FakeUpstream
let database: SharedDatabase
const held = heldAnswers()

/** Start an executable over the database; it is killed at the end of the scope. */
async function start(url = database.url, folder = emptyFolder()) {
  const server = await startGroxy(folder, {
    ...{ ...INSTANCE_ENV, DATABASE_URL: url, ...openaiAt(upstream.url) },
  })
  return { ...server, at: responsesAt(server) }
}

/** Every call that the upstream got for a prompt, in order. */
const answersTo = (prompt: string) => held.all.filter(({ seen }) => seen.body.includes(prompt))
const answerTo = (prompt: string, number = 0, patienceMs?: number) =>
  until(() => answersTo(prompt)[number], patienceMs)

const rowsOf = (id: string) =>
  database.rows(`SELECT * FROM background_turns WHERE response_id = '${id}'`)

describe.skipIf(isWithoutSqld)('background responses of two instances over one database', () => {
  beforeAll(async () => {
    upstream = fakeUpstream(held.script)
    database = await sharedDatabase()
  }, LONG)
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
    await upstream.stop()
  })

  test.concurrent(
    'one that runs here is seen, watched and gone on from there',
    async () => {
      await using a = await start()
      await using b = await start()
      const { id } = await a.at.create({ ...ASKED, input: 'From afar' })
      const answer = await answerTo('From afar')
      expect(await b.at.get(id)).toMatchObject({ id, background: true, output: [] })
      await becomes(b.at, id, 'in_progress')
      const watched = b.at.watch(id, 2)
      answer.say('Hello ')
      const here = await readUntil(await a.at.watch(id), '"Hello "')
      answer.say('over there')
      answer.end()
      const all = await here.rest()
      expectOfficialStream(all)
      expect(await becomes(b.at, id, 'completed')).toEqual(await a.at.get(id))
      const there = await (await watched).text()
      expect(there.replaceAll(': ping\n\n', '')).toBe(
        all.slice(all.indexOf('event: response.output_item.added')),
      )
      expect(await (await b.at.watch(id)).text()).toBe(all)
      const next = await b.at.create({ input: 'And now?', previous_response_id: id })
      expect((await a.at.get(next.id)).id).toBe(next.id)
      expect((await a.at.items(next.id)).length).toBe(3)
    },
    LONG,
  )

  test.concurrent(
    'one that runs here is cancelled there: its upstream is let go',
    async () => {
      await using a = await start()
      await using b = await start()
      const { id } = await a.at.create({ ...ASKED, input: 'Stop me' })
      const answer = await answerTo('Stop me')
      answer.say('I am ')
      const watched = await readUntil(await a.at.watch(id), '"I am "')
      const stranger = responsesAt(b, 'sk-groxy-of-nobody')
      expect((await stranger.call('POST', `/responses/${id}/cancel`)).status).toBe(401)
      const cancelled = await b.at.cancel(id)
      expect(cancelled).toMatchObject({ id, status: 'cancelled' })
      await Promise.race([
        answer.seen.aborted,
        Bun.sleep(LOOKED_MS).then(() => Promise.reject(new Error('Nobody hung up.'))),
      ])
      expect(await watched.rest()).toContain('event: response.incomplete')
      for (const at of [a.at, b.at]) {
        expect((await at.get(id)).status).toBe('cancelled')
        expect((await at.cancel(id)).status).toBe('cancelled')
      }
      await until(async () => (await rowsOf(id)).length === 0 || undefined)
    },
    LONG,
  )

  test.concurrent(
    'one whose instance is killed is taken over, and nobody who asks for it notices',
    async () => {
      await using a = await start()
      await using b = await start()
      const first = await a.at.create({ input: 'Remember the lighthouse' })
      const begun = await a.at.create({
        ...{ ...ASKED, input: 'Carry on', previous_response_id: first.id },
      })
      const lost = await answerTo('Carry on')
      lost.say('This is never ')
      const polled = becomes(b.at, begun.id, 'completed', TAKEOVER_MS)
      polled.catch(() => {})
      const watched = b.at.watch(begun.id)
      a.signal('SIGKILL')
      await a.exited
      const again = await answerTo('Carry on', 1, TAKEOVER_MS)
      expect(JSON.parse(again.seen.body)).toEqual(JSON.parse(lost.seen.body))
      again.say('Here is ')
      again.say('the whole')
      again.end()
      const done = await polled
      expect(answerOf(done)).toBe('Here is the whole')
      expect(done).toMatchObject({ created_at: begun.created_at, previous_response_id: first.id })
      const text = (await (await watched).text()).replaceAll(': ping\n\n', '')
      expectOfficialStream(text)
      expect((await b.at.items(begun.id)).length).toBe(3)
      expect(await rowsOf(begun.id)).toEqual([])
    },
    LONG,
  )

  test.concurrent(
    'one whose instance is stopped is given to another at once',
    async () => {
      await using a = await start()
      await using b = await start()
      const { id } = await a.at.create({ ...ASKED, input: 'Hand me over' })
      const first = await answerTo('Hand me over')
      first.say('Half')
      const stoppedAt = Date.now()
      a.signal('SIGTERM')
      expect(await a.exited).toBe(0)
      // A turn that may take minutes holds up no stop.
      expect(Date.now() - stoppedAt).toBeLessThan(5_000)
      await first.seen.aborted
      const second = await answerTo('Hand me over', 1, SEEN_MS)
      const [row] = await rowsOf(id)
      expect(row).toMatchObject({ tries: 1 })
      second.say('Whole')
      second.end()
      expect(answerOf(await becomes(b.at, id, 'completed'))).toBe('Whole')
    },
    LONG,
  )

  test.concurrent(
    'one that is watched is finished before its instance stops, though that takes longer than a lease',
    async () => {
      await using a = await start()
      await using b = await start()
      const reply = await a.at.ask({ ...ASKED, input: 'Finish it', stream: true })
      const watched = await readUntil(reply, 'response.queued')
      const answer = await answerTo('Finish it')
      answer.say('Slowly, ')
      a.signal('SIGTERM')
      await Bun.sleep(37_000)
      expect(answersTo('Finish it')).toHaveLength(1)
      answer.say('but well.')
      answer.end()
      const events = expectOfficialStream((await watched.rest()).replaceAll(': ping\n\n', ''))
      const { response } = events.at(-1) as unknown as { readonly response: WireResponse }
      expect(answerOf(response)).toBe('Slowly, but well.')
      expect(await a.exited).toBe(0)
      expect(await b.at.get(response.id)).toEqual(response)
    },
    LONG,
  )

  test.concurrent(
    'over a file, one goes on when its instance is started again',
    async () => {
      const folder = emptyFolder()
      const url = `file:${folder}/groxy.db`
      let id = ''
      {
        await using a = await start(url, folder)
        id = (await a.at.create({ ...ASKED, input: 'After the update' })).id
        await answerTo('After the update')
        a.signal('SIGTERM')
        await a.exited
      }
      await using again = await start(url, folder)
      expect((await again.at.get(id)).status).toBe('in_progress')
      const second = await answerTo('After the update', 1, SEEN_MS)
      second.say('Here')
      second.end()
      expect(answerOf(await becomes(again.at, id, 'completed'))).toBe('Here')
    },
    LONG,
  )
})
