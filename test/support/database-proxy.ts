/** Stands before a libSQL server: each question is seen first, and passed on when that has ended. */
export function databaseProxy(url: string, see: (question: string) => Promise<void> | void) {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const body = await request.bytes()
      await see(Buffer.from(body).toString())
      const headers = new Headers(request.headers)
      headers.delete('host')
      const init = { method: request.method, headers, body: body.length > 0 ? body : null }
      return fetch(url + pathname + search, { ...init, decompress: false })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
