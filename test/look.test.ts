import { describe, expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import { createLook } from '#src/look'
import { createHorizon } from '#src/store/pulse'
import { createStores } from '#src/store/stores'
import { databases } from './support/said'
import { watched } from './support/watched'

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`a look at what has changed, ${where}`, () => {
    test('counts many rows that came at once for some seconds only, and finds what comes then', async () => {
      await using database = await make()
      let at = 1_800_000_000_000
      const { client, taken } = watched(database.open())
      const vault = createVault('a secret for tests')
      const stores = createStores({ client, vault, now: () => at })
      const [states, quotas, lists] = [1, 2, 3].map(() => createHorizon(10_000))
      if (!states || !quotas || !lists) throw new Error('There are three.')
      for (const horizon of [quotas, lists]) horizon.seen([], at)
      const look = createLook({
        ...{ stores, states, quotas, lists, instance: () => 'me', now: () => at },
      })
      const state = { scope: '', state: 'cooling', reason: 'r', until: at, faults: 1 } as const
      const save = (names: readonly string[]) =>
        stores.accountStates.save(
          names.map((accountId) => ({ ...state, accountId, updatedAt: at })),
        )
      const follow = async () =>
        states.seen(
          (await stores.accountStates.changedSince(states.since())).map(
            ({ updatedAt }) => updatedAt,
          ),
          at,
        )
      const hasNews = async () => {
        await look.revision()
        return look.news()?.hasStates
      }

      await save(Array.from({ length: 300 }, (_, nth) => `account ${nth}`))
      expect(await hasNews()).toBe(true)
      await follow()
      for (let looks = 0; looks < 6; looks++) {
        at += 2_000
        expect(await hasNews()).toBe(false)
      }
      taken()
      expect(await hasNews()).toBe(false)
      const [asked = { args: [] }] = taken().flat()
      const { rows } = await client.execute({
        sql: 'SELECT count(*) AS counted FROM account_states WHERE updated_at >= ?',
        args: [Number((asked.args as number[])[1])],
      })
      expect(rows[0]?.counted).toBe(0)
      await save(['one more'])
      expect(await hasNews()).toBe(true)
    })
  })
