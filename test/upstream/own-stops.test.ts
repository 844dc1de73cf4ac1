import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { TurnEvent } from '#src/turn/event'
import { withOwnStops } from '#src/upstream/own-stops'
import { createStopSearch } from '#src/upstream/stop-search'
import {
  type Answer,
  callOf,
  cite,
  finish,
  heard,
  scripted,
  texts,
  turnOf,
  usage,
} from '../support/scripted'

/** What stop sequences mean. */
function cutAt(text: string, stops: readonly string[]): string {
  const cuts = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
  return text.slice(0, Math.min(text.length, ...cuts))
}

function asking(answer: Answer, stop: readonly string[], choices = 1) {
  const { upstream, asked, letGo } = scripted(answer)
  return { asked, letGo, reply: heard(withOwnStops(upstream), turnOf({ stop, choices })) }
}

const saidIn = (events: readonly TurnEvent[], choice = 0): string =>
  events.map((it) => (it.type === 'text' && it.choice === choice ? it.text : '')).join('')

/** Few letters, so that sequences begin often and overlap. */
const letters = (most: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '😀'), maxLength: most })
const stops = fc.array(letters(4).filter(Boolean), { minLength: 1, maxLength: 4 })

describe('the text is cut at the first stop sequence', () => {
  test('whatever the sequences are, and wherever the text is cut into pieces', () =>
    fc.assert(
      fc.asyncProperty(fc.array(letters(6).filter(Boolean)), stops, async (pieces, stop) => {
        const { asked, letGo, reply } = asking(
          [...texts(...pieces), finish('length'), usage(1, 2)],
          stop,
        )
        const { events, dropped } = await reply
        const text = pieces.join('')
        const wanted = cutAt(text, stop)
        expect(saidIn(events)).toBe(wanted)
        expect(events.every((event) => event.type !== 'text' || event.text !== '')).toBe(true)
        const isCut = wanted !== text
        expect(events.filter(({ type }) => type === 'finish')).toEqual([
          finish(isCut ? 'stop' : 'length'),
        ])
        expect(letGo()).toBe(isCut ? 1 : 0)
        expect(events.at(-1)?.type).toBe(isCut ? 'finish' : 'usage')
        expect(asked[0]?.stop).toEqual([])
        expect(dropped).toEqual(['top_p'])
      }),
      { numRuns: 500 },
    ))

  test('held back is only what may be the beginning of one', () =>
    fc.assert(
      fc.property(fc.array(letters(6).filter(Boolean)), stops, (pieces, stop) => {
        const search = createStopSearch(stop)
        let text = ''
        for (const piece of pieces) {
          text += piece
          const { stop: found, safe } = search.push(piece)
          if (cutAt(text, stop) !== text) {
            if (found === undefined) expect(safe).toBeLessThanOrEqual(cutAt(text, stop).length)
            else expect(found).toBe(cutAt(text, stop).length)
            return
          }
          expect(found).toBeUndefined()
          const held = text.slice(safe)
          expect(held === '' || stop.some((one) => one.startsWith(held))).toBe(true)
        }
      }),
      { numRuns: 500 },
    ))

  test('in a time that does not depend on how they look', () => {
    const stop = [`${'a'.repeat(100_000)}b`, `${'ab'.repeat(50_000)}c`]
    const search = createStopSearch(stop)
    const begun = performance.now()
    for (let count = 0; count < 1_000; count++) search.push('a'.repeat(999))
    expect(performance.now() - begun).toBeLessThan(3_000)
    expect(search.push('b').stop).toBe(899_000)
  })

  test('what has nothing to do with any passes as it is', async () => {
    const logprobs = [{ token: 'Hi', logprob: -1, bytes: null, top_logprobs: [] }]
    const said: TurnEvent = { type: 'text', choice: 0, text: 'Hi', logprobs }
    const { events } = await asking([said, finish()], ['END']).reply
    expect(events[0]).toBe(said)
  })
})

test('a turn without them is left alone, and worked out once', async () => {
  const { upstream, asked } = scripted([...texts('a'), finish()], [...texts('a'), finish()])
  let worked = 0
  const turn = turnOf({ stop: [''] })
  const call = callOf(turn)
  const work = () => {
    worked++
    return turn
  }
  const counting = { ...call, ask: { ...call.ask, turn: work } }
  await withOwnStops({
    ...upstream,
    ask: (told) => {
      told.ask.turn()
      return upstream.ask(told)
    },
  }).ask(counting)
  expect(worked).toBe(1)
  expect(asked[0]).toBe(turn)
})

