import { expect, test } from 'bun:test'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { type DatabaseState, watched } from '#src/store/watch'

test('an empty database in place of ours is told of as one that is away, a question that is wrong is not', async () => {
  const changes: DatabaseState[] = []
  const { client, state } = watched({
    client: openFile(':memory:'),
    now: Date.now,
    onChange: (change) => changes.push(change),
  })
  await expect(client.execute('SELECT * FROM settings')).rejects.toThrow('no such table')
  expect(state()).toMatchObject({ up: false, lastFault: 'no such table: settings' })
  await migrate(client)
  await client.execute('SELECT * FROM settings')
  await expect(client.execute('SELECT * FROM elsewhere')).rejects.toThrow('no such table')
  expect(changes.map(({ up }) => up).at(-1)).toBe(true)
})
