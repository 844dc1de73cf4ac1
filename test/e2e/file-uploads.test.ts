import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { fakeXaiMedia } from '../fakes/xai-media'
import { xaiAt } from '../support/gateway'
import { noise } from '../support/object-stores'
import { residentBytes, scratch, startSource } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'
import { type WorkerWorld, workerWorld } from '../support/worker-world'

const MB = 1024 * 1024
const LONG = 120_000

const PIECE = noise(MB)

/** A form with a large file in it, made while it is sent. */
function formOf(megabytes: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let sent = -1
  return new ReadableStream(
    {
      pull(controller) {
        sent += 1
        if (sent === 0)
          return controller.enqueue(
            encoder.encode(
              '--b\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n',
            ),
          )
        if (sent <= megabytes) return controller.enqueue(PIECE)
        controller.enqueue(
          encoder.encode(
            '\r\n--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n--b--\r\n',
          ),
        )
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

test.skipIf(process.platform !== 'linux')(
  'a file of 300 MB comes, goes on and comes back through little memory',
  async () => {
    const key = 'sk-groxy-test-0123456789'
    await using xai = fakeXaiMedia()
    await using folder = await scratch('uploads')
    await using program = await startSource({
      DATABASE_URL: `file:${folder.path}/groxy.db`,
      GROXY_API_KEY: key,
      ...xaiAt(xai.url),
    })
    const url = `${program.url}/v1/files`
    const headers = { authorization: `Bearer ${key}` }
    const upload = async (megabytes: number) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'multipart/form-data; boundary=b' },
        body: formOf(megabytes),
      })
      return (await response.json()) as { readonly id: string; readonly bytes: number }
    }
    await upload(1)
    const before = await residentBytes(program.pid)
    let most = before
    const watch = setInterval(async () => {
      most = Math.max(most, await residentBytes(program.pid))
    }, 20)
    const { id, bytes } = await upload(300)
    expect(bytes).toBe(300 * MB)
    const hash = new Bun.CryptoHasher('sha256')
    const content = await fetch(`${url}/${id}/content`, { headers })
    for await (const piece of content.body ?? []) hash.update(piece)
    const expected = new Bun.CryptoHasher('sha256')
    for (let piece = 0; piece < 300; piece++) expected.update(PIECE)
    expect(hash.digest('hex')).toBe(expected.digest('hex'))
    const { id: attached } = await upload(45)
    const input = [{ role: 'user', content: [{ type: 'input_file', file_id: attached }] }]
    const answer = await fetch(`${program.url}/v1/responses`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'grok-4.7', input }),
    })
    expect(answer.status).toBe(200)
    expect(xai.files().map(({ bytes: there }) => there.length)).toEqual([45 * MB])
    // A refusal of what is too large comes through, although its client is still sending.
    const refused = (await upload(600)) as unknown as { error: { code: string } }
    expect(refused.error.code).toBe('file_too_large')
    clearInterval(watch)
    expect((most - before) / MB).toBeLessThan(100)
  },
  LONG,
)

describe.skipIf(isWithoutSqld)('files on Workers over a libSQL server', () => {
  let world: WorkerWorld
  beforeAll(async () => {
    world = await workerWorld()
  }, LONG)
  afterAll(() => world?.[Symbol.asyncDispose]())

  test(
    'come, are read and named in turns, and go',
    async () => {
      await using xai = fakeXaiMedia()
      await using worker = await world.another(xaiAt(xai.url))
      const sdk = new OpenAI({ baseURL: `${worker.url}/v1`, apiKey: world.key, maxRetries: 0 })
      const bytes = noise(5 * MB)
      const file = await sdk.files.create({
        file: new File([bytes], 'large.bin'),
        purpose: 'user_data',
      })
      expect(file.bytes).toBe(bytes.length)
      const { rows } = await world.client.execute({
        sql: 'SELECT hash FROM files WHERE id = ?',
        args: [file.id],
      })
      expect(rows[0]?.hash).toBe(Bun.SHA256.hash(bytes, 'hex'))
      const content = await sdk.files.content(file.id)
      expect(Bun.SHA256.hash(await content.arrayBuffer(), 'hex')).toBe(
        Bun.SHA256.hash(bytes, 'hex'),
      )
      const input = [{ role: 'user', content: [{ type: 'input_file', file_id: file.id }] }] as never
      for (let turn = 0; turn < 2; turn++) {
        const answer = await sdk.responses.create({ model: 'grok-4.7', input, store: false })
        expect(answer.output_text).toBe('Hello there')
      }
      expect(xai.callsOf('files.create').map(({ files }) => files[0]?.bytes.length)).toEqual([
        bytes.length,
      ])
      expect((await sdk.files.list()).data.map(({ id }) => id)).toEqual([file.id])
      await sdk.files.delete(file.id)
      const { rows: left } = await world.client.execute('SELECT count(*) AS n FROM object_parts')
      expect(Number(left[0]?.n)).toBe(0)
      expect(worker.output()).not.toMatch(/hung|"bug"|"error"|unreachable|uncaught/i)
    },
    LONG,
  )

  test(
    'leave nothing when their form is wrong',
    async () => {
      const form = new FormData()
      form.append('file', new File([noise(3 * MB)], 'x'))
      const refused = await fetch(`${world.worker.url}/v1/files`, {
        method: 'POST',
        headers: { authorization: `Bearer ${world.key}` },
        body: form,
      })
      expect([refused.status, await refused.json()]).toMatchObject([
        400,
        { error: { param: 'purpose' } },
      ])
      const { rows } = await world.client.execute('SELECT count(*) AS n FROM object_parts')
      expect(Number(rows[0]?.n)).toBe(0)
    },
    LONG,
  )
})
