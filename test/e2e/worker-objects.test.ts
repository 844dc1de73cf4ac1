import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { createClient } from '@libsql/client/web'
import { migrate } from '#src/store/migrate'
import { bucketServer } from '../fakes/r2'
import { noise } from '../support/object-stores'
import { scratch } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'
import { workerd } from '../support/workerd'

// Stores of objects in the real Workers runtime.

const MEGABYTE = 1024 * 1024
const stack = new AsyncDisposableStack()
let folder = ''

beforeAll(async () => {
  folder = stack.use(await scratch('objects')).path
  await mkdir(`${folder}/assets`)
  await Bun.build({
    entrypoints: ['test/fixtures/objects-worker.ts'],
    outdir: folder,
    naming: 'worker.js',
    target: 'browser',
    conditions: ['workerd', 'worker'],
    external: ['cloudflare:workers', 'node:*'],
  })
})
afterAll(() => stack.disposeAsync())

describe('a Worker keeps objects in its bucket', () => {
  const bucket = stack.use(bucketServer())
  let url = ''
  beforeAll(async () => {
    url = stack.use(await workerd(folder, {}, { bucketPort: bucket.port })).url
  })
  tests(() => url)

  test('in parts that R2 takes', () => {
    const uploads = [...bucket.uploads.values()].map(({ parts, state }) => [parts.size, state])
    expect(uploads).toEqual([[3, 'completed']])
  })

  test('and says what fails there', async () => {
    bucket.fail('We encountered an internal error.')
    expect(await put(url, 'small.png', noise(1))).toContain('cannot be kept')
    bucket.fail(undefined)
  })
})

describe.skipIf(isWithoutSqld)('a Worker keeps objects in its database', () => {
  let url = ''
  beforeAll(async () => {
    const database = stack.use(await sqld())
    const client = createClient({ url: database.url })
    await migrate(client)
    client.close()
    url = stack.use(await workerd(folder, { DATABASE_URL: database.url })).url
  })
  tests(() => url)
})

function tests(urlOf: () => string) {
  const sizes = [
    ['empty.png', 0],
    ['small.png', 1_234],
    ['part.mp4', 5 * MEGABYTE],
    ['large.mp4', 12 * MEGABYTE + 345],
  ] as const

  test('of any size, and reads any part of them', async () => {
    for (const [id, length] of sizes) {
      const bytes = noise(length)
      expect(await put(urlOf(), id, bytes)).toBe('kept')
      for (const [from, to] of [
        [0, length],
        [Math.floor(length / 2), Math.ceil(length * 0.8)],
        [length, length],
      ] as const)
        expect(Bun.SHA256.hash(await get(urlOf(), id, from, to), 'hex')).toBe(
          Bun.SHA256.hash(bytes.subarray(from, to), 'hex'),
        )
      expect(await get(urlOf(), id, 0, length + 1)).toEqual(NOTHING)
      expect(await get(urlOf(), id, length, length + 1)).toEqual(NOTHING)
    }
  }, 30_000)

  test('lists and removes them', async () => {
    const found = (await (await fetch(urlOf())).json()) as { id: string; whole: boolean }[]
    expect(found.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      sizes.map(([id]) => ({ id, whole: true })).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    )
    for (const [id] of sizes) await fetch(`${urlOf()}/${id}`, { method: 'DELETE' })
    expect(await (await fetch(urlOf())).json()).toEqual([])
    expect(await get(urlOf(), 'small.png', 0, 1)).toEqual(NOTHING)
  })
}

async function put(url: string, id: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  return (await fetch(`${url}/${id}`, { method: 'PUT', body })).text()
}

async function get(url: string, id: string, from: number, to: number): Promise<Uint8Array> {
  const answer = await fetch(`${url}/${id}?from=${from}&to=${to}`)
  if (answer.status === 500) throw new Error(await answer.text())
  return answer.bytes()
}

const NOTHING = new TextEncoder().encode('There is no such object.')
