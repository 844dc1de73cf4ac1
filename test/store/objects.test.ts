import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type { Client } from '@libsql/client/web'
import { openFile } from '#src/store/file'
import { createObjects } from '#src/store/objects'
import { patient } from '#src/store/patient'
import {
  behavesAsObjectStore,
  get,
  listed,
  noise,
  PATIENCE_MS,
  put,
  showsWhatIsOnItsWay,
} from '../support/object-stores'
import { databases, type SaidDatabase } from '../support/said'

const ID = '0123456789abcdef0123456789abcdef.png'
const MEGABYTE = 1024 * 1024

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`objects, ${where}`, () => {
    let database: SaidDatabase
    let client: Client

    beforeAll(async () => {
      database = await make()
      client = database.open()
    })
    afterAll(() => database[Symbol.asyncDispose]())
    tests(() => client)
  })

test('a database that is away is said to be so, but not to clients', async () => {
  const client = openFile(':memory:')
  const store = createObjects({ client: patient(client), now: Date.now })
  const attempts = [
    () => put(store, ID, noise(1)),
    () => put(store, ID, noise(3 * MEGABYTE)),
    () => store.open(ID, 0, 1),
    () => store.remove([ID]),
    () => listed(store),
  ]
  for (const attempt of attempts)
    await expect(attempt()).rejects.toMatchObject({
      code: 'not_ready',
      message: expect.not.stringContaining('no such table'),
      details: { cause: { message: expect.stringContaining('no such table') } },
    })
})

function tests(clientOf: () => Client) {
  const store = () => createObjects({ client: patient(clientOf()), now: Date.now })
  afterEach(() => clientOf().batch(['DELETE FROM objects', 'DELETE FROM object_parts'], 'write'))

  const count = async (sql: string) => Number((await clientOf().execute(sql)).rows[0]?.[0])

  behavesAsObjectStore(store)
  showsWhatIsOnItsWay(store)

  test(
    'no statement carries more than a server takes, and none removes more than 16 MB',
    async () => {
      const sizes: number[] = []
      const client = clientOf()
      const watched = createObjects({
        client: {
          execute: async (...parts: Parameters<Client['execute']>) => {
            const result = await client.execute(...parts)
            if (String(JSON.stringify(parts)).includes('DELETE FROM object_parts'))
              sizes.push(result.rowsAffected * 512 * 1024)
            return result
          },
          batch: (statements, mode) => {
            sizes.push(JSON.stringify(statements, base64).length)
            return client.batch(statements, mode)
          },
        },
        now: Date.now,
      })
      const bytes = noise(20 * MEGABYTE)
      await put(watched, ID, bytes, MEGABYTE)
      expect(Math.max(...sizes)).toBeLessThan(4_000_000)
      sizes.length = 0
      await watched.remove([ID])
      expect(sizes.length).toBe(2)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(16 * MEGABYTE)
      expect(await count('SELECT count(*) FROM object_parts')).toBe(0)
    },
    PATIENCE_MS,
  )

  test(
    'a writer that was given up for dead writes nothing that nobody finds',
    async () => {
      const writer = await store().create(ID)
      await writer.write(noise(3 * MEGABYTE))
      const [left] = await listed(store())
      await store().remove([left?.id ?? ''])
      await expect(writer.write(noise(3 * MEGABYTE))).rejects.toThrow('cleared away')
      await expect(writer.commit()).rejects.toThrow('cleared away')
      await writer.abort()
      expect(await count('SELECT count(*) FROM object_parts')).toBe(0)
      expect(await listed(store())).toEqual([])
    },
    PATIENCE_MS,
  )

  test(
    'a removal that was broken off is seen, and can be begun again',
    async () => {
      await put(store(), ID, noise(3 * MEGABYTE))
      await clientOf().execute('UPDATE objects SET id = parts, whole = 0')
      await clientOf().execute('DELETE FROM object_parts WHERE part < 3')
      const left = await listed(store())
      expect(left).toMatchObject([{ whole: false }])
      await put(store(), ID, noise(10))
      await store().remove(left.map(({ id }) => id))
      expect(await get(store(), ID, 0, 10)).toEqual(noise(10))
      expect(await count('SELECT count(*) FROM object_parts')).toBe(1)
    },
    PATIENCE_MS,
  )

  test(
    'a stream ends with a fault where parts are missing',
    async () => {
      await put(store(), ID, noise(3 * MEGABYTE))
      await clientOf().execute('DELETE FROM object_parts WHERE part = 3')
      await expect(get(store(), ID, 0, 3 * MEGABYTE)).rejects.toThrow('ends too early')
    },
    PATIENCE_MS,
  )
}

/** As bytes go over the wire. */
const base64 = (_: string, value: unknown) =>
  value instanceof Uint8Array ? value.toBase64() : value
