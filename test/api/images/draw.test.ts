import { describe, expect, test } from 'bun:test'
import { type Commission, createDraw } from '#src/api/images/draw'
import { endingOf, shortfall } from '#src/api/images/outcome'
import { ApiError, UpstreamFault } from '#src/errors'
import type { Account, Kind } from '#src/pool/account'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import type { PictureEvent } from '#src/turn/picture'
import type { DrawCall } from '#src/upstream/upstream'
import { account, MODEL } from '../../support/accounts-pool'
import { wanted } from '../../support/drawing'
import { silent, took, worksWorld } from '../../support/works-world'

type Draws = (call: DrawCall, order: number) => AsyncIterable<PictureEvent>

const REQUEST = wanted({ prompt: 'A fern' })

const picture = (index: number, url = `${index}`): PictureEvent => ({
  type: 'picture',
  index,
  picture: { url },
})

/** Makes as many as it is asked for; each says which call it is of. */
async function* all({ count }: DrawCall, order: number): AsyncGenerator<PictureEvent> {
  for (let index = 0; index < count; index++) yield picture(index, `${order}.${index}`)
}

async function* of(...events: readonly (PictureEvent | Error)[]): AsyncGenerator<PictureEvent> {
  for (const event of events) {
    if (event instanceof Error) throw event
    yield event
  }
}

const NONE: Draws = () => of({ type: 'about', about: {} })

interface World {
  readonly most?: number
  readonly accounts?: readonly Account[]
  readonly draws?: Partial<Record<Kind, Draws>>
}

/** Accounts that draw as they are told, and what came of it. */
function studio({ most = 2, accounts = [account('a')], draws = {} }: World) {
  const it = worksWorld(accounts, {})
  const calls: DrawCall[] = []
  let running = 0
  let atOnce = 0
  for (const [kind, draw] of Object.entries(draws))
    Object.assign(it.upstreams[kind as Kind], {
      pictures: {
        most: (model: string) => (model === MODEL ? (kind === 'web' ? 1 : most) : undefined),
        async *draw(call: DrawCall) {
          atOnce = Math.max(atOnce, ++running)
          try {
            yield* draw(call, calls.push(call))
          } finally {
            running--
          }
        },
      },
    })
  const drawn: string[] = []
  const told: string[] = []
  const draw = createDraw({ works: it.works })
  const make = async (asked: Partial<Commission> = {}, lost: readonly string[] = []) => {
    const commission: Commission = {
      requestId: 'req_1',
      key: { id: 'k' } as Commission['key'],
      endpoint: 'images.generations',
      model: MODEL,
      stream: false,
      n: 1,
      atOnce: 3,
      request: REQUEST,
      signal: new AbortController().signal,
      settings: { ...DEFAULT_SETTINGS, max_attempts: 3 },
      ...asked,
    }
    const outcome = await draw(commission, ({ account: { id } }, places) => ({
      partial: async (place, { url }) => void told.push(`${place} ${url}`),
      async picture(place, { url = '' }) {
        if (lost.includes(url)) throw new ApiError('media_unavailable', 'It is lost.')
        drawn[place] = `${id} ${url}`
      },
      about: (about) => void told.push(JSON.stringify(about)),
      usage: async ({ usage }) => void told.push(`usage ${usage.output}`),
      end: async () => void told.push(`end ${places.join()}`),
    }))
    return { ...outcome, why: shortfall(outcome, commission.n) }
  }
  return {
    ...it,
    calls,
    counts: () => calls.map(({ count }) => count),
    atOnce: () => atOnce,
    drawn,
    told,
    make,
  }
}

