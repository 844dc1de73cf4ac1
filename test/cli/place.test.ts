import { expect, test } from 'bun:test'
import { createApp } from '#src/app'
import { createPlatform } from '#src/cli/platform'
import { readConfig } from '#src/config'
import { createVault } from '#src/crypto'
import { createLog } from '#src/log'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'
import { parseMetrics } from '../support/prometheus'

const SECRET = 'a secret for tests'

/** The app of one of three processes, of which one answers for the others and one does not. */
async function appAt(index: number) {
  const client = openFile(':memory:')
  await migrate(client)
  const vault = createVault(SECRET)
  const stores = createStores({ client, vault, now: Date.now })
  const lines: string[] = []
  const write = (line: string) => lines.push(line)
  const log = createLog({ level: 'debug', write, readable: false, now: Date.now, process: index })
  const told = [{ index: 2, text: '# HELP a A.\n# TYPE a gauge\na 7\n' }]
  const platform = createPlatform(
    readConfig({ DATABASE_URL: 'file::memory:', METRICS_TOKEN: 'a-token-for-the-metrics' }),
    { client, secret: SECRET, vault, stores, applied: [] },
    log,
    {
      place: { name: `process ${index}`, index, processes: 3, isFirst: false },
      siblings: { index, metrics: async () => ({ told, missing: 1 }) },
    },
  )
  const app = createApp(platform)
  await app.load()
  return { app, platform, lines, log }
}

test.each([
  [0, true],
  [1, false],
])('process %i of three works behind: %p', async (index, worksBehind) => {
  const { platform } = await appAt(index)
  expect(platform.self).toEqual({ name: `process ${index}`, index, processes: 3, worksBehind })
})

test('one process tells what all measure, and who said nothing', async () => {
  const { app } = await appAt(0)
  const headers = { authorization: 'Bearer a-token-for-the-metrics' }
  const reply = await app.fetch(new Request('http://localhost/metrics', { headers }))
  expect(reply.status).toBe(200)
  const read = parseMetrics(await reply.text())
  expect(read.value('a', { process: '2' })).toBe(7)
  expect(read.value('groxy_inflight', { process: '0' })).toBe(0)
  expect(read.value('groxy_processes', { told: 'yes' })).toBe(2)
  expect(read.value('groxy_processes', { told: 'no' })).toBe(1)
  // What it tells the others is its own alone.
  expect(parseMetrics(app.metrics()).value('groxy_inflight')).toBe(0)
})

test('lines of the log say of which process they are', async () => {
  const { lines, log } = await appAt(2)
  log.info('something', { what: 'happened' })
  log.info('nothing')
  expect(lines.slice(-2).map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ event: 'something', process: 2, what: 'happened' }),
    expect.objectContaining({ event: 'nothing', process: 2 }),
  ])
  const seen: string[] = []
  const write = (line: string) => seen.push(line)
  createLog({ level: 'info', write, readable: true, now: () => 0, process: 1 }).info('it', { a: 1 })
  expect(seen).toEqual(['00:00:00 info  it process=1 a=1'])
})
