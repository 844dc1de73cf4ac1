import { expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'

test('tiers of many accounts are stored at once, and instances learn of it', async () => {
  const client = openFile(':memory:')
  await migrate(client)
  const stores = createStores({ client, vault: createVault('a secret for tests'), now: () => 0 })
  const ids: string[] = []
  for (const name of ['a', 'b', 'c', 'd']) {
    const baseUrl = 'https://grok.example'
    ids.push((await stores.accounts.add({ kind: 'web', name, baseUrl, secret: `sso ${name}` })).id)
  }
  const [a = '', b = '', c = ''] = ids
  const before = await stores.revision()
  await stores.accountTiers.save(
    new Map([
      [a, 'super'],
      [b, 'basic'],
      [c, 'super'],
      ['gone', 'heavy'],
    ]),
  )
  const tiers = (await stores.accounts.list()).map(({ tier }) => tier)
  expect(tiers).toEqual(['super', 'basic', 'super', null])
  expect(await stores.revision()).toBe(before + 1)
  // Who has a form open would else write over what was learnt meanwhile.
  expect((await stores.accounts.list()).map(({ version }) => version)).toEqual([1, 1, 1, 0])
  await stores.accountTiers.save(new Map())
  expect(await stores.revision()).toBe(before + 1)
})
