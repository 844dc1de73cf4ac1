import type { Socket } from 'bun'

/** What a host answers, byte for byte. */
export interface Answered {
  readonly status?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Written one after the other, each when the one before has left. */
  readonly pieces?: readonly Uint8Array[]
  /** What is waited for before each piece but the first. */
  readonly before?: (piece: number) => Promise<unknown>
  /** Cut the connection, with no end to the answer, instead of closing it. */
  readonly isCut?: boolean
}

interface Asked {
  readonly path: string
  readonly range: string | undefined
}

type OnHeaders = (headers: Record<string, string>) => void

/**
 * A host of pictures and videos that says whatever it is told to, true or not: lengths that are wrong,
 * answers that break off, and ones that never come.
 */
export function mediaHost(answer: (asked: Asked) => Answered, onHeaders: OnHeaders = () => {}) {
  const asked: Asked[] = []
  const open = new Set<Socket<unknown>>()
  let left = 0
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: (socket) => {
        open.add(socket)
      },
      close: (socket) => {
        open.delete(socket)
        left++
      },
      data(socket, data) {
        const text = data.toString()
        const [, path = ''] = text.split(' ')
        const range = /^range: (.*)\r$/im.exec(text)?.[1]
        asked.push({ path, range })
        onHeaders(headersIn(text))
        serve(socket, answer({ path, range })).catch(() => socket.terminate())
      },
      drain() {},
      error() {},
    },
  })

  async function write(socket: Socket<unknown>, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const written = socket.write(bytes.subarray(at))
      if (written < 0) throw new Error('The client is gone.')
      at += written
      if (at < bytes.length) await Bun.sleep(1)
    }
  }

  async function serve(socket: Socket<unknown>, answered: Answered): Promise<void> {
    const { status = '200 OK', headers = {}, pieces = [], before, isCut = false } = answered
    const length = pieces.reduce((sum, { length }) => sum + length, 0)
    const all = { 'content-length': `${length}`, connection: 'close', ...headers }
    const lines = Object.entries(all).map(([name, value]) => (value ? `${name}: ${value}\r\n` : ''))
    await write(socket, Buffer.from(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`))
    for (const [at, piece] of pieces.entries()) {
      if (at > 0) await before?.(at)
      await write(socket, piece)
    }
    // Let what was written leave first.
    await Bun.sleep(20)
    if (isCut) socket.terminate()
    else socket.end()
  }

  return {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    /** How many connections have ended. */
    left: () => left,
    [Symbol.asyncDispose]: async () => server.stop(true),
  }
}

const headersIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^([\w-]+): (.*)\r$/gm)].map(([, name = '', value = '']) => [
      name.toLowerCase(),
      value,
    ]),
  )

/** Bytes in pieces of a size. */
export function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
  return pieces
}

/** What opens once. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}
