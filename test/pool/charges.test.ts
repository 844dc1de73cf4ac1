import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Lease } from '#src/pool/lease'
import { account } from '../support/accounts-pool'
import { BUCKET, HOUR, session, sessionsPool } from '../support/web-pool'

const LIMITED = { state: 'cooling', reason: '429', scope: BUCKET, usualMs: HOUR } as const

describe('a turn of a session', () => {
  test('takes its cost when it is leased: 1, or 4 of a high effort, of a quota that models share', () => {
    const it = sessionsPool()
    it.say(10)
    it.take('grok-4')
    expect(it.quota()?.remaining).toBe(9)
    it.take('grok-4-expert')
    expect(it.quota()?.remaining).toBe(5)
    it.take('grok-3')
    expect(it.quota()?.remaining).toBe(5)
    expect(it.quota('units grok-3')).toMatchObject({ pending: 1, at: 0 })
  })

  test('is not given to a session that has too little left for it, while cheaper ones still are', () => {
    const it = sessionsPool()
    it.say(3, { ms: HOUR })
    expect(it.lease({ asked: 'grok-4-expert' })).toBeUndefined()
    expect(it.pool.outlook(it.want({ asked: 'grok-4-expert' }))).toEqual({
      busy: false,
      returnMs: HOUR,
    })
    for (let turn = 0; turn < 3; turn++) it.take('grok-4')
    expect(it.lease()).toBeUndefined()
    expect(it.lease({ asked: 'grok-3' })).toBeDefined()
    it.wait(HOUR)
    expect(it.lease({ asked: 'grok-4-expert' })).toBeDefined()
  })

  test('that costs more than the whole quota is for grok.com to refuse', () => {
    const it = sessionsPool()
    it.say(2, { limit: 2 })
    expect(it.lease({ asked: 'grok-4-expert' })).toBeDefined()
    expect(it.lease({ asked: 'grok-4' })).toBeUndefined()
    const none = sessionsPool()
    none.say(0, { limit: 0 })
    expect(none.lease({ asked: 'grok-4-expert' })).toBeUndefined()
  })

  test('goes to those who have more left', () => {
    const it = sessionsPool([session('a'), session('b')])
    it.say(8)
    it.say(72, { id: 'b' })
    const ids = Array.from({ length: 40 }, () => {
      const lease = it.take()
      it.pool.refund(lease)
      return lease.account.id
    })
    expect(ids.filter((id) => id === 'b').length).toBeGreaterThan(25)
  })

  test('takes nothing that headers of other kinds count', () => {
    const it = sessionsPool([session('a', 'basic', { requestsPerMinute: 5 })])
    const lease = it.take()
    expect(lease.reserved).toMatchObject({ requests: undefined, tokens: undefined })
    expect(lease.reserved?.minute?.remaining).toBe(4)
  })

  test('of any other account is charged nothing', () => {
    const it = sessionsPool([account('a')])
    expect(it.take()).toMatchObject({ charge: undefined, held: undefined })
    expect(it.pool.member('a')?.quotas).toBeUndefined()
  })
})

/** How a turn ends, and what is left of 10 units after it. */
const ENDS: readonly (readonly [
  how: string,
  end: (it: World, lease: Lease) => void,
  left: number,
])[] = [
  ['well', ({ pool }, lease) => pool.succeed(lease), 6],
  ['with its client leaving', ({ pool }, lease) => pool.release(lease), 6],
  [
    'broken within its answer',
    ({ pool }, lease) => {
      pool.reached(lease)
      pool.blame(lease, { ...LIMITED, scope: '' })
    },
    6,
  ],
  [
    'refused',
    ({ pool }, lease) => {
      pool.refund(lease)
      pool.blame(lease, LIMITED)
    },
    10,
  ],
  [
    'refused in the first line of its answer',
    ({ pool }, lease) => {
      pool.reached(lease)
      pool.refund(lease)
      pool.release(lease)
    },
    10,
  ],
  [
    'without having reached grok.com',
    ({ pool }, lease) => {
      pool.giveBack(lease)
      pool.release(lease)
    },
    10,
  ],
]

type World = ReturnType<typeof sessionsPool>

describe('what a turn held, when it ended', () => {
  test.each(ENDS.map(([how, end, left]) => ({ how, end, left })))('$how', ({ end, left }) => {
    const it = sessionsPool()
    it.say(10)
    const lease = it.take('grok-4-expert')
    end(it, lease)
    end(it, lease)
    it.pool.refund(lease)
    it.pool.giveBack(lease)
    expect(it.quota()).toMatchObject({ remaining: left, pending: 0 })
    expect(lease.member.inFlight).toBe(0)
  })
})

