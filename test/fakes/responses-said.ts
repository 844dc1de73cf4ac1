import type { Output } from './responses-outputs'
import { bytes } from './upstream'

/** How xAI says it, with the oddities of xai-api.md 2.3. */
export interface Manner {
  /** Reasoning without an id (2.3.1). */
  readonly emptyIds?: boolean
  /** `ping` events between all others (2.3.9). */
  readonly pings?: boolean
  /** A `response.done` after the end (2.3.9). */
  readonly doneEvent?: boolean
  /** Without `data: [DONE]`. */
  readonly bare?: boolean
  /** How the network cuts it. */
  readonly cut?: 'events' | 'bytes' | 'packed' | 'crlf'
  readonly gapMs?: number
  readonly usage?: Readonly<Record<string, unknown>>
  /** Why it is not whole (2.3.10). */
  readonly incomplete?: 'max_output_tokens' | 'max_prompt_tokens' | 'max_time_limit'
  readonly breaks?: Break
}

/** A fault within the stream. */
export interface Break {
  /** After how many events. */
  readonly after: number
  readonly by: 'overload' | 'nested' | 'failed' | 'cut' | 'silence'
}

/** As in xAI's own example (2.3.2): the output leaves the reasoning out. */
export const XAI_USAGE = {
  input_tokens: 32,
  input_tokens_details: { cached_tokens: 8 },
  output_tokens: 9,
  output_tokens_details: { reasoning_tokens: 110 },
  total_tokens: 151,
  num_sources_used: 0,
  num_server_side_tools_used: 0,
  cost_in_usd_ticks: 1_234_500,
}

/** What a client has to be told of `XAI_USAGE`: output includes reasoning. */
export const CLIENT_USAGE = {
  input_tokens: 32,
  output_tokens: 119,
  output_tokens_details: { reasoning_tokens: 110 },
  total_tokens: 151,
}

interface Asked {
  readonly model?: string | undefined
  readonly stream?: boolean | null | undefined
}

/** The answer to a request: JSON or a stream, as it asks. */
export function say(asked: Asked, outputs: readonly Output[], manner: Manner = {}): Response {
  const items = outputs.map((output) => ({ output, id: idOf(output, manner) }))
  const response = responseOf(
    asked,
    items.map(({ output, id }) => ({ id, ...output.item })),
    manner,
  )
  return asked.stream ? stream(response, items, manner) : Response.json(response)
}

const idOf = ({ prefix, item }: Output, { emptyIds }: Manner): string => {
  if (emptyIds && item.type === 'reasoning') return ''
  return `${prefix}${crypto.randomUUID()}`
}

function responseOf(asked: Asked, output: readonly object[], manner: Manner) {
  const { incomplete, usage = XAI_USAGE } = manner
  return {
    id: crypto.randomUUID(),
    object: 'response',
    created_at: 1_760_000_000,
    completed_at: 1_760_000_002,
    model: `${asked.model}-0709`,
    status: incomplete ? 'incomplete' : 'completed',
    incomplete_details: incomplete ? { reason: incomplete } : null,
    output,
    parallel_tool_calls: true,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    store: false,
    metadata: {},
    background: false,
    service_tier: 'default',
    truncation: 'disabled',
    top_logprobs: 0,
    presence_penalty: 0,
    frequency_penalty: 0,
    error: null,
    usage,
  }
}

type Event = Readonly<Record<string, unknown>> & { readonly type: string }

function stream(
  response: ReturnType<typeof responseOf>,
  items: readonly { readonly output: Output; readonly id: string }[],
  manner: Manner,
): Response {
  const begun = { ...response, status: 'in_progress', output: [], usage: null, completed_at: null }
  const events: Event[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...items.flatMap(({ output, id }, output_index) => [
      { type: 'response.output_item.added', output_index, item: { id, ...output.begun } },
      ...output.pieces.map(([type, fields]) => ({ type, item_id: id, output_index, ...fields })),
      { type: 'response.output_item.done', output_index, item: { id, ...output.item } },
    ]),
    { type: manner.incomplete ? 'response.incomplete' : 'response.completed', response },
    ...(manner.doneEvent ? [{ type: 'response.done', response }] : []),
  ]
  const broken = manner.breaks ? breakOff(events, begun, manner.breaks) : events
  const numbered = broken.map((event, sequence_number) => ({ ...event, sequence_number }))
  const sent = manner.pings
    ? numbered.flatMap((event): Event[] => [event, { type: 'ping' }])
    : numbered
  const blocks = sent.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  const whole = !manner.breaks && !manner.bare ? [...blocks, 'data: [DONE]\n\n'] : blocks
  const { gapMs = 0, breaks } = manner
  return bytes(cutAs(whole, manner.cut), { gapMs, cut: breaks?.by === 'cut' })
}

function breakOff(events: readonly Event[], begun: object, { after, by }: Break): Event[] {
  const kept = events.slice(0, after)
  const message = 'The service is overloaded.'
  if (by === 'overload') return [...kept, { type: 'error', code: 529, message }]
  if (by === 'nested')
    return [
      ...kept,
      {
        type: 'error',
        status: 529,
        error: { type: 'overloaded_error', code: 'overloaded', message },
      },
    ]
  if (by === 'failed') {
    const response = { ...begun, status: 'failed', error: { code: 'server_error', message } }
    return [...kept, { type: 'response.failed', response }]
  }
  return kept
}

function cutAs(blocks: readonly string[], cut: Manner['cut'] = 'events'): (string | Uint8Array)[] {
  if (cut === 'events') return [...blocks]
  if (cut === 'crlf') return blocks.map((block) => block.replaceAll('\n', '\r\n'))
  const all = new TextEncoder().encode(blocks.join(''))
  if (cut === 'bytes') return Array.from(all, (_, at) => all.slice(at, at + 1))
  // Several events in each piece, and none of them ends where a piece does.
  const size = 1_500
  const count = Math.ceil(all.length / size)
  return Array.from({ length: count }, (_, at) => all.slice(at * size, (at + 1) * size))
}

/** A refusal as xAI mostly writes it (2.4). */
export const refused = (status: number, code: string, error: string): Response =>
  Response.json({ code, error }, { status })

/** A fault that looks like an answer: JSON with status 200 where a stream was asked for (2.4). */
export const unavailable = (): Response =>
  refused(200, 'The service is currently unavailable', 'Please try again later.')
