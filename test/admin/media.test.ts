import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@libsql/client/web'
import { mp4 } from '../fakes/media/films'
import { jpeg } from '../fakes/media/jpeg'
import { adminWorld } from '../support/admin'
import { KEY } from '../support/gateway'
import { PATIENCE_MS } from '../support/object-stores'
import { isWithoutSqld, sqld } from '../support/sqld'

interface Listed {
  readonly data: readonly Record<string, unknown>[]
  readonly has_more: boolean
  readonly next: string | null
}

const HOSTILE = '<img src=x onerror=alert(1)>.txt'

/** A gateway with its media in a directory of its own. */
async function inDirectory() {
  const folder = await mkdtemp(join(tmpdir(), 'admin-media-'))
  const it = await adminWorld({
    path: join(folder, 'groxy.db'),
    env: { MEDIA_DIR: join(folder, 'media') },
  })
  return {
    ...it,
    objects: async () => {
      const all = await readdir(join(folder, 'media'), { recursive: true, withFileTypes: true })
      return all.filter((one) => one.isFile()).map(({ name }) => name)
    },
    async [Symbol.asyncDispose]() {
      await it[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

/** The same over a libSQL server, which has the bytes too. */
async function onServer() {
  const server = await sqld()
  const client = createClient({ url: server.url })
  const it = await adminWorld({ client, env: { DATABASE_URL: server.url } })
  return {
    ...it,
    objects: async () =>
      (await client.execute('SELECT id FROM objects WHERE whole = 1')).rows.map(({ id }) =>
        String(id),
      ),
    async [Symbol.asyncDispose]() {
      await it[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

type World = Awaited<ReturnType<typeof inDirectory>>

describe('kept in a directory', () => tests(inDirectory))
describe.skipIf(isWithoutSqld)('kept on a libSQL server', () => tests(onServer))

function tests(open: () => Promise<World>) {
  let it: World
  beforeAll(async () => {
    it = await open()
  }, PATIENCE_MS)
  afterAll(() => it[Symbol.asyncDispose](), PATIENCE_MS)

  async function uploaded(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const body = new FormData()
    body.append('file', new Blob([bytes]), 'a')
    const headers = { authorization: `Bearer ${KEY}` }
    const answer = await fetch(`${it.url}/v1/uploads/image`, { method: 'POST', headers, body })
    return ((await answer.json()) as { name: string }).name
  }

  async function sent(filename: string, text: string): Promise<string> {
    const body = new FormData()
    body.append('purpose', 'user_data')
    body.append('file', new Blob([text]), filename)
    const headers = { authorization: `Bearer ${KEY}` }
    const answer = await fetch(`${it.url}/v1/files`, { method: 'POST', headers, body })
    return ((await answer.json()) as { id: string }).id
  }

  /** Something that an account made, which is known and was not fetched yet. */
  const known = (name: string, more: object = {}) =>
    it.stores.media.publish({
      ...{ name, sort: 'video', accountId: 'gone', keyId: 'env', source: 'https://x.example/v' },
      ...{ sourceHash: name, mime: null, bytes: null, hash: null, fetcher: null, fetchUntil: null },
      ...{ createdAt: Date.now(), usedAt: Date.now(), model: '<b>grok-imagine-video</b>' },
      ...more,
    } as never)

  const list = async (query = ''): Promise<Listed> =>
    (await (await it.api(`/media${query}`)).json()) as Listed

  test(
    'what is kept is listed, shown and counted',
    async () => {
      const small = await uploaded(jpeg('small', 3_000))
      const large = await uploaded(jpeg('large', 300_000))
      const film = `${'0'.repeat(31)}1.mp4`
      await known(film)

      const { data, has_more: hasMore } = await list('?order=size')
      expect(data.map(({ name }) => name)).toEqual([large, small, film])
      expect(hasMore).toBe(false)
      expect(data[1]).toMatchObject({
        ...{ object: 'media', sort: 'image', kept: true, fetchable: false, mime: 'image/jpeg' },
        ...{ account: null, model: null, key_id: 'env', url: `${it.url}/images/${small}` },
      })
      expect(data[2]).toMatchObject({
        ...{ kept: false, fetchable: false, bytes: null, model: '<b>grok-imagine-video</b>' },
      })
      const names = async (query: string) => (await list(query)).data.map(({ name }) => name)
      expect(await names('?sort=video')).toEqual([film])
      expect(await names('?kept=false')).toEqual([film])
      expect(await names(`?search=${encodeURIComponent(`${it.url}/images/${small}?x=1`)}`)).toEqual(
        [small],
      )
      expect(await names('?account=gone')).toEqual([film])

      const stats = await (await it.api('/media/stats')).json()
      const size = (data[0]?.bytes as number) + (data[1]?.bytes as number)
      expect(stats).toMatchObject({
        image: { known: 2, kept: 2, bytes: size, limit_bytes: 512 * 1024 * 1024 },
        video: { known: 1, kept: 0, bytes: 0 },
        files: { count: 0, bytes: 0 },
      })

      const page = await (await it.page('/admin/media')).text()
      expect(page).toContain(`src="/admin/media/content/${small}"`)
      expect(page).toContain('&lt;b&gt;grok-imagine-video&lt;/b&gt;')
      expect(page).not.toContain(`/admin/media/content/${film}`)
      expect(page).not.toContain('<b>grok')
    },
    PATIENCE_MS,
  )

  test(
    'pages follow one another without gaps, whatever comes in between',
    async () => {
      const first = await list('?limit=1&order=made')
      expect(first.has_more).toBe(true)
      await uploaded(jpeg('later', 2_000))
      const seen = first.data.map(({ name }) => name)
      for (let next = first.next; next; ) {
        const page = await list(`?limit=1&order=made&after=${next}`)
        seen.push(...page.data.map(({ name }) => name))
        next = page.next
      }
      expect(new Set(seen).size).toBe(3)
    },
    PATIENCE_MS,
  )

  test('a preview is shown in parts, kept by browsers, and does not count as use', async () => {
    const bytes = jpeg('seen', 5_000)
    const name = await uploaded(bytes)
    await it.stores.media.touch([], 0)
    const before = await it.stores.media.find(name)
    const whole = await it.page(`/admin/media/content/${name}`)
    expect(await whole.bytes()).toEqual(bytes)
    expect(whole.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(whole.headers.get('content-disposition')).toStartWith('inline')
    const part = await it.page(`/admin/media/content/${name}`, { headers: { range: 'bytes=2-9' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 2-9/${bytes.length}`,
    ])
    expect(await part.bytes()).toEqual(bytes.slice(2, 10))
    const etag = whole.headers.get('etag') ?? ''
    const again = await it.page(`/admin/media/content/${name}`, {
      headers: { 'if-none-match': etag },
    })
    expect(again.status).toBe(304)
    const beyond = await it.page(`/admin/media/content/${name}`, {
      headers: { range: 'bytes=90000-' },
    })
    expect(beyond.status).toBe(416)
    await it.settle()
    expect(await it.stores.media.find(name)).toEqual(before)
  })

  test('a preview needs no signature where addresses do', async () => {
    await it.stores.settings.set('media_link_hours', 1)
    await it.app.refresh()
    const [one] = (await list('?kept=true')).data
    expect(String(one?.url)).toContain('signature=')
    expect((await fetch(`${it.url}/images/${one?.name}`)).status).toBe(403)
    expect((await it.page(`/admin/media/content/${one?.name}`)).status).toBe(200)
    expect((await fetch(String(one?.url))).status).toBe(200)
    await it.stores.settings.set('media_link_hours', 0)
    await it.app.refresh()
  })

  test.each([
    '..%2f..%2fgroxy.db',
    '%00',
    'x'.repeat(3_000),
    `${'0'.repeat(31)}1.mp4`,
    "';DROP TABLE media;--",
    '<script>',
  ])('nothing is shown or deleted by the name %s', async (name) => {
    const before = (await list()).data.length
    expect((await it.page(`/admin/media/content/${name}`)).status).toBe(404)
    if (name.startsWith('0')) return
    expect((await it.api(`/media/${name}`, undefined, 'DELETE')).status).toBe(404)
    await it.send('/admin/media/delete', { name })
    expect((await list()).data.length).toBe(before)
  })

  test.each([
    ['?order=name', 'order'],
    ['?sort=files', 'sort'],
    ['?kept=yes', 'kept'],
    ['?limit=0', 'limit'],
    ['?limit=201', 'limit'],
    ['?after=1', 'after'],
  ])('the list refuses %s by its name', async (query, param) => {
    const answer = await it.api(`/media${query}`)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { param } })
  })

  test(
    'what is picked is deleted with its bytes, and written down',
    async () => {
      const [one, other] = [await uploaded(jpeg('1', 3_000)), await uploaded(jpeg('2', 4_000))]
      const before = await it.objects()
      expect(before).toContain(one)
      const form = new URLSearchParams([
        ['name', one],
        ['name', other],
      ])
      const answer = await it.page('/admin/media/delete', {
        method: 'POST',
        headers: { 'hx-request': 'true', 'hx-request-type': 'partial' },
        body: form,
      })
      expect(answer.status).toBe(200)
      const text = await answer.text()
      expect(text).toContain('2 deleted')
      expect(text).not.toContain(one)
      expect((await it.objects()).toSorted()).toEqual(
        before.filter((name) => name !== one && name !== other).toSorted(),
      )
      expect((await fetch(`${it.url}/images/${one}`)).status).toBe(404)
      const { rows } = await it.client.execute(
        "SELECT subject, before FROM audit_log WHERE action = 'media.delete' ORDER BY id DESC LIMIT 1",
      )
      expect(rows[0]?.subject).toBe('2 of media')
      expect(JSON.parse(String(rows[0]?.before)).names.toSorted()).toEqual([one, other].toSorted())
    },
    PATIENCE_MS,
  )

  test(
    'a sort is cleared, and the other stays',
    async () => {
      const film = `${'0'.repeat(31)}2.mp4`
      const bytes = mp4('film', 5_000)
      await known(film, { source: null, sourceHash: null, mime: 'video/mp4' })
      expect(bytes.length).toBeGreaterThan(0)
      const images = (await list('?sort=image')).data.length
      const cleared = await it.api('/media/clear', { sort: 'video' })
      expect(await cleared.json()).toMatchObject({ object: 'media.deleted', has_more: false })
      expect((await list('?sort=video')).data).toEqual([])
      expect((await list('?sort=image')).data.length).toBe(images)
      const all = await it.send('/admin/media/clear', { sort: 'all' })
      expect(await all.text()).toContain('Have a picture made in the playground.')
      expect(await it.objects()).toEqual([])
      for (const body of [{ sort: 'files' }, { sort: 'all', really: true }, {}])
        expect((await it.api('/media/clear', body)).status).toBe(400)
      const { rows } = await it.client.execute(
        "SELECT subject FROM audit_log WHERE action = 'media.clear' ORDER BY id",
      )
      expect(rows.map(({ subject }) => subject)).toEqual(['all videos', 'all media'])
    },
    PATIENCE_MS,
  )

  test('cleaning is asked for, once', async () => {
    expect(await (await it.send('/admin/media/clean', {})).text()).toContain('Cleaning begins.')
    expect((await it.stores.jobs.wanted()).map(({ name }) => name)).toContain('media')
  })

  test(
    'files of all keys are listed by size, and deleted with their bytes',
    async () => {
      const small = await sent(HOSTILE, 'few')
      const large = await sent('large.txt', 'many '.repeat(1_000))
      const files = (await (await it.api('/files')).json()) as Listed
      expect(files.data.map(({ id }) => id)).toEqual([large, small])
      expect(files.data[1]).toMatchObject({
        ...{ object: 'file', filename: HOSTILE, bytes: 3, key_id: 'env', expires_at: null },
      })
      const page = await (await it.page('/admin/media/files')).text()
      expect(page).not.toContain('<img src=x')
      expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;.txt')
      const found = (await (await it.api('/files?search=LARGE&limit=1')).json()) as Listed
      expect(found.data.map(({ id }) => id)).toEqual([large])

      expect((await it.api(`/files/${large}`, undefined, 'DELETE')).status).toBe(200)
      expect((await it.api(`/files/${large}`, undefined, 'DELETE')).status).toBe(404)
      const answer = await it.send('/admin/media/files/delete', { id: small })
      expect(await answer.text()).toContain('1 deleted')
      expect(await it.objects()).toEqual([])
      const { rows } = await it.client.execute(
        "SELECT subject FROM audit_log WHERE action = 'file.delete' ORDER BY id",
      )
      expect(rows.map(({ subject }) => subject)).toEqual([large, small])
    },
    PATIENCE_MS,
  )

  test("what a video is still to be made of is nobody's file", async () => {
    await it.client.execute(
      `INSERT INTO files (id, key_id, filename, purpose, mime, bytes, hash, created_at)
        VALUES ('file-held', '', 'held', 'video', 'image/png', 1, 'h', 1)`,
    )
    expect(((await (await it.api('/files')).json()) as Listed).data).toEqual([])
    expect((await it.api('/files/file-held', undefined, 'DELETE')).status).toBe(404)
  })

  test('who picks nothing is told so, and who is a stranger gets nothing', async () => {
    const nothing = await it.send('/admin/media/delete', {})
    expect(nothing.status).toBe(400)
    expect(await nothing.text()).toContain('Nothing is selected')
    for (const path of ['/admin/media', '/admin/media/files', '/admin/media/content/x'])
      expect((await fetch(it.url + path, { redirect: 'manual' })).status).toBe(303)
    for (const path of ['/media', '/media/stats', '/files'])
      expect((await fetch(`${it.url}/admin/api${path}`)).status).toBe(401)
    const other = { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } }
    expect((await it.page('/admin/media/clear', other)).status).toBe(403)
  })
}
