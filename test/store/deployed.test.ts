import { expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import { leaveCopyMark, removeCopyMark } from '#src/store/copy-mark'
import { deployedProblem } from '#src/store/deployed'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'

/** A database as a Worker finds it. */
function found(secret = 'a secret for tests') {
  const client = openFile(':memory:')
  const parts = (own = secret) => {
    const vault = createVault(own)
    return { client, vault, stores: createStores({ client, vault, now: Date.now }) }
  }
  return { client, problem: (own?: string) => deployedProblem(parts(own)) }
}

test('an empty database has to be migrated first', async () => {
  const { client, problem } = found()
  const said = await problem()
  expect(said?.message).toBe('The database is empty.')
  expect(said?.remedy).toContain('groxy migrate')
  await migrate(client)
  expect(await problem()).toBeUndefined()
})

test('one of an older version has to be migrated, one of a newer version is left to it', async () => {
  const { client, problem } = found()
  await migrate(client)
  const journal = (sign: string) =>
    client.execute(`UPDATE __drizzle_migrations SET created_at = created_at ${sign} 100000000000`)
  await journal('-')
  expect((await problem())?.message).toContain('not brought up to date')
  await journal('+')
  await journal('+')
  expect(await problem()).toBeUndefined()
})

test('one that was begun with another secret is none of ours', async () => {
  const { client, problem } = found()
  await migrate(client)
  expect(await problem()).toBeUndefined()
  const said = await problem('another secret for tests')
  expect(said?.remedy).toContain('GROXY_SECRET')
})

test('one that was copied in part is not used, and nothing is written there', async () => {
  const { client, problem } = found()
  await migrate(client)
  const mark = { run: 'one', source: 'two', from: 'file:groxy.db', begunAt: Date.now() }
  await leaveCopyMark(client, mark, undefined)
  const said = await problem()
  expect(said?.message).toContain('a copy of file:groxy.db that is not done')
  expect(said?.remedy).toContain('groxy copy')
  const { rows } = await client.execute('SELECT name FROM settings')
  expect(rows.map(({ name }) => name)).toEqual(['copy'])
  await removeCopyMark(client, mark)
  expect(await problem()).toBeUndefined()
})

test('one that cannot be asked is no mistake of the operator', async () => {
  const { client, problem } = found()
  await migrate(client)
  client.close()
  expect(problem()).rejects.toThrow()
})
