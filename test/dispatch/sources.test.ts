import { describe, expect, test } from 'bun:test'
import { createSources } from '#src/dispatch/sources'
import { ApiError, UpstreamFault } from '#src/errors'
import { createGuardedOpen } from '#src/net/guarded-open'
import { createHttp } from '#src/net/http'
import type { Account } from '#src/pool/account'
import { createPool } from '#src/pool/pool'
import type { Rest } from '#src/pool/rest'
import type { AssetCall, Upstream } from '#src/upstream/upstream'
import { fakeProxy } from '../fakes/proxy'
import { account } from '../support/accounts-pool'
import { bytesOf } from '../support/media-cache'
import { mediaHost } from '../support/media-host'

const PICTURE = new TextEncoder().encode('a picture')

interface World {
  readonly accounts?: readonly Account[]
  /** What names stand for. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>
  readonly asset?: NonNullable<Upstream['asset']>
}

function world({ accounts = [], hosts = {}, asset }: World = {}) {
  const rests: Rest[] = []
  const pool = createPool({
    now: () => 1_000,
    random: () => 0,
    onRest: (_, __, rest) => {
      if (rest) rests.push(rest)
    },
  })
  pool.setAccounts(accounts)
  const upstream = asset ? { asset } : {}
  const ask = createSources({
    pool,
    upstreams: () => ({ xai: {}, openai: {}, demo: {}, web: upstream }),
    http: createHttp(fetch),
    openPublic: createGuardedOpen({
      fetch,
      async resolve(host) {
        const found = hosts[host]
        if (!found) throw new Error('queryA ENOTFOUND')
        return found
      },
      isAllowed: (address) => address === '127.0.0.1',
    }),
    isPrivate: (url) => url.startsWith('https://assets.example/'),
    now: () => 1_000,
  })
  const from = (url: string, accountId: string | null = 'one', range?: string) =>
    ask({ accountId, url }, new AbortController(), range)
  return {
    rests,
    from,
    bytes: async (...parts: Parameters<typeof from>) => {
      const { body } = await from(...parts)
      return body && bytesOf(body)
    },
    async refusal(url: string, accountId: string | null = 'one'): Promise<ApiError> {
      const cause = await from(url, accountId).catch((problem: unknown) => problem)
      if (cause instanceof ApiError) return cause
      throw new Error(`That is no refusal: ${cause}`)
    },
  }
}

describe('an account with a proxy', () => {
  test('has what it made fetched through it, names being looked up there', async () => {
    await using host = mediaHost(() => ({ pieces: [PICTURE] }))
    await using proxy = await fakeProxy()
    const it = world({ accounts: [account('one', { kind: 'xai', proxy: () => proxy.url })] })
    expect(await it.bytes(`${host.url}/made.png`)).toEqual(PICTURE)
    expect(proxy.passed).toMatchObject([{ target: `${host.url}/made.png` }])
    await it.refusal('http://pictures.example/made.png')
    expect(proxy.passed).toMatchObject([{}, { target: 'http://pictures.example/made.png' }])
  })

  test.each(['http://localhost/a', 'http://db.internal/a', 'http://10.0.0.1/a', 'http://router/a'])(
    'does not have %s asked for there',
    async (url) => {
      await using proxy = await fakeProxy()
      const it = world({ accounts: [account('one', { kind: 'xai', proxy: () => proxy.url })] })
      expect(await it.refusal(url)).toMatchObject({
        message: 'Its address at the upstream is not on the public internet.',
      })
      expect(proxy.passed).toEqual([])
    },
  )

  test('has nothing fetched around it', async () => {
    await using host = mediaHost(() => ({ pieces: [PICTURE] }))
    await using proxy = await fakeProxy({ fail: 'reset' })
    const it = world({ accounts: [account('one', { kind: 'xai', proxy: () => proxy.url })] })
    expect(await it.refusal(`${host.url}/made.png`)).toMatchObject({ code: 'media_unavailable' })
    expect(host.asked).toEqual([])
  })
})

const OPENAI = { kind: 'openai', secret: () => 'sk-secret' } as const

describe('an address that takes the credentials of its account', () => {
  test('is opened with them, in part where a part is wanted', async () => {
    const calls: (readonly [string, string, string | undefined])[] = []
    const it = world({
      accounts: [account('one', { kind: 'web' })],
      asset: ({ id }: Account, url: string, { range }: AssetCall) => {
        calls.push([id, url, range])
        return Promise.resolve(new Response(PICTURE, { status: range ? 206 : 200 }))
      },
    })
    expect(await it.bytes('https://assets.example/a')).toEqual(PICTURE)
    await it.from('https://assets.example/a', 'one', 'bytes=1-2')
    expect(calls).toEqual([
      ['one', 'https://assets.example/a', undefined],
      ['one', 'https://assets.example/a', 'bytes=1-2'],
    ])
  })

  test('is opened by nobody else when its account is gone', async () => {
    const it = world({ accounts: [account('two', { kind: 'web' })] })
    for (const id of ['one', null])
      expect(await it.refusal('https://assets.example/a', id)).toMatchObject({
        code: 'media_unavailable',
        message: 'The account that made it is not in the pool any more.',
      })
  })

  const refused = (status: number, message: string) =>
    new UpstreamFault('refused', message, { status })

  test.each([
    [
      'a session that is over',
      refused(401, 'token expired'),
      'suspect',
      'refuses it to the account',
    ],
    ['a block', refused(403, 'User is blocked'), undefined, 'refuses it to the account'],
    ['what is gone', refused(404, 'Not found'), undefined, 'no longer'],
    ['a limit', refused(429, 'Too many requests'), undefined, 'status 429'],
    ['a failure', refused(500, 'secret words'), undefined, 'status 500'],
    ['a connection that breaks', new UpstreamFault('broken', 'It broke.'), undefined, 'It broke.'],
    ['silence', new UpstreamFault('timeout', 'Too late.'), undefined, 'Too late.'],
  ] as const)('says of %s only what anyone may know', async (_, fault, state, says) => {
    const it = world({
      accounts: [account('one', { kind: 'web' })],
      asset: () => Promise.reject(fault),
    })
    const why = await it.refusal('https://assets.example/a')
    expect(why.code).toBe('media_unavailable')
    expect(why.message).toContain(says)
    expect(why.message).not.toContain('secret words')
    expect(it.rests.map((rest) => rest.state)).toEqual(state ? [state] : [])
  })

  test('holds no second suspicion against who rests already', async () => {
    const one = account('one', { kind: 'web' })
    const it = world({
      accounts: [one],
      asset: () => Promise.reject(refused(401, 'token expired')),
    })
    await it.refusal('https://assets.example/a')
    await it.refusal('https://assets.example/a')
    expect(it.rests).toMatchObject([{ state: 'suspect', faults: 1, until: 31_000 }])
  })

  test('may answer with what is no success without throwing', async () => {
    const it = world({
      accounts: [account('one', { kind: 'web' })],
      asset: () => Promise.resolve(new Response(null, { status: 204 })),
    })
    expect((await it.refusal('https://assets.example/a')).message).toContain('status 204')
  })
})

describe('an address of the server that an account is for', () => {
  test('is opened as it is, wherever that is, without credentials', async () => {
    const seen: Record<string, string>[] = []
    await using host = mediaHost(
      () => ({ pieces: [PICTURE] }),
      (headers) => seen.push(headers),
    )
    const baseUrl = `${host.url.replace('127.0.0.1', 'localhost')}/v1`
    const it = world({ accounts: [account('one', { ...OPENAI, baseUrl })] })
    expect(await it.bytes(`${new URL(baseUrl).origin}/files/a`, 'one', 'bytes=0-8')).toEqual(
      PICTURE,
    )
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ range: 'bytes=0-8' })
    expect(JSON.stringify(seen)).not.toContain('sk-secret')
  })

  test('is that server only: another port is another one', async () => {
    await using host = mediaHost(() => ({ pieces: [PICTURE] }))
    const it = world({
      accounts: [account('one', { ...OPENAI, baseUrl: 'http://localhost:1/v1' })],
    })
    const url = `${host.url.replace('127.0.0.1', 'localhost')}/a`
    expect((await it.refusal(url)).message).toContain('not on the public internet')
    expect(host.asked).toEqual([])
  })

  test('is no such where it is a session: grok.com is asked as a stranger', async () => {
    const it = world({
      accounts: [account('one', { kind: 'web', baseUrl: 'http://localhost:1' })],
    })
    expect((await it.refusal('http://localhost:1/rest/a')).message).toContain('not on the public')
  })

  test('that does not have it says so', async () => {
    await using host = mediaHost(() => ({ status: '404 Not Found' }))
    const it = world({ accounts: [account('one', { ...OPENAI, baseUrl: host.url })] })
    expect((await it.refusal(`${host.url}/a`)).message).toBe('The upstream has it no longer.')
  })
})

describe('any other address', () => {
  test('is opened like that of a stranger', async () => {
    await using host = mediaHost(() => ({ pieces: [PICTURE] }))
    const { port } = new URL(host.url)
    const it = world({ hosts: { 'pictures.example': ['127.0.0.1'] } })
    expect(await it.bytes(`http://pictures.example:${port}/a`, null)).toEqual(PICTURE)
    await it.from(`http://pictures.example:${port}/a`, 'one', 'bytes=1-2')
    expect(host.asked.map(({ range }) => range)).toEqual([undefined, 'bytes=1-2'])
  })

  test.each([
    ['a name of a private address', 'http://inside.example/a', 'not on the public internet'],
    ['a name of which one address is private', 'http://both.example/a', 'not on the public'],
    ['a name that nobody knows', 'http://nowhere.example/a', 'unknown'],
    ['a private address', 'http://192.168.1.1/a', 'is not on the public internet'],
    ['a file', 'file:///etc/passwd', 'neither http nor https'],
    ['nonsense', 'http://', 'no valid URL'],
    ['a password', 'http://a:b@127.0.0.1/a', 'user or a password'],
    ['a host that is down', 'http://127.0.0.1:1/a', 'cannot be reached'],
  ])('is refused where it is %s', async (_, url, says) => {
    const hosts = { 'inside.example': ['10.0.0.1'], 'both.example': ['127.0.0.1', '10.0.0.1'] }
    const why = await world({ hosts }).refusal(url)
    expect(why.code).toBe('media_unavailable')
    expect(why.message).toContain(says)
  })

  test.each(['http://10.0.0.1/a', 'http://inside.example/a', '//10.0.0.1/a'])(
    'is not followed to %s',
    async (location) => {
      await using host = mediaHost(() => ({ status: '302 Found', headers: { location } }))
      const it = world({ hosts: { 'inside.example': ['10.0.0.1'] } })
      expect((await it.refusal(`${host.url}/a`)).message).toContain('redirects to one that')
    },
  )

  test('is not followed without end', async () => {
    await using host = mediaHost(() => ({ status: '302 Found', headers: { location: '/a' } }))
    expect((await world().refusal(`${host.url}/a`)).message).toContain('more than 5 times')
    expect(host.asked).toHaveLength(6)
  })

  test('is left alone when nobody wants it any more, though its name is still looked up', async () => {
    const open = createGuardedOpen({ fetch, resolve: () => new Promise(() => {}) })
    const leaving = new AbortController()
    const refuse = () => new ApiError('media_unavailable', 'no')
    const opening = open('http://slow.example/', { signal: leaving.signal, refuse })
    leaving.abort(new Error('I left.'))
    await expect(opening).rejects.toThrow('I left.')
    const late = open('http://slow.example/', { signal: leaving.signal, refuse })
    await expect(late).rejects.toThrow('I left.')
  })
})
