import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type FakePool, fakePool } from '../fakes/pool'
import { healthy, refuse } from '../fakes/pool-acts'
import { emptyFolder, startGroxy } from '../support/executable'
import { KEY } from '../support/gateway'
import { INSTANCE_ENV, isReady } from '../support/instances'
import { accountsOf, type Execute, insertAccounts, take } from '../support/pool'
import { until } from '../support/programs'

const LONG = 60_000

const limited = refuse(429, 'resource-exhausted', 'Too many requests.', { 'retry-after': '300' })
const broken = refuse(500, 'internal', 'Internal server error.')

/** Turns, each of a conversation of its own, until every account has been asked. */
const askAll = (at: { readonly url: string }, pool: FakePool) =>
  until(async () => {
    const reply = await take(at, { prompt: crypto.randomUUID(), key: KEY })
    expect([reply.status, reply.isWhole('healthy') || reply.text]).toEqual([200, true])
    return pool.accounts().every(({ calls }) => calls.length > 0) || undefined
  })

describe('what is held against accounts', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'outlives %s: a restart asks nobody who rests',
    async (signal) => {
      await using pool = await fakePool({ limited, broken, healthy })
      const folder = emptyFolder()
      {
        await using first = await startGroxy(folder, INSTANCE_ENV)
        using db = new Database(join(folder, 'data/groxy.db'))
        const execute: Execute = async (sql, args = []) => db.query(sql).run(...args)
        await insertAccounts(execute, accountsOf(pool))
        await isReady(first, KEY)
        await askAll(first, pool)
        // Written behind: a kill takes no more than the last moments.
        await Bun.sleep(1_500)
        first.signal(signal)
        await first.exited
      }
      const before = pool.accounts().map(({ calls }) => calls.length)
      await using again = await startGroxy(folder, INSTANCE_ENV)
      await isReady(again, KEY)
      for (let turn = 0; turn < 30; turn++) {
        const reply = await take(again, { prompt: `turn ${turn}`, key: KEY })
        expect([reply.status, reply.attempts]).toEqual([200, 1])
      }
      const [limitedCalls, brokenCalls] = pool.accounts().map(({ calls }) => calls.length)
      expect([limitedCalls, brokenCalls]).toEqual(before.slice(0, 2))
      using db = new Database(join(folder, 'data/groxy.db'), { readonly: true })
      const rows = db
        .query(
          `SELECT a.name AS name, s.state AS state, s.reason AS reason, s.until AS until
            FROM account_states s JOIN accounts a ON a.id = s.account_id ORDER BY 1`,
        )
        .all() as Record<string, unknown>[]
      expect(rows.map(({ name }) => name)).toEqual(['broken', 'limited'])
      for (const { reason, until: end } of rows) {
        expect(String(reason).length).toBeGreaterThan(0)
        expect(Number(end)).toBeGreaterThan(Date.now())
      }
    },
    LONG,
  )
})
