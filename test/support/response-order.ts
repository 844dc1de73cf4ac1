import { accumulateResponse } from 'openai/lib/responses/ResponseAccumulator'
import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses'

type Json = Record<string, unknown>

/** One server-sent event of a Responses stream. */
export interface StreamEvent extends Json {
  readonly type: string
  readonly sequence_number: number
}

/** The events of a stream, in the one form that OpenAI writes them, and whether `[DONE]` ended it. */
export function readResponseStream(text: string): {
  readonly events: readonly StreamEvent[]
  readonly done: boolean
} {
  const blocks = text.split('\n\n')
  if (blocks.pop() !== '') throw new Error('The stream ends within an event.')
  const done = blocks.at(-1) === 'data: [DONE]'
  if (done) blocks.pop()
  const events = blocks.map((block) => {
    const match = /^event: (\S+)\ndata: ([^\n]*)$/.exec(block)
    if (!match) throw new Error(`Not an event: ${block}`)
    const event = JSON.parse(match[2] ?? '') as StreamEvent
    if (event.type !== match[1]) throw new Error(`${match[1]} says that it is ${event.type}.`)
    return event
  })
  return { events, done }
}

/** What OpenAI's own SDK makes of a stream. It throws where the order is not right. */
export function accumulated(events: readonly StreamEvent[]): Response {
  let snapshot: Response | undefined
  for (const event of events)
    snapshot = accumulateResponse(event as unknown as ResponseStreamEvent, snapshot)
  if (!snapshot) throw new Error('The stream is empty.')
  return snapshot
}

const LAST = new Set(['response.completed', 'response.incomplete', 'response.failed'])

/**
 * What is wrong with the order of a stream: numbers without gaps, one item after the other, each part
 * begun, filled and ended, and in the end what was said piece by piece.
 */
export function orderFaults(events: readonly StreamEvent[]): string[] {
  const faults: string[] = []
  const check = (good: boolean, event: StreamEvent, fault: string) => {
    if (!good) faults.push(`${event.sequence_number} ${event.type}: ${fault}`)
  }
  const items: Json[] = []
  let open: Json | undefined
  /** The part that is open: its index and what its deltas were. */
  let part: { readonly index: unknown; said: string; ended: boolean } | undefined
  for (const [at, event] of events.entries()) {
    const { type } = event
    check(event.sequence_number === at, event, `is the event number ${at}`)
    check((at === 0) === (type === 'response.created'), event, 'is not where it belongs')
    check(LAST.has(type) === (at === events.length - 1), event, 'is not where the end belongs')
    const body = (event.item ?? event.response ?? {}) as Json
    const where = event.content_index ?? event.summary_index
    switch (type) {
      case 'response.output_item.added':
        check(open === undefined, event, 'begins before the one before it is over')
        check(event.output_index === items.length, event, 'has the wrong index')
        check(body.status === undefined || body.status === 'in_progress', event, 'is over')
        open = body
        part = undefined
        break
      case 'response.output_item.done':
        check(event.output_index === items.length, event, 'has the wrong index')
        check(open?.id === body.id && open?.type === body.type, event, 'is another item')
        check(body.status !== 'in_progress', event, 'is not over')
        check(!part || part.ended, event, 'is over before its last part')
        items.push(body)
        open = undefined
        break
      case 'response.content_part.added':
      case 'response.reasoning_summary_part.added':
        check(!part || part.ended, event, 'begins before the part before it is over')
        check(where === (part ? Number(part.index) + 1 : 0), event, 'has the wrong index')
        part = { index: where, said: '', ended: false }
        break
      case 'response.content_part.done':
      case 'response.reasoning_summary_part.done': {
        const { text, refusal } = event.part as Json
        check(where === part?.index, event, 'is another part')
        check((text ?? refusal) === part?.said, event, 'is not what its deltas are')
        if (part) part.ended = true
        break
      }
      default:
        if ('item_id' in event) {
          check(event.item_id === open?.id, event, 'is for another item')
          check(event.output_index === items.length, event, 'has the wrong index')
        }
        if (where !== undefined) check(where === part?.index, event, 'is for another part')
        if (type.endsWith('.delta')) {
          part ??= { index: undefined, said: '', ended: false }
          check(!part.ended, event, 'comes after its end')
          check(event.delta !== '' || type.includes('call'), event, 'is empty')
          part.said += event.delta
        }
        if (/_call_arguments\.done|_call_input\.done|_code\.done/.test(type)) {
          const whole = event.arguments ?? event.input ?? event.code
          check(whole === (part?.said ?? ''), event, 'is not what its deltas are')
          part ??= { index: undefined, said: '', ended: false }
          part.ended = true
        }
        if (/(?:text|refusal)\.done$/.test(type))
          check((event.text ?? event.refusal) === part?.said, event, 'is not what its deltas are')
    }
    if (LAST.has(type)) {
      check(open === undefined, event, 'comes before the last item is over')
      check(
        JSON.stringify(body.output) === JSON.stringify(items),
        event,
        'has another output than was streamed',
      )
      const last = items.at(-1)
      check(
        last?.status !== 'incomplete' || body.status !== 'completed',
        event,
        'is complete, its last item is not',
      )
    }
  }
  return faults
}
