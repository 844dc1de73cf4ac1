import { expect, test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect as connectTcp, type Socket as TcpSocket } from 'node:net'
import { createSockets } from '#src/cli/sockets'
import { openSocket, type Socket, type SocketHandler } from '#src/http/socket'
import { scratch, until } from '../support/programs'
import { connect, SOCKET_KEY, socketApp } from '../support/socket-app'
import { workerd } from '../support/workerd'

/** A server whose sockets do what a test says. */
function server(handler: Partial<SocketHandler>, patienceMs?: number) {
  const sockets = createSockets(patienceMs)
  const opened: Socket[] = []
  /** The ids of the requests that asked for a socket. */
  const asked: string[] = []
  const all: SocketHandler = {
    message: () => {},
    leave: (socket) => socket.close(1001, 'Bye.'),
    ...handler,
    open(socket) {
      opened.push(socket)
      handler.open?.(socket)
    },
  }
  const handlerOf = (requestId: string) => {
    asked.push(requestId)
    return all
  }
  const fetch = socketApp({ upgrade: sockets.upgrade, handler: handlerOf, maxBytes: 1000 })
  const listening = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch,
    websocket: sockets.websocket,
  })
  return {
    url: `http://127.0.0.1:${listening.port}`,
    port: Number(listening.port),
    sockets,
    opened,
    asked,
    stop: () => listening.stop(),
    [Symbol.asyncDispose]: () => listening.stop(true),
  }
}

const echo: Partial<SocketHandler> = { message: (socket, text) => socket.send(`You said ${text}`) }

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Ask by hand, since `fetch` does not let one ask for an upgrade. */
function ask(port: number, headers: Readonly<Record<string, string>>) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; text: string }>(
    (resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: '/v1/responses', headers }
      const request = httpRequest(options, async (response) => {
        const text = (await response.toArray()).join('')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
      request.on('upgrade', (response, socket) => {
        socket.destroy()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: '' })
      })
      request.on('error', reject)
      request.end()
    },
  )
}

test('a client with a key gets a socket, with the id of the request that asked for it', async () => {
  await using it = server(echo)
  using client = await connect(it.url)
  client.send('hello')
  expect(await client.next()).toBe('You said hello')
  const authorization = `Bearer ${SOCKET_KEY}`
  const answer = await ask(it.port, { ...HANDSHAKE, authorization })
  expect(answer.status).toBe(101)
  expect(answer.headers['x-request-id']).toBe(it.asked[1])
  expect(it.asked[1]).toMatch(/^req_[\da-f]{32}$/)
  // An address this short makes the router look at a copy of the request.
  expect((await ask(it.port, { ...HANDSHAKE, authorization, host: 'a' })).status).toBe(101)
})

test('without a key, a handshake or an upgrade there is an answer as any other', async () => {
  await using it = server(echo)
  const stranger = await ask(it.port, HANDSHAKE)
  expect(stranger.status).toBe(401)
  expect(JSON.parse(stranger.text).error.code).toBe('invalid_api_key')
  const authorization = `Bearer ${SOCKET_KEY}`
  const plain = await ask(it.port, { authorization })
  expect(plain.status).toBe(405)
  expect(plain.headers.allow).toBe('POST')
  expect(JSON.parse(plain.text).error.code).toBe('method_not_allowed')
  const { 'sec-websocket-key': _, ...half } = HANDSHAKE
  expect((await ask(it.port, { ...half, authorization })).status).toBe(400)
  expect(it.opened).toHaveLength(0)
})

test('messages that are too large or no text close the socket', async () => {
  await using it = server(echo)
  const cases: readonly [string | Uint8Array<ArrayBuffer>, number][] = [
    ['é'.repeat(501), 1009],
    [new Uint8Array(3), 1003],
  ]
  for (const [message, code] of cases) {
    using client = await connect(it.url)
    client.socket.send('é'.repeat(490))
    expect(await client.next()).toStartWith('You said')
    client.socket.send(message)
    expect((await client.closed).code).toBe(code)
  }
})

test('what is done for a client is told when the client leaves', async () => {
  await using it = server(echo)
  const client = await connect(it.url)
  client.socket.close()
  const socket = await until(() => it.opened[0])
  await until(() => socket.signal.aborted || undefined)
  expect(socket.send('too late')).toBeUndefined()
})

