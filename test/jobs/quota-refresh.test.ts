import { describe, expect, test } from 'bun:test'
import { UpstreamFault } from '#src/errors'
import { createQuotaRefresh } from '#src/jobs/quota-refresh'
import { createLog } from '#src/log'
import type { Account } from '#src/pool/account'
import type { Lease } from '#src/pool/lease'
import { NO_QUOTA } from '#src/store/account-states'
import type { Tier } from '#src/store/schema'
import type { QuotaFinding } from '#src/upstream/upstream'
import { account } from '../support/accounts-pool'
import { ownClock } from '../support/own-clock'
import { BUCKET, HOUR, session, sessionsPool } from '../support/web-pool'

const SECOND = 1_000
const MINUTE = 60_000
const DAY = 24 * HOUR

type Answer = (id: string, buckets: readonly string[]) => QuotaFinding | Promise<QuotaFinding>

/** Sessions, and a grok.com that tells what is left of their quotas. */
function world(accounts: readonly Account[] = [session('a')]) {
  const asked: { readonly id: string; readonly buckets: readonly string[] }[] = []
  const stored: (readonly [string, Tier])[][] = []
  const lines: string[] = []
  const events: ((lease: Lease, what: 'taken' | 'over' | 'limited') => void)[] = []
  const it = sessionsPool([], {
    onCharge: (lease, what) => events.map((tell) => tell(lease, what)),
  })
  /** When another instance has asked about an account. */
  const others = new Map<string, number>()
  let isOn = true
  let answer: Answer = (_, buckets) => left(buckets, 80)
  const left = (buckets: readonly string[], remaining: number, ms = DAY, tier?: Tier) => ({
    reports: buckets.map((bucket) => ({ bucket, limit: 80, remaining, resetAt: it.now() + ms })),
    tier,
  })
  const silent = {}
  const web = {
    async quotas({ id }: Account, buckets: readonly string[], abort: AbortController) {
      asked.push({ id, buckets })
      abort.signal.throwIfAborted()
      return await answer(id, buckets)
    },
  }
  const refresh = createQuotaRefresh({
    pool: it.pool,
    upstreams: { web, xai: silent, openai: silent, demo: silent },
    tiers: { save: async (tiers) => void stored.push([...tiers]) },
    sharing: {
      take: async (_, wanted) =>
        new Map(
          wanted.flatMap(({ subject, since }) => {
            const askedAt = others.get(subject)
            return askedAt !== undefined && askedAt > since
              ? [[subject, { askedAt, expiresAt: 0 }] as const]
              : []
          }),
        ),
      end: async () => {},
    },
    isOn: () => isOn,
    restMs: (tier) => (tier === 'super' || tier === 'heavy' ? 2 * HOUR : 8 * HOUR),
    now: it.now,
    random: () => 0.5,
    spreadMs: 0,
    log: createLog({
      level: 'info',
      write: (line) => lines.push(line),
      readable: false,
      now: it.now,
    }),
  })
  events.push(refresh.note)
  const { job } = refresh
  const dueAt = () => ('dueAt' in job ? job.dueAt() : 0)
  const become = (next: readonly Account[]) => {
    it.update(next)
    refresh.follow()
  }
  become(accounts)
  return {
    ...it,
    asked,
    others,
    stored,
    lines,
    become,
    follow: refresh.follow,
    left,
    dueAt,
    switch: (on: boolean) => (isOn = on),
    answers: (next: Answer) => (answer = next),
    /** What a machine does every two seconds; who was asked. */
    async look(): Promise<string[]> {
      const before = asked.length
      if (dueAt() <= it.now()) await job.run(new AbortController().signal, () => {}, false)
      return asked.slice(before).map(({ id }) => id)
    },
    /** What an operator does with `groxy jobs run quota`. */
    runAll: (
      signal = new AbortController().signal,
      progress = (_done: number, _all: number) => {},
    ) => job.run(signal, progress, true),
    turn(model = 'grok-4') {
      const lease = it.take(model)
      it.pool.reached(lease)
      return lease
    },
    limited(ms = HOUR) {
      const lease = it.take()
      it.pool.refund(lease)
      const blame = { state: 'cooling', reason: '429', scope: BUCKET, usualMs: ms } as const
      it.pool.blame(lease, blame)
      return lease.account.id
    },
    scoped: (id = 'a', bucket = BUCKET) => it.pool.member(id)?.scoped?.get(bucket),
  }
}

