import { expect, test } from 'bun:test'
import { newId } from '#src/crypto'
import { createDirectory } from '#src/media/directory'
import { createFiles } from '#src/media/files'
import { openFile } from '#src/store/file'
import { createFileRows, type FileRows } from '#src/store/files'
import { migrate } from '#src/store/migrate'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { listed, noise, readBytes } from '../support/object-stores'
import { scratch } from '../support/programs'

const NEW = { filename: 'moss.txt', purpose: 'user_data', expiresAt: null }
const BYTES = noise(200_000)

/** Files in a directory, with rows of which some do not work. */
async function world(broken: Partial<FileRows> = {}) {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await scratch('files'))
  const client = openFile(':memory:')
  stack.defer(() => client.close())
  await migrate(client)
  const rows = createFileRows(client)
  const objects = createDirectory(folder.path)
  const settings = { ...DEFAULT_SETTINGS, files_max_mb: 1 }
  let now = 1_789_000_000_000
  const files = createFiles({
    rows: { ...rows, ...broken },
    objects,
    hasher: () => {
      const hash = new Bun.CryptoHasher('sha256')
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') }
    },
    now: () => now,
    newId,
    settings: () => settings,
    reach: (question) => question,
  })
  const kept = stack.move()
  return {
    files,
    rows,
    objects,
    pass: (ms: number) => {
      now += ms
      return now
    },
    async store(keyId: string, bytes: Uint8Array = BYTES, name = 'moss.txt') {
      const draft = await files.begin(keyId, { ...NEW, filename: name })
      await draft.write(bytes)
      return draft.finish()
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

test('a file is what was written, and told by its bytes', async () => {
  await using it = await world()
  const file = await it.store('key')
  expect(file).toMatchObject({ bytes: BYTES.length, hash: Bun.SHA256.hash(BYTES, 'hex') })
  expect(file.mime).toBe('application/octet-stream')
  expect(await it.files.readAll(file, BYTES.length)).toEqual(BYTES)
  expect(await readBytes(await it.files.open(file, 10, 20))).toEqual(BYTES.slice(10, 20))
  expect(await it.files.find('key', file.id)).toEqual(file)
  expect(await it.files.find('other', file.id)).toBeUndefined()
  await expect(it.files.readAll(file, 100, 'image')).rejects.toMatchObject({
    status: 400,
    details: { param: 'image', upstreamCode: 'file_too_large' },
  })
})

test('its bytes count, then what it was called', async () => {
  await using it = await world()
  const kinds: readonly (readonly [bytes: string, declared: string, mime: string])[] = [
    ['%PDF-1.7 x', 'text/plain', 'application/pdf'],
    ['# Moss', 'text/markdown', 'text/markdown'],
    ['a,b', 'text/csv; x', 'text/plain'],
    ['words', 'image/png', 'text/plain'],
    ['<!doctype html><p>', 'text/plain', 'text/html'],
    ['\0\x01\x02', 'application/x-odd', 'application/x-odd'],
    ['\0\x01\x02', 'nothing"', 'application/octet-stream'],
    ['', '', 'application/octet-stream'],
    [
      // What tells it begins in one piece and ends in the next.
      `PK\x03\x04${'\0'.repeat(299_950)}PK\x01\x02${'\0'.repeat(42)}word/document.xml${'\0'.repeat(20_000)}`,
      '',
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    ],
  ]
  for (const [text, type, mime] of kinds) {
    const draft = await it.files.begin('', { ...NEW, type })
    const bytes = new TextEncoder().encode(text)
    for (let at = 0; at < bytes.length; at += 50_000)
      await draft.write(bytes.subarray(at, at + 50_000))
    expect((await draft.finish()).mime, text.slice(0, 20)).toBe(mime)
  }
})

test('what is kept for a job takes nobody’s room, and lives as long as it is told', async () => {
  await using it = await world()
  await it.store('', noise(2 * 1024 * 1024))
  await expect(it.store('key', noise(1024 * 1024 + 1))).rejects.toMatchObject({
    code: 'storage_full',
  })
  await it.store('key', noise(1024 * 1024))
  await expect(it.files.begin('key', NEW)).rejects.toMatchObject({ code: 'storage_full' })
  const draft = await it.files.begin('', { ...NEW, expiresAt: it.pass(0) + 1000 })
  const { id } = await draft.finish({ purpose: 'input' })
  expect(await it.files.find('', id)).toMatchObject({ purpose: 'input' })
  const living = { now: it.pass(1000), since: 0 }
  expect(await it.files.find('', id)).toBeUndefined()
  expect(await it.rows.removeExpired(living, 10)).toEqual([id])
})

test('a file whose row is not written leaves no object, where that can be found out', async () => {
  const fault = new Error('The database is away.')
  const away = () => Promise.reject(fault)
  await using it = await world({ insert: away })
  await expect(it.store('key')).rejects.toBe(fault)
  expect(await listed(it.objects)).toEqual([])
  await using other = await world({ insert: away, remove: away })
  await expect(other.store('key')).rejects.toBe(fault)
  // It may have a row: whoever cleans up finds out.
  expect(await listed(other.objects)).toHaveLength(1)
})

test('a file whose content is gone is not there', async () => {
  await using it = await world()
  const file = await it.store('key')
  await it.objects.remove([file.id])
  await expect(it.files.open(file)).rejects.toMatchObject({ code: 'not_found' })
  expect(await it.files.remove('key', file.id)).toBe(true)
  expect(await it.files.remove('key', file.id)).toBe(false)
})

test('copies at accounts are known until they expire, or their file is gone', async () => {
  await using it = await world()
  const { id: fileId } = await it.store('key')
  const copy = { fileId, accountId: 'one', upstreamId: 'file_1', expiresAt: it.pass(0) + 1000 }
  const { copies } = it.files
  await copies.keep(copy)
  await copies.keep({ ...copy, upstreamId: 'file_2' })
  await copies.keep({ ...copy, accountId: 'two', upstreamId: 'file_3' })
  expect(await copies.find(fileId, 'one')).toBe('file_2')
  await copies.forget(fileId, 'one')
  expect(await copies.find(fileId, 'one')).toBeUndefined()
  // Another key's deletion means nothing.
  expect(await it.files.remove('other', fileId)).toBe(false)
  expect(await copies.find(fileId, 'two')).toBe('file_3')
  await it.files.remove('key', fileId)
  expect(await copies.find(fileId, 'two')).toBeUndefined()
  await copies.keep(copy)
  it.pass(1000)
  expect(await copies.find(fileId, 'one')).toBeUndefined()
})
