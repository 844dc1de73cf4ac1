import { connect, createServer, type Socket } from 'node:net'

/** The most that the head of a request or an answer may be. */
const MOST_HEAD_BYTES = 64 * 1024
const END_OF_HEAD = Buffer.from('\r\n\r\n')

/**
 * A balancer before several instances: each request goes to the next of them, over a connection of its
 * own, and to the one after that where nobody takes the connection. What is sent passes as it comes, both
 * ways, and so do WebSockets.
 */
export async function roundRobin(instances: readonly { readonly url: string }[]) {
  const ports = instances.map(({ url }) => Number(new URL(url).port))
  const open = new Set<Socket>()
  const counts = ports.map(() => 0)
  let turn = 0

  const watch = (socket: Socket): Socket => {
    open.add(socket)
    socket.setNoDelay(true)
    return socket.once('close', () => open.delete(socket))
  }

  async function pass(client: Socket): Promise<void> {
    const head = await readHead(client)
    if (!head) return void client.destroy()
    const first = turn++ % ports.length
    const instance = await reach(first)
    if (!instance) return void client.end('HTTP/1.1 503 Nobody\r\nconnection: close\r\n\r\n')
    const isUpgrade = /^upgrade:/im.test(head.lines)
    instance.write(isUpgrade ? head.lines : closing(head.lines))
    instance.write(head.rest)
    // Whoever leaves takes the other along: an instance has to see that its client is gone.
    client.once('close', () => instance.destroy())
    instance.once('close', () => client.destroySoon())
    client.pipe(instance)
    if (isUpgrade) return void instance.pipe(client)
    const answer = await readHead(instance)
    if (!answer) return void client.destroy()
    client.write(closing(answer.lines))
    client.write(answer.rest)
    instance.pipe(client)
  }

  /** A connection to an instance, or to the first after it that takes one. */
  async function reach(first: number): Promise<Socket | undefined> {
    for (let tried = 0; tried < ports.length; tried++) {
      const at = (first + tried) % ports.length
      const socket = await connected(ports[at] ?? 0)
      if (!socket) continue
      counts[at] = (counts[at] ?? 0) + 1
      return watch(socket)
    }
    return
  }

  const server = createServer((client) => {
    watch(client).on('error', () => client.destroy())
    pass(client).catch(() => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It does not listen.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    /** How many requests each instance was given. */
    counts: (): readonly number[] => counts,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function connected(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(socket))
    socket.on('error', () => {
      socket.destroy()
      resolve(undefined)
    })
  })
}

interface Head {
  /** All lines with the empty one at their end. */
  readonly lines: string
  /** What came behind them. */
  readonly rest: Buffer
}

/** What a connection begins with; nothing if it ends before that, or never comes to the point. */
function readHead(socket: Socket): Promise<Head | undefined> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0)
    const done = (head?: Head) => {
      socket.off('data', look)
      socket.off('close', gone)
      // Until somebody pipes it on.
      socket.pause()
      resolve(head)
    }
    const gone = () => done()
    const look = (data: Buffer) => {
      seen = Buffer.concat([seen, data])
      const end = seen.indexOf(END_OF_HEAD)
      if (end < 0) return seen.length > MOST_HEAD_BYTES ? done() : undefined
      const from = end + END_OF_HEAD.length
      done({ lines: seen.subarray(0, from).toString('latin1'), rest: seen.subarray(from) })
    }
    socket.on('data', look)
    socket.once('close', gone)
  })
}

/** The same head, for a connection that ends with its answer: so that the next request comes anew. */
const closing = (lines: string): string =>
  lines
    .replace(/^(?:connection|keep-alive):.*\r\n/gim, '')
    .replace(/\r\n\r\n$/, '\r\nConnection: close\r\n\r\n')
