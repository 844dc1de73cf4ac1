import { expect, test } from 'bun:test'
import { freePort, until } from './support/programs'
import { roundRobin } from './support/round-robin'

/** An instance that says its name, and what it was sent. */
function instance(name: string) {
  const gone = Promise.withResolvers<void>()
  const server = Bun.serve<undefined>({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request, self) {
      const { pathname } = new URL(request.url)
      if (pathname === '/socket') return self.upgrade(request) ? undefined : new Response('no')
      if (pathname !== '/stream')
        return Response.json({
          ...{ name, host: request.headers.get('host'), length: (await request.bytes()).length },
        })
      request.signal.addEventListener('abort', () => gone.resolve())
      return new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(new TextEncoder().encode(`${name} `))
            await Bun.sleep(20)
          },
        }),
      )
    },
    websocket: { message: (socket, said) => void socket.send(`${name} heard ${said}`) },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    /** When a client has left its stream. */
    gone: gone.promise,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

const nameAt = async (url: string): Promise<string> => (await (await fetch(url)).json()).name

test('each request goes to the next instance, though clients keep their connections', async () => {
  await using one = instance('one')
  await using two = instance('two')
  await using it = await roundRobin([one, two])
  const names = []
  for (let at = 0; at < 6; at++) names.push(await nameAt(it.url))
  expect(names).toEqual(['one', 'two', 'one', 'two', 'one', 'two'])
  expect(it.counts()).toEqual([3, 3])
})

test('where nobody takes a connection the next instance is asked, and where there is none it is said', async () => {
  await using two = instance('two')
  const nobody = () => ({ url: `http://127.0.0.1:${freePort()}` })
  await using it = await roundRobin([nobody(), two])
  for (let at = 0; at < 4; at++) expect(await nameAt(it.url)).toBe('two')
  await using empty = await roundRobin([nobody(), nobody()])
  expect((await fetch(empty.url)).status).toBe(503)
})

test('what is large passes whole, and the instance sees which host was asked', async () => {
  await using one = instance('one')
  await using it = await roundRobin([one])
  const body = new Uint8Array(5_000_000)
  const answer = await fetch(it.url, { method: 'POST', body })
  expect(await answer.json()).toEqual({
    ...{ name: 'one', host: new URL(it.url).host, length: body.length },
  })
})

test('streams pass as they come, and end at the instance when their client leaves', async () => {
  await using one = instance('one')
  await using it = await roundRobin([one])
  const leaving = new AbortController()
  const { body } = await fetch(`${it.url}/stream`, { signal: leaving.signal })
  const reader = body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toStartWith('one ')
  leaving.abort()
  await one.gone
})

test('sockets stay with the instance that took them', async () => {
  await using one = instance('one')
  await using two = instance('two')
  await using it = await roundRobin([one, two])
  const socket = new WebSocket(`${it.url.replace('http', 'ws')}/socket`)
  const heard: string[] = []
  socket.onmessage = ({ data }) => void heard.push(String(data))
  await new Promise((resolve) => {
    socket.onopen = resolve
  })
  for (const said of ['a', 'b', 'c']) socket.send(said)
  await until(() => heard.length === 3 || undefined)
  expect(heard).toEqual(['one heard a', 'one heard b', 'one heard c'])
  socket.close()
})
