import { describe, expect, test } from 'bun:test'
import { jpeg } from '../fakes/media/jpeg'
import { bytesOf, mediaCache, ORIGIN } from '../support/media-cache'

function host(fetch: (request: Request) => Response | Promise<Response>) {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', idleTimeout: 0, fetch })
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) }
}

describe('what is made', () => {
  test('has an address, and is fetched once for everyone', async () => {
    await using it = await mediaCache()
    const picture = jpeg('a', 40_000)
    let calls = 0
    await using upstream = host(() => {
      calls++
      return new Response(picture, { headers: { 'content-type': 'text/html' } })
    })
    const { name, url } = await it.publish(`${upstream.url}/a.png`)
    expect(name).toMatch(/^[\da-f]{32}\.png$/)
    expect(url).toBe(`${ORIGIN}/images/${name}`)
    const views = await Promise.all(Array.from({ length: 20 }, () => it.cache.open(name)))
    for (const view of views) {
      expect(view.mime).toBe('image/jpeg')
      expect(await bytesOf(await view.read(0))).toEqual(picture)
    }
    const again = await it.publish(`${upstream.url}/a.png`)
    expect(again.name).toBe(name)
    await it.settle()
    expect(calls).toBe(1)
    expect(it.stored).toEqual([picture.length])
    expect(await it.cache.download(name, 100_000)).toEqual(picture)
    const view = await it.cache.open(name)
    expect(view.bytes).toBe(picture.length)
    expect(await bytesOf(await view.read(5, 9))).toEqual(picture.subarray(5, 9))
  })
})