describe('pictures', () => {
  test.each([
    [1, 10, [1]],
    [10, 10, [10]],
    [10, 4, [4, 4, 2]],
    [5, 2, [2, 2, 1]],
    [3, 1, [1, 1, 1]],
  ])('%i of an upstream that makes %i at once are asked for in parts', async (n, most, counts) => {
    const it = studio({ most, draws: { xai: all } })
    const { made, why, entries } = await it.make({ n })
    expect([made, why]).toEqual([n, undefined])
    expect(it.counts()).toEqual(counts)
    expect(it.drawn).toHaveLength(n)
    expect(it.written).toHaveLength(counts.length)
    expect(entries).toEqual(it.written)
    expect(new Set(it.written.map(({ requestId }) => requestId))).toEqual(new Set(['req_1']))
  })

  test('stand in their order, whichever call is the first to be done', async () => {
    const it = studio({
      draws: {
        xai: async function* (call, order) {
          await Bun.sleep(10 * (3 - order))
          yield* all(call, order)
        },
      },
    })
    await it.make({ n: 6 })
    expect(it.drawn).toEqual(['1.0', '1.1', '2.0', '2.1', '3.0', '3.1'].map((url) => `a ${url}`))
  })

  test.each([[1], [2], [3]])('are made by %i calls side by side at most', async (atOnce) => {
    const slow: Draws = async function* (call, order) {
      await Bun.sleep(2)
      yield* all(call, order)
    }
    const it = studio({ most: 1, draws: { xai: slow } })
    await it.make({ n: 7, atOnce })
    expect(it.atOnce()).toBe(atOnce)
    expect(it.counts()).toHaveLength(7)
  })

  test('that are too many, or come twice, are left alone', async () => {
    const it = studio({
      draws: { xai: () => of(picture(0, 'a'), picture(0, 'b'), picture(1, 'c'), picture(2, 'd')) },
    })
    expect(await it.make({ n: 2 })).toMatchObject({ made: 2, why: undefined })
    expect(it.drawn).toEqual(['a a', 'a c'])
  })

  test('come with previews, what is said of them, and what they took', async () => {
    const preview: PictureEvent = { type: 'partial', index: 1, picture: { url: 'p' } }
    const events = [{ type: 'about', about: { size: 's' } } as const, preview, picture(0)]
    const it = studio({
      draws: { xai: () => of(...events, picture(1), took({ output: 7 }) as PictureEvent) },
    })
    await it.make({ n: 2 })
    expect(it.told).toEqual(['{"size":"s"}', '1 p', 'usage 7', 'end 0,1'])
    expect(it.written).toMatchObject([{ outputTokens: 7 }])
  })

  test('that are previewed over servers of OpenAI’s are asked for one by one', async () => {
    const accounts = [account('o', { kind: 'openai' })]
    const it = studio({ most: 10, accounts, draws: { openai: all } })
    await it.make({ n: 3, stream: true, request: { ...REQUEST, partials: 2 } })
    expect(it.counts()).toEqual([1, 1, 1])
    await it.make({ n: 3, stream: true })
    expect(it.counts().slice(3)).toEqual([3])
  })
})

describe('what did not come', () => {
  test('is asked for again, twice at most, and takes the places that are empty', async () => {
    const it = studio({
      most: 4,
      draws: { xai: (_, order) => of(picture(0, `${order}.0`)) },
    })
    expect(await it.make({ n: 3 })).toMatchObject({ made: 3, why: undefined })
    expect(it.counts()).toEqual([3, 2, 1])
    expect(it.drawn).toEqual(['a 1.0', 'a 2.0', 'a 3.0'])
  })

  test('after that is a failure of its own, and what was made is counted', async () => {
    const it = studio({ most: 10, draws: { xai: () => of(picture(0)) } })
    const outcome = await it.make({ n: 5 })
    expect(it.counts()).toEqual([5, 4, 3])
    expect(outcome.why).toMatchObject({ code: 'images_incomplete', status: 502 })
    expect(outcome.why?.message).toBe('3 of 5 pictures were made, also after more tries.')
    expect(endingOf(outcome, false)).toMatchObject({ outcome: 'done', count: 3 })
  })

  test('is asked for again of an account of another kind, which makes fewer at once', async () => {
    const broken: Draws = () => of(new UpstreamFault('timeout', 'It kept silent.'))
    const accounts = [account('a'), account('w', { kind: 'web', baseUrl: 'https://w.example' })]
    const it = studio({ most: 3, accounts, draws: { xai: broken, web: all } })
    expect(await it.make({ n: 3 })).toMatchObject({ made: 3, why: undefined })
    expect(it.counts()).toEqual([3, 1, 1, 1])
    expect(it.drawn.every((one) => one.startsWith('w '))).toBe(true)
  })

  test('is not asked for again where nothing came at all', async () => {
    const it = studio({ draws: { xai: NONE } })
    const { why } = await it.make({ n: 2 })
    expect(why).toMatchObject({ code: 'upstream_error', status: 502 })
    expect(it.calls).toHaveLength(1)
  })

  test('since it was made and is lost is asked for again', async () => {
    const it = studio({ draws: { xai: all } })
    expect(await it.make({ n: 2 }, ['1.1'])).toMatchObject({ made: 2, why: undefined })
    expect(it.drawn).toEqual(['a 1.0', 'a 2.0'])
  })

  test('since all of it is lost fails as its loss does', async () => {
    const it = studio({ draws: { xai: all } })
    const { why } = await it.make({ n: 2 }, ['1.0', '1.1'])
    expect(why).toMatchObject({ code: 'media_unavailable', status: 502 })
  })
})

const BLOCKED: PictureEvent = { type: 'blocked', index: 0 }

