import { describe, expect, test } from 'bun:test'
import { type FakePool, fakePool } from '../fakes/pool'
import { healthy } from '../fakes/pool-acts'
import { accountsOf, inParallel, type PoolGateway, poolGateway, take } from '../support/pool'

const LONG = 120_000
const ACCOUNTS = Array.from({ length: 20 }, (_, index) => `account-${index}`)
const TURNS = 10

/** How a client tells which conversation a turn belongs to. */
interface Sign {
  readonly sign: string
  readonly conversations: number
  readonly of: (
    conversation: number,
    turn: number,
  ) => { headers?: Record<string, string>; body: object }
}

const said = (conversation: number, turn: number) => [
  { role: 'system', content: 'You are a guide of the town.' },
  ...Array.from({ length: turn }, (_, index) => [
    { role: 'user', content: `c${conversation}t${index}` },
    { role: 'assistant', content: 'So it is.' },
  ]).flat(),
  { role: 'user', content: `c${conversation}t${turn}` },
]

/** Each turn begins anew, so that nothing but the sign joins them. */
const unrelated = (conversation: number, turn: number) => [
  { role: 'user', content: `c${conversation}t${turn}` },
]

const SIGNS: readonly Sign[] = [
  {
    sign: 'prompt_cache_key',
    conversations: 1_000,
    of: (conversation, turn) => ({
      body: {
        prompt_cache_key: `talk-${conversation}`,
        messages: unrelated(conversation, turn),
      },
    }),
  },
  {
    sign: 'the header x-grok-conv-id',
    conversations: 300,
    of: (conversation, turn) => ({
      headers: { 'x-grok-conv-id': `conv-${conversation}` },
      body: { messages: unrelated(conversation, turn) },
    }),
  },
  {
    sign: 'its system prompt and first user message',
    conversations: 300,
    of: (conversation, turn) => ({ body: { messages: said(conversation, turn) } }),
  },
]

const names = (conversations: number) => Array.from({ length: conversations }, (_, index) => index)

/** Take one turn of every conversation; which account answered each is what the fake saw. */
async function round(
  { of, conversations }: Sign,
  turn: number,
  { pool, it, key }: { pool: FakePool; it: PoolGateway; key: string },
): Promise<Map<number, string>> {
  const failed: string[] = []
  await inParallel(64, names(conversations), async (conversation) => {
    const { headers = {}, body } = of(conversation, turn)
    const stream = conversation % 2 === 0
    const reply = await take(it, { prompt: '', stream, key, headers, body })
    if (reply.status !== 200) failed.push(reply.text)
  })
  expect(failed.slice(0, 3)).toEqual([])
  const found = new Map<number, string>()
  for (const { account, prompt } of pool.served()) {
    const [, conversation, at] = prompt.match(/^c(\d+)t(\d+)$/) ?? []
    if (Number(at) === turn) found.set(Number(conversation), account)
  }
  expect(found.size).toBe(conversations)
  return found
}

const movedFrom = (before: Map<number, string>, after: Map<number, string>): number[] =>
  [...before].filter(([name, account]) => after.get(name) !== account).map(([name]) => name)

async function setUp() {
  const stack = new AsyncDisposableStack()
  const pool = stack.use(
    await fakePool(Object.fromEntries(ACCOUNTS.map((name) => [name, healthy]))),
  )
  // By chance two accounts stand so close that one of them is the only heir of the other.
  const accounts = accountsOf(pool).map((account) => ({ ...account, id: account.name }))
  const it = stack.use(await poolGateway({ accounts }))
  const key = await it.key('me')
  return { pool, it, key, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe('conversations that are known by', () => {
  test.each(SIGNS.map((sign) => [sign.sign, sign] as const))(
    '%s stay on their accounts, which share them',
    async (_, sign) => {
      await using parts = await setUp()
      const first = await round(sign, 0, parts)
      let moved = 0
      for (let turn = 1; turn < TURNS; turn++)
        moved += movedFrom(first, await round(sign, turn, parts)).length
      expect(moved / (sign.conversations * (TURNS - 1))).toBeLessThanOrEqual(0.01)
      const shares = [...Map.groupBy(first.values(), (account) => account).values()]
      expect(shares.length).toBeGreaterThanOrEqual(18)
      const largest = Math.max(...shares.map((share) => share.length))
      expect(largest).toBeLessThan((3 * sign.conversations) / ACCOUNTS.length)
    },
    LONG,
  )
})

describe('when the pool changes', () => {
  const [sign] = SIGNS
  if (!sign) throw new Error('There is no sign.')

  test(
    'an account that is switched off gives away its own conversations, and no others move',
    async () => {
      await using parts = await setUp()
      const before = await round(sign, 0, parts)
      const [gone] = ACCOUNTS
      await parts.it.change('UPDATE accounts SET enabled = 0 WHERE name = ?', [String(gone)])
      const after = await round(sign, 1, parts)
      const its = [...before].filter(([, account]) => account === gone).map(([name]) => name)
      expect(its.length).toBeGreaterThan(0)
      expect([...after.values()]).not.toContain(gone)
      const others = movedFrom(before, after).filter((name) => !its.includes(name))
      expect(others.length / (before.size - its.length)).toBeLessThanOrEqual(0.01)
      const heirs = new Set(its.map((name) => after.get(name)))
      expect(heirs.size).toBeGreaterThan(3)
      // And they stay where they went.
      const later = movedFrom(after, await round(sign, 2, parts))
      expect(later.length / after.size).toBeLessThanOrEqual(0.01)
    },
    LONG,
  )

  test(
    'an account that is added takes its share, and of the rest nearly none moves',
    async () => {
      await using parts = await setUp()
      const before = await round(sign, 0, parts)
      const { name } = parts.pool.add('new')
      await parts.it.addAccounts([{ name, baseUrl: parts.pool.url }])
      const after = await round(sign, 1, parts)
      const moved = movedFrom(before, after)
      expect(moved.length / before.size).toBeLessThan(0.12)
      const elsewhere = moved.filter((conversation) => after.get(conversation) !== name)
      expect(elsewhere.length / before.size).toBeLessThanOrEqual(0.01)
    },
    LONG,
  )

  test(
    'conversations of a resting account move while it rests, and those of others stay',
    async () => {
      await using parts = await setUp()
      const before = await round(sign, 0, parts)
      const resting = parts.pool.account('account-3')
      resting.act = ({ response }) => {
        response.writeHead(429, { 'retry-after': '60' })
        response.end('{"error":"Too many requests."}')
      }
      const after = await round(sign, 1, parts)
      const its = [...before].filter(([, account]) => account === resting.name)
      expect(its.length).toBeGreaterThan(0)
      const others = movedFrom(before, after).filter((name) => before.get(name) !== resting.name)
      expect(others.length / (before.size - its.length)).toBeLessThanOrEqual(0.01)
    },
    LONG,
  )
})
