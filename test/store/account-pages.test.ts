import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createClient } from '@libsql/client/web'
import { createVault } from '#src/crypto'
import type { AccountFilter } from '#src/store/account-filter'
import { ACCOUNT_SORTS, type AccountPlace, type AccountSort } from '#src/store/account-pages'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'
import { addAccounts } from '../support/many-accounts'
import { isWithoutSqld, sqld } from '../support/sqld'
import { planOf, watched } from '../support/watched'

const NOW = Date.UTC(2026, 10, 21, 12)
const COUNT = 600

async function opened(client = openFile(':memory:'), count = COUNT) {
  await migrate(client)
  let requests = 0
  const counted: typeof client = {
    ...client,
    execute: (...args: Parameters<typeof client.execute>) => {
      requests++
      return client.execute(...args)
    },
    batch: (...args: Parameters<typeof client.batch>) => {
      requests++
      return client.batch(...args)
    },
    migrate: client.migrate.bind(client),
  }
  const vault = createVault('a secret for tests')
  const stores = createStores({ client: counted, vault, now: () => NOW })
  await addAccounts(stores, count, NOW)
  return {
    client,
    stores,
    requestsOf: async (work: () => Promise<unknown>) => {
      const before = requests
      await work()
      return requests - before
    },
  }
}

type Opened = Awaited<ReturnType<typeof opened>>

const databases = [
  ['in a file', async () => ({ it: await opened(), end: async () => {} }), false],
  [
    'on a libSQL server',
    async () => {
      const server = await sqld()
      const it = await opened(createClient({ url: server.url }))
      return { it, end: () => server[Symbol.asyncDispose]() }
    },
    isWithoutSqld,
  ],
] as const

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`pages of accounts ${where}`, () => {
    let it: Opened
    let end: () => Promise<void>
    beforeAll(async () => {
      ;({ it, end } = await make())
    })
    afterAll(() => end?.())

    const page = (sort: AccountSort, filter: AccountFilter, where: object, limit = 50) =>
      it.stores.accountPages.page({ sort, filter, limit, ...where })

    /** Every page from one end to the other. */
    async function walk(sort: AccountSort, filter: AccountFilter, isBack: boolean) {
      const names: string[][] = []
      let place: AccountPlace | undefined
      for (;;) {
        const from = isBack ? { before: place ?? LAST[sort] } : { after: place }
        const { accounts, hasAfter, hasBefore } = await page(sort, filter, from, 37)
        names.push(accounts.map(({ account }) => `${account.kind}/${account.name}`))
        place = (isBack ? accounts[0] : accounts.at(-1))?.place
        if (!(isBack ? hasBefore : hasAfter)) return (isBack ? names.reverse() : names).flat()
      }
    }

    test.each([...ACCOUNT_SORTS])(
      'by %s show each once, forwards and backwards alike',
      async (sort) => {
        const all = await walk(sort, {}, false)
        expect(new Set(all).size).toBe(COUNT)
        expect(await walk(sort, {}, true)).toEqual(all)
      },
    )

    test.each([
      { kind: 'web' },
      { kind: 'web', tier: 'super' },
      { tier: 'unknown' },
      { tag: 'eu' },
      { state: 'on' },
      { state: 'off' },
      { state: 'ready' },
      { state: 'cooling' },
      { state: 'exhausted', kind: 'web' },
      { text: 'march' },
      { text: 'team-6 API12.' },
      { text: 'acc-0007' },
      { text: 'web/acc-0007' },
      { text: '…0042' },
      { text: '100%' },
      { text: 'a_c' },
      { text: "'; DROP TABLE accounts; --" },
    ] as const)('find what %j asks for, as a search without pages does', async (filter) => {
      const expected = await it.stores.accountSearch.find(filter)
      const names = await walk('name', filter, false)
      expect(names).toEqual(expected.map(({ kind, name }) => `${kind}/${name}`))
      expect((await page('name', filter, {})).total).toBe(expected.length)
      const byState = await walk('state', filter, false)
      expect(byState.toSorted()).toEqual(names.toSorted())
    })

    test('put the gravest state first, and those that are switched off last', async () => {
      const { accounts } = await page('state', {}, {}, 200)
      const grades = accounts.map(
        ({ account, states }) => account.enabled && states.find(({ scope }) => scope === '')?.state,
      )
      expect(grades.slice(0, 3)).toEqual(['expired', 'expired', 'expired'])
      const last = await page('state', {}, { before: LAST.state }, 20)
      expect(last.accounts.every(({ account }) => !account.enabled)).toBe(true)
      expect([last.hasBefore, last.hasAfter]).toEqual([true, true])
    })

    test('bring states and quotas along, and count what the filters find, in one request', async () => {
      const want = { sort: 'name', filter: { kind: 'web' }, limit: 5, counts: true } as const
      expect(await it.requestsOf(() => it.stores.accountPages.page(want))).toBe(1)
      const { accounts, counts, tags } = await it.stores.accountPages.page(want)
      const { states, quotas } = await it.stores.accountSearch.standing(
        accounts.map(({ account }) => account.id),
      )
      for (const one of accounts) {
        expect(one.states.toSorted(byScope)).toEqual(
          (states.get(one.account.id) ?? []).toSorted(byScope),
        )
        expect(one.quotas).toEqual(quotas.get(one.account.id) ?? [])
      }
      const found = (filter: AccountFilter) => it.stores.accountSearch.count(filter)
      expect(counts?.total).toBe(COUNT)
      for (const kind of ['xai', 'openai', 'web'] as const)
        expect([kind, counts?.kinds[kind]]).toEqual([kind, await found({ kind })])
      for (const tier of ['basic', 'super', 'heavy', 'unknown'] as const)
        expect([tier, counts?.tiers[tier]]).toEqual([tier, await found({ tier })])
      const words = ['on', 'off', 'ready', 'cooling', 'exhausted', 'suspect', 'expired', 'disabled']
      for (const state of words as ['on'])
        expect([state, counts?.states[state]]).toEqual([state, await found({ state })])
      expect(tags).toEqual([...(await it.stores.accountSearch.tags())])
      expect(await it.stores.accountPages.counts()).toEqual(counts ?? expect.anything())
    })
  })

