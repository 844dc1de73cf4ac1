import { isWholeStream } from './answer'
import { bodyOf, PACED } from './scenarios'
import { quantile } from './statistics'

// Many paced streams, all asked at the same moment over connections that are already open.
// bun paced-load.ts PORT KEY: prints one line of JSON; its times are to the first word.
// It speaks HTTP itself: a thousand `fetch`es would measure the client.

const [port, key = ''] = process.argv.slice(2)
const { connections, words = 0 } = PACED
const body = bodyOf(PACED)
const request = [
  'POST /v1/chat/completions HTTP/1.1',
  `Host: 127.0.0.1:${port}`,
  `Authorization: Bearer ${key}`,
  'Content-Type: application/json',
  `Content-Length: ${body.length}`,
  `\r\n${body}`,
].join('\r\n')

const PATIENCE_MS = 30_000
const LAST_CHUNK = '0\r\n\r\n'

interface Answer {
  readonly parts: Buffer[]
  readonly ended: PromiseWithResolvers<void>
  tail: string
  firstAt: number
}

const socket: Bun.SocketHandler<Answer> = {
  data({ data: answer }, bytes) {
    if (!answer.firstAt && bytes.includes('"w0 "')) answer.firstAt = performance.now()
    answer.parts.push(Buffer.from(bytes))
    answer.tail = (answer.tail + bytes.toString('latin1', Math.max(0, bytes.length - 5))).slice(-5)
    if (answer.tail === LAST_CHUNK) answer.ended.resolve()
  },
  close: ({ data: answer }) => answer.ended.resolve(),
  error: ({ data: answer }) => answer.ended.resolve(),
}

function open() {
  const data = { parts: [], ended: Promise.withResolvers<void>(), tail: '', firstAt: 0 }
  return Bun.connect<Answer>({ hostname: '127.0.0.1', port: Number(port), socket, data })
}

/** The text inside HTTP's own chunks; nothing where they do not add up. */
function unwrap(bytes: Buffer): string {
  const head = bytes.indexOf('\r\n\r\n') + 4
  if (!bytes.toString('latin1', 0, head).startsWith('HTTP/1.1 200')) return ''
  const inner: Buffer[] = []
  let at = head
  while (at < bytes.length) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (size === 0) return Buffer.concat(inner).toString()
    if (!(size > 0)) return ''
    inner.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
  return ''
}

const sockets: Bun.Socket<Answer>[] = []
while (sockets.length < connections)
  sockets.push(...(await Promise.all(Array.from({ length: 50 }, open))))

const startedAt = performance.now()
const askedAt = sockets.map((connection) => {
  connection.write(request)
  return performance.now()
})
const all = Promise.all(sockets.map(({ data }) => data.ended.promise))
await Promise.race([all, Bun.sleep(PATIENCE_MS)])
const seconds = (performance.now() - startedAt) / 1000

const whole = sockets.filter(({ data }) => isWholeStream(unwrap(Buffer.concat(data.parts)), words))
const firstMs = sockets.flatMap(({ data }, index) =>
  data.firstAt ? [data.firstAt - (askedAt[index] ?? 0)] : [],
)
console.info(
  JSON.stringify({
    answers: whole.length,
    seconds,
    p50Ms: quantile(firstMs, 0.5),
    p99Ms: quantile(firstMs, 0.99),
    bad: connections - whole.length,
  }),
)
process.exit()
