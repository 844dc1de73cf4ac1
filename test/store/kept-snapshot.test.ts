import { describe, expect, test } from 'bun:test'
import { stat, utimes } from 'node:fs/promises'
import { createSnapshotFile, snapshotPath } from '#src/cli/snapshot-file'
import { readConfig } from '#src/config'
import { createVault } from '#src/crypto'
import { type Kept, openKept, sealKept } from '#src/store/kept-snapshot'
import { NO_LIMITS } from '#src/store/keys'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { scratch } from '../support/programs'

const vault = createVault('a secret for tests')
const database = 'one'
const AT = 1_790_000_000_000

function kept(accounts: number, secret = 'v1.c2VhbGVk'): Kept {
  const createdAt = new Date(AT)
  return {
    at: AT,
    snapshot: {
      revision: 7,
      settings: { ...DEFAULT_SETTINGS, base_url: 'https://example.org' },
      keys: new Map([
        [
          'a hash',
          {
            ...NO_LIMITS,
            ...{ id: 'k', name: 'key', hint: 'abcd', enabled: true, version: 0 },
            ...{ createdAt, expiresAt: new Date(AT + 1), revokedAt: null },
          },
        ],
      ]),
      accounts: Array.from({ length: accounts }, (_, number) => ({
        ...{ id: `account-${number}`, kind: 'web' as const, name: `web ${number}`, secret },
        ...{ baseUrl: 'https://grok.com', fingerprint: `f${number}`, enabled: true, weight: 1 },
        ...{ maxInFlight: null, requestsPerMinute: null, models: null, api: null, proxy: null },
        ...{ tier: 'basic' as const, extras: null, tags: null, note: null, version: 0, createdAt },
      })) as never,
      routes: new Map([['best', { mode: 'order', targets: [{ model: 'grok-4' }] }]]),
      prices: new Map(),
    },
    lists: [
      {
        accountId: 'account-0',
        baseUrl: 'https://grok.com',
        models: [{ id: 'grok-4' }],
        fetchedAt: createdAt,
      },
    ],
    states: [],
    quotas: [],
  } as Kept
}

const sealed = (all: Kept, copy = 'copy') =>
  Array.fromAsync(sealKept(all, { vault, copy, database }))

describe('what turns need', () => {
  test('is the same when it is opened again, its dates too', async () => {
    const all = kept(450)
    const found = await openKept(await sealed(all), { vault, database })
    const { snapshot, lists, ...rest } = found
    expect(snapshot).toEqual({ ...all.snapshot, revision: 0 })
    expect([...lists]).toEqual([...all.lists])
    expect(rest).toEqual({ at: AT, states: [], quotas: [] })
  })

  test('shows nothing of itself', async () => {
    const text = (await sealed(kept(2, 'v1.of-an-account'))).join('\n')
    for (const secret of ['of-an-account', 'a hash', 'grok.com', 'example.org'])
      expect(text).not.toContain(secret)
  })

  test.each<readonly [string, (lines: string[], others: string[]) => string[]]>([
    ['cut off', (lines) => lines.slice(0, -1)],
    ['without a part', (lines) => lines.toSpliced(2, 1)],
    ['in another order', ([head = '', ...rest]) => [...rest, head]],
    ['with more than there was', (lines) => [...lines, ...lines.slice(-1)]],
    ['mixed of two', ([head = ''], [, ...rest]) => [head, ...rest]],
    ['empty', () => []],
    ['altered', ([head = '', ...rest]) => [`${head.slice(0, -3)}AAA`, ...rest]],
  ])('is not believed %s', async (_, change) => {
    const lines = change(await sealed(kept(3)), await sealed(kept(3), 'other'))
    await expect(openKept(lines, { vault, database })).rejects.toThrow()
  })

  test('is opened by its own secret, and for its own database, alone', async () => {
    const lines = await sealed(kept(1))
    await expect(openKept(lines, { vault, database: 'two' })).rejects.toThrow('another database')
    const other = createVault('another secret for tests')
    await expect(openKept(lines, { vault: other, database })).rejects.toThrow('another secret')
  })
})

describe('the file', () => {
  const config = readConfig({ DATABASE_URL: 'libsql://db.example.org' })

  test('is beside an instance with a remote database, unless it is off', () => {
    expect(snapshotPath(config)).toBe('data/groxy.snapshot')
    expect(snapshotPath({ ...config, GROXY_SNAPSHOT: 'off' })).toBeUndefined()
    expect(snapshotPath(readConfig({}))).toBeUndefined()
  })

  test('is for this user only, whole at any time, and says when it was true', async () => {
    await using folder = await scratch('kept')
    const file = createSnapshotFile(`${folder.path}/deep/groxy.snapshot`, config, vault)
    expect(await file.read()).toBeUndefined()
    await file.write(kept(2))
    expect((await stat(file.path)).mode & 0o777).toBe(0o600)
    await Promise.all([file.write(kept(300)), file.write(kept(300)), file.read()])
    const later = Date.now() + 5_000
    await file.confirm(later)
    const found = await file.read()
    expect(Math.abs((found?.at ?? 0) - later)).toBeLessThan(5)
    expect(found?.kept.snapshot.accounts).toHaveLength(300)
    await utimes(file.path, 1, 1)
    expect((await file.read())?.at).toBe(AT)
  })

  test('of fifty thousand accounts is written and read without holding anybody up', async () => {
    await using folder = await scratch('kept')
    const file = createSnapshotFile(`${folder.path}/groxy.snapshot`, config, vault)
    const all = kept(50_000, `v1.${'x'.repeat(300)}`)
    let longest = 0
    let last = performance.now()
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 1)
    const begun = performance.now()
    await file.write(all)
    const written = performance.now()
    const { size } = await stat(file.path)
    const held = longest
    const found = await file.read()
    clearInterval(timer)
    console.info(
      `50,000 accounts: ${Math.round(size / 1e6)} MB, written in ${Math.round(written - begun)} ms, held up ${Math.round(held)} ms, read in ${Math.round(performance.now() - written)} ms`,
    )
    expect(found?.kept.snapshot.accounts).toHaveLength(50_000)
    expect(held).toBeLessThan(150)
  }, 60_000)
})
