import { describe, expect, test } from 'bun:test'
import { ApiError, UpstreamFault } from '#src/errors'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { account, MODEL } from '../support/accounts-pool'
import { type Step, said, silent, took, worksWorld } from '../support/works-world'

const refused = (status: number, message: string) =>
  new UpstreamFault('refused', message, { status })

/** Two accounts, the first of which is asked first. */
const two = (a: readonly Step[], b: readonly Step[] = [said(9)]) =>
  worksWorld([account('a'), account('b', { kind: 'openai', baseUrl: 'https://b.example' })], {
    a,
    b,
  })

async function read<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}

const problem = (promise: Promise<unknown>): Promise<ApiError> =>
  promise.then(
    () => Promise.reject(new Error('It did not fail.')),
    (cause: unknown) =>
      cause instanceof ApiError ? cause : Promise.reject(new Error(`A bug: ${cause}`)),
  )

const inFlight = ({ pool }: ReturnType<typeof worksWorld>) =>
  [...pool.members()].map((member) => member.inFlight)

describe('a work', () => {
  test('is done by one account, and stands in the ledger once', async () => {
    const it = two([said(1), took({ input: 3, output: 4, costTicks: 50 }), said(2)])
    const running = await it.works.run(it.work())
    expect(running.account.id).toBe('a')
    expect(running.by).toMatchObject({ account: 'a', model: MODEL, attempts: 1 })
    expect(it.written).toEqual([])
    expect(inFlight(it)).toEqual([1, 0])
    const events = await read(running.events)
    expect(events.map(({ at }) => at)).toEqual([1, undefined, 2])
    expect(inFlight(it)).toEqual([0, 0])
    expect(it.written).toMatchObject([
      {
        requestId: 'req_1',
        keyId: 'k',
        endpoint: 'images.generations',
        model: MODEL,
        modelUsed: MODEL,
        kind: 'xai',
        accountId: 'a',
        outcome: 'done',
        status: 200,
        attempts: 1,
        attemptLog: null,
        inputTokens: 3,
        outputTokens: 4,
        usageSource: 'reported',
        costTicks: 50,
      },
    ])
    expect(it.ended).toEqual(it.written)
  })

  test('that says nothing at all is done', async () => {
    const it = two([])
    const running = await it.works.run(it.work())
    expect(await read(running.events)).toEqual([])
    expect(it.written).toMatchObject([{ outcome: 'done' }])
    expect(inFlight(it)).toEqual([0, 0])
  })

  test('counts the last word on what it took', async () => {
    const it = two([took({ output: 1 }), said(1), took({ output: 7 })])
    await read((await it.works.run(it.work())).events)
    expect(it.written).toMatchObject([{ outputTokens: 7 }])
  })
})

describe('before its first event', () => {
  test.each([
    ['a broken connection', new UpstreamFault('broken', 'It broke.'), undefined],
    ['nonsense', new UpstreamFault('malformed', 'It talked nonsense.'), 'cooling'],
    ['a limit', refused(429, 'Slow down.'), 'cooling'],
    ['a fault of the upstream', refused(500, 'Oops.'), 'cooling'],
    ['a refused credential', refused(401, 'Who are you?'), 'suspect'],
    ['what it has nothing of', new UpstreamFault('unable', 'No masks.'), undefined],
  ])('%s leads to another account', async (_, fault, state) => {
    const it = two([fault])
    const { account: who, by, events } = await it.works.run(it.work())
    expect(await read(events)).toEqual([said(9)])
    expect([who.id, by?.attempts]).toEqual(['b', 2])
    expect(it.pool.member('a')?.rest?.state).toBe(state as never)
    expect(it.written).toMatchObject([
      { outcome: 'done', accountId: 'b', attempts: 2, attemptLog: [{ account: 'a' }, {}] },
    ])
    expect(inFlight(it)).toEqual([0, 0])
  })

  test('silence leads to another account', async () => {
    const settings = { ...DEFAULT_SETTINGS, answer_timeout_ms: 20 }
    const it = two([async () => void it.wait(20), silent])
    const { events } = await it.works.run(it.work({ settings }))
    expect(await read(events)).toEqual([said(9)])
    expect(it.pool.member('a')?.rest?.state).toBe('cooling')
  })

  test('a refusal of the request is the end of it, in its own words', async () => {
    const it = two([new UpstreamFault('refused', 'Not this.', { status: 400, param: 'prompt' })])
    const why = await problem(it.works.run(it.work()))
    expect(why).toMatchObject({ status: 400, message: 'Not this.', details: { param: 'prompt' } })
    expect(it.asked).toEqual([`a ${MODEL}`])
    expect(it.written).toMatchObject([{ outcome: 'failed', status: 400, attempts: 1 }])
    expect(it.ended).toHaveLength(1)
  })

  test('a mistake of the client that shows on the way is nobody’s fault', async () => {
    const it = two([new ApiError('invalid_value', 'That is no picture.', { param: 'image' })])
    expect(await problem(it.works.run(it.work()))).toMatchObject({ status: 400 })
    expect(it.asked).toHaveLength(1)
    expect(it.pool.member('a')?.rest).toBeUndefined()
    expect(inFlight(it)).toEqual([0, 0])
  })

  test('a client that leaves ends the call, and is in the ledger', async () => {
    const it = two([silent])
    const client = new AbortController()
    const running = problem(it.works.run(it.work({ signal: client.signal })))
    await Bun.sleep(1)
    expect(inFlight(it)).toEqual([1, 0])
    client.abort()
    expect(await running).toMatchObject({ code: 'client_gone' })
    expect(it.written).toMatchObject([{ outcome: 'gone', status: 499, attempts: 1 }])
    expect(it.pool.member('a')?.rest).toBeUndefined()
    expect(inFlight(it)).toEqual([0, 0])
  })

  test('what nobody can do is refused before anyone is asked', async () => {
    const it = two([])
    const why = await problem(it.works.run(it.work({ can: () => false })))
    expect(why.toBody().error).toMatchObject({ message: 'It cannot do that.', param: 'model' })
    expect(it.asked).toEqual([])
    expect(it.written).toMatchObject([{ outcome: 'failed', status: 400, attempts: 0 }])
    expect(await problem(it.works.run(it.work({ model: 'grok-9' })))).toBeInstanceOf(ApiError)
  })
})

