import { expect, test } from 'bun:test'
import type { ObjectStore } from '#src/media/object-store'

/** A server on a busy machine takes its time. */
export const PATIENCE_MS = 60_000

/** Bytes that are nowhere the same. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let at = 0; at < length; at++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff
    bytes[at] = state >> 16
  }
  return bytes
}

/** All that a stream has. */
export const readBytes = (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Response(stream).bytes()

/** Write an object in pieces of a size. */
export async function put(
  store: ObjectStore,
  id: string,
  bytes: Uint8Array,
  size = 65_536,
): Promise<void> {
  const writer = await store.create(id)
  for (let at = 0; at < bytes.length; at += size) await writer.write(bytes.subarray(at, at + size))
  await writer.commit()
}

/** A part of an object; undefined where there is none. */
export async function get(store: ObjectStore, id: string, from: number, to: number) {
  const stream = await store.open(id, from, to)
  return stream && readBytes(stream)
}

/** Everything that a store lists. */
export async function listed(store: ObjectStore, before = Number.MAX_SAFE_INTEGER) {
  const found = []
  for await (const batch of store.list(before)) found.push(...batch)
  return found.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

const ID = '0123456789abcdef0123456789abcdef.png'
const OTHER = 'file-00000000000000000000000000000001'
const MEGABYTE = 1024 * 1024

interface Options {
  /** Whether what was begun and left can be seen. */
  readonly listsRest?: boolean
}

/** What every store of objects does. */
export function behavesAsObjectStore(open: () => ObjectStore, { listsRest = true }: Options = {}) {
  test(
    'keeps what was written, and reads any part of it',
    async () => {
      const bytes = noise(5 * MEGABYTE + 4_321)
      await put(open(), ID, bytes, 100_003)
      const parts = [
        [0, bytes.length],
        [0, 0],
        [0, 1],
        [bytes.length - 1, bytes.length],
        [524_287, 524_289],
        [524_288, 1_048_576],
        [1_000_000, 4_000_001],
      ]
      for (const [from = 0, to = 0] of parts)
        expect(Bun.SHA256.hash((await get(open(), ID, from, to)) ?? 'nothing', 'hex')).toBe(
          Bun.SHA256.hash(bytes.subarray(from, to), 'hex'),
        )
    },
    PATIENCE_MS,
  )

  test(
    'keeps an object without bytes',
    async () => {
      await put(open(), ID, new Uint8Array(0))
      expect(await get(open(), ID, 0, 0)).toEqual(new Uint8Array(0))
      expect(await listed(open())).toEqual([{ id: ID, whole: true }])
    },
    PATIENCE_MS,
  )

  test(
    'shows nothing of an object before it is whole',
    async () => {
      const writer = await open().create(ID)
      await writer.write(noise(3 * MEGABYTE))
      expect(await open().open(ID, 0, 1)).toBeUndefined()
      if (listsRest) expect(await listed(open())).toMatchObject([{ whole: false }])
      await writer.commit()
      expect(await get(open(), ID, 0, 3 * MEGABYTE)).toEqual(noise(3 * MEGABYTE))
      expect(await listed(open())).toEqual([{ id: ID, whole: true }])
    },
    PATIENCE_MS,
  )

  test(
    'leaves nothing of what is aborted',
    async () => {
      const writer = await open().create(ID)
      await writer.write(noise(3 * MEGABYTE))
      await writer.abort()
      await writer.abort()
      expect(await listed(open())).toEqual([])
      expect(await open().open(ID, 0, 1)).toBeUndefined()
    },
    PATIENCE_MS,
  )

  test(
    'has nothing for what was never written, or is shorter than it should be',
    async () => {
      expect(await open().open(ID, 0, 1)).toBeUndefined()
      await put(open(), ID, noise(10))
      expect(await open().open(ID, 0, 11)).toBeUndefined()
      expect(await get(open(), ID, 0, 10)).toEqual(noise(10))
    },
    PATIENCE_MS,
  )

  test(
    'of two who write the same object the last one counts',
    async () => {
      const [first, second] = [await open().create(ID), await open().create(ID)]
      await first.write(noise(3 * MEGABYTE, 1))
      await second.write(noise(3 * MEGABYTE, 2))
      await first.commit()
      await second.commit()
      expect(await get(open(), ID, 0, 3 * MEGABYTE)).toEqual(noise(3 * MEGABYTE, 2))
      const rest = (await listed(open())).filter(({ whole }) => !whole)
      await open().remove(rest.map(({ id }) => id))
      expect(await get(open(), ID, 0, 3 * MEGABYTE)).toEqual(noise(3 * MEGABYTE, 2))
      expect(await listed(open())).toEqual([{ id: ID, whole: true }])
    },
    PATIENCE_MS,
  )

  test(
    'removes what it is told to, and is not troubled by what is not there',
    async () => {
      await put(open(), ID, noise(3 * MEGABYTE))
      await put(open(), OTHER, noise(10))
      await open().remove([ID, 'f00d', '../../etc/passwd', 'tmp', ''])
      expect(await listed(open())).toEqual([{ id: OTHER, whole: true }])
      expect(await open().open(ID, 0, 1)).toBeUndefined()
      await open().remove([])
    },
    PATIENCE_MS,
  )

  test(
    'lists what was written before a time, however much it is',
    async () => {
      const ids = Array.from({ length: 450 }, (_, at) => `${String(at).padStart(32, '0')}.png`)
      for (const id of ids) await put(open(), id, noise(1))
      expect((await listed(open())).map(({ id }) => id)).toEqual(ids)
      expect(await listed(open(), Date.now() - 60_000)).toEqual([])
    },
    PATIENCE_MS,
  )

  test(
    'a reader that stops, and one that is slow, take no more than they read',
    async () => {
      const bytes = noise(2 * MEGABYTE)
      await put(open(), ID, bytes)
      const reader = (await open().open(ID, 0, bytes.length))?.getReader()
      const first = await reader?.read()
      expect(first?.value?.length).toBeLessThanOrEqual(MEGABYTE)
      await reader?.cancel()
      expect(await get(open(), ID, 0, bytes.length)).toEqual(bytes)
    },
    PATIENCE_MS,
  )
}

/** Of stores that can show what is on its way. */
export function showsWhatIsOnItsWay(open: () => ObjectStore) {
  test(
    'what was written so far is read while the rest is on its way',
    async () => {
      const bytes = noise(5 * MEGABYTE + 7)
      const writer = await open().create(ID)
      const early: Promise<Uint8Array | undefined>[] = []
      for (let at = 0; at < bytes.length; at += 300_001) {
        await writer.write(bytes.subarray(at, at + 300_001))
        const end = Math.min(bytes.length, at + 300_001)
        const stream = await writer.read?.(Math.floor(at / 2), end)
        if (stream) early.push(readBytes(stream))
      }
      await writer.commit()
      const late = await writer.read?.(0, bytes.length)
      for (const [nth, read] of early.entries()) {
        const from = Math.floor((nth * 300_001) / 2)
        const to = Math.min(bytes.length, (nth + 1) * 300_001)
        expect(await read).toEqual(bytes.slice(from, to))
      }
      expect(early.length).toBe(18)
      expect(late && (await readBytes(late))).toEqual(bytes)
    },
    PATIENCE_MS,
  )
}
