import { describe, expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'
import { batchOf, entry } from '../support/entries'
import { runProgram, scratch } from '../support/programs'

const SECRET = 'a secret for tests'
const SLOW = 30_000

/** A database with some turns in it, and the commands of `groxy` over it. */
async function world() {
  const folder = await scratch('ledger')
  const path = `${folder.path}/groxy.db`
  const client = openFile(path)
  await migrate(client)
  const stores = createStores({ client, vault: createVault(SECRET), now: Date.now })
  const { key } = await stores.keys.create({ name: 'laptop' })
  const account = await stores.accounts.add({
    kind: 'xai',
    name: 'main',
    baseUrl: 'https://x/v1',
    secret: 'xai-secret-abcd',
  })
  const hour = 3_600_000
  const now = Date.now()
  await stores.ledger.append(
    batchOf([
      entry('req_old', { at: now - 5 * hour, keyId: 'other', costTicks: 12_345_600 }),
      entry('req_good', {
        at: now - 60_000,
        keyId: key.id,
        accountId: account.id,
        model: 'grok-4',
        modelUsed: 'grok-4-0709',
        costTicks: 25_000_000_000,
        costSource: 'reported',
      }),
      entry('req_bad', {
        at: now - 30_000,
        keyId: key.id,
        accountId: account.id,
        model: 'grok-4',
        kind: 'xai',
        attempts: 2,
        outcome: 'failed',
        status: 502,
        errorCode: 'upstream_error',
        totalMs: 1_234,
        attemptLog: [
          {
            account: account.id,
            model: 'grok-4',
            ms: 34,
            fault: 'quota',
            status: 429,
            code: 'rate_limited',
            effect: 'cooling 60 s',
          },
          { account: 'gone', model: 'grok-4', ms: 1_200, fault: 'unreachable' },
        ],
      }),
    ]),
  )
  await stores.modelLists.save({
    accountId: account.id,
    baseUrl: account.baseUrl,
    models: [
      { id: 'grok-4.3', prompt_text_token_price: 12_500, completion_text_token_price: 25_000 },
      { id: 'broken', prompt_text_token_price: -1, completion_text_token_price: 1 },
    ],
    fetchedAt: new Date(),
  })
  const command = [process.execPath, 'src/main.ts']
  const env = { DATABASE_URL: `file:${path}`, GROXY_SECRET: SECRET }
  return {
    stores,
    key,
    account,
    groxy: (...args: string[]) => runProgram([...command, ...args], { env }),
    async [Symbol.asyncDispose]() {
      client.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

const lines = (text: string): string[] => text.trimEnd().split('\n')

describe('groxy log', () => {
  test(
    'shows one line a turn, with the names that people know, the newest first',
    async () => {
      await using it = await world()
      const { code, stdout } = await it.groxy('log')
      expect(code).toBe(0)
      const [head, ...rows] = lines(stdout)
      expect(head).toMatch(/^TIME +OUTCOME +STATUS +CODE +KEY +MODEL/)
      expect(rows.map((row) => row.split(/\s+/).at(-1))).toEqual(['req_bad', 'req_good', 'req_old'])
      expect(rows[0]).toMatch(/failed +502 +upstream_error +laptop +grok-4 +main +2 +1234 /)
      expect(rows[1]).toContain('grok-4 → grok-4-0709')
      expect(rows[1]).toContain('$2.50')
      expect(rows[2]).toContain('$0.001235')
    },
    SLOW,
  )

  test(
    'finds turns by outcome, time, key and account, by id or name',
    async () => {
      await using it = await world()
      const found = async (...args: string[]) => {
        const { stdout } = await it.groxy('log', '--json', ...args)
        return lines(stdout)
          .filter(Boolean)
          .map((line) => JSON.parse(line).requestId)
      }
      expect(await found('--failed')).toEqual(['req_bad'])
      expect(await found('--since', '1h')).toEqual(['req_bad', 'req_good'])
      expect(await found('--since', '45s')).toEqual(['req_bad'])
      expect(await found('--key', 'laptop', '--limit', '1')).toEqual(['req_bad'])
      expect(await found('--key', 'other')).toEqual(['req_old'])
      expect(await found('--account', it.account.id)).toEqual(['req_bad', 'req_good'])
      expect(await found('--account', 'main', '--failed', '--since', '1s')).toEqual([])
    },
    SLOW,
  )

  test(
    'tells one turn in full: every attempt in order, and what was said if it was kept',
    async () => {
      await using it = await world()
      const { stdout } = await it.groxy('log', '--request', 'req_bad')
      const all = lines(stdout)
      expect(all).toContain('outcome   failed, status 502, upstream_error')
      expect(all).toContain(`account   main (${it.account.id}) (xai)`)
      expect(all.slice(-2)).toEqual([
        `  1. main (${it.account.id}), grok-4, 34 ms: quota, 429, rate_limited, account: cooling 60 s`,
        '  2. gone, grok-4, 1200 ms: unreachable',
      ])
      await it.stores.ledger.keep([
        { requestId: 'req_good', at: 1, request: 'the question', answer: 'the answer' },
      ])
      const good = await it.groxy('log', '--request', 'req_good')
      expect(good.stdout).toContain('request:\nthe question\n\nanswer:\nthe answer')
      const none = await it.groxy('log', '--request', 'req_none')
      expect([none.code, none.stdout]).toEqual([1, 'No such turns in the ledger.\n'])
    },
    SLOW,
  )
})

test(
  'groxy usage adds up by key, account or model, with a total in dollars',
  async () => {
    await using it = await world()
    const byKey = lines((await it.groxy('usage')).stdout).map((line) => line.split(/\s+/))
    expect(byKey.map((cells) => [cells[0], cells[1], cells.at(-1)])).toEqual([
      ['KEY', 'TURNS', 'COST'],
      ['laptop', '2', '$2.50'],
      ['other', '1', '$0.001235'],
      ['TOTAL', '3', '$2.50'],
    ])
    const byModel = (await it.groxy('usage', '--by', 'model', '--days', '1')).stdout
    expect(byModel).toMatch(/grok-4 +2 +1 +0 +4 /)
    expect((await it.groxy('usage', '--by', 'account')).stdout).toMatch(
      /main +2 [\s\S]*\(none\) +1 /,
    )
  },
  SLOW,
)

test(
  "groxy prices shows the upstreams' lists, and sets and removes one's own",
  async () => {
    await using it = await world()
    const row = async (model: string) =>
      lines((await it.groxy('prices')).stdout).find((line) => line.startsWith(`${model} `))
    expect(await row('grok-4.3')).toMatch(/1\.25 +- +2\.5 .*upstream$/)
    expect(await row('broken')).toBeUndefined()
    const set = ['prices', 'set', 'grok-4.3', '--input', '1', '--output', '2', '--cached', '0.1']
    const long = ['--long-from', '200000', '--long-input', '2']
    expect((await it.groxy(...set, ...long)).code).toBe(0)
    expect(await row('grok-4.3')).toMatch(/1 +0\.1 +2 +200000 +2 +- +- +set here$/)
    expect((await it.groxy('prices', 'remove', 'grok-4.3')).code).toBe(0)
    expect((await it.groxy('prices', 'remove', 'grok-4.3')).code).toBe(1)
    expect(await row('grok-4.3')).toContain('upstream')
  },
  SLOW,
)

test(
  'what is not understood is said, with exit code 2',
  async () => {
    await using it = await world()
    for (const args of [
      ['log', 'req_bad'],
      ['log', '--since', 'yesterday'],
      ['log', '--limit', '0'],
      ['usage', '--by', 'colour'],
      ['usage', '--days', 'x'],
      ['prices', 'set', 'm', '--input', '1'],
      ['prices', 'set', 'm', '--input', '-1', '--output', '1'],
      ['prices', 'set', 'm', '--input', 'free', '--output', '1'],
      ['prices', 'set', 'm', '--input', '1', '--output', '1', '--long-input', '2'],
      ['prices', 'set'],
    ])
      expect([args, (await it.groxy(...args)).code]).toEqual([args, 2])
    const absurd = ['prices', 'set', 'm', '--input', '1e9', '--output', '1']
    expect((await it.groxy(...absurd)).code).toBe(1)
  },
  SLOW,
)