describe('a limit of one quota', () => {
  test('leaves the other models of the session alone, and ends with a single try', () => {
    const it = sessionsPool()
    const first = it.take()
    it.pool.refund(first)
    it.pool.blame(first, LIMITED)
    expect(it.lease()).toBeUndefined()
    expect(it.lease({ asked: 'grok-4-expert' })).toBeUndefined()
    expect(it.lease({ asked: 'grok-3' })).toBeDefined()
    expect(it.pool.outlook(it.want())).toEqual({ busy: false, returnMs: HOUR })
    it.wait(HOUR)
    const probe = it.take()
    expect(it.lease()).toBeUndefined()
    it.pool.succeed(probe)
    expect(it.lease()).toBeDefined()
  })

  test('is told to who asks for quotas, as are the begin and the end of turns', () => {
    const told: string[] = []
    const it = sessionsPool([session('a')], { onCharge: (_, what) => told.push(what) })
    const lease = it.take()
    it.pool.blame(lease, LIMITED)
    it.pool.release(lease)
    expect(told).toEqual(['taken', 'limited', 'over'])
    const refused = it.take('grok-3')
    it.pool.refund(refused)
    it.pool.release(refused)
    expect(told.slice(3)).toEqual(['taken'])
  })

  test('that holds for the whole session keeps every model from it', () => {
    const it = sessionsPool()
    it.pool.blame(it.take(), { ...LIMITED, scope: '' })
    expect(it.lease({ asked: 'grok-3' })).toBeUndefined()
  })
})

test('what another instance heard counts when it is newer', () => {
  const it = sessionsPool()
  const row = {
    accountId: 'a',
    bucket: BUCKET,
    limit: 80,
    resetAt: 9e9,
    source: 'reported',
  } as const
  it.pool.recallQuotas([{ ...row, remaining: 50, updatedAt: 1_000 }])
  expect(it.quota()).toMatchObject({ remaining: 50, at: 1_000 })
  it.take()
  it.pool.recallQuotas([{ ...row, remaining: 70, updatedAt: 1_000 }])
  expect(it.quota()?.remaining).toBe(49)
  it.pool.recallQuotas([{ ...row, remaining: 40, updatedAt: 2_000 }])
  // The turn in progress has not reached grok.com, as far as we know.
  expect(it.quota()?.remaining).toBe(39)
})

/** A turn as grok.com sees it. */
interface Turn {
  readonly lease: Lease
  readonly cost: number
  /** It has not been sent; it was, and is counted; it was, and will be refused. */
  state: 'held' | 'counted' | 'doomed'
  /** It is refused, and nothing was said of the quota since it was sent. */
  isUnsettled: boolean
}

const ACTS = ['take', 'expensive', 'send', 'doom', 'end', 'lose', 'hear', 'day'] as const
const LIMIT = 20

/**
 * grok.com counts a turn when it takes it, and none that it refuses. Whatever happens in whatever order,
 * we know what is left, less what turns hold that it has not seen, and than what those took that were lost
 * on the way, until it says again what is left.
 */
function play(steps: readonly (readonly [act: (typeof ACTS)[number], pick: number])[]): void {
  const it = sessionsPool()
  const turns: Turn[] = []
  let left = LIMIT
  let lost = 0
  const end = (turn: Turn) => {
    turns.splice(turns.indexOf(turn), 1)
    const { lease, state } = turn
    // Twice, as only the first time counts.
    for (let time = 0; time < 2; time++) {
      if (state === 'held') it.pool.giveBack(lease)
      else if (state === 'doomed') it.pool.refund(lease)
      else it.pool.succeed(lease)
      it.pool.release(lease)
    }
  }
  const send = (turn: Turn, isGood: boolean) => {
    if (turn.state !== 'held') return
    it.pool.reached(turn.lease)
    turn.state = isGood ? 'counted' : 'doomed'
    if (isGood) left -= turn.cost
    else turn.isUnsettled = true
  }
  const hear = () => {
    it.say(left, { limit: LIMIT })
    lost = 0
    for (const turn of turns) turn.isUnsettled = false
  }
  const take = (asked: string, cost: number) => {
    const lease = it.lease({ asked })
    if (lease) turns.push({ lease, cost, state: 'held', isUnsettled: false })
    else expect(it.quota()?.remaining ?? 0).toBeLessThan(cost)
  }
  const check = () => {
    const held = turns.reduce((sum, { state, cost }) => sum + (state === 'held' ? cost : 0), 0)
    const doomed = turns.reduce((sum, one) => sum + (one.isUnsettled ? one.cost : 0), 0)
    const quota = it.quota()
    expect(quota?.pending ?? 0).toBe(held)
    if (quota && quota.resetAt > it.now()) expect(quota.remaining).toBe(left - held - doomed - lost)
  }
  for (const [act, pick] of steps) {
    const turn = turns[pick % Math.max(1, turns.length)]
    if (act === 'take') take('grok-4', 1)
    else if (act === 'expensive') take('grok-4-expert', 4)
    else if (act === 'hear') hear()
    else if (act === 'day') {
      it.wait(20 * HOUR)
      left = LIMIT
      lost = 0
    } else if (turn && act === 'lose') {
      if (turn.state === 'held') lost += turn.cost
      turns.splice(turns.indexOf(turn), 1)
      if (turn.isUnsettled) lost += turn.cost
      it.pool.release(turn.lease)
    } else if (turn && act === 'end') end(turn)
    else if (turn) send(turn, act === 'send')
    check()
  }
  for (const turn of [...turns]) end(turn)
  hear()
  check()
  expect(it.quota()?.remaining).toBe(left)
  expect(it.pool.member('a')?.inFlight).toBe(0)
}

test('no unit is lost or counted twice, whatever becomes of turns and whenever grok.com is asked', () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...ACTS), fc.nat(20)), { maxLength: 60 }), play),
    { numRuns: 2_000 },
  ))