describe('a session is asked', () => {
  test('at once when it is new and nobody knows it, but of many that are new only some', async () => {
    const it = world([session('a')])
    expect(await it.look()).toEqual(['a'])
    expect(await it.look()).toEqual([])
    it.become(Array.from({ length: 500 }, (_, at) => session(`s${at}`)))
    expect(await it.look()).toHaveLength(20)
    it.follow()
    expect(await it.look()).toHaveLength(0)
  })

  test('not at once where something is known of it', async () => {
    const it = world([])
    it.update([session('a')])
    it.say(5)
    it.follow()
    expect(await it.look()).toEqual([])
  })

  test('when its first turn begins, then soon after a turn, then every five minutes while it is used', async () => {
    const it = world(Array.from({ length: 21 }, (_, at) => session(`s${at}`)))
    await it.look()
    it.become([session('s20')])
    it.answers((_, buckets) => it.left(buckets, 1_000))
    const times: number[] = []
    const begun = it.now()
    const look = async () => {
      if ((await it.look()).length > 0) times.push(it.now() - begun)
    }
    const first = it.turn()
    await look()
    it.wait(10 * SECOND)
    await look()
    it.pool.succeed(first)
    for (let step = 0; step < 400; step++) {
      it.wait(2 * SECOND)
      if (step < 200) it.pool.succeed(it.turn())
      await look()
    }
    expect(times).toEqual([0, 12 * SECOND, 312 * SECOND, 612 * SECOND])
  })

  test('five minutes after another instance has asked about its turns', async () => {
    const it = world([session('a')])
    it.answers((_, buckets) => it.left(buckets, 1_000))
    await it.look()
    it.pool.succeed(it.turn())
    it.wait(2 * SECOND)
    it.others.set('a', it.now() - SECOND)
    expect(await it.look()).toEqual([])
    it.wait(298 * SECOND)
    expect(await it.look()).toEqual([])
    it.wait(SECOND)
    expect(await it.look()).toEqual(['a'])
  })

  test('again at its next turn when it told nothing, but not each time', async () => {
    const it = world([session('a')])
    it.answers(() => Promise.reject(new UpstreamFault('timeout', 'Silence.')))
    expect(await it.look()).toEqual(['a'])
    const turn = it.turn()
    expect(await it.look()).toEqual([])
    it.wait(MINUTE)
    it.turn()
    expect(await it.look()).toEqual(['a'])
    it.pool.release(turn)
    expect(it.pool.member('a')?.rest).toBeUndefined()
  })

  test('ten seconds after a turn that was one too many, and on a schedule while it rests', async () => {
    for (const [tier, hours] of [
      ['basic', 8],
      ['super', 2],
    ] as const) {
      const it = world([session('a', tier)])
      await it.look()
      const begun = it.now()
      it.limited(9 * HOUR)
      const times: number[] = []
      for (let step = 0; step < 20 * 1800; step++) {
        it.wait(2 * SECOND)
        it.answers((_, buckets) => it.left(buckets, 0, 8.5 * HOUR + begun - it.now()))
        if ((await it.look()).length > 0) times.push(Math.round((it.now() - begun) / SECOND))
      }
      const first = times.shift()
      expect(first).toBe(10)
      expect(times.slice(0, 1).map((at) => Math.round(at / 3600))).toEqual([hours])
      // Once it is back nobody asks for it.
      expect(Math.max(...times)).toBeLessThan(9 * 3600)
    }
  })

  test('about what its turns took of and the main quota, or about all that was ever used', async () => {
    const it = world()
    await it.look()
    expect(it.asked).toEqual([{ id: 'a', buckets: [BUCKET] }])
    it.pool.succeed(it.turn('grok-3'))
    it.wait(2 * SECOND)
    await it.look()
    expect(it.asked[1]?.buckets).toEqual([BUCKET, 'units grok-3'])
    it.pool.succeed(it.turn('grok-4-mini'))
    it.wait(5 * MINUTE)
    await it.look()
    expect(it.asked[2]?.buckets).toEqual([BUCKET, 'units grok-4-mini-thinking-tahoe'])
    await it.runAll()
    expect(it.asked[3]?.buckets).toHaveLength(3)
  })

  test('never while the setting is off, unless an operator wants to know', async () => {
    const it = world([])
    it.switch(false)
    it.become([session('a')])
    it.pool.succeed(it.turn())
    it.limited()
    expect(it.dueAt()).toBe(Number.POSITIVE_INFINITY)
    await it.runAll()
    expect(it.asked).toHaveLength(1)
  })

  test('only if its kind has quotas to be asked for, and it is still in the pool', async () => {
    const it = world([account('x'), session('a')])
    await it.runAll()
    expect(it.asked.map(({ id }) => id)).toEqual(['a'])
    it.become([session('b')])
    expect(await it.look()).toEqual(['b'])
  })
})

