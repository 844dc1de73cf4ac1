import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import type { InstanceRow } from '#src/store/instances'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { createStores, type Stores } from '#src/store/stores'
import { databases, type SaidDatabase } from '../support/said'

const NOW = 1_800_000_000_000
const HOUR = 3_600_000

const row = (name: string, extra: Partial<InstanceRow> = {}): InstanceRow => ({
  ...{ name, host: 'here', runtime: 'Bun', version: '1', process: null, state: 'serving' },
  ...{ startedAt: NOW - 60_000, seenAt: NOW, expiresAt: NOW + 30_000, ...extra },
})

for (const [where, make, isSkipped] of databases)
  describe.skipIf(isSkipped)(`instances, ${where}`, () => {
    let database: SaidDatabase
    let stores: Stores
    let now = NOW

    beforeAll(async () => {
      database = await make()
      const client = database.open()
      stores = createStores({ client, vault: createVault('a secret for tests'), now: () => now })
    })
    afterAll(() => database[Symbol.asyncDispose]())

    const names = async (at: number) => (await stores.instances.living(at)).map(({ name }) => name)

    test('are there for as long as they say so, the oldest first', async () => {
      const { instances } = stores
      expect(await instances.keep(row('new', { process: 1, host: null }))).toBe(1)
      expect(await instances.keep(row('old', { startedAt: 1, expiresAt: NOW + 10 }))).toBe(2)
      expect(await instances.living(NOW)).toEqual([
        row('old', { startedAt: 1, expiresAt: NOW + 10 }),
        row('new', { process: 1, host: null }),
      ])
      expect(await names(NOW + 10)).toEqual(['new'])
      const draining = row('new', { state: 'draining', seenAt: NOW + 20, expiresAt: NOW + 50_000 })
      expect(await instances.keep(draining)).toBe(1)
      expect(await instances.living(NOW + 20)).toEqual([draining])
      await instances.leave('new')
      expect(await names(0)).toEqual(['old'])
    })

    test('are removed by the cleaning when they are gone for an hour', async () => {
      await stores.instances.keep(row('gone', { expiresAt: NOW - HOUR - 1 }))
      await stores.instances.keep(row('here'))
      for (const { step } of await stores.cleaning.sweeps(DEFAULT_SETTINGS)) await step()
      expect(await names(0)).toEqual(['old', 'here'])
      await stores.instances.bury(['here', 'old'], NOW)
      expect(await names(0)).toEqual([])
    })

    test('leave all that they held to others at once when they are buried', async () => {
      const { allowances, jobs, batches, instances } = stores
      const client = database.open()
      const end = NOW + 60_000
      for (const name of ['dead', 'alive']) {
        await instances.keep(row(name))
        await client.batch([
          {
            sql: `INSERT INTO background_turns (response_id, key_id, instance, expires_at, tries)
              VALUES (?, 'k', ?, ?, 1)`,
            args: [`resp_${name}`, name, end],
          },
          {
            sql: `INSERT INTO videos (id, key_id, shape, model, status, progress, request, origin,
                instance, lease_until, tries, created_at, expires_at)
              VALUES (?, 'k', 'openai', 'm', 'queued', 0, '{}', '', ?, ?, 1, 1, ?)`,
            args: [`video_${name}`, name, end, NOW + HOUR],
          },
        ])
      }
      const slots = { keyId: 'k', bucket: 'concurrency', window: 0, limit: 10, used: 0 } as const
      const holder = (instance: string) => ({ instance, now: NOW, expiresAt: end })
      await allowances.hold(holder('dead'), [{ ...slots, wanted: 6 }])
      await allowances.hold(holder('alive'), [{ ...slots, wanted: 4 }])
      const claim = { leaseMs: 60_000, startedBefore: NOW }
      expect(await jobs.claim({ name: 'cleaning', instance: 'dead', ...claim })).toBe('due')
      expect(await jobs.claim({ name: 'media', instance: 'alive', ...claim })).toBe('due')
      await batches.add({ id: 'b', kind: 'test', actor: 'me', subjects: ['a'] })
      expect(await batches.claim('dead', 60_000)).toMatchObject({ id: 'b' })

      await instances.bury([], NOW + 1)
      expect(await names(NOW)).toEqual(['alive', 'dead'])
      now = NOW + 1
      await instances.bury(['dead', 'nobody'], now)

      expect(await names(NOW)).toEqual(['alive'])
      const [held] = await allowances.hold({ ...holder('third'), now }, [{ ...slots, wanted: 9 }])
      expect(held?.granted).toBe(6)
      const again = { ...claim, instance: 'third', startedBefore: now }
      expect(await jobs.claim({ name: 'cleaning', ...again })).toBe('due')
      expect(await jobs.claim({ name: 'media', ...again })).toBeUndefined()
      const lease = { instance: 'third', expiresAt: end }
      const turns = await stores.backgroundTurns.claim(lease, now, 9)
      expect(turns.map(({ responseId }) => responseId)).toEqual(['resp_dead'])
      const videos = await stores.videos.claim(lease, now, 9)
      expect(videos.map(({ id }) => id)).toEqual(['video_dead'])
      expect(await batches.claim('third', 60_000)).toMatchObject({ id: 'b', instance: 'third' })
    })

    test('that were buried are found by indexes', async () => {
      const client = database.open()
      const asked: string[] = []
      const watching = {
        ...client,
        batch: async (statements: { sql: string }[]) => {
          asked.push(...statements.map(({ sql }) => sql))
          return []
        },
      }
      const vault = createVault('a secret for tests')
      const { instances } = createStores({ client: watching as never, vault, now: () => now })
      await instances.bury(['dead'], now)
      for (const sql of asked) {
        const { rows } = await client.execute({
          sql: `EXPLAIN QUERY PLAN ${sql}`,
          args: sql.includes('?2') ? [now, '[]'] : ['[]'],
        })
        const plan = rows.map(({ detail }) => String(detail)).join('\n')
        if (!sql.startsWith('UPDATE jobs'))
          expect(plan).not.toMatch(/SCAN (?!json_each|\w+ USING INDEX)/)
      }
      expect(asked).toHaveLength(7)
    })
  })
