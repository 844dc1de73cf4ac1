import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SetupError } from '#src/errors'
import { isOutage } from '#src/store/fault'
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
    ['ENOENT', 'cannot be written'],
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

describe('a database is not written to where nobody would find it', () => {
  const gone = async (work: Promise<unknown>) => {
    const cause = await work.catch((problem: unknown) => problem)
    expect(isOutage(cause)).toBe(true)
    expect(String(cause)).toContain('was moved, deleted or replaced while it was open')
  }
  const INSERT = "INSERT INTO t VALUES ('x')"
  async function world() {
    const path = join(folder(), 'x.db')
    const client = openFile(path)
    await client.execute('CREATE TABLE t (name)')
    const isRefused = async () => {
      await gone(client.execute(INSERT))
      await gone(client.batch([INSERT], 'write'))
      await gone(client.execute('SELECT * FROM t'))
    }
    return { path, client, isRefused }
  }

  test('when its file was moved away, until it is back', async () => {
    const { path, client, isRefused } = await world()
    renameSync(path, `${path}.away`)
    await isRefused()
    renameSync(`${path}.away`, path)
    await client.execute(INSERT)
    expect((await client.execute('SELECT * FROM t')).rows).toHaveLength(1)
  })

  test('when another one has its place', async () => {
    const { path, isRefused } = await world()
    // Else the new file may get the number of the old one, and be made in the same millisecond.
    renameSync(path, `${path}.away`)
    await Bun.sleep(20)
    openFile(path).close()
    await isRefused()
    rmSync(path)
    await isRefused()
  })
})
