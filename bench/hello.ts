// The least an executable of Bun can do, for comparing start-up. PORT.

Bun.serve({
  port: Number(process.env.PORT),
  hostname: '127.0.0.1',
  development: false,
  fetch: () => new Response('hello'),
})
