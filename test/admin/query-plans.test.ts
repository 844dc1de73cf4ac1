import { expect, test } from 'bun:test'
import type { Client } from '@libsql/client/web'
import { createVault } from '#src/crypto'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { adminWorld } from '../support/admin'
import { adminPaths } from '../support/admin-paths'
import { fill } from '../support/filled'
import { planOf, watched } from '../support/watched'

/** A part of the rows, or what they come to: never all of them. */
const isPart = (sql: string): boolean => /\bLIMIT\b|\b(?:count|sum)\(/i.test(sql)

/** From one end to the other each of these may be read only so. */
const MAY_BE_SCANNED: Readonly<Record<string, (plan: string, sql: string) => boolean>> = {
  // A million rows, and sums of them.
  ledger: () => false,
  ledger_hours: () => false,
  ledger_rollups: () => false,
  ledger_days: () => false,
  // Twenty thousand wide rows: what is looked for is in an index beside them.
  accounts: (plan, sql) => plan.includes(' INDEX ') && isPart(sql),
  // A thousand.
  keys: (_, sql) => isPart(sql),
}

/** What of a plan reads a large table from one end to the other, and should not. */
async function wholeScans(client: Client, sql: string): Promise<string[]> {
  const plan = await planOf(client, { sql, args: [] })
  const names = new Map(Object.keys(MAY_BE_SCANNED).map((name) => [name, name]))
  for (const [, table = '', alias = ''] of sql.matchAll(
    /\b(?:FROM|JOIN)\s+"?(\w+)"?\s+(?:AS\s+)?"?(\w+)"?/gi,
  ))
    if (table in MAY_BE_SCANNED) names.set(alias, table)
  return plan.split('\n').filter((detail) => {
    const [, name = ''] = /^SCAN (\w+)/.exec(detail) ?? []
    const table = names.get(name)
    return table !== undefined && !MAY_BE_SCANNED[table]?.(detail, sql)
  })
}

test('a scan is found, by whatever name', async () => {
  const client = openFile(':memory:')
  await migrate(client)
  expect(await wholeScans(client, 'SELECT * FROM ledger AS l LIMIT 1')).toEqual(['SCAN l'])
  expect(await wholeScans(client, 'SELECT secret FROM accounts LIMIT 3')).toEqual(['SCAN accounts'])
  expect(await wholeScans(client, 'SELECT * FROM ledger WHERE id > 5')).toEqual([])
  expect(await wholeScans(client, 'SELECT name FROM keys LIMIT 5')).toEqual([])
})

test('no page and no list reads a large table whole', async () => {
  const database = watched(openFile(':memory:'))
  await using it = await adminWorld({ client: database.client })
  await fill(
    database.client,
    createVault('a secret for tests'),
    { accounts: 300, keys: 60, turns: 4_000 },
    Date.now(),
  )
  await it.stores.settings.set('queue_length', 999)
  await it.app.refresh()
  const { rows } = await it.client.execute('SELECT request_id FROM ledger WHERE id = 3990')
  const paths = adminPaths(await it.app.routes(), {
    account: 'a000007',
    key: 'k0007',
    request: String(rows[0]?.request_id),
    model: 'grok-4',
  })
  const refused: string[] = []
  const asked = new Map<string, string>()
  database.taken()
  for (const path of paths) {
    const answer = await it.page(path)
    await answer.body?.cancel()
    if (answer.status >= 400) refused.push(`${path} ${answer.status}`)
    for (const { sql } of database.taken().flat()) if (!asked.has(sql)) asked.set(sql, path)
  }
  expect(refused).toEqual([])
  const found: string[] = []
  for (const [sql, path] of asked)
    if (/^\s*(?:SELECT|WITH)\b/i.test(sql))
      for (const scan of await wholeScans(it.client, sql))
        found.push(`${path}: ${scan}: ${sql.replaceAll(/\s+/g, ' ')}`)
  expect(found).toEqual([])
  expect(asked.size).toBeGreaterThan(20)
}, 60_000)