/** How a work broke off, and what is held against its account. */
const BREAKS: readonly (readonly [how: string, fault: Error, status: number, state?: string])[] = [
  ['by nonsense', new UpstreamFault('malformed', 'It talked nonsense.'), 502, 'cooling'],
  ['by silence', new UpstreamFault('timeout', 'It fell silent.'), 504, 'cooling'],
  ['by a refused credential', refused(401, 'Who are you?'), 502, 'suspect'],
  ['by a refusal of what was asked', refused(400, 'Not this.'), 400],
  ['by a mistake of the client', new ApiError('invalid_value', 'No picture.'), 400],
  ['by a bug', new TypeError('x is not a function'), 500],
]

describe('within it', () => {
  test.each(BREAKS)('%s it ends, is told and held against its account', async (...row) => {
    const [, fault, status, state] = row
    const it = two([said(1), took({ output: 2 }), fault])
    const { events } = await it.works.run(it.work())
    expect(await events.next()).toEqual({ done: false, value: said(1) })
    await events.next()
    expect(await problem(events.next())).toMatchObject({ status })
    expect(it.pool.member('a')?.rest?.state).toBe(state as never)
    expect(it.asked).toEqual([`a ${MODEL}`])
    expect(it.written).toMatchObject([{ outcome: 'failed', status, outputTokens: 2 }])
    expect(inFlight(it)).toEqual([0, 0])
    expect(await events.next()).toEqual({ done: true, value: undefined })
    expect(it.ended).toHaveLength(1)
  })

  test('one that was streamed broke under a status that said that all is well', async () => {
    const it = two([said(1), new UpstreamFault('broken', 'It broke.')])
    const { events } = await it.works.run(it.work({ stream: true }))
    await problem(read(events))
    expect(it.written).toMatchObject([
      { outcome: 'broken', status: 200, errorCode: 'upstream_broken' },
    ])
  })

  test('a secret in what an upstream says goes nowhere', async () => {
    const it = two([said(1), refused(400, 'Key secret is odd.')])
    const { events } = await it.works.run(it.work())
    await events.next()
    expect((await problem(events.next())).message).toBe('Key [redacted] is odd.')
  })

  test('silence is ended after a while', async () => {
    const settings = { ...DEFAULT_SETTINGS, idle_timeout_ms: 20 }
    const it = two([said(1), async () => void it.wait(20), silent])
    const { events } = await it.works.run(it.work({ settings }))
    await events.next()
    expect(await problem(events.next())).toMatchObject({ status: 504 })
    expect(it.pool.member('a')?.rest?.state).toBe('cooling')
    expect(inFlight(it)).toEqual([0, 0])
  })

  test('nobody hurries a client that takes its time to listen', async () => {
    const settings = { ...DEFAULT_SETTINGS, answer_timeout_ms: 10, idle_timeout_ms: 10 }
    const it = two([said(1), said(2)])
    const { events } = await it.works.run(it.work({ settings }))
    it.wait(60)
    await Bun.sleep(30)
    await events.next()
    it.wait(60)
    await Bun.sleep(30)
    expect(await read(events)).toEqual([said(2)])
  })

  test('a client that leaves ends the call, and nothing is held against anyone', async () => {
    const it = two([said(1), silent])
    const client = new AbortController()
    const { events } = await it.works.run(it.work({ signal: client.signal }))
    await events.next()
    const next = problem(events.next())
    client.abort()
    await next
    expect(it.letGo()).toBe(1)
    expect(it.written).toMatchObject([{ outcome: 'gone', status: 499, errorCode: 'client_gone' }])
    expect(it.pool.member('a')?.rest).toBeUndefined()
    expect(inFlight(it)).toEqual([0, 0])
  })

  test.each([
    ['before anything was read', 0],
    ['in the middle', 1],
  ])('whoever gives it up %s gives the account back', async (_, count) => {
    const it = two([said(1), said(2), said(3)])
    const { events } = await it.works.run(it.work({ stream: true }))
    for (let step = 0; step < count; step++) await events.next()
    for await (const _event of events) break
    expect(it.letGo()).toBe(1)
    expect(it.written).toMatchObject([{ outcome: 'gone', status: 200 }])
    expect(inFlight(it)).toEqual([0, 0])
    await events.return?.()
    expect(it.written).toHaveLength(1)
  })
})

