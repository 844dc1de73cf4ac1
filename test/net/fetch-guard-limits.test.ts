import { describe, expect, test } from 'bun:test'
import net from 'node:net'
import { createFetchGuard } from '#src/net/fetch-guard'
import { TimeUp } from '#src/net/http'
import { guarded, PARAM, serverAt } from '../support/guarded'

const KIB = 1024
const MIB = 1024 * KIB

/** A body that never ends, in pieces with pauses. */
const endless = (bytes: number, pauseMs: number, onCancel = () => {}) =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (pauseMs > 0) await Bun.sleep(pauseMs)
      controller.enqueue(new Uint8Array(bytes))
    },
    cancel: onCancel,
  })

describe('size', () => {
  const tooLarge = {
    status: 400,
    code: 'file_too_large',
    message: `The address in '${PARAM}' leads to more than ${100 * KIB} bytes.`,
  }
  const limits = { maxBytes: 100 * KIB }

  test.each([1, 64 * KIB, 64 * KIB + 1, 100 * KIB])('%d bytes are what they were', async (size) => {
    const sent = crypto.getRandomValues(new Uint8Array(Math.min(size, 64 * KIB)))
    const whole = new Uint8Array(size)
    for (let at = 0; at < size; at += sent.length) whole.set(sent.subarray(0, size - at), at)
    await using server = serverAt(({ url }) =>
      url.endsWith('/announced') ? new Response(whole) : new Response(new Blob([whole]).stream()),
    )
    for (const path of ['announced', 'streamed'])
      expect(await guarded().get(`${server.url}/${path}`, limits)).toEqual(whole)
  })

  test('what announces too much is not read', async () => {
    let sent = 0
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${100 * KIB + 1}\r\n\r\n`)
        sent++
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as net.AddressInfo
    expect(await guarded().refusal(`http://127.0.0.1:${port}/`, limits)).toMatchObject(tooLarge)
    expect(sent).toBe(1)
    server.close()
  })

  test('what announces nothing is left when it is too much, and its connection ended', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>()
    await using server = serverAt(() => new Response(endless(16 * KIB, 1, resolve)))
    expect(await guarded().refusal(server.url, limits)).toMatchObject(tooLarge)
    await left
  })

  test('what unpacks to too much is left, however small it came', async () => {
    const packed = Bun.gzipSync(new Uint8Array(512 * MIB))
    expect(packed.length).toBeLessThan(MIB)
    await using server = serverAt(
      () => new Response(packed, { headers: { 'content-encoding': 'gzip' } }),
    )
    const before = process.memoryUsage.rss()
    const { code } = await guarded().refusal(server.url, { maxBytes: MIB })
    expect(code).toBe('file_too_large')
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * MIB)
  })

  test('what is packed unasked is unpacked', async () => {
    const packed = Bun.gzipSync(new TextEncoder().encode('a picture'))
    await using server = serverAt(
      () => new Response(packed, { headers: { 'content-encoding': 'gzip' } }),
    )
    expect(await guarded().text(server.url)).toBe('a picture')
  })

  test('what is less than it announced is refused', async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as net.AddressInfo
    const { code, message } = await guarded().refusal(`http://127.0.0.1:${port}/`)
    expect([code, message]).toEqual([
      'url_not_reachable',
      `The address in '${PARAM}' broke off its answer.`,
    ])
    server.close()
  })
})

describe('time', () => {
  const late = {
    status: 400,
    code: 'url_not_reachable',
    message: `The address in '${PARAM}' took too long to answer.`,
  }
  const limits = { timeoutMs: 300 }

  const lasting = async (work: () => Promise<unknown>) => {
    const begun = performance.now()
    await work()
    return performance.now() - begun
  }

  test('no answer', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>()
    await using server = serverAt((request) => {
      request.signal.addEventListener('abort', () => resolve())
      return new Promise<Response>(() => {})
    })
    const ms = await lasting(async () =>
      expect(await guarded().refusal(server.url, limits)).toMatchObject(late),
    )
    expect(ms).toBeWithin(250, 2_000)
    await left
  })

  test('a body that comes in drops', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>()
    await using server = serverAt(() => new Response(endless(1, 20, resolve)))
    const ms = await lasting(async () =>
      expect(await guarded().refusal(server.url, limits)).toMatchObject(late),
    )
    expect(ms).toBeWithin(250, 2_000)
    await left
  })

  test('redirects that each take their time', async () => {
    await using server = serverAt(async ({ url }) => {
      await Bun.sleep(120)
      const left = Number(new URL(url).pathname.slice(1))
      return left > 0
        ? new Response(null, { status: 302, headers: { location: `/${left - 1}` } })
        : new Response('here')
    })
    expect(await guarded().refusal(`${server.url}/4`, limits)).toMatchObject(late)
    expect(await guarded().text(`${server.url}/1`)).toBe('here')
  })

  test('a name that is looked up for ever', async () => {
    const stuck = createFetchGuard({ fetch, resolve: () => new Promise(() => {}) })
    const { signal } = new AbortController()
    const asked = { maxBytes: 1, timeoutMs: 100, signal, param: PARAM }
    const problem = await stuck('http://slow.example/', asked).catch((cause) => cause)
    expect({ status: problem.status, ...problem.toBody().error }).toMatchObject(late)
  })
})

describe('who leaves', () => {
  const gone = { status: 499, code: 'client_gone' }

  test('ends what was begun', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>()
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    await using server = serverAt(() => {
      begin()
      return new Response(endless(1, 10, resolve))
    })
    const abort = new AbortController()
    const refused = guarded().refusal(server.url, { signal: abort.signal })
    await begun
    abort.abort()
    expect(await refused).toMatchObject(gone)
    await left
  })

  test('begins nothing', async () => {
    await using server = serverAt(() => new Response('x'))
    const guard = guarded()
    expect(await guard.refusal(server.url, { signal: AbortSignal.abort() })).toMatchObject(gone)
    expect(guard.called).toEqual([])
  })

  test('a turn whose time is up while it waits for the address blames the address', async () => {
    await using server = serverAt(() => new Promise<Response>(() => {}))
    const abort = new AbortController()
    const refused = guarded().refusal(server.url, { signal: abort.signal })
    abort.abort(new TimeUp('The answer took too long.'))
    expect(await refused).toMatchObject({ status: 400, code: 'url_not_reachable' })
  })
})
