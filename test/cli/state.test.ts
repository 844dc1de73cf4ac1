import { expect, test } from 'bun:test'
import { rm, stat } from 'node:fs/promises'
import { openState, type State } from '#src/cli/state'
import { readConfig } from '#src/config'
import { SetupError } from '#src/errors'
import { freePort, scratch } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'

const OWN_SECRET = 'a secret of sixteen signs'

async function opened(env: Record<string, string>): Promise<State> {
  const state = await openState(readConfig(env))
  state.client.close()
  return state
}

/** What somebody is told who cannot open it. */
async function refusal(env: Record<string, string>): Promise<string> {
  const error = await opened(env).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(SetupError)
  const { message, remedy } = error as SetupError
  return `${message} ${remedy}`
}

test('a new file gets a secret for this user only, and keeps it', async () => {
  await using folder = await scratch('state')
  const env = { DATABASE_URL: `file:${folder.path}/groxy.db` }
  const first = await opened(env)
  expect(first.applied.length).toBeGreaterThan(5)
  expect(first.secret.length).toBeGreaterThan(40)
  const file = `${folder.path}/groxy.secret`
  expect((await Bun.file(file).text()).trim()).toBe(first.secret)
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600)
  const again = await opened(env)
  expect([again.secret, again.applied]).toEqual([first.secret, []])
})

test('a secret that is lost, cut or another one is never replaced', async () => {
  await using folder = await scratch('state')
  const env = { DATABASE_URL: `file:${folder.path}/groxy.db` }
  await opened(env)
  const file = `${folder.path}/groxy.secret`
  expect(await refusal({ ...env, GROXY_SECRET: OWN_SECRET })).toContain('GROXY_SECRET')
  await Bun.write(file, 'short\n')
  expect(await refusal(env)).toContain('is empty or too short')
  await rm(file)
  expect(await refusal(env)).toContain('is missing, and the database was begun with it')
  expect(await Bun.file(file).exists()).toBe(false)
})

test('a secret that cannot be made says who needs access', async () => {
  await using folder = await scratch('state')
  await Bun.write(`${folder.path}/groxy.secret/in-the-way`, '')
  expect(await refusal({ DATABASE_URL: `file:${folder.path}/groxy.db` })).toContain(
    'cannot be read or made',
  )
})

test('a database in memory has a secret of its own', async () => {
  const { secret } = await opened({ DATABASE_URL: 'file::memory:' })
  expect(secret.length).toBeGreaterThan(40)
})

test('a damaged file is told of, and left as it is', async () => {
  await using folder = await scratch('state')
  const path = `${folder.path}/groxy.db`
  const env = { DATABASE_URL: `file:${path}`, GROXY_SECRET: OWN_SECRET }
  await opened(env)
  const bytes = await Bun.file(path).bytes()
  bytes.fill(0xa5, 4096, 40_960)
  await Bun.write(path, bytes)
  expect(await refusal(env)).toMatch(/damaged|malformed/i)
  expect(await Bun.file(path).bytes()).toEqual(bytes)
})

test('a remote database that is away, or has no secret, says so', async () => {
  const away = { DATABASE_URL: `http://127.0.0.1:${freePort()}` }
  expect(await refusal({ ...away, GROXY_SECRET: OWN_SECRET })).toContain('does not answer')
})

test.skipIf(isWithoutSqld)('a remote database needs a secret that was chosen', async () => {
  await using database = await sqld()
  const env = { DATABASE_URL: database.url }
  expect(await refusal(env)).toContain('needs a secret that you choose')
  const { secret } = await opened({ ...env, GROXY_SECRET: OWN_SECRET })
  expect(secret).toBe(OWN_SECRET)
  expect(await refusal({ ...env, GROXY_SECRET: `${OWN_SECRET}, or not` })).toContain('GROXY_SECRET')
})

test('a file that others have open is not begun anew when it is gone', async () => {
  await using folder = await scratch('state')
  const path = `${folder.path}/groxy.db`
  const config = readConfig({ DATABASE_URL: `file:${path}` })
  await expect(openState(config, { isInUse: true })).rejects.toThrow('is not there any more')
  expect(await Bun.file(path).exists()).toBe(false)
  await opened({ DATABASE_URL: `file:${path}` })
  const { client } = await openState(config, { isInUse: true })
  client.close()
})
