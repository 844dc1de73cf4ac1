import { expect, test } from 'bun:test'
import { openFile } from '#src/store/file'
import { createFileRows } from '#src/store/files'
import { migrate } from '#src/store/migrate'

test('a file is looked for by its id, and not among all of its key', async () => {
  const client = openFile(':memory:')
  await migrate(client)
  const plans: unknown[] = []
  const rows = createFileRows({
    ...client,
    async execute(statement) {
      const { sql, args = [] } = Object(statement)
      const plan = await client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args })
      plans.push(plan.rows[0]?.detail)
      return client.execute({ sql, args })
    },
  })
  expect(await rows.find('key', ['file-1'], { now: 1, since: 0 })).toEqual([])
  expect(plans).toEqual([expect.stringMatching(/^SEARCH files USING INDEX \w+ \(id=\?\)$/)])
})
