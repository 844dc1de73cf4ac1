import { createVault, newId } from '#src/crypto'
import type { LedgerEntry } from '#src/store/ledger'
import { migrate } from '#src/store/migrate'
import { openRemote } from '#src/store/remote'
import { createStores } from '#src/store/stores'
import { sqld } from '../test/support/sqld'
import { cpuMicros, databaseBytes } from './gauges'

/** Turns of one batch, and how many batches are on their way at once, as so many instances send them. */
const LOADS = [
  [1, 1],
  [1, 10],
  [20, 10],
  [200, 1],
  [200, 10],
  [2_000, 1],
] as const

const ACCOUNTS = 20
const KEYS = 50

/** How many turns a libSQL server writes down at most, by how many come together. */
export async function measureWrites(seconds: number) {
  await using server = await sqld()
  const client = openRemote(server.url)
  await migrate(client)
  const stores = createStores({
    client,
    vault: createVault('a secret for the bench'),
    now: Date.now,
  })
  const rows = []
  for (const [turns, atOnce] of LOADS) {
    const bytes = await databaseBytes(server.folder)
    const cpu = await cpuMicros(server.pid())
    const begun = performance.now()
    const endsAt = begun + seconds * 1000
    let batches = 0
    const writer = async () => {
      while (performance.now() < endsAt) {
        const entries = Array.from({ length: turns }, entry)
        await stores.ledger.append({ id: newId(), at: Date.now(), entries, sums: [] })
        batches++
      }
    }
    await Promise.all(Array.from({ length: atOnce }, writer))
    const took = (performance.now() - begun) / 1000
    const written = batches * turns
    const row = {
      ...{ turns, atOnce },
      batchesPerSecond: batches / took,
      turnsPerSecond: written / took,
      sqldMicros: ((await cpuMicros(server.pid())) - cpu) / written,
      bytes: ((await databaseBytes(server.folder)) - bytes) / written,
    }
    rows.push(row)
    console.info(`${atOnce} × batches of ${turns}: ${row.turnsPerSecond.toFixed(0)} turns/s`)
  }
  client.close()
  return rows
}

/** One of the keys and accounts of a busy team, at random. */
function entry(): LedgerEntry {
  return {
    at: Date.now(),
    requestId: `req_${newId()}`,
    keyId: `key-${Math.floor(Math.random() * KEYS)}`,
    endpoint: 'chat.completions',
    model: 'grok-4',
    modelUsed: 'grok-4',
    kind: 'xai',
    accountId: `account-${Math.floor(Math.random() * ACCOUNTS)}`,
    attempts: 1,
    stream: true,
    status: 200,
    outcome: 'done',
    firstByteMs: 300,
    totalMs: 2_000,
    inputTokens: 1_000,
    cachedTokens: 0,
    outputTokens: 300,
    reasoningTokens: 0,
    usageSource: 'reported',
    costTicks: 12_000_000,
    costSource: 'reported',
  }
}
