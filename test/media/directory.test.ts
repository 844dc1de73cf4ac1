import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdir, readdir, rm, stat, symlink, truncate, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { createDirectory } from '#src/media/directory'
import {
  behavesAsObjectStore,
  get,
  listed,
  noise,
  put,
  showsWhatIsOnItsWay,
} from '../support/object-stores'
import { scratch, until } from '../support/programs'

const folder = await scratch('media')
const root = join(folder.path, 'deep', 'media')
beforeEach(() => rm(root, { recursive: true, force: true }))
afterAll(() => folder[Symbol.asyncDispose]())

const store = createDirectory(root)
const ID = '0123456789abcdef0123456789abcdef.png'
const PATH = join(root, 'ef', ID)
const HOUR_MS = 3_600_000

/** How many files this process has open below the directory. */
async function openFiles(): Promise<number> {
  const { readlinkSync } = await import('node:fs')
  const links = (await readdir('/proc/self/fd')).map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return links.filter((path) => path.startsWith(root)).length
}

describe('a directory', () => {
  behavesAsObjectStore(() => store)
  showsWhatIsOnItsWay(() => store)

  test('is not made before something is written', async () => {
    expect(await listed(store)).toEqual([])
    expect(await store.open(ID, 0, 1)).toBeUndefined()
    await store.remove([ID])
    await expect(stat(root)).rejects.toThrow('ENOENT')
  })

  test('has files and folders that only their owner may read', async () => {
    await put(store, ID, noise(10))
    const modes = [root, join(root, 'tmp'), join(root, 'ef'), PATH].map(async (path) =>
      ((await stat(path)).mode & 0o777).toString(8),
    )
    expect(await Promise.all(modes)).toEqual(['700', '700', '700', '600'])
  })

  test.each([
    '../0123456789abcdef0123456789abcdef',
    '..',
    '.',
    '',
    '/etc/passwd',
    'a/b',
    'a\\b',
    '%2e%2e%2fx',
    'a\0b',
    'a.b.c',
    '.png',
    'x~12345678',
    '-x',
    `${'a'.repeat(129)}`,
    'a\n',
  ])('takes %j for no id', async (id) => {
    await expect(store.create(id)).rejects.toThrow('not an id')
    expect(await store.open(id, 0, 0)).toBeUndefined()
    await store.remove([id])
  })

  test('follows no link, and reads nothing but files', async () => {
    await put(store, ID, noise(10))
    const target = join(folder.path, 'secret')
    await Bun.write(target, 'secret')
    const link = join(root, 'ef', 'linkef')
    await symlink(target, link)
    await mkdir(join(root, 'ef', 'folderef'))
    await Bun.spawn(['mkfifo', join(root, 'ef', 'pipeef')]).exited
    for (const id of ['linkef', 'folderef', 'pipeef'])
      expect(await store.open(id, 0, 0)).toBeUndefined()
    await store.remove(['linkef'])
    expect(await Bun.file(target).text()).toBe('secret')
    expect(await readdir(join(root, 'ef'))).toEqual(expect.not.arrayContaining(['linkef']))
  })

  test('has nothing more of an object that was cut or removed by hand', async () => {
    await put(store, ID, noise(1_000_000))
    await truncate(PATH, 999_999)
    expect(await store.open(ID, 0, 1_000_000)).toBeUndefined()
    await rm(PATH)
    expect(await store.open(ID, 0, 1)).toBeUndefined()
  })

  test('a stream ends with a fault where the file ends too early', async () => {
    await put(store, ID, noise(1_000_000))
    const stream = await store.open(ID, 0, 1_000_000)
    await truncate(PATH, 300_000)
    await expect(new Response(stream).bytes()).rejects.toThrow('ends too early')
    expect(await openFiles()).toBe(0)
  })

  test('leaves no file open, whether its readers end, stop or fail', async () => {
    const bytes = noise(1_000_000)
    await put(store, ID, bytes)
    expect(await get(store, ID, 0, 1_000_000)).toEqual(bytes)
    const stopped = (await store.open(ID, 0, 1_000_000))?.getReader()
    await stopped?.read()
    expect(await openFiles()).toBe(1)
    await stopped?.cancel()
    const unread = await store.open(ID, 0, 1_000_000)
    await unread?.cancel()
    const writer = await store.create(ID)
    await writer.write(bytes)
    await writer.abort()
    expect(await openFiles()).toBe(0)
  })

  test('closes what its reader has forgotten', async () => {
    await put(store, ID, noise(1_000_000))
    const forget = async () => {
      for (let nth = 0; nth < 10; nth++)
        await (await store.open(ID, 0, 1_000_000))?.getReader().read()
      await store.create(ID)
    }
    await forget()
    await until(async () => {
      Bun.gc(true)
      return (await openFiles()) === 0 || undefined
    })
  })

  test('is read while it is removed', async () => {
    const bytes = noise(1_000_000)
    await put(store, ID, bytes)
    const stream = await store.open(ID, 0, 1_000_000)
    await store.remove([ID])
    expect(await new Response(stream).bytes()).toEqual(bytes)
  })

  test('lists by when files were last written, and leaves alone what is not its own', async () => {
    await put(store, ID, noise(1))
    const other = 'file-00000000000000000000000000000001'
    await put(store, other, noise(1))
    const writer = await store.create(ID)
    await writer.write(noise(1))
    const [temporary = ''] = await readdir(join(root, 'tmp'))
    const old = new Date(Date.now() - 2 * HOUR_MS)
    const foreign = ['notes.txt', 'ef/.DS_Store', 'tmp/x', 'zz', `ab/${ID}`]
    for (const path of foreign) await Bun.write(join(root, path), 'x')
    for (const path of [...foreign, `ef/${ID}`, `tmp/${temporary}`])
      await utimes(join(root, path), old, old)
    const before = Date.now() - HOUR_MS
    expect(await listed(store, before)).toEqual([
      { id: ID, whole: true },
      { id: temporary, whole: false },
    ])
    await writer.write(noise(1))
    expect(await listed(store, before)).toEqual([{ id: ID, whole: true }])
    await store.remove([temporary])
    await expect(writer.commit()).rejects.toMatchObject({ code: 'not_ready' })
    expect(await get(store, ID, 0, 1)).toEqual(noise(1))
  })
})
