import { describe, expect, test } from 'bun:test'
import { UpstreamFault } from '#src/errors'
import type { Source } from '#src/stream/source'
import { createChatDecoder } from '#src/turn/chat/decoder'
import { createChatEncoder } from '#src/turn/chat/encode'
import { createNativeSource } from '#src/turn/chat/native-source'
import { createNativeStream } from '#src/turn/chat/native-stream'
import type { TurnEncoder } from '#src/turn/codec'
import { createDecodedSource } from '#src/turn/decoded-source'
import type { TurnEvent } from '#src/turn/event'
import { createEventSource } from '#src/turn/event-source'
import { chunk, USAGE } from '../fakes/upstream'
import { readEvents, textOf } from '../support/streams'

const eventSource = (events: AsyncIterable<TurnEvent>, encoder: TurnEncoder) =>
  createEventSource({ events, encoder, waiting: () => {}, waited: () => {} })

const TERMS = {
  model: 'grok-4',
  includeUsage: false,
  choices: 1,
  showThinking: true,
  promptBytes: 40,
  newId: () => crypto.randomUUID(),
  created: 1700000000,
}

type Piece = object | string | Error | 'hang'

/** An upstream's body that gives one piece a read. */
function bodyOf(pieces: readonly Piece[]): ReadableStream<Uint8Array> {
  const rest = [...pieces]
  return new ReadableStream(
    {
      pull(controller) {
        const piece = rest.shift()
        if (piece === 'hang') return new Promise(() => {})
        if (piece === undefined) return controller.close()
        if (piece instanceof Error) return controller.error(piece)
        const data = typeof piece === 'string' ? piece : JSON.stringify(piece)
        controller.enqueue(new TextEncoder().encode(`data: ${data}\n\n`))
      },
    },
    { highWaterMark: 0 },
  )
}

function readingOf(pieces: readonly Piece[]) {
  const { promise: hungUp, resolve } = Promise.withResolvers<void>()
  let waits = 0
  const reading = {
    body: bodyOf(pieces),
    waiting: () => void waits++,
    waited: () => void waits--,
    hangUp: resolve,
    asFault: (cause: unknown) => new UpstreamFault('broken', String(cause)),
  }
  return { reading, hungUp, waits: () => waits }
}

/** What a source gives, one text a call, and what it throws in the end. */
async function drain(source: Source) {
  const given: string[] = []
  try {
    for (let bytes = await source.next(); bytes; bytes = await source.next())
      given.push(new TextDecoder().decode(bytes))
  } catch (cause) {
    return { given, fault: cause }
  }
  return { given, fault: undefined }
}

const decoded = (reading: ReturnType<typeof readingOf>['reading']) => {
  const decoder = createChatDecoder({ ...TERMS, names: new Map() })
  return createDecodedSource({ decoder, encoder: createChatEncoder(TERMS), ...reading })
}

const native = (reading: ReturnType<typeof readingOf>['reading']) =>
  createNativeSource({ stream: createNativeStream(TERMS), ...reading })

describe.each([
  ['native', native],
  ['decoded', decoded],
])('the %s body of an upstream', (_, sourceOf) => {
  const a = chunk({ role: 'assistant', content: 'a' })

  test('comes piece by piece, and once it is whole nothing more is given', async () => {
    const pieces = [a, chunk({ content: 'b' }), chunk({}, 'stop'), '[DONE]']
    const { reading, waits } = readingOf(pieces)
    const source = sourceOf(reading)
    const { given, fault } = await drain(source)
    expect(given.length).toBeGreaterThanOrEqual(3)
    const events = readEvents(given.join(''))
    expect(textOf(events)).toBe('ab')
    expect(events.filter((event) => event === '[DONE]')).toHaveLength(1)
    expect(fault).toBeUndefined()
    expect(await source.next()).toBeUndefined()
    expect(waits()).toBe(0)
  })
  test('gives nothing before the first event of use', async () => {
    const usage = { ...chunk({}), choices: [], usage: USAGE }
    for (const early of [chunk({ role: 'assistant', content: '' }), chunk({}), usage]) {
      const { reading } = readingOf([early, '{"error":{"message":"Full","code":429}}'])
      const { given, fault } = await drain(sourceOf(reading))
      expect(given).toEqual([])
      expect(fault).toMatchObject({ kind: 'refused', details: { status: 429 } })
    }
  })
  test('gives what came before a fault, then throws it', async () => {
    const { reading } = readingOf([a, '{"error":{"message":"Full"}}', '[DONE]'])
    const { given, fault } = await drain(sourceOf(reading))
    expect(textOf(readEvents(given.join('')))).toBe('a')
    expect(given.join('')).not.toContain('[DONE]')
    expect(fault).toMatchObject({ message: 'Full' })
  })
  test('that ends early is broken', async () => {
    const { given, fault } = await drain(sourceOf(readingOf([a]).reading))
    expect(given).toHaveLength(1)
    expect(fault).toMatchObject({ kind: 'broken' })
  })
  test('whose connection breaks is what the net says of it', async () => {
    const { given, fault } = await drain(sourceOf(readingOf([a, new Error('reset')]).reading))
    expect(given).toHaveLength(1)
    expect(fault).toMatchObject({ kind: 'broken', message: 'Error: reset' })
  })
  test('is not waited for once it is whole, and hung up on if it goes on', async () => {
    const whole = [a, chunk({}, 'stop'), '[DONE]']
    for (const more of ['hang', a] as const) {
      const { reading, hungUp } = readingOf([...whole, more])
      expect((await drain(sourceOf(reading))).fault).toBeUndefined()
      await hungUp
    }
  })
})

describe('a stream made from events', () => {
  const text: TurnEvent = { type: 'text', choice: 0, text: 'a' }
  const thought: TurnEvent = { type: 'thought', choice: 0, encrypted: 'x' }
  /** As a dialect writes that opens with an event of its own, whatever is said. */
  const spelled = () => {
    const encoder = createChatEncoder(TERMS)
    return { ...encoder, push: (event: TurnEvent) => `<${event.type}>`, end: () => '<end>' }
  }
  async function* say(...events: (TurnEvent | Error)[]) {
    for (const event of events) {
      if (event instanceof Error) throw event
      yield event
    }
  }

  test('gives what is said as it is said, then the end', async () => {
    const { given } = await drain(eventSource(say(text, text), createChatEncoder(TERMS)))
    expect(given).toHaveLength(3)
    expect(textOf(readEvents(given.join('')))).toBe('aa')
    expect(given.at(-1)).toEndWith('data: [DONE]\n\n')
  })
  test('holds what is of no use by itself until something is', async () => {
    const source = eventSource(say(thought, text, thought), spelled())
    expect((await drain(source)).given).toEqual(['<thought><text>', '<thought>', '<end>'])
  })
  test('throws what its maker throws, and gave nothing if nothing was of use', async () => {
    const boom = new UpstreamFault('refused', 'Boom.')
    const early = await drain(eventSource(say(thought, boom), spelled()))
    expect(early).toEqual({ given: [], fault: boom })
    const late = await drain(eventSource(say(text, boom), spelled()))
    expect(late).toEqual({ given: ['<text>'], fault: boom })
  })
})
