import { describe, expect, test } from 'bun:test'
import { createSocketMemory } from '#src/api/responses/socket-memory'
import { createSockets } from '#src/cli/sockets'
import { gateway } from '../support/gateway'
import { until } from '../support/programs'
import { connect, scriptedResponses, scriptedSocket, socketApp } from '../support/socket-app'

/** A real server whose turns are scripted. */
function server(maxAgeMs?: number) {
  const script = scriptedResponses()
  const sockets = createSockets()
  const fetch = socketApp({
    upgrade: sockets.upgrade,
    handler: () => scriptedSocket(script, maxAgeMs),
  })
  const listening = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch,
    websocket: sockets.websocket,
  })
  return {
    ...script,
    sockets,
    stop: () => listening.stop(),
    url: `http://127.0.0.1:${listening.port}`,
    [Symbol.asyncDispose]: () => listening.stop(true),
  }
}

const notFound = (id: string) => ({
  type: 'error',
  status: 400,
  error: {
    type: 'invalid_request_error',
    code: 'previous_response_not_found',
    message: `There is no response ${id}.`,
    param: 'previous_response_id',
  },
})

test('a turn comes as the events of a stream, without comments and the last word of HTTP', async () => {
  await using it = server()
  using client = await connect(it.url)
  expect(await client.turn({ input: 'Hi', metadata: { a: 'b' } })).toEqual<unknown>([
    { type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } },
    { type: 'response.output_text.delta', delta: 'Hi' },
    { type: 'response.completed', response: { id: 'resp_1', status: 'completed' } },
  ])
  expect(it.asked[0]?.request).toEqual({
    model: 'm',
    store: false,
    input: 'Hi',
    metadata: { a: 'b' },
    stream: true,
  })
})

test('turns follow each other on one socket, and fields of HTTP do not matter', async () => {
  await using it = server()
  using client = await connect(it.url)
  for (let round = 1; round <= 50; round++) {
    const more = { stream: round % 2 === 0, stream_options: {}, background: false }
    const frames = await client.turn({ input: `n${round}`, ...more })
    expect(frames.at(-1)).toMatchObject({ response: { id: `resp_${round}` } })
  }
  client.send({ type: 'response.create', response: { model: 'm', input: 'nested' } })
  expect((await client.readTurn())[1]).toMatchObject({ delta: 'nested' })
  expect(it.asked.at(-1)?.request).toEqual({ model: 'm', input: 'nested', stream: true })
})

test('what is not stored goes on on its socket, and only there', async () => {
  await using it = server()
  using client = await connect(it.url)
  await client.turn({ input: 'one' })
  await client.turn({ input: 'two', previous_response_id: 'resp_1' })
  await client.turn({ input: 'three', previous_response_id: 'resp_2' })
  expect(it.asked[2]?.context).toEqual([
    { role: 'user', content: 'one' },
    { role: 'assistant', id: 'resp_1' },
    { role: 'user', content: 'two' },
    { role: 'assistant', id: 'resp_2' },
  ])
  // A chain may fork.
  await client.turn({ input: 'other', previous_response_id: 'resp_1' })
  expect(it.asked[3]?.context).toHaveLength(2)

  using again = await connect(it.url)
  const lost = await again.turn({ input: 'four', previous_response_id: 'resp_3' })
  expect(lost).toMatchObject([notFound('resp_3')])
  expect((await again.turn({ input: 'afresh' })).at(-1)?.type).toBe('response.completed')
})

test('what is stored is left to the store', async () => {
  await using it = server()
  using client = await connect(it.url)
  await client.turn({ input: 'one', store: true })
  const next = await client.turn({ input: 'two', previous_response_id: 'resp_1' })
  expect(next.at(-1)?.type).toBe('response.completed')
  expect(it.asked[1]?.context).toBeUndefined()
})

describe('a turn that fails forgets what it went on from', () => {
  for (const input of ['refuse', 'break', 'throw'])
    test(input, async () => {
      await using it = server()
      using client = await connect(it.url)
      await client.turn({ input: 'one' })
      client.send({ type: 'response.create', input, previous_response_id: 'resp_1' })
      const words = { refuse: 'error', break: 'response.failed', throw: 'error' }
      const last = words[input as keyof typeof words]
      while ((await client.read()).type !== last);
      const again = await client.turn({ input: 'two', previous_response_id: 'resp_1' })
      expect(again).toMatchObject([notFound('resp_1')])
    })
})

test('failures are told with their status, in front of an answer or within it', async () => {
  await using it = server()
  using client = await connect(it.url)
  expect(await client.turn({ input: 'refuse' })).toMatchObject([
    {
      type: 'error',
      status: 429,
      error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    },
  ])
  const [, error, failed] = await client.turn({ input: 'break' })
  expect(error).toMatchObject({ type: 'error', status: 500, error: { code: 'upstream_error' } })
  expect(failed?.type).toBe('response.failed')
  client.send({ type: 'response.create', input: 'throw' })
  expect((await client.read()).type).toBe('response.created')
  expect(await client.read()).toMatchObject({ status: 500, error: { code: 'internal_error' } })
})

