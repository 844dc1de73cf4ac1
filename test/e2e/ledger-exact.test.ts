import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type FakePool, fakePool } from '../fakes/pool'
import { healthy, tokensOf } from '../fakes/pool-acts'
import { emptyFolder, startGroxy } from '../support/executable'
import {
  addAccounts,
  INSTANCE_ENV,
  isReady,
  sharedDatabase,
  startInstance,
} from '../support/instances'
import { sumsOf } from '../support/ledger-sums'
import { accountsOf, type Execute, insertAccounts, insertKey, take } from '../support/pool'
import { until } from '../support/programs'
import { isWithoutSqld, WAYS_TO_BE_AWAY } from '../support/sqld'

const LONG = 180_000
/** How long the database is away: 30 s is what is promised. */
const OUTAGE_MS = Number(process.env.OUTAGE_MS ?? 10_000)
const KEYS = ['red', 'green', 'blue']

const threeAccounts = () => fakePool({ one: healthy, two: healthy, three: healthy })

interface Answered {
  readonly requestId: string
  readonly prompt: string
  readonly at: number
}

/** Turns without end, until they are stopped; which were answered, and what else happened. */
function traffic(at: { readonly url: string }, keys: readonly string[], width: number) {
  const answered: Answered[] = []
  const faults: string[] = []
  let running = true
  let number = 0
  const work = Array.from({ length: width }, async () => {
    while (running) {
      const index = number++ % keys.length
      const prompt = `${KEYS[index]} ${number}`
      const reply = await take(at, {
        prompt,
        stream: number % 2 === 0,
        key: String(keys[index]),
      }).catch((cause) => void (running && faults.push(String(cause))))
      if (!reply) continue
      const { status, headers, text } = reply
      if (status !== 200 || !reply.said.includes(`«${prompt}»`)) faults.push(`${status} ${text}`)
      answered.push({ requestId: headers.get('x-request-id') ?? '', prompt, at: Date.now() })
      await Bun.sleep(10)
    }
  })
  return {
    answered,
    faults,
    async stop(): Promise<void> {
      running = false
      await Promise.all(work)
    },
  }
}

const makeKeys = async (execute: Execute): Promise<string[]> => {
  const secrets: string[] = []
  for (const name of KEYS) secrets.push(await insertKey(execute, { name }))
  return secrets
}

/** What the fake says that the ledger must hold, by key and by account. */
function countedBy(pool: FakePool) {
  const served = pool.served()
  const of = (key: string) => served.filter(({ prompt }) => prompt.startsWith(`${key} `))
  const byAccount = Map.groupBy(served, ({ account }) => account)
  return {
    byKey: new Map(KEYS.map((key) => [key, sumsOf.served(of(key))])),
    byAccount: new Map([...byAccount].map(([name, its]) => [name, sumsOf.served(its)])),
  }
}

const OUTAGES = {
  'does not answer': WAYS_TO_BE_AWAY.silent,
  'is killed and started again': WAYS_TO_BE_AWAY.gone,
}

describe.skipIf(isWithoutSqld)(`a database that is away for ${OUTAGE_MS / 1000} s`, () => {
  test.each(Object.entries(OUTAGES))(
    'and %s fails no turn, and the ledger has them all in the end',
    async (_, { begin, end }) => {
      await using pool = await threeAccounts()
      await using database = await sharedDatabase()
      await using it = await startInstance(database.url)
      const keys = await makeKeys(database.execute)
      await addAccounts(database.execute, accountsOf(pool), [it])
      for (const [index, key] of keys.entries()) await isReady(it, key, `${KEYS[index]} first`)
      const { answered, faults, stop } = traffic(it, keys, 16)
      await Bun.sleep(1_500)
      await begin(database.server)
      const before = answered.length
      await Bun.sleep(OUTAGE_MS)
      expect(answered.length).toBeGreaterThan(before + OUTAGE_MS / 10)
      await end(database.server)
      await Bun.sleep(1_500)
      await stop()
      expect([faults.length, faults.slice(0, 3)]).toEqual([0, []])
      const counted = countedBy(pool)
      const turns = pool.served().length
      const answeredRows = 'FROM ledger WHERE account_id IS NOT NULL'
      await until(async () => {
        const [row] = await database.rows(`SELECT count(*) AS n ${answeredRows}`)
        return Number(row?.n) >= turns || undefined
      }, 60_000).catch(() => {})
      const { byKey, byAccount } = await sumsOf(database.rows)
      // The turns that asked whether there are accounts have the environment's key.
      for (const key of KEYS) expect([key, byKey.get(key)]).toEqual([key, counted.byKey.get(key)])
      expect(byAccount).toEqual(counted.byAccount)
      const [rows] = await database.rows(
        `SELECT count(*) AS n, count(DISTINCT request_id) AS ids ${answeredRows}`,
      )
      expect(rows).toEqual({ n: turns, ids: turns })
    },
    LONG,
  )
})

const HELD_MS = 500

describe('kill -9', () => {
  test(
    'takes no more of the ledger than the last half second held',
    async () => {
      await using pool = await threeAccounts()
      const folder = emptyFolder()
      const file = join(folder, 'data/groxy.db')
      const answered: Answered[] = []
      const safe: Answered[] = []
      let keys: string[] = []
      for (let round = 0; round < 4; round++) {
        await using it = await startGroxy(folder, INSTANCE_ENV)
        if (round === 0) {
          using db = new Database(file)
          const execute: Execute = async (sql, args = []) => db.query(sql).run(...args)
          await insertAccounts(execute, accountsOf(pool))
          keys = await makeKeys(execute)
        }
        for (const [index, key] of keys.entries()) await isReady(it, key, `${KEYS[index]} first`)
        const load = traffic(it, keys, 16)
        await Bun.sleep(1_200 + Math.random() * 800)
        const killedAt = Date.now()
        it.signal('SIGKILL')
        await load.stop()
        expect(load.answered.length).toBeGreaterThan(100)
        answered.push(...load.answered)
        safe.push(...load.answered.filter(({ at }) => at < killedAt - HELD_MS))
      }
      using db = new Database(file, { readonly: true })
      const rows = db.query('SELECT * FROM ledger').all() as Record<string, unknown>[]
      const byId = new Map(rows.map((row) => [row.request_id, row]))
      expect(byId.size).toBe(rows.length)
      expect(safe.length).toBeGreaterThan(answered.length / 3)
      const missing = safe.filter(({ requestId }) => !byId.has(requestId))
      expect(missing.slice(0, 3)).toEqual([])
      const wrong = answered.filter(({ requestId, prompt }) => {
        const row = byId.get(requestId)
        const { input, cached, output } = tokensOf(prompt, 'grok-4')
        return (
          row &&
          [row.input_tokens, row.cached_tokens, row.output_tokens].join() !==
            [input, cached, output].join()
        )
      })
      expect(wrong.slice(0, 3)).toEqual([])
      // The sums and the rows are of the same turns, whatever the moment of the kill.
      const query = async (sql: string) => db.query(sql).all() as Record<string, unknown>[]
      const [inRows] = await query(
        `SELECT count(*) AS turns, sum(input_tokens) AS input, sum(cached_tokens) AS cached,
          sum(output_tokens) AS output FROM ledger`,
      )
      expect((await sumsOf(query)).all).toEqual(inRows as never)
      const refused = rows.filter(({ account_id }) => account_id === null).length
      expect(rows.length - refused).toBeLessThanOrEqual(pool.served().length)
    },
    LONG,
  )
})
