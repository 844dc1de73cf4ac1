import { afterEach, expect, spyOn, test } from 'bun:test'
import { noteChange } from '#src/cli/audit'
import { accountsCli } from '../support/accounts-cli'

const before = { ...process.env }
afterEach(() => {
  for (const name of ['DATABASE_URL', 'GROXY_SECRET'])
    if (before[name] === undefined) delete process.env[name]
    else process.env[name] = before[name]
})

test('a change by command line is written down, and what only looks is not', async () => {
  await using it = await accountsCli()
  process.env.DATABASE_URL = `file:${it.file('groxy.db')}`
  process.env.GROXY_SECRET = 'a secret for tests'
  await noteChange('keys', ['list'])
  await noteChange('keys', ['create', 'me'])
  expect(await it.audit.list(5)).toMatchObject([
    { actor: 'command line', address: null, action: 'key.create', subject: 'me' },
  ])
}, 30_000)

test('where the audit log cannot be written the command has done its work all the same', async () => {
  process.env.DATABASE_URL = 'file:/dev/null/groxy.db'
  process.env.GROXY_SECRET = 'a secret for tests'
  const said = spyOn(console, 'error').mockImplementation(() => {})
  try {
    await noteChange('keys', ['create', 'me'])
    expect(String(said.mock.calls)).toContain('the audit log could not be written')
  } finally {
    said.mockRestore()
  }
})
