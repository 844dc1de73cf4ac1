import { describe, expect, test } from 'bun:test'
import { createBooks } from '#src/dispatch/book'
import { type Attempt, createFailOver } from '#src/dispatch/fail-over'
import { ApiError, UpstreamFault } from '#src/errors'
import { createPricing } from '#src/ledger/price'
import type { Account } from '#src/pool/account'
import type { RestState } from '#src/pool/rest'
import type { LedgerEntry } from '#src/store/ledger'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { account, MODEL, poolOf } from '../support/accounts-pool'
import { BUCKET, HOUR, session } from '../support/web-pool'

const FACTS = {
  requestId: 'req_1',
  keyId: 'k',
  endpoint: 'chat.completions',
  model: MODEL,
  stream: false,
}

/** A pool of accounts at one address, and turns that are given to it. */
function world(names: readonly string[], make: (name: string) => Account = account) {
  const it = poolOf(names.map((name) => make(name)))
  const { pool, waiting, now } = it
  const written: LedgerEntry[] = []
  const pricing = createPricing({ modelOf: () => undefined, now })
  const books = createBooks({ now, pricing, record: (entry) => written.push(entry) })
  const failOver = createFailOver({ pool, waiting, books, now })
  /** One attempt, which ends as `end` says; what became of the turn. */
  const attempt = async (
    end: (attempt: Attempt) => Promise<never>,
    signal = new AbortController().signal,
  ) => {
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

const picture = () =>
  new ApiError('invalid_value', 'The picture cannot be fetched.', { param: 'messages.0.content.1' })

/** How the attempt ended, what is left of 10 units, and what is held against the session. */
const CHARGED: readonly (readonly [
  how: string,
  cause: Error,
  sent: boolean,
  left: number,
  held: { readonly state: RestState; readonly ms: number } | undefined,
])[] = [
  ['by its client', picture(), false, 10, undefined],
  ['by its client, once it was sent', picture(), true, 9, undefined],
  ['by a limit', refused(429, 'Too many requests'), false, 10, { state: 'cooling', ms: HOUR }],
  ['by a limit in its first line', refused(429, 'Slow'), true, 10, { state: 'cooling', ms: HOUR }],
  ['by a refusal of the request', refused(400, 'No.'), false, 10, undefined],
  ['without a connection', new UpstreamFault('unreachable', 'U'), false, 10, undefined],
  [
    'by a limit within its answer',
    new UpstreamFault('refused', 'Slow', { status: 429, begun: true }),
    true,
    9,
    { state: 'cooling', ms: HOUR },
  ],
  ['by silence', new UpstreamFault('timeout', 'T'), false, 9, undefined],
  ['by an answer that is unfit', new UpstreamFault('unfit', 'U'), true, 9, undefined],
]

describe('an attempt of a session that was ended', () => {
  const begin = () => {
    const it = world(['a'], (name) => session(name))
    const member = it.pool.member('a')
    if (!member) throw new Error('There is no session.')
    const said = { bucket: BUCKET, limit: 80, remaining: 10, resetAt: it.now() + 20 * HOUR }
    it.pool.report({ member }, said)
    return { ...it, member }
  }

  test.each(CHARGED.map((row) => ({ row })))('$row.0', async ({ row }) => {
    const [, cause, sent, left, held] = row
    const it = begin()
    await it.attempt(async ({ lease }) => {
      if (sent) it.pool.reached(lease)
      throw cause
    })
    expect(it.member.quotas?.get(BUCKET)).toMatchObject({ remaining: left, pending: 0 })
    const rest = it.member.scoped?.get(BUCKET)
    expect(rest && { state: rest.state, ms: rest.until - it.now() }).toEqual(held)
    expect(it.member.inFlight).toBe(0)
  })

  test('by its client is blamed on nobody, and in the ledger', async () => {
    const it = begin()
    expect(await it.attempt(() => Promise.reject(picture()))).toMatchObject({ status: 400 })
    expect(it.member.rest).toBeUndefined()
    expect(it.written).toMatchObject([
      {
        outcome: 'failed',
        status: 400,
        attemptLog: [{ account: 'a', code: 'invalid_value', effect: 'none' }],
      },
    ])
  })

  test('by a limit once nothing is left rests ten hours, unless its window ends before', async () => {
    for (const [windowMs, ms] of [
      [20 * HOUR, 10 * HOUR],
      [2 * HOUR, 2 * HOUR],
    ] as const) {
      const it = begin()
      await it.attempt(({ lease: { member } }) => {
        const resetAt = it.now() + windowMs
        it.pool.report({ member }, { bucket: BUCKET, limit: 80, remaining: 0, resetAt })
        return Promise.reject(refused(429, 'Too many requests'))
      })
      const rest = it.member.scoped?.get(BUCKET)
      expect(rest).toMatchObject({ state: 'exhausted', until: it.now() + ms })
    }
  })

  test('by a barred way leaves its words for the operator alone', async () => {
    const it = begin()
    const said = { status: 403, code: 'anti_bot' }
    const cause = await it.attempt(() =>
      Promise.reject(new UpstreamFault('refused', 'Rejected by anti-bot rules.', said)),
    )
    expect(String(cause)).toContain('operator has to act')
    expect(it.written[0]?.attemptLog).toMatchObject([
      { code: 'anti_bot', effect: 'none', says: '403: Rejected by anti-bot rules.' },
    ])
    expect(it.member).toMatchObject({ rest: undefined, scoped: undefined })
  })
})
