import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chunk, hello, sse, USAGE } from '../fakes/upstream'
import { type Answered, crowd } from '../support/crowd'
import { readEvents, textOf } from '../support/gateway'
import { groxy, until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'
import { keyIn, type WorkerWorld, workerWorld } from '../support/worker-world'

const LONG = 180_000
const STREAMS = 200
const WHOLE = 500
const WORDS = ['Sun', ', wind', ', rain', ' and', ' snow']
/** What a Worker's log must not have, at whatever level. */
const FAULTS =
  /hung|never complete|never generate|uncaught|"bug"|"error"|limits_alone|unreachable|ledger_waits/i

type Body = { readonly stream?: boolean }
type Worker = Awaited<ReturnType<WorkerWorld['another']>>

describe.skipIf(isWithoutSqld)('a Worker under load, over a libSQL server', () => {
  let world: WorkerWorld
  beforeAll(async () => {
    world = await workerWorld()
  }, LONG)
  afterAll(() => world?.[Symbol.asyncDispose]())

  /** One whose upstream answers nobody before all are there, and then takes its time. */
  async function loaded() {
    const worker = await world.another()
    let gate = Promise.withResolvers<void>()
    let missing = 0
    worker.upstream.script(async ({ path, body }) => {
      if (path !== '/v1/chat/completions') return
      if (--missing === 0) gate.resolve()
      await gate.promise
      return JSON.parse(body).stream ? sse(spoken, { gapMs: 100 }) : Response.json(hello())
    })
    return {
      ...worker,
      /** How many have to be at its upstream at the same time. */
      expectAll(count: number) {
        missing = count
        gate = Promise.withResolvers()
      },
    }
  }

  /** Keys without limits, with all of them, and with little more than is needed; by their names. */
  async function keys(): Promise<ReadonlyMap<string, string>> {
    const make = async (...limits: string[]) => {
      const name = `crowd-${crypto.randomUUID().slice(0, 8)}`
      return [name, keyIn(await groxy(['keys', 'create', name, ...limits], world.env))] as const
    }
    const plenty = ['--rpm', '100000', '--tpm', '100000000', '--concurrency', '1000']
    return new Map([
      await make(),
      await make(...plenty, '--chat-per-day', '100000', '--usd-per-day', '100000'),
      await make('--chat-per-day', '1000', '--concurrency', '400'),
    ])
  }

  const streams = (): Body[] => Array.from({ length: STREAMS }, () => ({ stream: true }))
  const wholes = (): Body[] => Array.from({ length: WHOLE }, () => ({}))

  /** Each was answered, and with all that there was to say. */
  function expectWhole(answers: readonly Answered[], bodies: readonly Body[]) {
    const odd = answers.filter(({ status }) => status !== 200)
    expect(odd.slice(0, 3)).toEqual([])
    for (const [at, { text }] of answers.entries()) {
      if (!bodies[at]?.stream) expect(JSON.parse(text).choices).toEqual(hello().choices)
      else {
        const events = readEvents(text)
        expect(textOf(events)).toBe(WORDS.join(''))
        expect(events.at(-1)).toBe('[DONE]')
      }
    }
  }

  /** Each is in the ledger once, and in its sums. */
  async function expectWritten(answers: readonly Answered[], before: Sums) {
    const ours = new Set(answers.map(({ requestId }) => requestId))
    expect(ours.size).toBe(answers.length)
    const rows = await until(async () => {
      const sql = 'SELECT request_id AS id, outcome, count(*) AS times FROM ledger GROUP BY 1, 2'
      const { rows } = await world.client.execute(sql)
      const found = rows.filter(({ id }) => ours.has(String(id)))
      return found.length >= ours.size ? found : undefined
    }, 30_000)
    expect(rows).toHaveLength(ours.size)
    const odd = rows.filter(({ outcome, times }) => outcome !== 'done' || Number(times) !== 1)
    expect(odd).toEqual([])
    expect(await sums()).toEqual({
      turns: before.turns + ours.size,
      input: before.input + ours.size * USAGE.prompt_tokens,
      output: before.output + ours.size * USAGE.completion_tokens,
    })
  }

  /** What was counted against the limits of keys is what they have used, once a Worker had its tick. */
  async function expectCounted(worker: Worker, turns: ReadonlyMap<string, number>) {
    expect(await worker.tick()).toBe('ok')
    const said = await groxy(['keys', 'usage'], world.env)
    for (const [name, used] of [...turns].slice(1))
      expect(said).toMatch(new RegExp(`${name} +chat today +${used} `))
  }

  interface Sums {
    readonly turns: number
    readonly input: number
    readonly output: number
  }

  async function sums(): Promise<Sums> {
    const { rows } = await world.client.execute(
      'SELECT sum(turns) AS turns, sum(input_tokens) AS input, sum(output_tokens) AS output FROM ledger_hours',
    )
    const [row] = rows
    return {
      turns: Number(row?.turns),
      input: Number(row?.input),
      output: Number(row?.output),
    }
  }

  test.each([
    ['that knows nothing yet', 'at once', false],
    ['that knows everything', 'at once', true],
    ['that knows nothing yet', 'one kind after the other', false],
    ['that knows everything', 'one kind after the other', true],
  ])(
    `a Worker %s answers ${STREAMS} streams and ${WHOLE} other turns %s`,
    async (_, when, isWarm) => {
      await using worker = await loaded()
      using programs = crowd()
      const all = [...(await keys())]
      const turns = new Map(all.map(([name]) => [name, 0]))
      const take = (bodies: readonly object[]) =>
        Promise.all(
          bodies.map((body, at) => {
            const [name, key] = all[at % all.length] ?? ['', '']
            turns.set(name, (turns.get(name) ?? 0) + 1)
            return programs.ask(worker.url, key, body)
          }),
        )
      const before = await sums()
      const crowds = when === 'at once' ? [[...streams(), ...wholes()]] : [streams(), wholes()]
      if (isWarm) crowds.unshift([{}, {}, {}])
      const answers: Answered[] = []
      for (const bodies of crowds) {
        worker.expectAll(bodies.length)
        const said = await take(bodies)
        expectWhole(said, bodies)
        answers.push(...said)
      }
      await expectWritten(answers, before)
      await expectCounted(worker, turns)
      const faults = worker
        .output()
        .split('\n')
        .filter((line) => FAULTS.test(line))
      expect(faults).toEqual([])
    },
    LONG,
  )
})

const spoken = [
  chunk({ role: 'assistant', content: '' }),
  ...WORDS.map((content) => chunk({ content })),
  chunk({}, 'stop'),
  { ...chunk({}), choices: [], usage: USAGE },
]
  .map((event) => JSON.stringify(event))
  .concat('[DONE]')
