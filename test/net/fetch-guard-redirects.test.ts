import { describe, expect, test } from 'bun:test'
import { guarded, PARAM, serverAt } from '../support/guarded'

describe('a redirect', () => {
  const to = (location: string, status = 302) =>
    new Response(null, { status, headers: { location } })

  test.each([301, 302, 303, 307, 308])('of %d is followed, and may be relative', async (status) => {
    await using server = serverAt(({ url }) => {
      const { pathname } = new URL(url)
      if (pathname === '/a/b') return to('../c?d', status)
      return pathname === '/c'
        ? to('//files.example:%p/e'.replace('%p', `${server.port}`), status)
        : new Response(url)
    })
    const guard = guarded({ hosts: { 'files.example': ['127.0.0.1'] } })
    const host = `files.example:${server.port}`
    expect(await guard.text(`${server.url}/a/b`)).toBe(`http://${host}/e`)
    expect(server.seen.map(({ url }) => url)).toEqual([
      `${server.url}/a/b`,
      `${server.url}/c?d`,
      `http://${host}/e`,
    ])
  })

  test('is followed five times, no more', async () => {
    await using server = serverAt(({ url }) => {
      const left = Number(new URL(url).pathname.slice(1))
      return left > 0 ? to(`/${left - 1}`) : new Response('here')
    })
    const guard = guarded()
    expect(await guard.text(`${server.url}/5`)).toBe('here')
    expect(await guard.refusal(`${server.url}/6`)).toMatchObject({
      code: 'url_not_reachable',
      message: `The address in '${PARAM}' redirects more than 5 times.`,
    })
    expect(server.seen).toHaveLength(12)
  })

  test.each([
    ['into the network', 'http://10.0.0.1/', 'is not on the public internet'],
    ['to another address of this machine', 'http://127.0.0.2:%p/', 'is not on the public internet'],
    ['to metadata', 'http://169.254.169.254/latest/meta-data/', 'is not on the public internet'],
    ['to IPv6 loopback', 'http://[::1]:%p/', 'is not on the public internet'],
    [
      'to a name within',
      'http://intern.example/',
      'has a host that is unknown, or not on the public internet',
    ],
    ['to a file', 'file:///etc/passwd', 'is neither http nor https'],
    ['to a user', 'http://me:secret@127.0.0.1:%p/', 'has a user or a password in it'],
    ['to nonsense', 'http://256.0.0.1/', 'is no valid URL'],
  ])('%s is not followed, at whatever place of a chain', async (_, location, says) => {
    await using server = serverAt(({ url }) => {
      const left = Number(new URL(url).pathname.slice(1))
      return left > 0 ? to(`/${left - 1}`) : to(location.replace('%p', `${server.port}`))
    })
    const guard = guarded({ hosts: { 'intern.example': ['10.0.0.1'] } })
    for (const hops of [0, 4]) {
      const { message } = await guard.refusal(`${server.url}/${hops}`)
      expect(message).toBe(`The address in '${PARAM}' redirects to one that ${says}.`)
    }
    expect(guard.called.every((url) => url.startsWith(server.url))).toBeTrue()
  })

  test('that leads nowhere is an answer like any other', async () => {
    await using server = serverAt(() => new Response('moved', { status: 302 }))
    expect((await guarded().refusal(server.url)).message).toContain('the status 302')
  })

  test('takes nothing along', async () => {
    await using server = serverAt(({ url }) =>
      url.endsWith('/b')
        ? new Response('b')
        : new Response(null, { status: 302, headers: { location: '/b', 'set-cookie': 'a=b' } }),
    )
    await guarded().text(`${server.url}/a?token=x`)
    const [, second] = server.seen
    expect(second?.headers.get('cookie')).toBeNull()
    expect(second?.headers.get('referer')).toBeNull()
  })
})
