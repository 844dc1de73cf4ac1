import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { LOOKED_AT } from '#src/store/ledger-search'
import { adminWorld } from '../support/admin'
import { scratch } from '../support/programs'

const ROWS = 1_000_000
const STEP_MS = 2_500
const NOW = Date.UTC(2026, 10, 21, 12)
/** For a busy machine: `bench/` holds the real limit. */
const SOON_MS = 1_000

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
  let folder: Awaited<ReturnType<typeof scratch>>
  beforeAll(async () => {
    folder = await scratch('million')
    it = await adminWorld({ now: () => NOW, path: `${folder.path}/groxy.db` })
    await it.client.execute(FILL)
  }, 180_000)
  afterAll(async () => {
    await it?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  const timed = async (path: string) => {
    const begun = performance.now()
    const answer = await it.api(path)
    const body = await answer.json()
    return { body, ms: performance.now() - begun }
  }

  test('are looked at a part at a time, and each answer says how far', async () => {
    let [search, looks] = ['?key=nobody', 0]
    for (;;) {
      const { body, ms } = await timed(`/requests${search}`)
      looks++
      expect(ms).toBeLessThan(SOON_MS)
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
  ])('%s are found soon', async (_, search, expected) => {
    const { body, ms } = await timed(`/requests${search}`)
    expect(body.data).toHaveLength(expected)
    expect(ms).toBeLessThan(SOON_MS)
  })

  test.each([1, 12_345, 500_000, ROWS])(
    'request %d is found by the time in its id',
    async (row) => {
      const id = `req_${timeOf(row).toString(16).padStart(12, '0')}${row.toString(16).padStart(20, '0')}`
      const { body, ms } = await timed(`/requests/${id}`)
      expect(body.data).toMatchObject([{ row }])
      expect(ms).toBeLessThan(SOON_MS)
    },
  )

  test('a request whose id tells no time is found by looking at all of them', async () => {
    expect((await timed('/requests/req_of_old')).body.data).toMatchObject([{ row: 7 }])
  })

  test('are exported with little memory', async () => {
    const answer = await it.api(`/requests/export?format=jsonl&since=${timeOf(800_000) / 1000}`)
    const before = process.memoryUsage().rss
    let [lines, most] = [0, 0]
    for await (const piece of answer.body ?? []) {
      for (const byte of piece) if (byte === 10) lines++
      most = Math.max(most, process.memoryUsage().rss)
    }
    expect(lines).toBe(200_001)
    // They are about 120 MB as text.
    expect(most - before).toBeLessThan(100 * 1024 * 1024)
  }, 120_000)
})
