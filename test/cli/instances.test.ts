import { expect, spyOn, test } from 'bun:test'
import { join } from 'node:path'
import { instancesCommand } from '#src/cli/instances'
import { createVault } from '#src/crypto'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'
import { scratch } from '../support/programs'

test('groxy instances shows who shares the database, and that versions differ', async () => {
  await using folder = await scratch('instances')
  const path = join(folder.path, 'groxy.db')
  const before = { ...process.env }
  Object.assign(process.env, { DATABASE_URL: `file:${path}`, GROXY_SECRET: 'a secret for tests' })
  const said = spyOn(console, 'info').mockImplementation(() => {})
  const run = async (...args: string[]) => {
    said.mockClear()
    expect(await instancesCommand.run(args)).toBe(0)
    return said.mock.calls.join('\n')
  }
  try {
    expect(await run()).toBe('No instance runs over this database.')
    const client = openFile(path)
    await migrate(client)
    const vault = createVault('a secret for tests')
    const { instances } = createStores({ client, vault, now: Date.now })
    const at = Date.now()
    const row = (name: string, version: string, process: number | null) => ({
      ...{ name, version, process, host: process === null ? null : 'here', runtime: 'Bun 1' },
      ...{ state: 'serving' as const, startedAt: at - 65_000, seenAt: at, expiresAt: at + 60_000 },
    })
    await instances.keep(row('one', '1.0.0', 2))
    const alone = await run()
    expect(alone).toMatch(/one +here, process 2 +serving +1\.0\.0 +Bun 1 +65 s ago/)
    expect(alone).not.toContain('different versions')
    await instances.keep(row('two', '2.0.0', null))
    expect(await run()).toContain('different versions')
    const json = JSON.parse(await run('--json')) as readonly object[]
    expect(json).toHaveLength(2)
    expect(json[0]).toMatchObject({ name: 'one', process: 2, seen_at: new Date(at).toISOString() })
    client.close()
  } finally {
    said.mockRestore()
    for (const name of ['DATABASE_URL', 'GROXY_SECRET'])
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
  }
})