describe('a message that asks for nothing that can be done is refused, and the next one is taken', () => {
  const cases: readonly [string, object | string, number, string, string | null][] = [
    ['no JSON', '{', 400, 'invalid_json', null],
    ['no object', '[1]', 400, 'invalid_json', null],
    ['a key twice', '{"type":"response.create","a":1,"a":2}', 400, 'duplicate_key', 'a'],
    ['another type', { type: 'response.cancel' }, 400, 'invalid_value', 'type'],
    ['no type', { input: 'Hi' }, 400, 'invalid_value', 'type'],
    [
      'background',
      { type: 'response.create', background: true },
      400,
      'unsupported_parameter',
      'background',
    ],
    [
      'a warm-up',
      { type: 'response.create', generate: false },
      400,
      'unsupported_parameter',
      'generate',
    ],
  ]
  for (const [name, message, status, code, param] of cases)
    test(name, async () => {
      await using it = server()
      using client = await connect(it.url)
      client.send(message)
      expect(await client.read()).toMatchObject({ type: 'error', status, error: { code, param } })
      expect(it.asked).toHaveLength(0)
      expect((await client.turn({ input: 'Hi' })).at(-1)?.type).toBe('response.completed')
    })
})

test('a second turn at once is refused, and does not disturb the first', async () => {
  await using it = server()
  using client = await connect(it.url)
  client.send({ type: 'response.create', input: 'wait' })
  expect((await client.read()).type).toBe('response.created')
  client.send({ type: 'response.create', input: 'now' })
  expect(await client.read()).toMatchObject({
    type: 'error',
    status: 409,
    error: { code: 'response_in_progress' },
  })
  it.release()
  expect((await client.readTurn()).at(-1)?.type).toBe('response.completed')
  expect((await client.turn({ input: 'Hi' })).at(-1)?.type).toBe('response.completed')
  expect(it.asked).toHaveLength(2)
})

test('a client that leaves ends its turn', async () => {
  await using it = server()
  using client = await connect(it.url)
  client.send({ type: 'response.create', input: 'flood' })
  await client.read()
  expect(it.asked[0]?.signal.aborted).toBe(false)
  client.socket.close()
  await until(() => it.asked[0]?.signal.aborted || undefined)
})

test('a turn that is over is not held by its socket', async () => {
  await using it = server()
  using client = await connect(it.url)
  await client.turn({ input: 'Hi' })
  client.send({ type: 'response.create', input: 'flood' })
  await client.read()
  client.socket.close()
  await until(() => it.asked[1]?.signal.aborted || undefined)
  expect(it.asked[0]?.signal.aborted).toBe(false)
})

test('a socket is of no use any more when its key is switched off', async () => {
  await using it = await gateway()
  const { key, secret } = await it.stores.keys.create({ name: 'k' })
  await it.app.refresh()
  using client = await connect(it.url, secret)
  const asked = { model: 'demo', input: 'Hi' }
  expect((await client.turn(asked)).at(-1)?.type).toBe('response.completed')
  await it.stores.keys.revoke(key.id)
  await it.app.refresh()
  expect(await client.turn(asked)).toMatchObject([
    { type: 'error', status: 401, error: { code: 'invalid_api_key' } },
  ])
})

test('a connection that is too old says so and ends, after the turn in progress', async () => {
  await using it = server(300)
  const limit = {
    type: 'error',
    status: 400,
    error: { code: 'websocket_connection_limit_reached' },
  }
  using idle = await connect(it.url)
  using client = await connect(it.url)
  client.send({ type: 'response.create', input: 'wait' })
  expect((await client.read()).type).toBe('response.created')
  expect(await idle.read()).toMatchObject(limit)
  expect((await idle.closed).code).toBe(1000)
  it.release()
  expect((await client.readTurn()).at(-1)?.type).toBe('response.completed')
  expect(await client.read()).toMatchObject(limit)
  expect((await client.closed).code).toBe(1000)
})

test('a server that stops closes idle sockets, and busy ones after their turn', async () => {
  await using it = server()
  using idle = await connect(it.url)
  using client = await connect(it.url)
  client.send({ type: 'response.create', input: 'wait' })
  expect((await client.read()).type).toBe('response.created')
  it.sockets.leave()
  const stopped = it.stop()
  expect((await idle.closed).code).toBe(1001)
  client.send({ type: 'response.create', input: 'more' })
  expect(await client.read()).toMatchObject({ error: { code: 'response_in_progress' } })
  it.release()
  expect((await client.readTurn()).at(-1)?.type).toBe('response.completed')
  expect((await client.closed).code).toBe(1001)
  await stopped
})

test('a socket remembers the latest responses, however many and large there were', () => {
  const memory = createSocketMemory()
  for (let at = 1; at <= 20; at++) memory.keep(`r${at}`, [], 10)
  expect([4, 5, 20].map((at) => memory.recall(`r${at}`) !== undefined)).toEqual([false, true, true])
  memory.keep('large', [{ role: 'user' }], 60 * 1024 * 1024)
  expect(memory.recall('r20')).toBeDefined()
  memory.keep('larger', [{ role: 'user' }], 60 * 1024 * 1024)
  expect(memory.recall('large')).toBeUndefined()
  expect(memory.recall('larger')).toEqual([{ role: 'user' }])
  memory.keep('too large', [{ role: 'user' }], 70 * 1024 * 1024)
  expect(memory.recall('too large')).toBeUndefined()
  memory.forget('larger')
  memory.keep('small', [], 1)
  memory.keep('next', [], 1)
  expect(memory.recall('small')).toEqual([])
})
