import { describe, expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import { createCleaning } from '#src/jobs/cleaning'
import { createLog } from '#src/log'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { DEFAULT_SETTINGS, type Settings } from '#src/store/settings'
import { createStores } from '#src/store/stores'
import { batchOf, entry } from '../support/entries'

const NOW = Date.UTC(2026, 9, 15, 12)
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]

/** A cleaner over an empty database, at a time that stands still. */
async function cleaner(changed: Partial<Settings> = {}) {
  const now = () => NOW
  const client = openFile(':memory:')
  await migrate(client)
  const stores = createStores({ client, vault: createVault('a secret for tests'), now })
  const settings = { ...DEFAULT_SETTINGS, ...changed }
  const log = createLog({ level: 'silent', write: () => {}, readable: false, now })
  const cleaning = createCleaning({
    store: stores.cleaning,
    settings: () => settings,
    log,
  })
  const never = new AbortController().signal
  return {
    ...stores,
    client,
    cleaning,
    settings,
    /** Says how many rows are gone. */
    async clean() {
      let removed = 0
      await cleaning.run(never, (done) => (removed = done), false)
      return removed
    },
    column: async (sql: string) => (await client.execute(sql)).rows.map((row) => row[0]),
  }
}

type Cleaner = Awaited<ReturnType<typeof cleaner>>

/** Turns that ended at these times, in this order. */
const turnsAt = ({ ledger }: Cleaner, times: readonly number[]) =>
  ledger.append(batchOf(times.map((at, index) => entry(`r${index}`, { at }))))

describe('turns', () => {
  test('go when they are older than the setting says; their sums stay', async () => {
    const it = await cleaner({ ledger_days: 10 })
    const ages = [400, 30, 10.1, 9.9, 1, 0]
    await turnsAt(
      it,
      ages.map((age) => NOW - age * DAY),
    )
    expect(await it.clean()).toBe(3)
    expect((await it.ledger.recent(10)).map(({ requestId }) => requestId)).toEqual([
      'r5',
      'r4',
      'r3',
    ])
    expect(await it.ledger.hours()).toHaveLength(6)
    expect(await it.clean()).toBe(0)
  })

  test('go when there are more than the setting says, a few at a time, with progress', async () => {
    const it = await cleaner({ ledger_rows: 1_000 })
    await turnsAt(it, Array(4_500).fill(NOW))
    const seen: (readonly [number, number])[] = []
    const signal = new AbortController().signal
    await it.cleaning.run(signal, (done, total) => seen.push([done, total]), false)
    expect(seen).toEqual([
      [1_000, 3_500],
      [2_000, 3_500],
      [3_000, 3_500],
      [3_500, 3_500],
    ])
    const left = await it.ledger.recent(2_000)
    expect([left.length, left[0]?.requestId, left.at(-1)?.requestId]).toEqual([
      1_000,
      'r4499',
      'r3500',
    ])
  })

  test('stay from where it was told to stop', async () => {
    const it = await cleaner({ ledger_rows: 1_000 })
    await turnsAt(it, Array(4_500).fill(NOW))
    const stop = new AbortController()
    await it.cleaning.run(stop.signal, (done) => done === 2_000 && stop.abort(), false)
    expect(await it.column('SELECT count(*) FROM ledger')).toEqual([2_500])
    expect(await it.clean()).toBe(1_500)
  })

  test('are found by time although their ids have gaps', async () => {
    const it = await cleaner()
    await turnsAt(
      it,
      Array.from({ length: 500 }, (_, at) => NOW - (500 - at) * HOUR),
    )
    await it.client.execute('DELETE FROM ledger WHERE id % 3 = 0 OR id < 50')
    for (const hours of [0, 1, 7, 100, 451, 600]) {
      const since = NOW - hours * HOUR
      const sql = 'SELECT min(id) FROM ledger WHERE at >= ?'
      const { rows } = await it.client.execute({ sql, args: [since] })
      const first = await it.ledger.firstSince(since)
      const id = Number(rows[0]?.[0] ?? 501)
      // Between the last row before and the first one since: that is where the cut is.
      const { rows: between } = await it.client.execute({
        sql: 'SELECT count(*) FROM ledger WHERE id >= ? AND id < ?',
        args: [Math.min(first, id), Math.max(first, id)],
      })
      expect([hours, Number(between[0]?.[0])]).toEqual([hours, 0])
    }
  })
})

