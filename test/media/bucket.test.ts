import { beforeEach, describe, expect, test } from 'bun:test'
import { createBucket } from '#src/media/bucket'
import { fakeBucket } from '../fakes/r2'
import { behavesAsObjectStore, get, listed, noise, put, readBytes } from '../support/object-stores'

const ID = '0123456789abcdef0123456789abcdef.mp4'
const MEGABYTE = 1024 * 1024

describe('a bucket', () => {
  let fake = fakeBucket()
  let store = createBucket(fake.bucket)
  beforeEach(() => {
    fake = fakeBucket()
    store = createBucket(fake.bucket)
  })

  behavesAsObjectStore(() => store, { listsRest: false })

  test.each([
    [0, 0],
    [1, 0],
    [5 * MEGABYTE, 0],
    [5 * MEGABYTE + 1, 2],
    [10 * MEGABYTE, 2],
    [23 * MEGABYTE + 7, 5],
  ])('takes %d bytes in parts that R2 takes', async (length, parts) => {
    const bytes = noise(length)
    await put(store, ID, bytes, 777_777)
    const uploads = [...fake.uploads.values()]
    expect(uploads.map(({ parts, state }) => [parts.size, state])).toEqual(
      parts > 0 ? [[parts, 'completed']] : [],
    )
    expect(await get(store, ID, 0, length)).toEqual(bytes)
  })

  test('tells R2 to clear away what is aborted', async () => {
    const writer = await store.create(ID)
    await writer.write(noise(11 * MEGABYTE))
    await writer.abort()
    expect([...fake.uploads.values()].map(({ state }) => state)).toEqual(['aborted'])
    await expect(writer.commit()).rejects.toMatchObject({ code: 'not_ready' })
  })

  test('leaves alone what else is in the bucket', async () => {
    fake.put('photo.png', noise(1))
    fake.put('other/f00d', noise(1))
    await put(store, ID, noise(1))
    expect(await listed(store)).toEqual([{ id: ID, whole: true }])
    await store.remove(['photo.png', '../other/f00d', ID])
    expect([...fake.objects.keys()]).toEqual(['photo.png', 'other/f00d'])
  })

  test('removes any number of objects', async () => {
    const ids = Array.from({ length: 2_345 }, (_, at) => `${at}.png`)
    for (const id of ids) fake.put(`groxy/${id}`, noise(1))
    await store.remove(ids)
    expect(fake.objects.size).toBe(0)
  })

  test('reads nothing for an empty range', async () => {
    await put(store, ID, noise(10))
    const empty = await store.open(ID, 10, 10)
    expect(empty && (await readBytes(empty))).toEqual(new Uint8Array(0))
    expect(await store.open(ID, 11, 11)).toBeUndefined()
  })

  test('says what fails without telling clients', async () => {
    await put(store, ID, noise(10))
    const begun = await store.create(ID)
    fake.fail('We encountered an internal error. Please try again.')
    const attempts = [
      () => store.open(ID, 0, 1),
      () => store.open(ID, 0, 0),
      () => store.remove([ID]),
      () => listed(store),
      () => put(store, ID, noise(1)),
      () => put(store, ID, noise(6 * MEGABYTE)),
    ]
    for (const attempt of attempts)
      await expect(attempt()).rejects.toMatchObject({
        code: 'not_ready',
        message: expect.not.stringContaining('internal error'),
        details: { cause: { message: expect.stringContaining('internal error') } },
      })
    await begun.abort()
    await expect(store.create('../x')).rejects.toThrow('not an id')
    expect(await store.open('../x', 0, 0)).toBeUndefined()
  })
})
