import { describe, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import OpenAI, { toFile } from 'openai'
import { type Gateway, gateway, KEY, keyed } from '../support/gateway'
import { noise } from '../support/object-stores'
import { OFFICIAL } from '../support/official'
import { FILES_FIXTURE, fileSchemas, officialFileFaults } from '../support/official-files'
import { officialFaults } from '../support/official-responses'
import { scratch, until } from '../support/programs'

const PATH = '/v1/files'
const BEARER = { authorization: `Bearer ${KEY}` }

const clientOf = ({ url }: Gateway, apiKey = KEY) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })

interface FileBody {
  readonly id: string
  readonly filename: string
  readonly expires_at?: number
}

type Part = readonly [name: string, value: string | File]

const FILE: Part = ['file', new File(['moss'], 'moss.txt', { type: 'text/plain' })]
const PURPOSE: Part = ['purpose', 'user_data']

/** Send a form with these parts, in this order. */
function upload(it: Gateway, parts: readonly Part[], headers: Record<string, string> = BEARER) {
  const body = new FormData()
  for (const [name, value] of parts) body.append(name, value)
  return fetch(it.url + PATH, { method: 'POST', headers, body })
}

async function uploaded(it: Gateway, parts: readonly Part[] = [PURPOSE, FILE]): Promise<FileBody> {
  const response = await upload(it, parts)
  expect(response.status).toBe(200)
  return (await response.json()) as FileBody
}

async function refusalOf(reply: Promise<Response>) {
  const response = await reply
  const { error } = (await response.json()) as {
    error: { code: string; param: string | null; message: string }
  }
  expect(officialFaults('ErrorResponse', { error })).toEqual([])
  return { status: response.status, code: error.code, param: error.param }
}

/** What is kept, whatever the tables say. */
async function objectsOf(it: Gateway): Promise<number> {
  const { rows } = await it.client.execute('SELECT count(*) AS count FROM objects')
  return Number(rows[0]?.count)
}

test('the copy of the official schemas is up to date', async () => {
  const document = Bun.file(OFFICIAL)
  // Only a workshop has the original; elsewhere the copy is all there is.
  if (!(await document.exists())) return
  const copy = await Bun.file(FILES_FIXTURE).json()
  expect(fileSchemas(await document.json()), 'run: bun test/support/official-files.ts').toEqual(
    copy,
  )
})

