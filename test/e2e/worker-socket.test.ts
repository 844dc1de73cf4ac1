import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { heldAnswers } from '../fakes/held-answers'
import { until } from '../support/programs'
import { connect } from '../support/socket-client'
import { isWithoutSqld } from '../support/sqld'
import { type WorkerWorld, workerWorld } from '../support/worker-world'

const LONG = 120_000
const MODEL = { model: 'grok-4' }
/** What a Worker's log must not have. */
const FAULTS = /hung|never complete|never generate|uncaught|"bug"|"error"/i

describe.skipIf(isWithoutSqld)('responses by WebSocket on Workers', () => {
  let world: WorkerWorld
  beforeAll(async () => {
    world = await workerWorld()
  }, LONG)
  afterAll(() => world?.[Symbol.asyncDispose]())

  const written = (requests: number) =>
    until(async () => {
      const { rows } = await world.client.execute(
        "SELECT count(*) AS n FROM ledger WHERE endpoint LIKE 'responses%' AND outcome = 'done'",
      )
      return Number(rows[0]?.n) >= requests ? Number(rows[0]?.n) : undefined
    })

  test(
    'many sockets at once, turn after turn, each turn in the ledger once',
    async () => {
      const [SOCKETS, TURNS] = [20, 5]
      await using worker = await world.another()
      const talk = async (number: number) => {
        using client = await connect(worker.url, world.key)
        let previous: string | undefined
        for (let turn = 0; turn < TURNS; turn++) {
          const on = previous === undefined ? {} : { previous_response_id: previous }
          const store = number % 2 === 0
          const frames = await client.turn({ ...MODEL, ...on, store, input: `turn ${turn}` })
          const last = frames.at(-1)
          expect(last?.type).toBe('response.completed')
          previous = last?.response?.id
        }
      }
      await Promise.all(Array.from({ length: SOCKETS }, (_, number) => talk(number)))
      const bodies = worker.upstream.asked().map(({ body }) => JSON.parse(body).messages.length)
      expect(Math.max(...bodies)).toBe(2 * TURNS - 1)
      expect(await written(SOCKETS * TURNS)).toBe(SOCKETS * TURNS)
      expect(worker.output()).not.toMatch(FAULTS)
    },
    LONG,
  )

  test(
    'a client that leaves in the midst of a turn ends it',
    async () => {
      await using worker = await world.another()
      const answers = heldAnswers()
      worker.upstream.script(answers.script)
      const client = await connect(worker.url, world.key)
      client.send({ type: 'response.create', ...MODEL, store: false, input: 'Hi' })
      const answer = await until(() => answers.all[0])
      answer.say('Half of ')
      while ((await client.read()).type !== 'response.output_text.delta');
      client.socket.close()
      await answer.seen.aborted
      await until(async () => {
        const { rows } = await world.client.execute(
          "SELECT 1 FROM ledger WHERE endpoint LIKE 'responses%' AND outcome = 'gone'",
        )
        return rows[0]
      })
      expect(worker.output()).not.toMatch(FAULTS)
    },
    LONG,
  )

  test('a stranger gets no socket', async () => {
    expect(connect(world.worker.url, 'sk-groxy-wrong')).rejects.toThrow()
  })
})
