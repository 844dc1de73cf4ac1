// The least a gateway in Bun can do: no key check, no log, nothing read. PORT, UPSTREAM.

const upstream = process.env.UPSTREAM ?? ''

Bun.serve({
  port: Number(process.env.PORT),
  hostname: '127.0.0.1',
  idleTimeout: 0,
  development: false,
  async fetch(request) {
    const answer = await fetch(upstream + new URL(request.url).pathname, {
      method: request.method,
      headers: { authorization: 'Bearer upstream', 'content-type': 'application/json' },
      ...(request.method === 'POST' && { body: await request.bytes() }),
      signal: request.signal,
    })
    const type = answer.headers.get('content-type') ?? 'application/json'
    return new Response(answer.body, { status: answer.status, headers: { 'content-type': type } })
  },
})