test('an upstream that answers in bytes is left alone', async () => {
  const reply = { form: 'bytes', dialect: 'chat', response: new Response('') } as const
  const { upstream } = scripted()
  const bytes = withOwnStops({ ...upstream, ask: async () => reply })
  expect(await bytes.ask(callOf(turnOf({ stop: ['x'] })))).toBe(reply)
})

describe('what is no text', () => {
  const thinking: TurnEvent = { type: 'thinking', choice: 0, text: 'END', part: 0 }
  const call: TurnEvent = { type: 'call', choice: 0, id: 'c', name: 'f', custom: false }
  const given: TurnEvent = { type: 'arguments', choice: 0, text: '{"a":"END"}' }

  test('is not cut, and ends the text before it', async () => {
    const said = [thinking, ...texts('E'), call, given, ...texts('ND.'), finish('tool_calls')]
    const { events } = await asking(said, ['END']).reply
    expect(events).toEqual(said)
  })

  test('is not said any more after a sequence', async () => {
    const { events } = await asking([...texts('a EN', 'D b'), call, given, finish()], ['END']).reply
    expect(events).toEqual([...texts('a '), finish()])
  })

  test('does not hide a sequence that is certain only now', async () => {
    // A longer one began before it.
    const { events } = await asking([...texts('xab'), call, finish()], ['abc', 'b']).reply
    expect(events).toEqual([...texts('x', 'a'), finish()])
  })

  test('sources are told where they stand, and only those of what is said', async () => {
    const said = [...texts('ab'), cite(0, 2), ...texts('c E'), cite(2, 4), cite(3, 3), cite(3, 5)]
    const { events } = await asking([...said, ...texts('ND d'), cite(9, 9), finish()], ['END'])
      .reply
    expect(events).toEqual([
      ...texts('ab'),
      cite(0, 2),
      ...texts('c '),
      cite(2, 4),
      cite(3, 3),
      finish(),
    ])
    const whole = await asking([...said, finish()], ['END']).reply
    expect(whole.events).toEqual([
      ...texts('ab'),
      cite(0, 2),
      ...texts('c '),
      cite(2, 4),
      cite(3, 3),
      ...texts('E'),
      cite(3, 5),
      finish(),
    ])
  })

  test('sources count from the beginning of their piece of text', async () => {
    const said = [cite(0, 0), ...texts('abc'), thinking, ...texts('d'), cite(0, 1), finish()]
    const { events } = await asking(said, ['END']).reply
    expect(events).toEqual(said)
  })
})

describe('several choices', () => {
  const other = (event: TurnEvent): TurnEvent =>
    event.type === 'usage' ? event : { ...event, choice: 1 }

  test('are cut each for itself, and the upstream is let go with the last', async () => {
    const said = [
      ...texts('aE', 'ND'),
      ...texts('b', 'END', 'x').map(other),
      finish(),
      finish('stop', 1),
    ]
    const { letGo, reply } = asking([...said, usage(1, 2)], ['END'], 2)
    expect((await reply).events).toEqual([
      ...texts('a'),
      finish(),
      ...texts('b').map(other),
      finish('stop', 1),
    ])
    expect(letGo()).toBe(1)
  })

  test('are heard to their end while one goes on', async () => {
    const said = [
      ...texts('aEND'),
      ...texts('b').map(other),
      finish(),
      finish('length', 1),
      usage(1, 2),
    ]
    const { letGo, reply } = asking(said, ['END'], 2)
    expect((await reply).events).toEqual([
      ...texts('a'),
      finish(),
      ...texts('b').map(other),
      finish('length', 1),
      usage(1, 2),
    ])
    expect(letGo()).toBe(0)
  })
})

test('an answer that breaks off is not finished', async () => {
  const { events, fault } = await asking([...texts('aE'), new Error('gone')], ['END']).reply
  expect(fault).toEqual(new Error('gone'))
  expect(events).toEqual(texts('a'))
})

test('an answer without a finish gives what was held', async () => {
  const { events } = await asking(texts('aE'), ['END']).reply
  expect(events).toEqual(texts('a', 'E'))
})
