import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { openFile } from '#src/store/file'
import { createJobRows } from '#src/store/jobs'
import { fakeUpstream } from '../fakes/upstream'
import { openaiAt } from '../support/gateway'
import { groxy, runProgram, scratch, startSource, until } from '../support/programs'

test('groxy jobs shows background work, and has the running server begin and cancel it', async () => {
  await using folder = await scratch('jobs')
  await using upstream = fakeUpstream()
  const path = join(folder.path, 'groxy.db')
  const env = { DATABASE_URL: `file:${path}`, GROXY_SECRET: 'a secret for tests' }
  await groxy(['migrate'], env)
  const refused = async (...args: string[]) => {
    const { code, stdout, stderr } = await runProgram(
      [process.execPath, 'src/main.ts', 'jobs', ...args],
      { env },
    )
    return [code, stdout + stderr] as const
  }
  expect(await groxy(['jobs'], env)).toMatch(
    /models +not yet run\naccounts +not yet run\ncleaning +not yet run/,
  )
  await groxy(['settings', 'set', 'cleaning', 'false'], env)
  expect(await groxy(['jobs', 'run', 'models'], env)).toContain('within two seconds')
  const asked = await groxy(['jobs'], env)
  expect(asked).toMatch(/models +asked for/)
  expect(asked).toMatch(/cleaning +not yet run \(off\)/)
  expect(await refused('run', 'nonsense')).toEqual([
    2,
    expect.stringContaining('models, accounts, cleaning'),
  ])
  expect(await refused('stop')).toEqual([2, expect.stringContaining('say what to do')])
  expect(await refused('cancel', 'models')).toEqual([1, 'models is not running.\n'])

  await using server = await startSource({ ...env, ...openaiAt(upstream.url) })
  const client = openFile(path)
  const rows = createJobRows(client, Date.now)
  const modelsRow = async () => (await rows.all()).find(({ name }) => name === 'models')
  await until(
    async () => ((await modelsRow())?.state === 'done' && upstream.seen.length > 0) || undefined,
  )
  expect(await groxy(['jobs'], env)).toMatch(/models +done +1\/1 +\d+ s ago, took 0 s/)

  upstream.script(() => new Promise(() => {}))
  await groxy(['jobs', 'run', 'models'], env)
  await until(async () => (await modelsRow())?.state === 'running' || undefined)
  expect(await refused('run', 'models')).toEqual([0, 'models is running already.\n'])
  await groxy(['jobs', 'cancel', 'models'], env)
  await until(async () => (await modelsRow())?.state === 'cancelled' || undefined, 5_000)

  await groxy(['jobs', 'run', 'models'], env)
  await until(async () => (await modelsRow())?.state === 'running' || undefined)
  server.signal('SIGKILL')
  await server.exited
  await client.execute("UPDATE jobs SET expires_at = 1 WHERE name = 'models'")
  expect(await groxy(['jobs'], env)).toMatch(/models +interrupted/)
  client.close()
}, 60_000)
