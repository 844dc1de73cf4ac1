import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { groxy } from '../support/programs'
import { idIn, type ResponsesAt, responsesAt, saying } from '../support/responses-http'
import { isWithoutSqld } from '../support/sqld'
import { keyIn, type WorkerWorld, workerWorld } from '../support/worker-world'

const LONG = 120_000
/** What a Worker's log must not have. */
const FAULTS = /hung|never complete|never generate|uncaught|"bug"|"error"|unreachable/i

type Worker = Awaited<ReturnType<WorkerWorld['another']>>

// Two isolates share nothing but the database. Nobody waits here for what was made at the other one.

describe.skipIf(isWithoutSqld)('what is made at one Worker is found at the next', () => {
  let world: WorkerWorld
  let both: readonly [Worker, Worker]
  let ats: readonly [ResponsesAt, ResponsesAt]
  beforeAll(async () => {
    world = await workerWorld()
    both = [await world.another(), await world.another()]
    ats = [responsesAt(both[0], world.key), responsesAt(both[1], world.key)]
  }, LONG)
  afterAll(async () => {
    for (const worker of both ?? []) await worker[Symbol.asyncDispose]()
    await world?.[Symbol.asyncDispose]()
  })

  const at = (turn: number) => ats[turn % 2 === 0 ? 0 : 1]

  async function json(answer: Promise<Response>) {
    const reply = await answer
    const text = await reply.text()
    expect([reply.status, text]).toEqual([200, expect.any(String)])
    return JSON.parse(text)
  }

  const expectNoFaults = () => {
    for (const { output } of both) expect(output()).not.toMatch(FAULTS)
  }

  test.each([
    ['whole', false],
    ['streamed', true],
  ])(
    'answers that are gone on from, %s',
    async (_, stream) => {
      let previous: string | undefined
      for (let turn = 0; turn < 10; turn++) {
        const body = { input: `Turn ${turn}`, ...(previous && { previous_response_id: previous }) }
        const reply = await at(turn).ask({ ...body, stream })
        const text = await reply.text()
        expect([reply.status, text]).toEqual([200, expect.stringContaining('completed')])
        previous = stream ? idIn(text) : JSON.parse(text).id
      }
      const said = (await at(0).items(String(previous))).map(saying)
      expect(said).toHaveLength(19)
      expect(said.at(-1)).toBe('user: Turn 9')
      expectNoFaults()
    },
    LONG,
  )

  test.each([
    ['whole', false],
    ['streamed', true],
  ])(
    'turns of a conversation, %s',
    async (_, stream) => {
      const { id } = await json(at(1).call('POST', '/conversations', {}))
      for (let turn = 0; turn < 8; turn++) {
        const reply = await at(turn).ask({ input: `Turn ${turn}`, conversation: id, stream })
        expect(await reply.text()).toContain('completed')
        const items = await json(at(turn + 1).call('GET', `/conversations/${id}/items?limit=100`))
        expect(items.data).toHaveLength(2 * turn + 2)
      }
      expectNoFaults()
    },
    LONG,
  )

  test(
    'stored completions, and that they are deleted',
    async () => {
      const chat = { model: 'grok-4', store: true, messages: [{ role: 'user', content: 'Hi' }] }
      const { id } = await json(at(0).call('POST', '/chat/completions', chat))
      expect((await json(at(1).call('GET', `/chat/completions/${id}`))).id).toBe(id)
      await json(at(1).call('DELETE', `/chat/completions/${id}`))
      expect((await at(0).call('GET', `/chat/completions/${id}`)).status).toBe(404)
      expectNoFaults()
    },
    LONG,
  )

  test(
    'keys, at once and by many, while what nobody made is refused',
    async () => {
      const key = keyIn(await groxy(['keys', 'create', 'brand-new'], world.env))
      const mine = both.map((worker) => responsesAt(worker, key))
      const wrong = both.map((worker) => responsesAt(worker, `${key.slice(0, -1)}x`))
      const asks = (who: readonly ResponsesAt[]) =>
        Array.from({ length: 20 }, (_, turn) => who[turn % 2]?.call('GET', '/models'))
      const answers = await Promise.all([...asks(mine), ...asks(wrong)])
      const statuses = answers.map((answer) => answer?.status)
      expect(statuses).toEqual([...Array(20).fill(200), ...Array(20).fill(401)])
      expectNoFaults()
    },
    LONG,
  )
})
