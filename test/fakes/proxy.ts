import { connect, createServer, type Socket } from 'node:net'

/** What a fake proxy was asked for. */
export interface Passed {
  /** `CONNECT` for a tunnel, else the method of a request in absolute form. */
  readonly method: string
  /** `HOST:PORT` for a tunnel, else the whole address. */
  readonly target: string
  /** User and password as they were sent; undefined when there were none. */
  readonly user: string | undefined
}

/** What a proxy may do instead of its work. */
type Failure = number | 'reset' | 'stall'

interface Options {
  /** `USER:PASSWORD` that it demands. */
  readonly user?: string
  readonly fail?: Failure
}

const HEAD_END = '\r\n\r\n'

/**
 * An HTTP proxy, a real one: requests in absolute form and tunnels (RFC 9110, 9.3.6; RFC 9112,
 * 3.2.2). One request a connection: it says so, and closes.
 */
export async function fakeProxy({ user, fail }: Options = {}) {
  const passed: Passed[] = []
  const sockets = new Set<Socket>()
  let failure = fail

  const hold = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  }

  function answer(client: Socket, status: number): void {
    const authenticate = status === 407 ? 'Proxy-Authenticate: Basic realm="fake"\r\n' : ''
    client.end(
      `HTTP/1.1 ${status} Fake\r\n${authenticate}Content-Type: text/html\r\nContent-Length: 12\r\nConnection: close${HEAD_END}<p>Fake.</p>`,
    )
  }

  function serve(client: Socket, head: string, rest: Buffer): void {
    const [first = '', ...fields] = head.split('\r\n')
    const [method = '', target = ''] = first.split(' ')
    const basic = fields.find((field) => /^proxy-authorization: basic /i.test(field))?.split(' ')[2]
    const given = basic && atob(basic)
    passed.push({ method, target, user: given })
    if (failure === 'stall') return
    if (failure === 'reset') {
      client.destroy()
      return
    }
    const refusal = failure ?? (user !== undefined && given !== user ? 407 : undefined)
    if (refusal !== undefined) {
      answer(client, refusal)
      return
    }
    const url = new URL(method === 'CONNECT' ? `http://${target}` : target)
    const port = Number(url.port || 80)
    const upstream = connect(port, url.hostname, () => {
      if (method === 'CONNECT') client.write(`HTTP/1.1 200 Connected${HEAD_END}`)
      else upstream.write(`${originForm(method, url, fields)}${HEAD_END}`)
      upstream.write(rest)
      client.pipe(upstream).pipe(client)
    })
    hold(upstream)
    upstream.on('error', () => answer(client, 502))
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  }

  const server = createServer((client) => {
    hold(client)
    let received = Buffer.alloc(0)
    const read = (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      const end = received.indexOf(HEAD_END)
      if (end < 0) return
      client.off('data', read)
      serve(client, received.toString('latin1', 0, end), received.subarray(end + HEAD_END.length))
    }
    client.on('data', read)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { readonly port: number }
  const stop = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return {
    /** `HOST:PORT`. */
    name: `127.0.0.1:${port}`,
    url: `http://${user === undefined ? '' : `${user}@`}127.0.0.1:${port}`,
    passed,
    fail(next: Failure | undefined) {
      failure = next
    },
    /** As if the machine went away. */
    stop,
    [Symbol.asyncDispose]: async () => stop(),
  }
}

/** A request as its target expects it: without what concerns the proxy. */
function originForm(method: string, url: URL, fields: readonly string[]): string {
  const own = fields.filter((field) => !/^(?:proxy-|connection:)/i.test(field))
  return [`${method} ${url.pathname}${url.search} HTTP/1.1`, ...own, 'Connection: close'].join(
    '\r\n',
  )
}
