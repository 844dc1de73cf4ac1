import { expect, spyOn, test } from 'bun:test'
import { join } from 'node:path'
import { UsageError } from '#src/cli/command'
import { migrateCommand } from '#src/cli/migrate'
import { scratch } from '../support/programs'

test('groxy migrate says what it has applied, and that there was nothing to do', async () => {
  await using folder = await scratch('migrate')
  const own = process.env.DATABASE_URL
  process.env.DATABASE_URL = `file:${join(folder.path, 'groxy.db')}`
  const said = spyOn(console, 'info').mockImplementation(() => {})
  try {
    expect(await migrateCommand.run([])).toBe(0)
    expect(said.mock.calls.at(-1)?.join()).toMatch(/^Applied 0000_init, .*0007_instances\.$/)
    expect(await migrateCommand.run([])).toBe(0)
    expect(said.mock.calls.at(-1)?.join()).toBe('Nothing to do.')
    await expect(migrateCommand.run(['--again'])).rejects.toBeInstanceOf(UsageError)
  } finally {
    said.mockRestore()
    if (own === undefined) delete process.env.DATABASE_URL
    else process.env.DATABASE_URL = own
  }
})