describe('a file', () => {
  test('is uploaded, found, listed, read and deleted by the OpenAI SDK', async () => {
    await using it = await gateway()
    const client = clientOf(it)
    const bytes = noise(3_000_000)
    const made = await client.files.create({
      file: await toFile(bytes, 'notes.bin'),
      purpose: 'user_data',
      expires_after: { anchor: 'created_at', seconds: 7200 },
    })
    expect(officialFileFaults('OpenAIFile', made)).toEqual([])
    expect(made).toMatchObject({
      object: 'file',
      bytes: 3_000_000,
      filename: 'notes.bin',
      purpose: 'user_data',
      status: 'processed',
    })
    expect(made.id).toMatch(/^file-[0-9a-f]{32}$/)
    expect(made.created_at).toBeCloseTo(Date.now() / 1000, -2)
    expect(made.expires_at).toBe(made.created_at + 7200)
    const second = await client.files.create({
      file: new File(['[1]\n'], 'lines.jsonl'),
      purpose: 'batch',
    })
    expect(second.expires_at).toBeUndefined()
    expect(await client.files.retrieve(made.id)).toEqual(made)
    const content = await client.files.content(made.id)
    expect(new Uint8Array(await content.arrayBuffer())).toEqual(new Uint8Array(bytes))
    const all = await client.files.list()
    expect(all.data.map(({ id }) => id)).toEqual([second.id, made.id])
    expect((await client.files.list({ purpose: 'batch' })).data).toEqual([second])
    const deleted = await client.files.delete(made.id)
    expect(deleted).toEqual({ id: made.id, object: 'file', deleted: true })
    expect(officialFileFaults('DeleteFileResponse', deleted)).toEqual([])
    const failed = (call: PromiseLike<unknown>) =>
      call.then(
        () => undefined,
        ({ status, code }) => [status, code],
      )
    expect(await failed(client.files.retrieve(made.id))).toEqual([404, 'not_found'])
    expect(await failed(client.files.content(made.id))).toEqual([404, 'not_found'])
    expect(await failed(client.files.delete(made.id))).toEqual([404, 'not_found'])
    expect(await objectsOf(it)).toBe(1)
  })

  test('is listed page by page, either way', async () => {
    let now = 1_789_000_000_000
    await using it = await gateway({ now: () => now })
    const ids: string[] = []
    for (const purpose of ['vision', 'batch', 'vision', 'vision', 'assistants']) {
      ids.push((await uploaded(it, [FILE, ['purpose', purpose]])).id)
      now += 400
    }
    const client = clientOf(it)
    const idsOf = async (query: object) => {
      const found: string[] = []
      for await (const { id } of client.files.list({ limit: 2, ...query })) found.push(id)
      return found
    }
    expect(await idsOf({})).toEqual(ids.toReversed())
    expect(await idsOf({ order: 'asc' })).toEqual(ids)
    const vision = [ids[0], ids[2], ids[3]] as string[]
    expect(await idsOf({ order: 'asc', purpose: 'vision' })).toEqual(vision)
    expect(await idsOf({ after: ids[1], order: 'asc', purpose: 'vision' })).toEqual(vision.slice(1))
    const page = (await (await it.get(`${PATH}?limit=2`)).json()) as Record<string, unknown>
    expect(officialFileFaults('ListFilesResponse', page)).toEqual([])
    expect(page).toMatchObject({ first_id: ids[4], last_id: ids[3], has_more: true })
    expect(await refusalOf(it.get(`${PATH}?after=file-x`))).toMatchObject({ param: 'after' })
    expect(await refusalOf(it.get(`${PATH}?limit=10001`))).toMatchObject({ param: 'limit' })
    expect(await refusalOf(it.get(`${PATH}?limit=0`))).toMatchObject({ status: 400 })
    expect(await refusalOf(it.get(`${PATH}?order=up`))).toMatchObject({ param: 'order' })
  })

  test('belongs to its key: for another one there is no such file', async () => {
    await using it = await gateway()
    const own = await uploaded(it)
    const other = await keyed(it, {})
    const headers = { headers: other.headers }
    expect(await refusalOf(other.get(`${PATH}/${own.id}`))).toMatchObject({ status: 404 })
    expect(await refusalOf(other.get(`${PATH}/${own.id}/content`))).toMatchObject({ status: 404 })
    const deletion = it.get(`${PATH}/${own.id}`, { method: 'DELETE', ...headers })
    expect(await refusalOf(deletion)).toMatchObject({ status: 404 })
    expect(await refusalOf(other.get(`${PATH}?after=${own.id}`))).toMatchObject({ param: 'after' })
    expect(await (await other.get(PATH)).json()).toMatchObject({ data: [], has_more: false })
    expect((await it.get(`${PATH}/${own.id}/content`)).status).toBe(200)
  })

  test('is gone the moment it expires, by its own word or by the operator', async () => {
    let now = 1_789_000_000_000
    await using it = await gateway({ now: () => now, settings: { file_max_days: 2 } })
    const short = await uploaded(it, [['expires_after', '3600'], FILE, PURPOSE])
    const long = await uploaded(it)
    expect(short.expires_at).toBe(1_789_003_600)
    expect(long.expires_at).toBe(1_789_172_800)
    now += 3_600_000
    expect((await it.get(`${PATH}/${short.id}`)).status).toBe(404)
    expect((await it.get(`${PATH}/${long.id}`)).status).toBe(200)
    now += 2 * 86_400_000
    expect((await it.get(`${PATH}/${long.id}`)).status).toBe(404)
    expect(await (await it.get(PATH)).json()).toMatchObject({ data: [] })
    const deletion = it.get(`${PATH}/${long.id}`, { method: 'DELETE' })
    expect((await deletion).status).toBe(404)
  })

  const EXPIRED: readonly (readonly [parts: readonly Part[], param: string])[] = [
    [[['expires_after', '3599']], 'expires_after'],
    [[['expires_after', '2592001']], 'expires_after'],
    [[['expires_after', 'soon']], 'expires_after'],
    [[['expires_after[seconds]', '7200']], 'expires_after[anchor]'],
    [
      [
        ['expires_after[anchor]', 'now'],
        ['expires_after[seconds]', '7200'],
      ],
      'expires_after[anchor]',
    ],
    [[['expires_after[anchor]', 'created_at']], 'expires_after[seconds]'],
    [[['purpose', 'fun']], 'purpose'],
  ]

  test('is refused with the name of the field that is wrong, and nothing is kept', async () => {
    await using it = await gateway()
    for (const [parts, param] of EXPIRED)
      expect(await refusalOf(upload(it, [...parts, PURPOSE, FILE]))).toEqual({
        status: 400,
        code: 'invalid_value',
        param,
      })
    const cases: readonly (readonly [parts: readonly Part[], param: string])[] = [
      [[FILE], 'purpose'],
      [[PURPOSE], 'file'],
      [[PURPOSE, ['file', 'text']], 'file'],
      [[PURPOSE, FILE, FILE], 'file'],
      [[PURPOSE, FILE, ['document', FILE[1]]], 'document'],
    ]
    for (const [parts, param] of cases)
      expect(await refusalOf(upload(it, parts))).toMatchObject({ status: 400, param })
    expect(await refusalOf(it.post(PATH, {}))).toMatchObject({ status: 415 })
    expect(await objectsOf(it)).toBe(0)
    expect(await (await it.get(PATH)).json()).toMatchObject({ data: [] })
  })

  test('may only be so large, and so may all of a key', async () => {
    await using it = await gateway({ settings: { file_max_mb: 2, files_max_mb: 3 } })
    const sized = (bytes: number): Part[] => [PURPOSE, ['file', new File([noise(bytes)], 'x')]]
    expect(await refusalOf(upload(it, sized(5_000_000)))).toMatchObject({
      status: 413,
      code: 'file_too_large',
    })
    expect(await refusalOf(upload(it, sized(2_097_153)))).toMatchObject({ status: 413 })
    await uploaded(it, sized(2_097_152))
    const both = await Promise.all([upload(it, sized(900_000)), upload(it, sized(900_000))])
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 429])
    const refused = both.find(({ status }) => status === 429)
    expect(refused?.headers.get('x-should-retry')).toBe('false')
    expect(await refused?.json()).toMatchObject({ error: { code: 'storage_full' } })
    expect(await refusalOf(upload(it, sized(1_000_000)))).toMatchObject({ code: 'storage_full' })
    expect(await objectsOf(it)).toBe(2)
    const other = await keyed(it, {})
    const { authorization } = other.headers
    expect((await upload(it, sized(1_000_000), { authorization })).status).toBe(200)
  })

  const NAMES: readonly (readonly [sent: string, kept: string, header: string])[] = [
    ['../../etc/passwd', 'passwd', `attachment; filename="passwd"; filename*=UTF-8''passwd`],
    [
      'a"b\r\nset-cookie: x=y.html',
      'a"bset-cookie: x=y.html',
      `attachment; filename="a_bset-cookie: x=y.html"; filename*=UTF-8''a%22bset-cookie%3A%20x%3Dy.html`,
    ],
    [
      "o'né(1)*.txt",
      "o'né(1)*.txt",
      `attachment; filename="o'n_(1)*.txt"; filename*=UTF-8''o%27n%C3%A9%281%29%2A.txt`,
    ],
    ['', 'file', `attachment; filename="file"; filename*=UTF-8''file`],
  ]

  test('keeps a name that does no harm', async () => {
    await using it = await gateway()
    for (const [sent, kept, header] of NAMES) {
      const { id, filename } = await uploaded(it, [PURPOSE, ['file', new File(['x'], sent)]])
      expect(filename).toBe(kept)
      const content = await it.get(`${PATH}/${id}/content`)
      expect(content.headers.get('content-disposition')).toBe(header)
    }
  })

  test('is never shown by a browser, whatever it is', async () => {
    await using it = await gateway()
    const html = '<!doctype html><script>alert(1)</script>'
    const page = new File([html], 'page.html', { type: 'text/html' })
    const { id } = await uploaded(it, [PURPOSE, ['file', page]])
    const content = await it.get(`${PATH}/${id}/content`)
    expect(await content.text()).toBe(html)
    expect(Object.fromEntries(content.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': expect.stringMatching(/^attachment/),
      'content-length': String(html.length),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'private, no-store',
    })
  })

  test('asks for a key, and keeps away from what is not ours', async () => {
    await using it = await gateway()
    expect((await fetch(it.url + PATH)).status).toBe(401)
    expect((await upload(it, [PURPOSE, FILE], {})).status).toBe(401)
    expect(await refusalOf(it.get(PATH, { method: 'PUT' }))).toMatchObject({ status: 405 })
    for (const id of ['file-x', 'file-0', encodeURIComponent('../../x'), "file-' OR 1=1 --"])
      expect(await refusalOf(it.get(`${PATH}/${id}`))).toMatchObject({ status: 404 })
  })
})

