import { describe, expect, test } from 'bun:test'
import { chunk, sse } from '../../fakes/upstream'
import { officialEventFaults } from '../../support/official-responses'
import { orderFaults, type StreamEvent } from '../../support/response-order'
import { readUntil } from '../../support/responses-http'
import { connect } from '../../support/socket-client'
import type { Target } from '../world'
import { CHAT } from './chat'

type Client = Awaited<ReturnType<typeof connect>>

/** The WebSocket of Responses. */
export function socketsSuite(target: Target): void {
  const open = () => connect(target().url, target().key)
  const turn = (client: Client, more: object) => client.turn({ model: 'talk', ...more })

  test('a turn comes as the events of a stream, in their order', async () => {
    using client = await open()
    const frames = await turn(client, { input: 'Hi' })
    expect(frames.flatMap(officialEventFaults)).toEqual([])
    expect(orderFaults(frames as unknown as StreamEvent[])).toEqual([])
    expect(frames.at(-1)?.type).toBe('response.completed')
  })

  test('many turns follow each other', async () => {
    using client = await open()
    for (let round = 0; round < 10; round++)
      expect((await turn(client, { input: `turn ${round}` })).at(-1)?.type).toBe(
        'response.completed',
      )
  })

  test('what is not kept goes on on its socket, and there alone', async () => {
    using client = await open()
    let previous: string | undefined
    for (const input of ['One', 'Two', 'Three']) {
      const frames = await turn(client, {
        input,
        ...(previous && { previous_response_id: previous }),
      })
      previous = frames.at(-1)?.response?.id
    }
    const told = target().fakes.chat.asked().at(-1)?.body
    for (const said of ['One', 'Two', 'Three']) expect(told).toContain(said)
    using other = await open()
    const lost = await turn(other, { input: 'Four', previous_response_id: previous })
    expect(lost).toMatchObject([
      { type: 'error', status: 400, error: { code: 'previous_response_not_found' } },
    ])
  })

  test('what is kept goes on on another socket, and over HTTP', async () => {
    using client = await open()
    const first = (await turn(client, { input: 'One', store: true })).at(-1)?.response?.id
    using other = await open()
    const frames = await turn(other, { input: 'Two', store: true, previous_response_id: first })
    const second = frames.at(-1)?.response?.id
    expect(frames.at(-1)?.type).toBe('response.completed')
    const { responses } = target()
    expect((await responses.get(String(first))).status).toBe('completed')
    await responses.create({ model: 'talk', input: 'Three', previous_response_id: second })
    const told = target().fakes.chat.asked().at(-1)?.body
    for (const said of ['One', 'Two', 'Three']) expect(told).toContain(said)
  })

  test('several sockets do not disturb each other', async () => {
    const all = await Promise.all(
      Array.from({ length: 5 }, async (_, at) => {
        using client = await open()
        const frames = []
        for (let round = 0; round < 3; round++)
          frames.push((await turn(client, { input: `${at} ${round}` })).at(-1)?.type)
        return frames
      }),
    )
    expect(all.flat()).toEqual(Array(15).fill('response.completed'))
  })

  describe('a message that asks for nothing that can be done is refused, and the next is taken:', () => {
    test.each([
      ['no JSON', '{', 'invalid_json', null],
      ['no object', '[1]', 'invalid_json', null],
      ['another type', { type: 'response.cancel' }, 'invalid_value', 'type'],
      [
        'background',
        { type: 'response.create', model: 'talk', input: 'x', background: true },
        'unsupported_parameter',
        'background',
      ],
      ['no model', { type: 'response.create', input: 'x' }, 'invalid_value', 'model'],
    ] as const)('%s', async (_, message, code, param) => {
      using client = await open()
      client.send(message)
      expect(await client.read()).toMatchObject({
        type: 'error',
        status: 400,
        error: { code, param },
      })
      expect((await turn(client, { input: 'Hi' })).at(-1)?.type).toBe('response.completed')
    })
  })

  test('a model that nobody serves is refused', async () => {
    using client = await open()
    expect(await client.turn({ model: 'no-such-model', input: 'x' })).toMatchObject([
      { type: 'error', status: 404, error: { code: 'model_not_found' } },
    ])
  })

  test('nobody comes in without a key', async () => {
    expect(await connect(target().url, 'sk-groxy-wrong').catch(() => 'refused')).toBe('refused')
  })

  test('one that leaves lets its upstream go', async () => {
    const begun = JSON.stringify(chunk({ role: 'assistant', content: 'Hello' }))
    target().fakes.chat.script(({ path }) =>
      path === CHAT ? sse([begun], { hang: true }) : undefined,
    )
    const client = await open()
    client.send({ type: 'response.create', model: 'talk', input: 'Hi', store: false })
    while ((await client.read()).type !== 'response.output_text.delta');
    client.socket.close()
    await target().fakes.chat.asked().at(-1)?.aborted
  })

  test('a stream over HTTP goes on beside it', async () => {
    using client = await open()
    const reply = await target().responses.ask({ model: 'talk', input: 'Hi', stream: true })
    const stream = await readUntil(reply, 'response.created')
    expect((await turn(client, { input: 'Hi' })).at(-1)?.type).toBe('response.completed')
    expect(await stream.rest()).toContain('response.completed')
  })
}
