import { describe, expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { checkSecret, createStores } from '#src/store/stores'

async function stores() {
  const client = openFile(':memory:')
  const applied = await migrate(client)
  const vault = createVault('a secret')
  return { client, vault, applied, ...createStores({ client, vault, now: () => 1000 }) }
}

test('migrations are applied once', async () => {
  const { client, applied } = await stores()
  expect(applied.length).toBeGreaterThan(0)
  expect(await migrate(client)).toEqual([])
})

describe('the vault', () => {
  test('opens what it sealed, differently each time, and nothing that was tampered with', async () => {
    const vault = createVault('one secret')
    const [one, two] = [await vault.seal('xai-key'), await vault.seal('xai-key')]
    expect(one).not.toBe(two)
    expect(await vault.open(one)).toBe('xai-key')
    const broken = one.slice(0, -2) + (one.endsWith('AA') ? 'BB' : 'AA')
    await expect(vault.open(broken)).rejects.toThrow('another secret')
    await expect(createVault('another').open(one)).rejects.toThrow('another secret')
    await expect(vault.open('v9.x')).rejects.toThrow('another secret')
  })
  test('is checked against the database that it was begun with', async () => {
    const it = await stores()
    await checkSecret(it, it.vault)
    await checkSecret(it, createVault('a secret'))
    await expect(checkSecret(it, createVault('wrong'))).rejects.toThrow('another secret')
  })
})

test('keys are kept as hashes, and found by them until they are revoked', async () => {
  const { keys, client, revision } = await stores()
  const { key, secret } = await keys.create({ name: 'a', models: ['m'] })
  expect((await keys.byHash()).size).toBe(1)
  const { rows } = await client.execute('SELECT * FROM keys')
  expect(JSON.stringify(rows)).not.toContain(secret)
  const before = await revision()
  expect(await keys.revoke(key.id)).toBe(true)
  expect(await keys.revoke(key.id)).toBe(false)
  expect(await keys.revoke('nobody')).toBe(false)
  expect((await keys.byHash()).size).toBe(0)
  expect(await revision()).toBeGreaterThan(before)
})

test('accounts are kept sealed, under names of their own', async () => {
  const { accounts, client, vault } = await stores()
  const wanted = {
    kind: 'xai',
    name: 'a',
    baseUrl: 'https://x/v1/',
    secret: 'xai-secret-abcd',
  } as const
  const account = await accounts.add(wanted)
  expect(account).toMatchObject({ hint: 'abcd', baseUrl: 'https://x/v1' })
  expect(await vault.open(account.secret)).toBe('xai-secret-abcd')
  const { secret: _, ...taken } = wanted
  await expect(accounts.add({ ...taken, secret: 'xai-other' })).rejects.toThrow(
    'already an xai account named "a"',
  )
  await expect(accounts.add({ ...wanted, name: 'b', baseUrl: 'https://x/v1' })).rejects.toThrow(
    'there already, as the xai account "a"',
  )
  // One key may be good at several servers.
  await accounts.add({ ...wanted, name: 'b', baseUrl: 'https://y/v1' })
  const { rows } = await client.execute('SELECT * FROM accounts')
  expect(JSON.stringify(rows)).not.toContain('xai-secret')
})

describe('settings', () => {
  test('have defaults, take only what fits, and ignore stored values that no longer do', async () => {
    const { settings, client } = await stores()
    expect(await settings.all()).toEqual(DEFAULT_SETTINGS)
    await settings.set('max_attempts', 3)
    expect((await settings.all()).max_attempts).toBe(3)
    await expect(settings.set('max_attempts', 'many')).rejects.toThrow('max_attempts')
    await expect(settings.set('nonsense', 1)).rejects.toThrow('no setting "nonsense"')
    await client.execute("UPDATE settings SET value = '\"old\"' WHERE name = 'max_attempts'")
    expect((await settings.all()).max_attempts).toBe(DEFAULT_SETTINGS.max_attempts)
  })
  test('a mark is left once', async () => {
    const { settings } = await stores()
    expect(await settings.markOnce('m', 'a')).toBe(true)
    expect(await settings.markOnce('m', 'b')).toBe(false)
    expect(await settings.mark('m')).toBe('a')
  })
})

test('a batch is all or nothing, and interactive transactions are refused', async () => {
  const { client } = await stores()
  const insert = { sql: "INSERT INTO aliases (name, model) VALUES ('a', 'b')", args: [] }
  await expect(client.batch([insert, insert])).rejects.toThrow()
  expect((await client.execute('SELECT * FROM aliases')).rows).toEqual([])
  await expect(client.transaction('write')).rejects.toThrow('batch')
  await client.executeMultiple(
    "INSERT INTO aliases (name, model) VALUES ('x', 'y'); INSERT INTO aliases (name, model) VALUES ('z', 'w')",
  )
  const { rows, columns } = await client.execute('SELECT name, model FROM aliases WHERE name = ?', [
    'x',
  ])
  expect(columns).toEqual(['name', 'model'])
  expect([rows[0]?.name, rows[0]?.[1], rows[0]?.length]).toEqual(['x', 'y', 2])
  // Of columns that share a name each has its place.
  const twins = (await client.execute('SELECT 1 AS a, 2 AS a')).rows[0]
  expect([twins?.[0], twins?.[1], twins?.length]).toEqual([1, 2, 2])
  client.close()
  expect(client.closed).toBe(true)
})
