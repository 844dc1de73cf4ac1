import { expect, test } from 'bun:test'
import { around } from '#src/store/around'
import { openFile } from '#src/store/file'

test('what is done around a client leaves nothing of it out', async () => {
  let asked = 0
  const client = around(openFile(':memory:'), (question) => {
    asked++
    return question()
  })
  await client.executeMultiple('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
  expect((await client.execute('SELECT a FROM t')).rows[0]?.a).toBe(1)
  expect(await client.batch(['SELECT a FROM t'], 'read')).toHaveLength(1)
  await client.migrate(['CREATE TABLE u (a)'])
  expect([client.protocol, asked]).toEqual(['file', 3])
  await expect(client.transaction()).rejects.toThrow('batch')
  await expect(client.sync()).rejects.toThrow('nothing to sync')
  await client.reconnect()
  client.close()
  expect(client.closed).toBe(true)
})
