import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SetupError } from '#src/errors'
import { openFile } from '#src/store/file'
import { explainFileFault, explainLaterFault } from '#src/store/file-fault'
import { migrate } from '#src/store/migrate'

const folder = () => mkdtempSync(join(tmpdir(), 'groxy-file-'))
const coded = (code: string, cause?: unknown) => Object.assign(new Error(code, { cause }), { code })

describe('what a file can suffer from is said in plain words', () => {
  test.each([
    ['SQLITE_NOTADB', 'is not a Groxy database'],
    ['SQLITE_CORRUPT_INDEX', 'is damaged'],
    ['SQLITE_BUSY', 'is locked'],
    ['SQLITE_READONLY_DBMOVED', 'cannot be written'],
    ['EACCES', 'cannot be written'],
    ['SQLITE_FULL', 'disk is full'],
    ['ENOSPC', 'disk is full'],
  ])('%s', (code, words) => {
    const fail = () => {
      throw coded(code)
    }
    expect(() => explainFileFault('x.db', fail)).toThrow(words)
    expect(() => explainFileFault('x.db', fail)).toThrow(SetupError)
  })
  test('also when it lies deeper, and later', async () => {
    const wrapped = new Error('query failed', { cause: coded('SQLITE_CORRUPT') })
    await expect(explainLaterFault('x.db', Promise.reject(wrapped))).rejects.toThrow('is damaged')
    const strange = new Error('something else')
    await expect(explainLaterFault('x.db', Promise.reject(strange))).rejects.toBe(strange)
    await expect(explainLaterFault('x.db', Promise.reject('text'))).rejects.toBe('text')
  })
  test('a file that is no database', () => {
    const path = join(folder(), 'x.db')
    writeFileSync(path, 'no database at all'.repeat(100))
    expect(() => openFile(path)).toThrow('is not a Groxy database')
  })
})

test('a new database can be read by its owner only', () => {
  const path = join(folder(), 'deep/x.db')
  openFile(path).close()
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
})

describe('a database that is not ours to change is left alone', () => {
  test('of a newer version', async () => {
    const path = join(folder(), 'x.db')
    const client = openFile(path)
    await migrate(client)
    await client.execute(
      "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)",
    )
    await expect(migrate(client)).rejects.toThrow('newer version of Groxy')
  })
  test('of another program', async () => {
    const path = join(folder(), 'x.db')
    new Database(path).run('CREATE TABLE recipes (name)')
    await expect(migrate(openFile(path))).rejects.toThrow('"recipes"')
  })
  test('two that start at the same moment do not trip over each other', async () => {
    const path = join(folder(), 'x.db')
    const clients = [openFile(path), openFile(path)]
    await Promise.all(clients.map(migrate))
    expect((await clients[0]?.execute('SELECT * FROM keys'))?.rows).toEqual([])
  })
})