const LAST: Readonly<Record<AccountSort, AccountPlace>> = {
  name: ['~', '~'],
  newest: [0, ''],
  oldest: [Number.MAX_SAFE_INTEGER, '~'],
  state: [99, '~', '~'],
}

const byScope = (a: { scope: string }, b: { scope: string }) => (a.scope < b.scope ? -1 : 1)

describe('twenty thousand accounts', () => {
  const database = watched(openFile(':memory:'))
  let it: Opened
  beforeAll(async () => {
    it = await opened(database.client, 20_000)
  }, 60_000)
  const sought = { text: 'nobody', state: 'ready' } as const

  test.each([
    ['the first page', {}, 'name', true],
    ['the newest', {}, 'newest', true],
    ['the oldest', {}, 'oldest', true],
    ['the gravest', {}, 'state', false],
    ['a search in vain', { text: 'nobody at all' }, 'name', true],
    ['those that are ready', { state: 'ready' }, 'name', true],
    ['those that are exhausted', { state: 'exhausted' }, 'newest', false],
    ['those with a tag', { tag: 'team-6' }, 'name', true],
    ...ACCOUNT_SORTS.map((sort) => [`a search by ${sort}`, sought, sort, sort === 'name'] as const),
  ] as const)(
    '%s: one question, answered by what indexes hold and with the rows that are shown',
    async (_, filter, sort, isInOrder) => {
      database.taken()
      await it.stores.accountPages.page({ filter, sort, limit: 50, counts: true })
      const [question = [], ...more] = database.taken()
      expect(more).toEqual([])
      const [page, ...counts] = await Promise.all(question.map((one) => planOf(it.client, one)))
      for (const plan of [page, ...counts]) {
        expect(plan).not.toMatch(/SCAN accounts(?! USING COVERING INDEX)/)
        expect(plan).not.toMatch(/SCAN held(?! USING COVERING INDEX)/)
        expect(plan).not.toMatch(/SCAN account_(?:states|quotas)/)
      }
      // Where an index has the order already, whatever lies behind the page is not read.
      const found = String(page).split('SCAN page')[0] ?? ''
      expect(found.includes('USE TEMP B-TREE FOR ORDER BY')).toBe(!isInOrder)
      const given = question.reduce((sum, { rows }) => sum + rows, 0)
      // An account more than are shown, five counts, and the tags that there are.
      expect(given).toBeLessThanOrEqual(51 + 5 + 5 + 21)
    },
  )
})
