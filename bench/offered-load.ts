import { quantile } from './statistics'

// So many requests a second, or as many as are answered, spread over connections that stay open.
// bun offered-load.ts PORT KEY BODY_FILE CONNECTIONS SECONDS [RATE]: prints one line of JSON.
// It speaks HTTP itself: `fetch` would use as few connections as it can.

const [port, key = '', bodyFile = '', connections, seconds, rate] = process.argv.slice(2)
const body = await Bun.file(bodyFile).text()
const request = [
  'POST /v1/chat/completions HTTP/1.1',
  `Host: 127.0.0.1:${port}`,
  `Authorization: Bearer ${key}`,
  'Content-Type: application/json',
  `Content-Length: ${Buffer.byteLength(body)}`,
  `\r\n${body}`,
].join('\r\n')

const LAST_CHUNK = '0\r\n\r\n'

/** One connection, and the answer that is read from it. */
interface Line {
  text: string
  answered: PromiseWithResolvers<boolean>
}

const socket: Bun.SocketHandler<Line> = {
  data({ data: line }, bytes) {
    line.text += bytes.toString('latin1')
    if (isWhole(line.text)) line.answered.resolve(line.text.startsWith('HTTP/1.1 200'))
  },
  close: ({ data: line }) => line.answered.resolve(false),
  error: ({ data: line }) => line.answered.resolve(false),
}

function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, head))?.[1]
  return length ? text.length >= head + 4 + Number(length) : text.endsWith(LAST_CHUNK)
}

const count = Number(connections)
const lines = await Promise.all(
  Array.from({ length: count }, () =>
    Bun.connect<Line>({
      hostname: '127.0.0.1',
      port: Number(port),
      socket,
      data: { text: '', answered: Promise.withResolvers<boolean>() },
    }),
  ),
)
const startedAt = performance.now()
const endsAt = startedAt + Number(seconds) * 1000
const betweenMs = rate ? (1000 / Number(rate)) * count : 0
const tookMs: number[] = []
let bad = 0

async function ask(line: Bun.Socket<Line>, number: number): Promise<void> {
  let due = startedAt + (betweenMs / count) * number
  for (; due < endsAt; due = rate ? due + betweenMs : performance.now()) {
    const early = due - performance.now()
    if (early > 0) await Bun.sleep(early)
    line.data.text = ''
    line.data.answered = Promise.withResolvers<boolean>()
    line.write(request)
    const isGood = await line.data.answered.promise
    // From when it should have been asked: who is late makes others late, too.
    if (isGood) tookMs.push(performance.now() - due)
    else bad++
  }
}

await Promise.all(lines.map(ask))
console.info(
  JSON.stringify({
    answers: tookMs.length,
    seconds: (performance.now() - startedAt) / 1000,
    p50Ms: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
    bad,
  }),
)
process.exit(0)
