/**
 * A small reverse proxy, as operators put before a server: it says whom it speaks for, and takes a prefix off
 * the paths, if it has one.
 */
export function reverseProxy(target: () => string, prefix = '') {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search, host, protocol } = new URL(request.url)
      if (!pathname.startsWith(`${prefix}/`)) return new Response('Not Found', { status: 404 })
      const headers = new Headers(request.headers)
      headers.delete('host')
      headers.set('x-forwarded-for', '203.0.113.7')
      headers.set('x-forwarded-proto', protocol.slice(0, -1))
      headers.set('x-forwarded-host', host)
      const answer = await fetch(target() + pathname.slice(prefix.length) + search, {
        ...{ method: request.method, headers, body: request.body, redirect: 'manual' },
        decompress: false,
      })
      return new Response(answer.body, answer)
    },
  })
  return {
    url: `http://localhost:${server.port}${prefix}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