test('what turns said goes after its days, and at once when nothing is to be kept', async () => {
  const it = await cleaner({ keep_content_days: 3 })
  const said = (age: number) => ({
    requestId: `r${age}`,
    at: NOW - age * DAY,
    request: 'q',
    answer: 'a',
  })
  await it.ledger.keep(Array.from({ length: 200 }, (_, at) => said((200 - at) / 20)))
  await it.clean()
  expect(await it.column('SELECT count(*) FROM ledger_content')).toEqual([60])
  Object.assign(it.settings, { keep_content_days: 0 })
  await it.clean()
  expect(await it.column('SELECT count(*) FROM ledger_content')).toEqual([0])
})

test('ids of batches go after a day, sums by the hour after 400 days', async () => {
  const it = await cleaner()
  for (const age of [3, 1.1, 0.9, 0])
    await it.ledger.append({ ...batchOf([], `b${age}`), at: NOW - age * DAY })
  await turnsAt(
    it,
    [401, 399, 0].map((age) => NOW - age * DAY),
  )
  await it.clean()
  expect(await it.column('SELECT id FROM ledger_batches ORDER BY id')).toEqual(
    expect.arrayContaining(['b0', 'b0.9']),
  )
  expect(await it.column("SELECT id FROM ledger_batches WHERE id IN ('b3', 'b1.1')")).toEqual([])
  expect(await it.ledger.hours()).toHaveLength(2)
  expect(await it.column('SELECT count(*) FROM ledger_rollups GROUP BY "by"')).toEqual([2, 2, 2])
  expect(await it.column('SELECT count(*) FROM ledger_days')).toEqual([2])
})

test('work on many accounts goes after thirty days, whatever became of it', async () => {
  const it = await cleaner()
  for (const [id, age] of Object.entries({ old: 31, paused: 30.1, young: 29 })) {
    await it.batches.add({ id, kind: 'test', actor: 'somebody', subjects: ['a', 'b'] })
    await it.client.execute({
      sql: 'UPDATE batches SET created_at = ? WHERE id = ?',
      args: [NOW - age * DAY, id],
    })
  }
  await it.clean()
  expect(await it.column('SELECT id FROM batches')).toEqual(['young'])
  expect(await it.column('SELECT batch_id FROM batch_subjects')).toEqual(['young'])
})

test('allowances go when their windows are long over', async () => {
  const it = await cleaner()
  const month = (2026 - 1970) * 12 + 9
  const windows = {
    minute: [0, 60, 119, 121, 10_000].map((age) => Math.floor(NOW / MINUTE) - age),
    day: [0, 39, 41, 400].map((age) => Math.floor(NOW / DAY) - age),
    month: [0, 13, 15, 30].map((age) => month - age),
  }
  for (const [bucket, all] of Object.entries(windows))
    for (const window of all)
      await it.client.execute({
        sql: `INSERT INTO allowances (key_id, bucket, "window", instance, granted, used, expires_at)
          VALUES ('k', ?, ?, 'i', 1, 1, 0)`,
        args: [bucket, window],
      })
  await it.clean()
  const left = async (bucket: string) =>
    it.column(`SELECT "window" FROM allowances WHERE bucket = '${bucket}' ORDER BY "window" DESC`)
  expect(await left('minute')).toEqual(windows.minute.slice(0, 3))
  expect(await left('day')).toEqual(windows.day.slice(0, 2))
  expect(await left('month')).toEqual(windows.month.slice(0, 2))
})

test('is a job that its setting switches off', async () => {
  expect((await cleaner()).cleaning.isOn()).toBe(true)
  expect((await cleaner({ cleaning: false })).cleaning.isOn()).toBe(false)
})

test('which accounts a change was made to goes with the change', async () => {
  const it = await cleaner({ audit_days: 10 })
  const change = { actor: 'x', address: null, subject: 's', before: null, after: null }
  for (const age of [30, 11, 1]) {
    await it.audit.note({ ...change, action: `account.change`, accounts: ['a', 'b', 'a'] })
    await it.client.execute({
      sql: 'UPDATE audit_log SET at = ? WHERE id = (SELECT max(id) FROM audit_log)',
      args: [NOW - age * DAY],
    })
  }
  expect(await it.column('SELECT count(*) FROM audit_accounts')).toEqual([6])
  expect(await it.clean()).toBe(6)
  expect(await it.column('SELECT DISTINCT audit_id FROM audit_accounts')).toEqual([3])
})