describe('whom it would be done by', () => {
  const DRAW = { mode: 'order', targets: [{ model: MODEL }, { model: 'other' }] } as const
  const begin = () =>
    worksWorld(
      [
        account('a', { models: ['other'] }),
        account('b', { kind: 'openai' }),
        account('c', { kind: 'web', models: [MODEL] }),
      ],
      { a: [said(1)], b: [said(2)], c: [said(3)] },
      { draw: DRAW },
    )

  test('is said by kind and model, best first', () => {
    const it = begin()
    const work = it.work({ model: 'draw' })
    expect(it.works.kindsFor(work)).toEqual(['openai', 'web', 'xai'])
    expect(it.works.ableFor(work)).toEqual([
      { kind: 'openai', upstream: it.upstreams.openai, model: MODEL },
      { kind: 'web', upstream: it.upstreams.web, model: MODEL },
      { kind: 'xai', upstream: it.upstreams.xai, model: 'other' },
    ])
  })

  test('is nobody who cannot, and the next model of a route is asked under its own name', async () => {
    const it = begin()
    const can = (_: unknown, model: string) => model === 'other'
    const work = it.work({ model: 'draw', can })
    expect(it.works.kindsFor(work)).toEqual(['xai'])
    expect(await read((await it.works.run(work)).events)).toEqual([said(1)])
    expect(it.asked).toEqual(['a other'])
  })
})

describe('what an account has begun before', () => {
  test('is gone on with by that account, which is not leased for it', async () => {
    const it = two([], [said(1), took({ output: 5 })])
    const { account: who, events } = await it.works.resume(it.work(), 'b')
    expect(who.id).toBe('b')
    expect(inFlight(it)).toEqual([0, 0])
    expect(await read(events)).toHaveLength(2)
    expect(it.written).toMatchObject([{ outcome: 'done', accountId: 'b', outputTokens: 5 }])
  })

  test('is gone on with even while the account rests, and by its name of the model', async () => {
    const route = { mode: 'order', targets: [{ model: 'other' }, { model: MODEL }] } as const
    const it = worksWorld(
      [account('a'), account('b', { kind: 'openai', models: ['other'] })],
      { a: [said(1)] },
      { draw: route },
    )
    it.pool.recall('a', '', { state: 'expired', reason: 'x', until: Infinity, faults: 1 })
    const { events } = await it.works.resume(it.work({ model: 'draw' }), 'a')
    expect(await read(events)).toEqual([said(1)])
    expect(it.asked).toEqual([`a ${MODEL}`])
  })

  test('is lost with the account', async () => {
    const it = two([])
    expect(await problem(it.works.resume(it.work(), 'z'))).toMatchObject({ code: 'no_account' })
    expect(it.written).toMatchObject([{ outcome: 'failed', status: 503 }])
  })

  test.each([
    ['a refusal in its own words', refused(400, 'Not this.'), 400],
    ['nothing of', refused(404, 'No such video.'), 404],
    ['a limit', refused(429, 'Slow down.'), 429],
    ['a broken connection', new UpstreamFault('broken', 'It broke.'), 502],
    ['a bug', new TypeError('x'), 500],
  ])('is told: %s', async (_, fault, status) => {
    const it = two([fault])
    expect(await problem(it.works.resume(it.work(), 'a'))).toMatchObject({ status })
    expect(it.asked).toHaveLength(1)
    expect(it.pool.member('a')?.rest).toBeUndefined()
    expect(it.written).toMatchObject([{ outcome: 'failed', status }])
  })

  test('breaks off within, and is told', async () => {
    const it = two([said(1), refused(403, 'Content policy.')])
    const { events } = await it.works.resume(it.work(), 'a')
    await events.next()
    expect(await problem(events.next())).toMatchObject({ status: 403 })
    expect(it.written).toMatchObject([{ outcome: 'failed', status: 403 }])
  })

  test('is left alone when nobody wants it any more, at once or on the way', async () => {
    const it = two([silent])
    const gone = it.works.resume(it.work({ signal: AbortSignal.abort() }), 'a')
    expect(await problem(gone)).toMatchObject({ code: 'client_gone' })
    expect(it.asked).toEqual([])
    const client = new AbortController()
    const running = problem(it.works.resume(it.work({ signal: client.signal }), 'a'))
    await Bun.sleep(1)
    client.abort()
    expect(await running).toMatchObject({ code: 'client_gone' })
    expect(it.written.map(({ outcome }) => outcome)).toEqual(['gone', 'gone'])
  })
})
