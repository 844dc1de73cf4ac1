import { expect, test } from 'bun:test'
import { type HeldAnswer, heldAnswers } from '../../fakes/held-answers'
import { expectOfficial, expectOfficialStream } from '../../support/official-expectations'
import { until } from '../../support/programs'
import { after, answerOf, becomes, idIn, readUntil } from '../../support/responses-http'
import { expectRefusal } from '../checks'
import type { Target } from '../world'

const ASKED = { model: 'talk', input: 'Think hard', background: true }
const LONG = 60_000

/** Comments that keep a connection open, which are no events. */
const withoutPings = (text: string) => text.replaceAll(': ping\n\n', '')

/** Responses that are made behind requests. */
export function backgroundSuite(target: Target): void {
  /** The upstream says what the test says, when it says it. */
  function held() {
    const answers = heldAnswers()
    target().fakes.chat.script(answers.script)
    return (number = 0): Promise<HeldAnswer> => until(() => answers.all[number])
  }

  test(
    'one is queued, in progress and completed',
    async () => {
      const { responses } = target()
      const answer = held()
      const begun = await responses.create(ASKED)
      expectOfficial(begun)
      expect(begun.status).toBeOneOf(['queued', 'in_progress'])
      const held1 = await answer()
      await becomes(responses, begun.id, 'in_progress')
      held1.say('Here ')
      held1.say('it is')
      held1.end()
      const done = await becomes(responses, begun.id, 'completed')
      expectOfficial(done)
      expect(answerOf(done)).toBe('Here it is')
      expect(done).toMatchObject({ created_at: begun.created_at, background: true })
    },
    LONG,
  )

  test(
    'one is watched by whoever asks, from wherever he was',
    async () => {
      const { responses } = target()
      const answer = held()
      const created = await readUntil(
        await responses.ask({ ...ASKED, stream: true }),
        'response.queued',
      )
      const id = idIn(created.so())
      const said = await answer()
      said.say('One ')
      await until(async () => answerOf(await responses.get(id)) === 'One ' || undefined)
      // Where it is not made, its watchers are told when it is over.
      const [late, early] = await Promise.all([responses.watch(id, 1), responses.watch(id)])
      said.say('two')
      said.end()
      const all = withoutPings(await created.rest())
      expectOfficialStream(all)
      expect(withoutPings(await late.text())).toBe(after(all, 1))
      expect(withoutPings(await early.text())).toBe(all)
      // Of what is over, the same is told.
      expect(await (await responses.watch(id)).text()).toBe(all)
      expect(await (await responses.watch(id, 4)).text()).toBe(after(all, 4))
    },
    LONG,
  )

  test(
    'one goes on though its creator has left',
    async () => {
      const { responses } = target()
      const answer = held()
      const created = await readUntil(
        await responses.ask({ ...ASKED, stream: true }),
        'response.queued',
      )
      const id = idIn(created.so())
      const said = await answer()
      await created.leave()
      said.say('All the same')
      said.end()
      expect(answerOf(await becomes(responses, id, 'completed'))).toBe('All the same')
    },
    LONG,
  )

  test(
    'one is cancelled, and its upstream let go',
    async () => {
      const { responses } = target()
      const answer = held()
      const { id } = await responses.create(ASKED)
      const said = await answer()
      said.say('Not to the ')
      await until(async () => answerOf(await responses.get(id)) || undefined)
      expect((await responses.cancel(id)).status).toBe('cancelled')
      await said.seen.aborted
      for (const _ of [1, 2]) {
        expect((await responses.get(id)).status).toBe('cancelled')
        expect((await responses.cancel(id)).status).toBe('cancelled')
      }
    },
    LONG,
  )

  test(
    'one is deleted once it is made',
    async () => {
      const { responses, remove, get } = target()
      const answer = held()
      const { id } = await responses.create(ASKED)
      ;(await answer()).end()
      await becomes(responses, id, 'completed')
      expect((await remove(`/v1/responses/${id}`)).status).toBe(200)
      await expectRefusal(get(`/v1/responses/${id}`), { status: 404 })
    },
    LONG,
  )

  test(
    'one goes on from another, and is gone on from',
    async () => {
      const { responses } = target()
      const first = await responses.create({ model: 'talk', input: 'Remember the lighthouse' })
      const answer = held()
      const { id } = await responses.create({ ...ASKED, previous_response_id: first.id })
      const said = await answer()
      expect(said.seen.body).toContain('Remember the lighthouse')
      said.say('I do')
      said.end()
      await becomes(responses, id, 'completed')
      target().fakes.calm()
      await responses.create({ model: 'talk', input: 'And now?', previous_response_id: id })
      const told = target().fakes.chat.asked().at(-1)?.body
      for (const text of ['Remember the lighthouse', 'I do', 'And now?'])
        expect(told).toContain(text)
    },
    LONG,
  )

  test('one that was not made in the background cannot be cancelled', async () => {
    const { responses, post } = target()
    const { id } = await responses.create({ model: 'talk', input: 'Hi' })
    await expectRefusal(post(`/v1/responses/${id}/cancel`), { status: 400 })
  })

  test('one that is not to be kept cannot be made', async () => {
    const reply = target().responses.ask({ ...ASKED, store: false })
    await expectRefusal(reply, { status: 400, param: 'background' })
  })
}
