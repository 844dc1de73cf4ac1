import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import type { AccountState } from '#src/store/account-states'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { openRemote } from '#src/store/remote'
import { createStores, type Stores } from '#src/store/stores'
import { isWithoutSqld, sqld } from '../support/sqld'

const NOW = 1_000_000

const state = (fields: Partial<AccountState>): AccountState => ({
  accountId: 'a',
  scope: '',
  state: 'cooling',
  reason: 'quota',
  until: NOW + 500,
  faults: 1,
  updatedAt: NOW,
  ...fields,
})

describe.each([
  ['a file', async () => ({ url: undefined, [Symbol.asyncDispose]: async () => {} })],
  ...(isWithoutSqld ? [] : ([['a libSQL server', sqld]] as const)),
] as const)('states and quotas of accounts in %s', (_, start) => {
  let stores: Stores
  const stack = new AsyncDisposableStack()
  beforeAll(async () => {
    const { url } = stack.use(await start())
    const client = url ? openRemote(url) : openFile(':memory:')
    stack.defer(() => client.close())
    await migrate(client)
    stores = createStores({ client, vault: createVault('a secret'), now: () => NOW })
  }, 60_000)
  afterAll(() => stack.disposeAsync())

  const merged = async (first: Partial<AccountState>, second: Partial<AccountState>) => {
    const accountId = crypto.randomUUID()
    await stores.accountStates.save([state({ ...first, accountId })])
    await stores.accountStates.save([state({ ...second, accountId })])
    const row = (await stores.accountStates.all()).find((one) => one.accountId === accountId)
    return row?.reason
  }

  test.each([
    ['a later end wins', { until: NOW + 1 }, { until: NOW + 2 }, 'second'],
    ['an earlier end does not', { until: NOW + 2 }, { until: NOW + 1 }, 'first'],
    ['no end wins', { until: NOW + 2 }, { until: null }, 'second'],
    ['nothing with an end wins against no end', { until: null }, { until: NOW + 2 }, 'first'],
    ['what was over before is replaced', { until: NOW - 1 }, { until: NOW - 2 }, 'second'],
    ['the end of a rest wins', { until: NOW + 2 }, { until: NOW + 2, faults: 0 }, 'second'],
    ['the end of one without an end wins', { until: null }, { until: null, faults: 0 }, 'second'],
    ['well again wins when the rest is over', { until: NOW }, { until: 0, faults: 0 }, 'second'],
    ['well again ends no longer rest', { until: NOW + 2 }, { until: NOW + 1, faults: 0 }, 'first'],
    ['well again ends none without an end', { until: null }, { until: 0, faults: 0 }, 'first'],
    ['a rest wins against the end of one without an end', { until: null, faults: 0 }, {}, 'second'],
    ['anything wins against well again', { until: 0, faults: 0 }, { until: NOW + 1 }, 'second'],
  ])('%s', async (_name, first, second, winner) => {
    expect(await merged({ ...first, reason: 'first' }, { ...second, reason: 'second' })).toBe(
      winner,
    )
  })

  test('many are written at once, and what changed since is found', async () => {
    const rows = Array.from({ length: 1_234 }, (_row, at) =>
      state({ accountId: `many-${at}`, updatedAt: NOW + 10 + (at % 2) }),
    )
    await stores.accountStates.save(rows)
    await stores.accountStates.save([])
    const changed = await stores.accountStates.changedSince(NOW + 11)
    expect(changed).toHaveLength(617)
    expect(changed.find(({ accountId }) => accountId === 'many-1')).toEqual(rows[1] as AccountState)
  })

  test('what is cleared leaves a word for the other instances, and touches the revision', async () => {
    await stores.accountStates.save([
      state({ accountId: 'c', until: null }),
      state({ accountId: 'c', scope: 'grok-4' }),
      state({ accountId: 'other' }),
    ])
    const before = await stores.revision()
    await stores.accountStates.clear('c')
    expect(await stores.revision()).toBe(before + 1)
    const rows = await stores.accountStates.all()
    expect(rows.filter(({ accountId }) => accountId === 'c')).toMatchObject([
      { scope: '', until: 0, faults: 0, reason: 'cleared', updatedAt: NOW },
    ])
    expect(rows.some(({ accountId }) => accountId === 'other')).toBe(true)
  })

  test('what was found out before a clearing is not written after it', async () => {
    const quota = {
      ...{ accountId: 'late', bucket: 'requests', limit: 10, remaining: 0, resetAt: NOW + 9 },
      source: 'reported',
    } as const
    await stores.accountQuotas.save([{ ...quota, updatedAt: NOW - 2 }])
    await stores.accountStates.clear('late')
    const known = async () => [
      ...(await stores.accountStates.all()).filter(({ accountId }) => accountId === 'late'),
      ...(await stores.accountQuotas.all()).filter(({ accountId }) => accountId === 'late'),
    ]
    expect(await known()).toMatchObject([{ reason: 'cleared' }])
    const find = async (updatedAt: number) => {
      await stores.accountStates.save([
        state({ accountId: 'late', scope: 'grok-4', updatedAt }),
        state({ accountId: 'late', until: null, updatedAt }),
      ])
      await stores.accountQuotas.save([{ ...quota, updatedAt }])
    }
    await find(NOW - 1)
    expect(await known()).toMatchObject([{ reason: 'cleared' }])
    await find(NOW + 1)
    expect(await known()).toHaveLength(3)
    expect((await known()).some(({ updatedAt }) => updatedAt <= NOW)).toBe(false)
    await stores.accountStates.clear('late')
  })

  test('of quotas the newer word stays', async () => {
    const quota = {
      accountId: 'a',
      bucket: 'requests',
      limit: 10,
      resetAt: NOW,
      source: 'reported',
    } as const
    await stores.accountQuotas.save([{ ...quota, remaining: 5, updatedAt: 2 }])
    await stores.accountQuotas.save([{ ...quota, remaining: 9, updatedAt: 1 }])
    expect(await stores.accountQuotas.all()).toEqual([{ ...quota, remaining: 5, updatedAt: 2 }])
    await stores.accountQuotas.save([{ ...quota, remaining: 4, updatedAt: 3 }])
    expect((await stores.accountQuotas.all())[0]?.remaining).toBe(4)
  })

  test('accounts, keys, settings and routes are read as they were written', async () => {
    const base = { kind: 'xai', baseUrl: 'https://x/v1', secret: 'xai-secret' } as const
    const added = await stores.accounts.add({ ...base, name: 'x', models: ['m'], proxy: 'p:1' })
    expect(await stores.accounts.list()).toEqual([added])
    await stores.accounts.setEnabled(added.id, false)
    expect((await stores.accounts.list())[0]).toEqual({ ...added, enabled: false, version: 1 })
    const { key } = await stores.keys.create({ name: 'k', models: ['m'], expiresAt: new Date(NOW) })
    expect([...(await stores.keys.byHash()).values()]).toEqual([key])
    await stores.settings.set('show_thinking', false)
    await stores.settings.set('proxy_xai', 'me:s3cret@p:1')
    expect(await stores.settings.all()).toMatchObject({
      show_thinking: false,
      proxy_xai: 'http://me:s3cret@p:1',
    })
    await stores.accounts.remove(added.id)
    expect(await stores.accounts.list()).toEqual([])
  })
})
