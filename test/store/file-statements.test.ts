import { expect, test } from 'bun:test'
import { openFile } from '#src/store/file'
import { createStatements } from '#src/store/file-statements'

test('the statements that were used last stay prepared, and the others are given back', () => {
  const made: string[] = []
  const given: string[] = []
  const statements = createStatements((sql) => {
    made.push(sql)
    return { finalize: () => given.push(sql) }
  })
  const kept = statements.of('kept')
  for (let at = 0; at < 400; at++) {
    statements.of(`once ${at}`)
    expect(statements.of('kept')).toBe(kept)
  }
  expect(made).toHaveLength(401)
  expect(given).toHaveLength(251)
  expect(given).not.toContain('kept')
  statements.clear()
  expect(given.toSorted()).toEqual(made.toSorted())
})

test('a statement that is asked for again knows what became of its table', async () => {
  const client = openFile(':memory:')
  await client.execute('CREATE TABLE things (a)')
  const ask = async () => (await client.execute('SELECT * FROM things')).columns
  expect(await ask()).toEqual(['a'])
  await client.migrate(['ALTER TABLE things ADD b'])
  expect(await ask()).toEqual(['a', 'b'])
  client.close()
})
