import { describe, expect, test } from 'bun:test'
import { createBooks } from '#src/dispatch/book'
import { createFailOver } from '#src/dispatch/fail-over'
import { ApiError, UpstreamFault } from '#src/errors'
import { createPricing } from '#src/ledger/price'
import type { LedgerEntry } from '#src/store/ledger'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { account, MODEL, poolOf } from '../support/accounts-pool'

const FACTS = {
  requestId: 'req_1',
  keyId: 'k',
  endpoint: 'chat.completions',
  model: MODEL,
  stream: false,
}

/** A pool of accounts at one address, and turns that are given to it. */
function world(names: readonly string[]) {
  const it = poolOf(names.map((name) => account(name)))
  const { pool, waiting, now } = it
  const written: LedgerEntry[] = []
  const pricing = createPricing({ modelOf: () => undefined, now })
  const books = createBooks({ now, pricing, record: (entry) => written.push(entry) })
  const failOver = createFailOver({ pool, waiting, books, now })
  /** One attempt, which ends as `end` says; what became of the turn. */
  const attempt = async (end: () => Promise<never>, signal = new AbortController().signal) => {
    const plan = it.catalog.find(MODEL, 0)
    if (!plan) throw new Error('No account has the model.')
    const book = books.open(FACTS, () => {})
    const settings = { ...DEFAULT_SETTINGS, max_attempts: 1 }
    const turn = { plan, want: it.want(), keyId: 'k', settings, signal, book, repeatable: true }
    return await failOver(turn, end).catch((cause: unknown) => {
      books.fail(book, cause)
      return cause
    })
  }
  return { ...it, attempt, written }
}

const refused = (status: number, message: string) =>
  new UpstreamFault('refused', message, { status })

/** How the try ended, and how many turns may go there right after it: one more try, or all again. */
const ENDS: readonly (readonly [fault: UpstreamFault, free: 'nobody' | 'one' | 'all'])[] = [
  [new UpstreamFault('timeout', 'keeps silent'), 'one'],
  [new UpstreamFault('unable', 'cannot do it'), 'one'],
  [new UpstreamFault('egress', 'cannot be reached through the proxy'), 'one'],
  [new UpstreamFault('unreachable', 'cannot be reached'), 'nobody'],
  [new UpstreamFault('broken', 'breaks the connection'), 'nobody'],
  [refused(502, 'answers that nobody is behind it'), 'nobody'],
  [refused(400, 'refuses the request'), 'all'],
  [refused(401, 'refuses the account'), 'all'],
  [refused(429, 'is limited'), 'all'],
  [refused(500, 'has a fault'), 'all'],
  [refused(503, 'is overloaded'), 'all'],
  [new UpstreamFault('malformed', 'talks nonsense'), 'all'],
  [new UpstreamFault('redirect', 'points elsewhere'), 'all'],
]

describe('a host that is tried out after it was down', () => {
  test.each(ENDS.map(([fault, free]) => [fault.message, free, fault] as const))(
    'and %s lets in: %s',
    async (_, free, fault) => {
      const it = world(['a', 'b', 'c', 'd', 'e'])
      for (let turn = 0; turn < 3; turn++) it.fail({ host: 'certain' })
      it.wait(1_000)
      await it.attempt(() => Promise.reject(fault))
      const leases = [it.lease(), it.lease()].filter(Boolean)
      expect(leases).toHaveLength({ nobody: 0, one: 1, all: 2 }[free])
    },
  )
})

describe('an attempt whose client leaves', () => {
  test('is in the ledger like any other, and nothing is held against its account', async () => {
    const it = world(['a'])
    const client = new AbortController()
    const cause = await it.attempt(async () => {
      it.wait(40)
      client.abort()
      throw new UpstreamFault('broken', 'The call was given up.')
    }, client.signal)
    expect(cause).toBeInstanceOf(ApiError)
    expect(it.written).toMatchObject([
      {
        outcome: 'gone',
        errorCode: 'client_gone',
        attempts: 1,
        attemptLog: [
          {
            account: 'a',
            model: MODEL,
            ms: 40,
            code: 'client_gone',
            fault: 'client_gone',
            effect: 'none',
          },
        ],
      },
    ])
    expect(it.pool.member('a')).toMatchObject({ inFlight: 0, rest: undefined })
  })
})
