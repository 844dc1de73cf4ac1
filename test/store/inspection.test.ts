import { expect, test } from 'bun:test'
import { open } from 'node:fs/promises'
import { openFile } from '#src/store/file'
import { inspect } from '#src/store/inspection'
import { scratch } from '../support/programs'

/** A file is made of pages. */
const PAGE = 4096

test('a sound file is told from one that is damaged', async () => {
  await using folder = await scratch('inspection')
  const path = `${folder.path}/groxy.db`
  const client = openFile(path)
  await client.execute('CREATE TABLE notes (id INTEGER PRIMARY KEY, said TEXT)')
  await client.execute(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    INSERT INTO notes SELECT i, hex(randomblob(50)) FROM n`)
  const { problem, tables } = await inspect(client)
  expect(problem).toBeUndefined()
  // Not every SQLite counts the bytes of tables.
  for (const { name, bytes } of tables)
    expect([name, bytes > 0]).toEqual([expect.stringMatching(/^(?:notes|sqlite_schema)$/), true])
  await client.execute('PRAGMA wal_checkpoint(TRUNCATE)')
  client.close()

  const file = await open(path, 'r+')
  await file.write(new Uint8Array(PAGE).fill(7), 0, PAGE, 10 * PAGE)
  await file.close()
  const damaged = openFile(path)
  expect((await inspect(damaged)).problem).toMatch(/\w/)
  damaged.close()
})
