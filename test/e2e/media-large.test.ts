import { expect, test } from 'bun:test'
import { filmOf } from '../fakes/xai-media'
import { heldBy, type Machine, mediaMachine } from '../support/media-machine'
import { until } from '../support/programs'

// A large video through the cache of the real executable: what it holds in memory, and how often it asks.

const LONG = 120_000
const MB = 1_000_000
const SIZE = 1000 * MB
const MOST_BYTES = 150 * MB
/** Each of so many readers has a little on its way. */
const MOST_BYTES_OF_MANY = 250 * MB

/** What a program holds in memory at most, looked at all the time. */
function watched({ pid }: Machine) {
  const most = { rss: 0, pss: 0 }
  const look = async () => {
    const { rss, pss } = await heldBy(pid)
    most.rss = Math.max(most.rss, rss)
    most.pss = Math.max(most.pss, pss)
  }
  const timer = setInterval(() => void look().catch(() => {}), 25)
  return {
    async most() {
      await look()
      return { rss: Math.round(most.rss / MB), pss: Math.round(most.pss / MB) }
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

/** Have a video made, and say where it is. */
async function filmed(it: Machine): Promise<string> {
  const begun = await it.post('/v1/videos/generations', {
    model: 'grok-imagine-video',
    prompt: 'Waves',
  })
  const { request_id: id } = (await begun.json()) as { request_id: string }
  return until(async () => {
    const { video } = (await (await it.call(`/v1/videos/${id}`)).json()) as {
      video?: { url: string }
    }
    return video?.url
  }, 30_000)
}

/** A client that asks for all of something, and reads nothing. */
function stalled(url: string) {
  const { hostname, port, pathname, host } = new URL(url)
  const head = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`
  return Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open(socket) {
        socket.write(head)
        socket.pause()
      },
      data() {},
    },
  })
}

async function part(url: string, from: number, to: number): Promise<Uint8Array> {
  const answer = await fetch(url, { headers: { range: `bytes=${from}-${to - 1}` } })
  expect(answer.status).toBe(206)
  expect(answer.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/${SIZE}`)
  return answer.bytes()
}

test.skipIf(process.platform !== 'linux')(
  'a video of 1 GB comes, is read in parts and as a whole, and the memory stays small',
  async () => {
    await using world = await mediaMachine({ xai: ['one'] })
    await using it = await world.start()
    const film = filmOf('long', SIZE)
    world.xai.films({ pollsUntilDone: 0, content: film })
    const before = await heldBy(it.pid)
    using memory = watched(it)
    const began = Date.now()
    const url = await filmed(it)
    // It is on its way now: its middle has not come yet.
    const middle = SIZE / 2
    for (const [from, to] of [
      [middle, middle + 3 * MB],
      [SIZE - 100, SIZE],
      [0, 4096],
      [middle - 1, middle + 4097],
    ] as const)
      expect(Bun.deepEquals(await part(url, from, to), film.read(from, to))).toBe(true)
    const tookMs = Date.now() - began
    // Clients that take nothing hold nothing.
    const idle = await Promise.all(Array.from({ length: 20 }, () => stalled(url)))
    await Bun.sleep(500)
    // Before it has a tag it is on its way, or being made last.
    await until(async () => (await fetch(url, { method: 'HEAD' })).headers.get('etag') ?? undefined)
    const whole = await fetch(url)
    expect(whole.headers.get('content-length')).toBe(String(SIZE))
    let at = 0
    let wrong = 0
    for await (const piece of whole.body ?? []) {
      if (!Bun.deepEquals(piece, film.read(at, at + piece.length))) wrong++
      at += piece.length
    }
    expect([at, wrong]).toEqual([SIZE, 0])
    for (const socket of idle) socket.end()
    const most = await memory.most()
    console.info(
      `1 GB: kept after ${tookMs} ms, read after ${Date.now() - began} ms; ${Math.round(before.rss / MB)} MB before, at most ${most.rss} MB (PSS ${most.pss} MB)`,
    )
    expect(most.rss * MB).toBeLessThan(MOST_BYTES)
    expect(world.xai.allMedia().map(({ fetches }) => fetches)).toEqual([1])
  },
  LONG,
)

test.skipIf(process.platform !== 'linux')(
  '200 readers of a video that nobody has fetched make one fetch, and the memory stays small',
  async () => {
    await using world = await mediaMachine({ xai: ['one'] })
    await using it = await world.start()
    const film = filmOf('many', 5 * MB)
    const right = Bun.SHA256.hash(film.read(0, film.size), 'hex')
    world.xai.films({ pollsUntilDone: 0, content: film, manner: { gapMs: 10 } })
    using memory = watched(it)
    const url = await filmed(it)
    const hashes = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const sum = new Bun.CryptoHasher('sha256')
        for await (const piece of (await fetch(url)).body ?? []) sum.update(piece)
        return sum.digest('hex')
      }),
    )
    expect(new Set(hashes)).toEqual(new Set([right]))
    const [made] = world.xai.allMedia()
    expect([made?.fetches, made?.heads, made?.sent]).toEqual([1, 0, film.size])
    const most = await memory.most()
    console.info(`200 readers: at most ${most.rss} MB (PSS ${most.pss} MB)`)
    expect(most.rss * MB).toBeLessThan(MOST_BYTES_OF_MANY)
  },
  LONG,
)
