import { ApiError } from '../../errors'
import { isObject, isText, type Json } from '../../json-value'
import type { Logprob, TurnEvent } from '../event'
import { createResponsesEncoder, type ResponsesEncoder } from './encoder'
import { readHostedLine, readMarks, readTape } from './tape'
import { fromResponseUsage } from './usage'

/** What an encoder adds to the skeleton of a Response. */
const OWN = new Set([
  'id',
  'object',
  'created_at',
  'status',
  'completed_at',
  'error',
  'incomplete_details',
  'output',
  'usage',
])

/**
 * The stream of a stored Response once more: the same events with the same numbers, as far as it had
 * come. Thoughts are shown as far as the Response shows them.
 *
 * @param tape how it was cut; without one each text is one piece
 * @param after the number of the last event that the reader already has
 */
export function replay(response: Json, tape: string | null, after = -1): string {
  const output = (response.output as readonly Json[]) ?? []
  const ids = output.map(({ id }) => String(id))
  const encoder = createResponsesEncoder({
    id: String(response.id),
    createdAt: Number(response.created_at),
    newId: () => '',
    skeleton: Object.fromEntries(Object.entries(response).filter(([key]) => !OWN.has(key))),
    now: () => Number(response.completed_at),
    includeEncrypted: output.some((item) => 'encrypted_content' in item),
    includeLogprobs: true,
    promptBytes: 0,
    stream: true,
    background: response.background === true,
    ids: () => ids.shift() ?? '',
    after,
  })
  if (response.status === 'queued') return encoder.queue()
  const { items, error } = readTape(tape ?? '')
  let out = encoder.begin()
  for (const event of eventsOf(response, output, tape === null ? undefined : items))
    out += encoder.push(event)
  return out + endOf(encoder, response, error)
}

function endOf(encoder: ResponsesEncoder, response: Json, told: unknown): string {
  switch (response.status) {
    case 'completed':
    case 'incomplete':
      return encoder.end()
    case 'cancelled':
      return encoder.cancel()
    case 'failed':
      return encoder.fail(errorOf(response, told))
    default:
      return ''
  }
}

/** The failure as it was when it happened, or what the Response says of it. */
function errorOf({ error }: Json, told: unknown): ApiError {
  const { code, message }: Json = isObject(error) ? error : {}
  const { status, type, param, code: upstreamCode }: Json = isObject(told) ? told : { code }
  return new ApiError('upstream_error', String(message), {
    status: typeof status === 'number' ? status : undefined,
    type: isText(type) ? type : undefined,
    param: isText(param) ? param : undefined,
    upstreamCode: isText(upstreamCode) ? upstreamCode : null,
  })
}

function* eventsOf(
  response: Json,
  output: readonly Json[],
  lines: readonly string[] | undefined,
): Generator<TurnEvent> {
  for (const [index, item] of output.entries()) {
    const isOpen = item.status === 'in_progress' || item.status === 'incomplete'
    yield* itemEvents(item, lines?.[index], isOpen && index === output.length - 1)
  }
  const { incomplete_details: details, usage } = response
  if (isObject(details))
    yield {
      type: 'finish',
      choice: 0,
      reason: details.reason === 'content_filter' ? 'content_filter' : 'length',
    }
  if (isObject(usage)) yield { type: 'usage', usage: fromResponseUsage(usage) }
}

function* itemEvents(item: Json, line: string | undefined, isOpen: boolean): Generator<TurnEvent> {
  const choice = 0
  switch (item.type) {
    case 'message':
      yield* messageEvents(item, createCutter(line))
      return
    case 'reasoning': {
      const cutter = createCutter(line)
      for (const [part, { text }] of (item.summary as readonly Json[]).entries())
        for (const piece of cutter.pieces(String(text)))
          yield { type: 'thinking', choice, text: piece, part }
      const { encrypted_content: encrypted = '' } = item
      if (!isOpen) yield { type: 'thought', choice, encrypted: encrypted as string | null }
      return
    }
    case 'function_call':
    case 'custom_tool_call': {
      const custom = item.type === 'custom_tool_call'
      const { name, namespace, call_id: id } = item
      const called = { id: String(id), name: String(name), custom }
      yield isText(namespace)
        ? { type: 'call', choice, ...called, namespace }
        : { type: 'call', choice, ...called }
      for (const text of createCutter(line).pieces(String(custom ? item.input : item.arguments)))
        yield { type: 'arguments', choice, text }
      return
    }
    default:
      yield* hostedEvents(item, line, isOpen)
  }
}

function* messageEvents(item: Json, cutter: Cutter): Generator<TurnEvent> {
  const choice = 0
  for (const part of item.content as readonly Json[]) {
    if (part.type === 'refusal') {
      for (const text of cutter.pieces(String(part.refusal)))
        yield { type: 'refusal', choice, text }
      continue
    }
    const logprobs = [...((part.logprobs ?? []) as readonly Logprob[])]
    const annotations = [...((part.annotations ?? []) as readonly Json[])]
    for (const piece of cutter.said(String(part.text))) {
      if (piece === undefined) {
        const cited = annotations.shift()
        if (cited) yield citation(cited)
      } else {
        const { text, count } = piece
        yield { type: 'text', choice, text, logprobs: logprobs.splice(0, count ?? logprobs.length) }
      }
    }
    yield* annotations.map(citation)
  }
}

const citation = ({ url, title, start_index: start, end_index: end }: Json): TurnEvent => ({
  type: 'citation',
  choice: 0,
  citation: {
    url: String(url),
    title: String(title),
    start: Number(start),
    end: Number(end),
  },
})

function* hostedEvents(
  item: Json,
  line: string | undefined,
  isOpen: boolean,
): Generator<TurnEvent> {
  const hosted = { ...item, type: String(item.type) }
  const told = line === undefined ? { first: undefined, done: !isOpen } : readHostedLine(line)
  if (isObject(told.first)) {
    const first = { ...told.first, id: item.id, type: hosted.type }
    yield { type: 'hosted', choice: 0, item: first, done: false }
  }
  if (told.done) yield { type: 'hosted', choice: 0, item: hosted, done: true }
  else if (!told.first) yield { type: 'hosted', choice: 0, item: hosted, done: false }
}

interface Cutter {
  /** The next text, cut as it was. */
  pieces(text: string): Generator<string>
  /** The same with how many logprobs each piece had, and undefined for each citation. */
  said(text: string): Generator<{ readonly text: string; readonly count?: number } | undefined>
}

function createCutter(line: string | undefined): Cutter {
  const marks = line === undefined ? undefined : [...readMarks(line)]
  let next = 0

  function* said(text: string): ReturnType<Cutter['said']> {
    let at = 0
    for (;;) {
      const mark = marks?.[next]
      if (mark?.type === 'citation') {
        next++
        yield undefined
        continue
      }
      if (at >= text.length) return
      next++
      const end = mark ? at + mark.length : text.length
      yield { text: text.slice(at, end), ...(mark && { count: mark.logprobs }) }
      at = end
    }
  }

  return {
    said,
    *pieces(text) {
      for (const piece of said(text)) if (piece) yield piece.text
    },
  }
}
