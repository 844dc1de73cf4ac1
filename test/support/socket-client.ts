/** The key that the smallest app with a socket takes. */
export const SOCKET_KEY = 'sk-socket'

type Frame = Readonly<Record<string, unknown>> & {
  readonly type: string
  readonly response?: { readonly id: string }
  readonly error?: { readonly code: string }
}

/** A client's end, whose messages are read one after the other. */
export async function connect(url: string, key = SOCKET_KEY) {
  const headers = { authorization: `Bearer ${key}` }
  const address = `${url.replace('http', 'ws')}/v1/responses`
  const socket = new WebSocket(address, { headers } as never)
  const waiting: string[] = []
  let wake = () => {}
  socket.onmessage = ({ data }) => {
    waiting.push(String(data))
    wake()
  }
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.onclose = ({ code, reason }) => {
      resolve({ code, reason })
      wake()
    }
  })
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error('The handshake failed.'))
  })

  async function next(): Promise<string> {
    while (waiting.length === 0) {
      if (socket.readyState === WebSocket.CLOSED) throw new Error('The socket is closed.')
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return String(waiting.shift())
  }

  const read = async (): Promise<Frame> => JSON.parse(await next())

  /** All events of a turn, or the error that came instead. */
  async function readTurn(): Promise<Frame[]> {
    const frames: Frame[] = []
    for (;;) {
      const frame = await read()
      frames.push(frame)
      const isRefusal = frame.type === 'error' && frames.length === 1
      if (isRefusal || /^response\.(completed|failed|incomplete)$/.test(frame.type)) return frames
    }
  }

  const send = (message: object | string) =>
    socket.send(typeof message === 'string' ? message : JSON.stringify(message))

  return {
    socket,
    closed,
    next,
    read,
    readTurn,
    send,
    /** Begin a turn, and read all of it. */
    turn(request: object): Promise<Frame[]> {
      send({ type: 'response.create', model: 'm', store: false, ...request })
      return readTurn()
    },
    [Symbol.dispose]: () => socket.close(),
  }
}