describe('what is heard', () => {
  test('counts, less what turns hold that grok.com has not seen', async () => {
    const it = world()
    it.take('grok-4-expert')
    it.turn()
    await it.look()
    expect(it.quota()).toMatchObject({ remaining: 76, limit: 80, source: 'reported' })
  })

  test.each([
    ['an operator asks', 'all', true],
    ['it is time to ask again', 'rest', true],
    ['a turn is over', 'turn', false],
  ] as const)('ends a rest for lack of quota when %s', async (_, why, ends) => {
    const it = world()
    await it.look()
    it.limited(20 * HOUR)
    if (why === 'all') await it.runAll()
    it.wait(why === 'rest' ? 8 * HOUR : 10 * SECOND)
    if (why !== 'all') expect(await it.look()).toEqual(['a'])
    expect(it.scoped() === undefined).toBe(ends)
    expect(it.lease() !== undefined).toBe(ends)
  })

  test('does not end what is held against the whole session, nor against another quota', async () => {
    const it = world()
    await it.look()
    it.limited()
    const member = it.pool.member('a')
    if (!member) throw new Error('There is no session.')
    const rest = { state: 'cooling', reason: '500', until: it.now() + HOUR, faults: 1 } as const
    it.pool.setRest(member, '', rest)
    it.pool.setRest(member, 'grok-3', rest)
    await it.runAll()
    expect(member.rest).toEqual(rest)
    expect([...(member.scoped?.keys() ?? [])]).toEqual(['grok-3'])
  })

  test('that nothing is left, exhausts the quota until grok.com says, be it longer or shorter', async () => {
    for (const hours of [0.5, 5]) {
      const it = world()
      await it.look()
      it.limited(HOUR)
      it.answers((_, buckets) => it.left(buckets, 0, hours * HOUR))
      it.wait(10 * SECOND)
      await it.look()
      const until = it.now() + hours * HOUR
      expect(it.scoped()).toMatchObject({ state: 'exhausted', until })
      expect(it.lease()).toBeUndefined()
      expect(it.pool.outlook(it.want()).returnMs).toBe(hours * HOUR)
      expect(it.lease({ asked: 'grok-3' })).toBeDefined()
      it.wait(hours * HOUR)
      expect(it.lease()).toBeDefined()
    }
  })

  test('of a session that is gone meanwhile is not kept', async () => {
    const it = world()
    it.answers((_, buckets) => {
      it.become([session('b')])
      return it.left(buckets, 3)
    })
    await it.look()
    expect(it.quota()).toBeUndefined()
  })

  test('of tiers is stored together, and only where it is news', async () => {
    const it = world(['a', 'b', 'c'].map((id) => session(id, id === 'c' ? 'super' : undefined)))
    it.answers((id, buckets) => it.left(buckets, 80, DAY, id === 'a' ? 'basic' : 'super'))
    await it.look()
    expect(it.stored).toEqual([
      [
        ['a', 'basic'],
        ['b', 'super'],
      ],
    ])
  })
})

describe('when asking fails', () => {
  const FAULTS = [
    [
      'the way is barred',
      new UpstreamFault('refused', 'Rejected.', { status: 403, code: 'anti_bot' }),
    ],
    [
      'the edge wants a browser',
      new UpstreamFault('refused', '', { status: 403, code: 'challenge' }),
    ],
    ['there are too many questions', new UpstreamFault('refused', 'Slow.', { status: 429 })],
    ['grok.com is down', new UpstreamFault('unreachable', 'No connection.')],
    ['grok.com has a fault', new UpstreamFault('refused', 'Oops.', { status: 500 })],
  ] as const
  test.each(FAULTS)('since %s, nothing changes', async (_, fault) => {
    const it = world()
    it.say(7)
    it.answers(() => Promise.reject(fault))
    await it.runAll()
    const { rest, scoped } = it.pool.member('a') ?? {}
    expect([rest, scoped, it.quota()?.remaining]).toEqual([undefined, undefined, 7])
  })

  test.each([
    ['says 401', { status: 401 }],
    ['says that it is blocked', { status: 403, code: 'blocked' }],
  ] as const)(
    'since grok.com %s, the session is a suspect and no more where an operator asked',
    async (_, details) => {
      const it = world()
      const fault = new UpstreamFault('refused', 'Not you, secret.', details)
      it.answers(() => Promise.reject(fault))
      expect(await it.look()).toEqual(['a'])
      expect(it.pool.member('a')?.rest).toBeUndefined()
      for (let time = 0; time < 5; time++) await it.runAll()
      const reason = `${details.status}: Not you, [redacted].`
      expect(it.pool.member('a')?.rest).toMatchObject({ state: 'suspect', faults: 1, reason })
      expect(it.pool.member('a')?.rest?.until).toBe(it.now() + 30 * SECOND)
    },
  )

  test('the others are asked all the same, and the log tells of it once', async () => {
    const it = world(Array.from({ length: 30 }, (_, at) => session(`s${at}`)))
    it.answers((id, buckets) => {
      if (Number(id.slice(1)) % 2 === 1) throw new UpstreamFault('broken', 'Cut.')
      return it.left(buckets, 80)
    })
    const notes: unknown[] = []
    await it.runAll(undefined, (...told) => notes.push(told))
    expect(it.asked).toHaveLength(30)
    expect(notes.at(-1)).toEqual([30, 30, '15 failed: Cut.'])
    expect(it.lines.filter((line) => line.includes('quotas_failed'))).toHaveLength(1)
  })

  test('again and again, it is given up: asking on would not help', async () => {
    const it = world(Array.from({ length: 500 }, (_, at) => session(`s${at}`)))
    it.answers(() =>
      Promise.reject(new UpstreamFault('refused', 'Not from here.', { status: 403 })),
    )
    await expect(it.runAll()).rejects.toThrow('cannot be asked for quotas: Not from here.')
    expect(it.asked.length).toBeLessThan(50)
    // Another run tries again.
    it.answers((_, buckets) => it.left(buckets, 80))
    await it.runAll()
    expect(it.asked.length).toBeGreaterThan(500)
  })
})