describe('what the upstream forbids', () => {
  test('is refused with words that say so when nothing was made', async () => {
    const it = studio({ draws: { xai: () => of(BLOCKED, { ...BLOCKED, index: 1 }) } })
    const outcome = await it.make({ n: 2 })
    expect(outcome.why?.toBody().error).toMatchObject({
      type: 'invalid_request_error',
      code: 'content_policy_violation',
      param: 'prompt',
    })
    expect([outcome.why?.status, it.calls.length]).toEqual([400, 1])
    expect(endingOf(outcome, false)).toMatchObject({ outcome: 'failed', count: 0 })
  })

  test('is tried again where something else was made', async () => {
    const first: Draws = (call, order) => (order === 1 ? of(BLOCKED, picture(1)) : all(call, order))
    const it = studio({ draws: { xai: first } })
    expect(await it.make({ n: 2 })).toMatchObject({ made: 2, blocked: 1, why: undefined })
  })

  test('is named where it stays forbidden', async () => {
    const it = studio({
      draws: { xai: (_, order) => (order === 1 ? of(BLOCKED, picture(1)) : of(BLOCKED)) },
    })
    const { why } = await it.make({ n: 2 })
    expect(why?.code).toBe('images_incomplete')
    expect(why?.message).toContain('content policy')
    expect(it.calls).toHaveLength(2)
  })
})

const refused = (status: number) => new UpstreamFault('refused', 'Not this.', { status })

describe('calls that fail', () => {
  test('as the client’s fault end it, and those that wait are not made', async () => {
    const it = studio({ most: 1, draws: { xai: () => of(refused(400)) } })
    const { why } = await it.make({ n: 5, atOnce: 1 })
    expect(why).toMatchObject({ status: 400, message: 'Not this.' })
    expect(it.calls).toHaveLength(1)
    expect(it.written).toMatchObject([{ outcome: 'failed', status: 400 }])
  })

  test('beside others are made up for', async () => {
    const draws: Draws = (call, order) =>
      order === 1 ? of(new UpstreamFault('unfit', 'Odd.')) : all(call, order)
    const it = studio({ most: 1, draws: { xai: draws } })
    expect(await it.make({ n: 3 })).toMatchObject({ made: 3, why: undefined })
    expect(it.drawn).toEqual(['a 4.0', 'a 2.0', 'a 3.0'])
  })

  test('in the middle keep what they made', async () => {
    const draws: Draws = (call, order) =>
      order === 1 ? of(picture(0, 'x'), new UpstreamFault('broken', 'It broke.')) : all(call, order)
    const accounts = [account('a'), account('b', { baseUrl: 'https://b.example' })]
    const it = studio({ accounts, draws: { xai: draws } })
    expect(await it.make({ n: 2 })).toMatchObject({ made: 2, why: undefined })
    expect(it.drawn.map((one) => one.slice(2))).toEqual(['x', '2.0'])
    expect(it.told).toEqual(['end 0,1', 'end 1'])
  })

  test('for want of accounts say so once', async () => {
    const it = studio({ draws: { xai: all } })
    const { why } = await it.make({ model: 'grok-9', n: 6 })
    expect(why?.toBody().error).toMatchObject({ code: 'model_not_found', param: 'model' })
    expect(it.written).toHaveLength(1)
  })

  test('as a bug of ours are no answer', async () => {
    const it = studio({ most: 1, draws: { xai: () => of(new TypeError('x')) } })
    expect(it.make({ n: 3 })).rejects.toThrow('x')
  })
})

test('a client that leaves ends all calls, and gets nothing back of what is under way', async () => {
  const hang: Draws = async function* (call) {
    yield picture(0)
    await (silent as (call: DrawCall) => Promise<void>)(call)
  }
  const it = studio({ draws: { xai: hang } })
  const client = new AbortController()
  const making = it.make({ n: 9, signal: client.signal })
  await Bun.sleep(5)
  expect(it.calls).toHaveLength(3)
  client.abort()
  const outcome = await making
  expect(it.calls).toHaveLength(3)
  expect(it.calls.every(({ abort }) => abort.signal.aborted)).toBe(true)
  expect(it.written.map(({ outcome: how }) => how)).toEqual(['gone', 'gone', 'gone'])
  expect([...it.pool.members()].map(({ inFlight }) => inFlight)).toEqual([0])
  const ending = endingOf(outcome, true)
  expect(ending.outcome).toBe('gone')
  expect(ending.count).toBeUndefined()
})

describe('what a request took', () => {
  test('is the sum of its calls', async () => {
    const draws: Draws = (_, order) =>
      of(
        picture(0),
        took({ input: 1, output: order, costTicks: order === 2 ? null : 5 }) as PictureEvent,
      )
    const it = studio({ most: 1, draws: { xai: draws } })
    const outcome = await it.make({ n: 3 })
    expect(endingOf(outcome, false)).toEqual({
      outcome: 'done',
      count: 3,
      inputTokens: 3,
      outputTokens: 6,
      usageSource: 'reported',
      costTicks: 10,
    })
  })

  test('is unknown where no call says so', async () => {
    const it = studio({ draws: { xai: all } })
    expect(endingOf(await it.make({ n: 2 }), false)).toMatchObject({
      usageSource: 'none',
      costTicks: null,
    })
  })
})
