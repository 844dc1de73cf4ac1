import { UpstreamFault } from '../../errors'
import { isObject, isText, type Json } from '../../json-value'
import { readInBandFault } from '../chat/in-band-fault'
import type { DecoderTerms } from '../codec'
import type { FinishReason, TurnEvent } from '../event'
import { readAnyUsage } from '../usage'
import { createCallReader } from './call-reader'
import { createHostedReader, isHosted } from './hosted-reader'
import type { ItemReader } from './item-reader'
import { createLanes } from './lanes'
import { createMessageReader } from './message-reader'
import { createReasoningReader } from './reasoning-reader'
import { blamesRequest } from './response-error'

/** An output item that was told of. */
interface Known {
  readonly reader: ItemReader
  readonly type: unknown
  readonly id: unknown
  isOver: boolean
}

/** Which item an event tells a part of. What other events tell comes with the item itself. */
const ITEM_OF: ReadonlyMap<string, string> = new Map(
  Object.entries({
    message: [
      'output_text.delta',
      'output_text.done',
      'output_text.annotation.added',
      'refusal.delta',
      'refusal.done',
    ],
    reasoning: [
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'reasoning_text.delta',
      'reasoning_text.done',
    ],
    function_call: ['function_call_arguments.delta', 'function_call_arguments.done'],
    custom_tool_call: ['custom_tool_call_input.delta', 'custom_tool_call_input.done'],
  }).flatMap(([item, events]) => events.map((event) => [`response.${event}`, item])),
)

/** Reads the events of a Response, in whatever of the forms that upstreams give them. */
export function createResponseReader(terms: DecoderTerms, emit: (event: TurnEvent) => void) {
  const lanes = createLanes((event) => {
    if (event.type === 'call') called = true
    emit(event)
  })
  const items: Known[] = []
  const byIndex = new Map<unknown, Known>()
  let called = false

  function begin(item: Json, index: unknown, isDone = false): Known {
    const known = { reader: readerOf(item, isDone), type: item.type, id: idOf(item), isOver: false }
    items.push(known)
    byIndex.set(index, known)
    return known
  }

  function readerOf(item: Json, isDone: boolean): ItemReader {
    const { type } = item
    if (type === 'message' && item.role !== 'tool')
      return createMessageReader({ terms, speaker: lanes.open('text') })
    if (type === 'reasoning')
      return createReasoningReader({ terms, speaker: lanes.open('thought') })
    if (isHosted(item))
      return createHostedReader({ terms, speaker: lanes.open('tool') }, item, isDone)
    if (type !== 'function_call' && type !== 'custom_tool_call') return IGNORED
    return createCallReader({ terms, speaker: lanes.open('call') }, item)
  }

  /** Ids may be empty, or change; places may be missing, or given twice. */
  function find(item: Json, index: unknown): Known | undefined {
    const own = idOf(item)
    const alike = items.filter(({ type }) => type === item.type)
    const known = own === undefined ? undefined : alike.findLast(({ id }) => id === own)
    if (known) return known
    const placed = alike.find((one) => one === byIndex.get(index))
    return placed?.isOver && own !== undefined ? undefined : placed
  }

  function added({ output_index: index, item }: Json) {
    if (!isObject(item)) return
    const known = find(item, index)
    if (!known || known.isOver) begin(item, index)
  }

  function finish(item: Json, known: Known) {
    if (known.isOver) return
    known.isOver = true
    known.reader.finish(item)
  }

  function done({ output_index: index, item }: Json) {
    if (isObject(item)) finish(item, find(item, index) ?? begin(item, index, true))
  }

  function part(type: string, event: Json) {
    const of = ITEM_OF.get(type)
    if (of === undefined && type !== 'response.content_part.done') return
    const { output_index: index, item_id: id } = event
    const placed = byIndex.get(index)
    if (of === undefined || placed?.type === of) {
      if (placed && !placed.isOver) placed.reader.take(type, event)
      return
    }
    // Upstreams leave out the index, or the item.
    const known = items.findLast((one) => one.type === of && !one.isOver)
    const item = known ?? begin({ type: of, id }, index)
    item.reader.take(type, event)
  }

  /** Tell what of the items was not told yet. */
  function complete(output: unknown) {
    const open = new Set(items)
    if (Array.isArray(output))
      for (const [index, item] of output.entries()) {
        if (!isObject(item)) continue
        const known = match(item, index, open)
        if (known) open.delete(known)
        finish(item, known ?? begin(item, index, true))
      }
    for (const known of items) {
      if (!known.isOver) known.reader.end()
      known.isOver = true
    }
    lanes.end()
  }

  function match(item: Json, index: number, open: ReadonlySet<Known>): Known | undefined {
    const known = find(item, index)
    if (known && open.has(known)) return known
    return items.find((one) => open.has(one) && one.type === item.type)
  }

  function tellUsage({ usage }: Json) {
    const read = isObject(usage) ? readAnyUsage(usage) : undefined
    if (!isObject(usage) || !read) return
    const source = usage.estimated === true ? 'estimated' : read.source
    emit({ type: 'usage', usage: { ...read, source } })
  }

  return {
    /** Take an event that is not the last one. */
    take(type: string, event: Json): void {
      if (type === 'response.output_item.added') added(event)
      else if (type === 'response.output_item.done') done(event)
      else part(type, event)
    },

    /** Whether anything was told yet. */
    any: (): boolean => items.length > 0,

    /** Take the last word of the upstream: gives the fault if it is one. */
    end(response: Json, status: unknown): UpstreamFault | undefined {
      const fault = readFailure(response, status)
      if (fault) {
        tellUsage(response)
        return fault
      }
      complete(response.output)
      if (items.length === 0 && status !== 'incomplete')
        return new UpstreamFault('broken', 'The upstream answered without an answer.')
      emit({ type: 'finish', choice: 0, reason: finishOf(response, status, called) })
      tellUsage(response)
      return
    },
  }
}

/** What tells an item from others; ids may be missing, or empty. */
const idOf = ({ id, call_id: call }: Json): string | undefined => [id, call].find(isText)

const IGNORED: ItemReader = { take: () => undefined, finish: () => undefined, end: () => undefined }

function readFailure({ error }: Json, status: unknown): UpstreamFault | undefined {
  if (status === 'failed' || error) {
    const code = isObject(error) ? error.code : undefined
    const told = error || 'The upstream failed and did not say why.'
    return readInBandFault({ error: told, ...(blamesRequest(code) && { status: 400 }) })
  }
  if (status === 'completed' || status === 'incomplete') return
  return new UpstreamFault('broken', 'The upstream broke off its answer.')
}

/** xAI also ends for `max_prompt_tokens` and `max_time_limit`. */
function finishOf(
  { incomplete_details: details }: Json,
  status: unknown,
  called: boolean,
): FinishReason {
  const reason = isObject(details) ? details.reason : undefined
  if (status === 'incomplete') return reason === 'content_filter' ? reason : 'length'
  return called ? 'tool_calls' : 'stop'
}
