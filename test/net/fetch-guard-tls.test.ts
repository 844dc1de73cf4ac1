import { expect, test } from 'bun:test'
import { guarded, PARAM } from '../support/guarded'

const PEM = {
  pictures: await Bun.file('test/fixtures/pictures.pem').text(),
  localhost: await Bun.file('test/fixtures/localhost.pem').text(),
}
const TRUSTED = PEM.pictures + PEM.localhost
const HERE = ['127.0.0.1']
const hosts = { 'pictures.example': HERE, 'pictures.example.': HERE, 'other.example': HERE }

/** A server of two names: who does not say which one it wants gets the certificate of `localhost`. */
function secure(answer = ({ url }: Request) => new Response(url)) {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: [
      { key: PEM.localhost, cert: PEM.localhost },
      { key: PEM.pictures, cert: PEM.pictures, serverName: 'pictures.example' },
    ],
    fetch: answer,
  })
  return { port: server.port ?? 0, [Symbol.asyncDispose]: () => server.stop(true) }
}

test('a host is called at its address, and its certificate is asked for and checked', async () => {
  await using server = secure()
  const guard = guarded({ hosts, ca: TRUSTED })
  const url = `https://pictures.example:${server.port}/cat.png`
  expect(await guard.text(url)).toBe(url)
  expect(guard.called).toEqual([`https://127.0.0.1:${server.port}/cat.png`])
  // A dot at the end means the same host.
  expect(await guard.text(`https://pictures.example.:${server.port}/`)).toContain('pictures')
})

test('a certificate of another name is refused, though its address was called with a good one', async () => {
  await using server = secure()
  const guard = guarded({ hosts, ca: TRUSTED })
  await guard.text(`https://pictures.example:${server.port}/`)
  expect(await guard.refusal(`https://other.example:${server.port}/`)).toMatchObject({
    code: 'url_not_reachable',
    message: `The address in '${PARAM}' has a certificate that cannot be trusted.`,
  })
})

test('a certificate that nobody vouches for is refused', async () => {
  await using server = secure()
  const { message } = await guarded({ hosts }).refusal(`https://pictures.example:${server.port}/`)
  expect(message).toContain('has a certificate that cannot be trusted')
})

test('an address is called as such, with a certificate of its own', async () => {
  await using server = secure()
  const guard = guarded({ ca: TRUSTED })
  const url = `https://127.0.0.1:${server.port}/`
  expect(await guard.text(url)).toBe(url)
})

test('encryption is not given up on the way', async () => {
  await using server = secure(
    () => new Response(null, { status: 302, headers: { location: 'http://127.0.0.1/' } }),
  )
  const guard = guarded({ hosts, ca: TRUSTED })
  const { code, message } = await guard.refusal(`https://pictures.example:${server.port}/`)
  expect([code, message]).toEqual([
    'invalid_url',
    `The address in '${PARAM}' redirects to one that is not encrypted.`,
  ])
  expect(guard.called).toHaveLength(1)
})
