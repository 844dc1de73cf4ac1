import { expect, test } from 'bun:test'
import { UsageError } from '#src/cli/command'
import { copyCommand } from '#src/cli/copy'
import { createProgress, size } from '#src/cli/copy-progress'
import { readTokens } from '#src/cli/copy-tokens'
import { runProgram, scratch } from '../support/programs'

const [ONE, TWO] = ['libsql://one.example', 'libsql://two.example']
const FILE = 'file:data/groxy.db'
const read = async () => 'never asked'

test.each([
  [{ from: FILE, to: ONE }, { DATABASE_AUTH_TOKEN: 'a' }, FILE, { to: 'a' }],
  [{ from: ONE, to: FILE }, { DATABASE_AUTH_TOKEN: 'a' }, FILE, { from: 'a' }],
  // A token is not sent to another server than its own.
  [{ from: ONE, to: TWO }, { DATABASE_AUTH_TOKEN: 'a' }, ONE, { from: 'a' }],
  [{ from: ONE, to: TWO }, { DATABASE_AUTH_TOKEN: 'a' }, FILE, {}],
  [
    { from: ONE, to: TWO },
    { FROM_AUTH_TOKEN: 'a', TO_AUTH_TOKEN: 'b' },
    FILE,
    { from: 'a', to: 'b' },
  ],
  [{ from: ONE, to: TWO }, { DATABASE_AUTH_TOKEN: 'a', TO_AUTH_TOKEN: '' }, TWO, { to: 'a' }],
] as const)('tokens of %p are found in %p', async (urls, env, ownUrl, found) => {
  expect(await readTokens({ urls, env, ownUrl, values: {}, usage: 'copy', read })).toEqual({
    from: undefined,
    to: undefined,
    ...found,
  })
})

test('tokens are asked for one after the other, or read as lines', async () => {
  const values = { 'from-token': '-', 'to-token': '-' }
  const ask = { urls: { from: ONE, to: TWO }, env: {}, ownUrl: FILE, usage: 'copy', values }
  const lines = await readTokens({ ...ask, read: async () => 'first\nsecond' })
  expect(lines).toEqual({ from: 'first', to: 'second' })
  const answers = ['one', 'two']
  const asked = await readTokens({ ...ask, read: async () => answers.shift() ?? '' })
  expect(asked).toEqual({ from: 'one', to: 'two' })
  await expect(readTokens({ ...ask, read: async () => '' })).rejects.toThrow('There was no token')
})

test('a token on the command line is refused', async () => {
  const ask = { urls: { from: FILE, to: ONE }, env: {}, ownUrl: FILE, usage: 'copy', read }
  await expect(readTokens({ ...ask, values: { 'to-token': 'ey.secret' } })).rejects.toBeInstanceOf(
    UsageError,
  )
})

test('tokens are read from the standard input, a line each, and reach their servers', async () => {
  await using folder = await scratch('copy')
  const seen: string[] = []
  const server = (name: string) =>
    Bun.serve({
      port: 0,
      fetch(request) {
        seen.push(`${name} ${request.headers.get('authorization')}`)
        return Response.json({ error: 'no' }, { status: 401 })
      },
    })
  using one = server('one')
  const command = [
    process.execPath,
    'src/main.ts',
    'copy',
    '--from',
    `http://127.0.0.1:${one.port}`,
  ]
  const { code, stderr } = await runProgram(
    [...command, '--to', `file:${folder.path}/groxy.db`, '--from-token', '-'],
    { input: 'a-token\n' },
  )
  expect([code, stderr]).toEqual([1, expect.stringContaining('does not answer')])
  expect(seen[0]).toBe('one Bearer a-token')
  const without = await runProgram([...command, '--to', 'file:there.db', '--from-token', '-'], {
    input: '',
  })
  expect([without.code, without.stderr]).toEqual([2, expect.stringContaining('There was no token')])
})

test('an order that is none is not understood', async () => {
  await expect(copyCommand.run([])).rejects.toThrow('say where to')
  await expect(copyCommand.run(['--to', ONE, '--verify', '--dry-run'])).rejects.toThrow(
    'two things',
  )
  await expect(copyCommand.run(['--to', ONE, '--patience', '0'])).rejects.toBeInstanceOf(UsageError)
  await expect(copyCommand.run(['--from', 'file:/nowhere/groxy.db', '--to', ONE])).rejects.toThrow(
    'There is no database',
  )
})

test('progress is said now and then, with rates, and when something is done', () => {
  let now = 1_000
  const lines: string[] = []
  const progress = createProgress({
    write: (line) => lines.push(line),
    now: () => now,
    everyMs: 1_000,
  })
  expect(progress.where()).toBe('at its beginning')
  progress.begin('ledger', 'rows')
  for (const count of [500, 1_000, 1_500, 2_000]) {
    now += 500
    progress.note({ count, bytes: count * 1_000 })
  }
  progress.end({ count: 2_400, bytes: 2_400_000 })
  expect(lines).toEqual([
    'ledger: 1,000 rows, 1 MB (1,000 rows/s, 1 MB/s)',
    'ledger: 2,000 rows, 2 MB (1,000 rows/s, 1 MB/s)',
    'ledger: 2,400 rows, 2.4 MB (1,200 rows/s, 1.2 MB/s)',
  ])
  expect(progress.where()).toBe('in ledger, after 2,400 rows, 2.4 MB')
  expect(size(1_234_567_890)).toBe('1,234.6 MB')
})
