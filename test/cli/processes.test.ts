import { describe, expect, test } from 'bun:test'
import { placeVariable, type ToProcess, takePlace } from '#src/cli/process-messages'
import { delayOf, isHopeless } from '#src/cli/replacing'
import { createSwitchboard } from '#src/cli/switchboard'
import { wholeLines } from '#src/cli/whole-lines'

describe('lines of several processes', () => {
  test('go out in pieces that a pipe takes whole', () => {
    const lines = Array.from({ length: 100 }, (_, at) => `${at} ${'ü'.repeat(at * 7)}`)
    const pieces = wholeLines(lines)
    expect(pieces.join('')).toBe(`${lines.join('\n')}\n`)
    expect(pieces.length).toBeGreaterThan(10)
    for (const piece of pieces) {
      expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(4096)
      expect(piece.endsWith('\n')).toBe(true)
    }
  })

  test('a longer one goes out alone', () => {
    const long = 'x'.repeat(10_000)
    expect(wholeLines(['a', long, 'b', 'c'])).toEqual(['a\n', `${long}\n`, 'b\nc\n'])
    expect(wholeLines([])).toEqual([])
  })
})

test('a process is told its place once, and its own children are not', () => {
  const place = { name: 'n', index: 1, processes: 3, isFirst: false }
  const env: Record<string, string | undefined> = { ...placeVariable(place), HOME: '/' }
  expect(takePlace(env)).toEqual(place)
  expect(env).toEqual({ HOME: '/' })
  expect(takePlace(env)).toBeUndefined()
})

test('who keeps ending is replaced at once, then ever later', () => {
  const delays = Array.from({ length: 12 }, (_, failures) => delayOf(failures))
  expect(delays.slice(0, 5)).toEqual([0, 0, 250, 500, 1000])
  expect(delays.at(-1)).toBe(30_000)
  const failing = { isListening: false, failures: 5 }
  expect(isHopeless([failing, { isListening: true, failures: 0 }])).toBe(false)
  expect(isHopeless([failing, { isListening: false, failures: 1 }])).toBe(true)
  expect(isHopeless([{ isListening: false, failures: 4 }])).toBe(false)
})

describe('what processes tell each other', () => {
  const question = { asker: 0, id: 7 }

  function board(patienceMs = 10_000) {
    const sent: [number, ToProcess][] = []
    const passed = createSwitchboard({
      send: (index, message) => sent.push([index, message]),
      patienceMs,
    })
    return { ...passed, sent }
  }

  test('comes together when all have answered', () => {
    const { ask, told, sent } = board()
    ask(question, [1, 2], 0)
    expect(sent).toEqual([
      [1, { type: 'tell', id: 1 }],
      [2, { type: 'tell', id: 1 }],
    ])
    told(2, 1, 'two')
    told(2, 1, 'two again')
    told(1, 99, 'nobody asked')
    expect(sent.length).toBe(2)
    told(1, 1, 'one')
    const all = [
      { index: 2, text: 'two' },
      { index: 1, text: 'one' },
    ]
    expect(sent.at(-1)).toEqual([0, { type: 'gathered', id: 7, told: all, missing: 0 }])
    told(1, 1, 'late')
    expect(sent.length).toBe(3)
  })

  test('leaves out whoever is too slow, and counts who is not there', async () => {
    const { ask, told, sent } = board(20)
    ask(question, [1, 2], 1)
    told(1, 1, 'one')
    await Bun.sleep(60)
    const all = [{ index: 1, text: 'one' }]
    expect(sent.at(-1)).toEqual([0, { type: 'gathered', id: 7, told: all, missing: 2 }])
  })

  test('is nothing where nobody else is', () => {
    const { ask, sent } = board()
    ask(question, [], 3)
    expect(sent).toEqual([[0, { type: 'gathered', id: 7, told: [], missing: 3 }]])
  })
})