/** A client that reads nothing until it is told to. */
async function sleeper(port: number): Promise<TcpSocket> {
  const tcp = connectTcp(port, '127.0.0.1')
  const headers = Object.entries({ ...HANDSHAKE, authorization: `Bearer ${SOCKET_KEY}` })
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  tcp.write(`GET /v1/responses HTTP/1.1\r\nhost: localhost\r\n${lines}\r\n`)
  await new Promise((resolve) => tcp.once('data', resolve))
  return tcp.pause()
}

test('a client that does not read keeps its sender waiting, until it reads again', async () => {
  let sent = 0
  const message = 'x'.repeat(64 * 1024)
  await using it = server({
    async open(socket) {
      for (; sent < 500; sent++) await socket.send(message)
    },
  })
  const tcp = await sleeper(it.port)
  // The network's own buffers take some, which on a busy machine takes a while.
  let before = 0
  while (sent === 0 || sent > before) {
    before = sent
    await Bun.sleep(300)
  }
  expect(before).toBeLessThan(400)
  await Bun.sleep(300)
  expect(sent).toBe(before)
  tcp.resume()
  await until(() => sent === 500 || undefined)
  tcp.destroy()
})

test('a client that does not read for long is given up', async () => {
  let sent = 0
  await using it = server(
    {
      async open(socket) {
        while (!socket.signal.aborted) {
          await socket.send('x'.repeat(64 * 1024))
          sent++
        }
      },
    },
    200,
  )
  const tcp = await sleeper(it.port)
  const socket = await until(() => it.opened[0])
  await until(() => socket.signal.aborted || undefined)
  expect(sent).toBeLessThan(400)
  tcp.destroy()
})

test('a server that stops lets its sockets leave, those too that come late', async () => {
  await using it = server(echo)
  using client = await connect(it.url)
  it.sockets.leave()
  expect(await client.closed).toEqual({ code: 1001, reason: 'Bye.' })
  using late = await connect(it.url)
  expect((await late.closed).code).toBe(1001)
  await it.stop()
})

test('a platform without sockets says that it has none', () => {
  const headers = { upgrade: 'websocket' }
  const request = new Request('http://localhost/v1/responses', { headers })
  const terms = { handler: { message() {}, leave() {} }, maxBytes: () => 1 }
  expect(() => openSocket(() => undefined, request, terms)).toThrow('handshake is not complete')
})

test('sockets work the same in the Workers runtime', async () => {
  await using folder = await scratch('sockets')
  await mkdir(`${folder.path}/assets`)
  await Bun.build({
    entrypoints: ['test/fixtures/socket-worker.ts'],
    outdir: folder.path,
    naming: 'worker.js',
    target: 'browser',
    conditions: ['workerd', 'worker'],
    external: ['cloudflare:workers', 'node:*'],
  })
  await using it = await workerd(folder.path, { LOG_LEVEL: 'info' })
  const port = Number(new URL(it.url).port)
  expect((await ask(port, HANDSHAKE)).status).toBe(401)
  expect((await ask(port, { authorization: `Bearer ${SOCKET_KEY}` })).status).toBe(405)
  const answer = await ask(port, { ...HANDSHAKE, authorization: `Bearer ${SOCKET_KEY}` })
  expect(answer.status).toBe(101)
  expect(answer.headers['x-request-id']).toStartWith('req_')

  using client = await connect(it.url)
  const [created, delta, done] = await client.turn({ input: 'Hi' })
  expect([created?.type, delta, done?.type]).toEqual([
    'response.created',
    { type: 'response.output_text.delta', delta: 'Hi' },
    'response.completed',
  ])
  const going = await client.turn({ input: 'on', previous_response_id: done?.response?.id })
  expect(going.at(-1)?.type).toBe('response.completed')
  using other = await connect(it.url)
  const lost = await other.turn({ input: 'on', previous_response_id: done?.response?.id })
  expect(lost).toMatchObject([{ type: 'error', error: { code: 'previous_response_not_found' } }])
  client.send('x'.repeat(10_001))
  expect((await client.closed).code).toBe(1009)
}, 60_000)
