/** What a server answers to bytes that no client sends. */
export function rawAnswer(
  url: string,
  bytes: string | Uint8Array,
  patienceMs = 5_000,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
  const pieces: Buffer[] = []
  const timer = setTimeout(() => reject(new Error('There was no answer.')), patienceMs)
  const end = () => {
    clearTimeout(timer)
    resolve(read(Buffer.concat(pieces).toString('latin1')))
  }
  let left = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes)
  Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open: write,
      drain: write,
      data: (_, data) => void pieces.push(Buffer.from(data)),
      close: end,
      error: end,
    },
  }).catch(reject)
  function write(socket: Bun.Socket): void {
    left = left.subarray(socket.write(left))
  }
  return promise
}

/** An answer, read as far as it can be. */
export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
  /** How many answers there were. */
  readonly count: number
}

function read(text: string): RawAnswer {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0)
  return {
    status,
    head: head.toLowerCase(),
    body,
    count: text.match(/^HTTP\/1\.1 /gm)?.length ?? 0,
  }
}