describe('sessions that rest for lack of quota are asked again in their time', () => {
  const rested = (count: number) => {
    const it = world([])
    const sessions = Array.from({ length: count }, (_, at) => session(`s${at}`))
    const until = it.now() + 100 * HOUR
    const rest = { state: 'exhausted', reason: NO_QUOTA, until, faults: 1 } as const
    it.update(sessions)
    for (const { id } of sessions) {
      it.say(0, { id, ms: 100 * HOUR })
      const member = it.pool.member(id)
      if (member) it.pool.setRest(member, BUCKET, rest)
    }
    it.follow()
    return {
      ...it,
      answersNothing: () => it.answers((_, all) => it.left(all, 0, until - it.now())),
    }
  }

  test('though an operator asked about all when it was time', async () => {
    const it = rested(3)
    it.answersNothing()
    it.wait(8 * HOUR)
    await it.runAll()
    expect(new Set(it.asked.map(({ id }) => id)).size).toBe(3)
    it.wait(8 * HOUR)
    expect((await it.look()).toSorted()).toEqual(['s0', 's1', 's2'])
  })

  test('though asking was given up before their turn came', async () => {
    const it = rested(30)
    it.wait(8 * HOUR)
    it.answers(() => Promise.reject(new UpstreamFault('unreachable', 'No connection.')))
    await expect(it.look()).rejects.toThrow('No connection.')
    expect(it.asked.length).toBeLessThan(30)
    it.answersNothing()
    it.wait(8 * HOUR)
    expect(await it.look()).toHaveLength(30)
  })
})

describe('twenty thousand sessions', () => {
  const many = Array.from({ length: 20_000 }, (_, at) => session(`s${at}`))

  test('are asked a few at a time, with progress', async () => {
    const it = world(many)
    let now = 0
    let most = 0
    it.answers(async (_, buckets) => {
      most = Math.max(most, ++now)
      await Bun.sleep(0)
      now--
      return it.left(buckets, 80)
    })
    const told: number[] = []
    await it.runAll(undefined, (done, total) => {
      expect(total).toBe(20_000)
      told.push(done)
    })
    expect(new Set(it.asked.map(({ id }) => id)).size).toBe(20_000)
    expect(most).toBeWithin(2, 17)
    expect(told.at(-1)).toBe(20_000)
  })

  test('can be let go of at any time', async () => {
    const it = world(many)
    const abort = new AbortController()
    it.answers((_, buckets) => {
      if (it.asked.length === 100) abort.abort()
      return it.left(buckets, 80)
    })
    await it.runAll(abort.signal)
    expect(it.asked.length).toBeLessThan(120)
  })

  test('do not keep the one waiting that was limited meanwhile', async () => {
    const it = world(many)
    let limited = ''
    let since = 0
    const times: number[] = []
    it.answers((id, buckets) => {
      it.wait(10)
      if (it.asked.length === 100) {
        limited = it.limited()
        since = it.now()
      }
      if (id === limited) times.push(it.now() - since)
      return it.left(buckets, 80)
    })
    await it.runAll()
    expect(times.some((ms) => ms >= 10 * SECOND && ms < 11 * SECOND)).toBeTrue()
  })

  test('cost a look nothing', async () => {
    const it = world(many)
    await it.look()
    for (let turn = 0; turn < 1_000; turn++) it.pool.succeed(it.turn())
    using clock = ownClock()
    const begun = clock.now()
    for (let look = 0; look < 10_000; look++) it.dueAt()
    expect(clock.now() - begun).toBeLessThan(50)
    it.wait(2 * SECOND)
    // Bounded, so that an operator's wish comes soon.
    expect((await it.look()).length).toBeLessThanOrEqual(32)
  })
})