test('files cannot be had while the database is away, and say so', async () => {
  await using it = await gateway()
  const { id } = await uploaded(it)
  await it.client.execute('ALTER TABLE files RENAME TO away')
  const away = { status: 503, code: 'not_ready', param: null }
  expect(await refusalOf(it.get(PATH))).toEqual(away)
  expect(await refusalOf(it.get(`${PATH}/${id}`))).toEqual(away)
  expect(await refusalOf(it.get(`${PATH}/${id}`, { method: 'DELETE' }))).toEqual(away)
  expect(await refusalOf(upload(it, [PURPOSE, FILE]))).toEqual(away)
  await it.client.execute('ALTER TABLE away RENAME TO files')
  expect((await it.get(`${PATH}/${id}/content`)).status).toBe(200)
})

describe('an upload that breaks off', () => {
  const head = `--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`

  test('leaves nothing, neither in a database nor in a directory', async () => {
    await using folder = await scratch('files')
    const kept = async () => {
      const found = await readdir(folder.path, { recursive: true, withFileTypes: true })
      return found.filter((entry) => entry.isFile())
    }
    await using it = await gateway({ env: { MEDIA_DIR: folder.path } })
    const { port } = new URL(it.url)
    const { promise: begun, resolve } = Promise.withResolvers<void>()
    const socket = await Bun.connect({
      hostname: '127.0.0.1',
      port: Number(port),
      socket: { data() {}, drain() {} },
    })
    const body = `${head}${'x'.repeat(200_000)}`
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000\r\n\r\n${body}`,
    )
    socket.flush()
    const look = setInterval(async () => (await kept()).length > 0 && resolve(), 20)
    await begun
    clearInterval(look)
    socket.end()
    socket.terminate()
    await until(async () => (await kept()).length === 0 || undefined)
    await Bun.sleep(300)
    expect(await kept()).toEqual([])
    expect(await (await it.get(PATH)).json()).toMatchObject({ data: [] })

    const cut = fetch(it.url + PATH, {
      method: 'POST',
      headers: { ...BEARER, 'content-type': 'multipart/form-data; boundary=b' },
      body,
    })
    expect(await refusalOf(cut)).toMatchObject({ status: 400 })
    expect(await kept()).toEqual([])
    const whole = await uploaded(it)
    expect((await kept()).map(({ name }) => name)).toEqual([expect.stringContaining(whole.id)])
  })
})
