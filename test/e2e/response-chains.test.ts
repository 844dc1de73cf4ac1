import { describe, expect, test } from 'bun:test'
import { chunk, fakeUpstream, hello, type Seen, sse, USAGE } from '../fakes/upstream'
import { emptyFolder, startGroxy } from '../support/executable'
import { KEY, openaiAt } from '../support/gateway'
import { answerOf, type ResponsesAt, responsesAt, saying } from '../support/responses-http'

const CHAINS = 500
const TURNS = 20
const LONG = 180_000

interface Message {
  readonly role: string
  readonly content: string
}

/** Every answer says what it is an answer to, and how much of the conversation it was told. */
function echo({ path, body }: Seen): Response | undefined {
  if (path !== '/v1/chat/completions') return
  const { messages, stream } = JSON.parse(body) as { messages: Message[]; stream?: boolean }
  const text = answerTo(String(messages.at(-1)?.content), messages.length)
  if (!stream)
    return Response.json(
      hello({
        choices: [
          { index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' },
        ],
      }),
    )
  const half = Math.floor(text.length / 2)
  const events = [
    chunk({ role: 'assistant', content: text.slice(0, half) }),
    chunk({ content: text.slice(half) }, 'stop'),
    { ...chunk({}), choices: [], usage: USAGE },
  ]
  return sse([...events.map((event) => JSON.stringify(event)), '[DONE]'])
}

const answerTo = (asked: string, told: number) => `${asked}, as the last of ${told}`
const question = (chain: string, turn: number) => `chain ${chain}, turn ${turn}`

/** All that was said in a chain until the question of a turn. */
const dialogue = (questions: readonly string[]): string[] =>
  questions.flatMap((asked, at) =>
    at === questions.length - 1
      ? [`user: ${asked}`]
      : [`user: ${asked}`, `assistant: ${answerTo(asked, at * 2 + 1)}`],
  )

const questions = (chain: string, turns: number): string[] =>
  Array.from({ length: turns }, (_, at) => question(chain, at + 1))

/** Take turns one after the other; gives the ids of their responses. */
async function talk(
  at: ResponsesAt,
  asked: readonly string[],
  previous: string | undefined,
  streamed = false,
): Promise<string[]> {
  const ids: string[] = []
  for (const input of asked) {
    const previous_response_id = ids.at(-1) ?? previous
    const body = { input, ...(previous_response_id && { previous_response_id }) }
    ids.push(streamed ? await streamedId(at, body) : (await at.create(body)).id)
  }
  return ids
}

/** The id of an answer that was read as a stream, to its end. */
async function streamedId(at: ResponsesAt, body: object): Promise<string> {
  const reply = await at.ask({ ...body, stream: true })
  const text = await reply.text()
  expect([reply.status, text.includes('event: response.completed')]).toEqual([200, true])
  return /"id":"(resp_\w+)"/.exec(text)?.[1] ?? ''
}

async function world() {
  await using stack = new AsyncDisposableStack()
  const upstream = stack.use(fakeUpstream(echo))
  const env = { GROXY_API_KEY: KEY, ADMIN_PASSWORD: 'for tests', ...openaiAt(upstream.url) }
  const server = stack.use(await startGroxy(emptyFolder(), env))
  const kept = stack.move()
  return {
    ...{ upstream, server, at: responsesAt(server) },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

describe('chains of responses over a file', () => {
  test(
    `${CHAINS} of ${TURNS} turns each at once keep every word, in order`,
    async () => {
      await using it = await world()
      const { at, server } = it
      const names = Array.from({ length: CHAINS }, (_, chain) => String(chain))
      // One in ten is read as a stream.
      const ids = await Promise.all(
        names.map((name, number) => talk(at, questions(name, TURNS), undefined, number % 10 === 0)),
      )
      expect(new Set(ids.flat()).size).toBe(CHAINS * TURNS)
      for (const [number, name] of names.entries()) {
        const items = await at.items(String(ids[number]?.at(-1)), number % 2 === 0 ? 20 : 7)
        expect(items).toHaveLength(TURNS * 2 - 1)
        expect(items.map(saying)).toEqual(dialogue(questions(name, TURNS)))
        expect(new Set(items.map(({ id }) => id)).size).toBe(items.length)
      }
      for (const event of ['said_lost', 'said_waits', 'not_stored', 'database_unreachable'])
        expect(server.output()).not.toContain(event)
    },
    LONG,
  )

  test('two that go on from the same response have what came before it, and not each other', async () => {
    await using it = await world()
    const { at, upstream } = it
    const trunk = await talk(at, questions('trunk', 3), undefined)
    const fork = String(trunk[1])
    const branches = await Promise.all(
      ['left', 'right'].map((name, side) => talk(at, questions(name, 4), fork, side === 0)),
    )
    for (const [side, name] of ['left', 'right'].entries()) {
      const asked = [...questions('trunk', 2), ...questions(name, 4)]
      const items = await at.items(String(branches[side]?.at(-1)), 3)
      expect(items.map(saying)).toEqual(dialogue(asked))
      const last = await at.get(String(branches[side]?.at(-1)))
      expect(answerOf(last)).toBe(answerTo(question(name, 4), 11))
    }
    // The trunk goes on as if there were none, and what is deleted at the fork stays below it.
    expect((await at.call('DELETE', `/responses/${fork}`)).status).toBe(200)
    const [on] = await talk(at, [question('trunk', 4)], trunk[2])
    expect((await at.items(String(on))).map(saying)).toEqual(dialogue(questions('trunk', 4)))
    const [further] = await talk(at, [question('left', 5)], branches[0]?.at(-1))
    expect(answerOf(await at.get(String(further)))).toBe(answerTo(question('left', 5), 13))
    const told = JSON.parse(upstream.asked().at(-1)?.body ?? '{}').messages as Message[]
    expect(told.map(({ role, content }) => `${role}: ${content}`)).toEqual(
      dialogue([...questions('trunk', 2), ...questions('left', 5)]),
    )
  })
})
