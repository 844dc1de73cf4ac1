import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { openFile } from '#src/store/file'
import { LOOKED_AT } from '#src/store/ledger-search'
import { adminWorld, logIn, PASSWORD } from '../support/admin'
import { residentBytes, scratch, startSource } from '../support/programs'
import { planOf, watched } from '../support/watched'

const ROWS = 1_000_000
const STEP_MS = 2_500
const NOW = Date.UTC(2026, 10, 21, 12)

/** A row, or some that follow each other; or what is at an end of the table. */
const BY_ID = /^SEARCH ledger(?: USING INTEGER PRIMARY KEY \(.*\))?$/

/** When a row began, which is in its id, too. */
const timeOf = (row: number): number => NOW - (ROWS - row) * STEP_MS

const FILL = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
  INSERT INTO ledger (id, at, request_id, key_id, endpoint, model, kind, account_id, attempts, stream, status,
    outcome, total_ms, input_tokens, cached_tokens, output_tokens, reasoning_tokens, usage_source)
  SELECT i, ${NOW} - (${ROWS} - i) * ${STEP_MS},
    CASE WHEN i = 7 THEN 'req_of_old' ELSE printf('req_%012x%020x', ${NOW} - (${ROWS} - i) * ${STEP_MS}, i) END,
    'key' || (i % 1000), 'chat.completions', 'grok-4', 'xai', 'acc' || (i % 20000), 1, i % 2, 200,
    'done', 900, 100, 0, 20, 0, 'reported' FROM n`

describe('a million requests', () => {
  let it: Awaited<ReturnType<typeof adminWorld>>
  let database: ReturnType<typeof watched>
  let folder: Awaited<ReturnType<typeof scratch>>
  beforeAll(async () => {
    folder = await scratch('million')
    database = watched(openFile(`${folder.path}/groxy.db`))
    it = await adminWorld({ now: () => NOW, client: database.client })
    await it.client.execute(FILL)
  }, 180_000)
  afterAll(async () => {
    await it?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  /** What was answered, and what of the ledger was looked at for it: spans of ids, from one end to the other. */
  const asked = async (path: string) => {
    database.taken()
    const body = await (await it.api(path)).json()
    const spans: number[] = []
    for (const statement of database.taken().flat()) {
      if (!/\bFROM ledger\b/.test(statement.sql)) continue
      for (const line of (await planOf(it.client, statement)).split('\n'))
        if (/\bledger\b/.test(line)) expect(line).toMatch(BY_ID)
      if (!statement.sql.includes('id BETWEEN ? AND ?')) continue
      const [first, last] = statement.args as number[]
      spans.push(Number(last) - Number(first) + 1)
    }
    return { body, spans }
  }

  test('are looked at a part at a time, and each answer says how far', async () => {
    let [search, looks] = ['?key=nobody', 0]
    for (;;) {
      const { body, spans } = await asked(`/requests${search}`)
      looks++
      expect(spans).toEqual([LOOKED_AT])
      expect(body.data).toEqual([])
      if (!body.has_more) break
      expect(body.looked_until).toBe(Math.floor(timeOf(Number(body.next)) / 1000))
      search = `?key=nobody&after=${body.next}`
    }
    expect(looks).toBe(ROWS / LOOKED_AT)
    const page = await (await it.page('/admin/requests?key=nobody')).text()
    expect(page).toContain('Go on looking')
  })

  test.each([
    ['the newest', '', 50],
    ['those of a key', '?key=key7', 50],
    [
      'those of an hour three weeks ago',
      `?since=${timeOf(500_000) / 1000}&until=${timeOf(501_440) / 1000}&limit=200`,
      200,
    ],
    [
      'those of an account in a span',
      `?account=acc77&since=${timeOf(500_000) / 1000}&until=${timeOf(540_000) / 1000}`,
      2,
    ],
  ])('%s are found by looking at a part of them', async (_, search, expected) => {
    const { body, spans } = await asked(`/requests${search}`)
    expect(body.data).toHaveLength(expected)
    expect(spans).toHaveLength(1)
    expect(spans[0]).toBeLessThanOrEqual(LOOKED_AT)
  })

  test.each([1, 12_345, 500_000, ROWS])(
    'request %d is found by the time in its id',
    async (row) => {
      const id = `req_${timeOf(row).toString(16).padStart(12, '0')}${row.toString(16).padStart(20, '0')}`
      const { body, spans } = await asked(`/requests/${id}`)
      expect(body.data).toMatchObject([{ row }])
      // Where its time says, and then its neighbours.
      expect(spans).toHaveLength(2)
      expect(Math.max(...spans)).toBeLessThanOrEqual(LOOKED_AT)
    },
  )

  test('a request whose id tells no time is found by looking at all of them', async () => {
    const { body, spans } = await asked('/requests/req_of_old')
    expect(body.data).toMatchObject([{ row: 7 }])
    expect(Math.max(...spans)).toBeLessThanOrEqual(LOOKED_AT)
  })

  test.skipIf(process.platform !== 'linux')(
    'are exported with little memory',
    async () => {
      await it.stores.settings.set('cleaning', false)
      await using program = await startSource({
        DATABASE_URL: `file:${folder.path}/groxy.db`,
        ADMIN_PASSWORD: PASSWORD,
        // As the gateway of this process has begun the database.
        GROXY_SECRET: 'a secret for tests',
      })
      const operator = await logIn(program)
      const exported = async (from: number) => {
        const path = `/requests/export?format=jsonl&since=${timeOf(from) / 1000}`
        const answer = await operator.api(path)
        let [lines, most] = [0, 0]
        for await (const piece of answer.body ?? []) {
          for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) lines++
          most = Math.max(most, await residentBytes(program.pid))
        }
        return { lines, most }
      }
      const { most: before } = await exported(ROWS - 10)
      const { lines, most } = await exported(800_000)
      expect(lines).toBe(200_001)
      // They are about 120 MB as text.
      expect(most - before).toBeLessThan(100 * 1024 * 1024)
    },
    120_000,
  )
})
