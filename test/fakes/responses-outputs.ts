/**
 * What a model of xAI may say, as output items and as the events that bring them. Written from
 * xai-types.d.ts and xai-api.md 2.3 alone.
 */

/** An event but for what depends on its place: `item_id`, `output_index`, `sequence_number`. */
export type Piece = readonly [type: string, fields: Readonly<Record<string, unknown>>]

export interface Output {
  /** How the item's id starts; xAI's own are bare. */
  readonly prefix: string
  readonly begun: Readonly<Record<string, unknown>>
  readonly item: Readonly<Record<string, unknown>>
  readonly pieces: readonly Piece[]
}

/** Cut where it may: in words, or where a test wants it. */
export const words = (text: string): string[] => text.match(/\S+\s*|\s+/g) ?? []

interface Source {
  readonly url: string
  readonly title: string
  readonly start: number
  readonly end: number
}

interface Spoken {
  readonly pieces?: readonly string[]
  readonly sources?: readonly Source[]
}

export function text(said: string, { pieces = words(said), sources = [] }: Spoken = {}): Output {
  const annotations = sources.map(({ url, title, start, end }) => ({
    ...{ type: 'url_citation', url, title },
    ...{ start_index: start, end_index: end },
  }))
  const part = { type: 'output_text', text: said, annotations, logprobs: [] }
  const message = { type: 'message', role: 'assistant' }
  const at = { content_index: 0 }
  return {
    prefix: 'msg_',
    begun: { ...message, status: 'in_progress', content: [] },
    item: { ...message, status: 'completed', content: [part] },
    pieces: [
      ['response.content_part.added', { ...at, part: { ...part, text: '', annotations: [] } }],
      ...pieces.map((delta): Piece => ['response.output_text.delta', { ...at, delta }]),
      ...annotations.map(
        (annotation, annotation_index): Piece => [
          'response.output_text.annotation.added',
          { ...at, annotation_index, annotation },
        ],
      ),
      ['response.output_text.done', { ...at, text: said }],
      ['response.content_part.done', { ...at, part }],
    ],
  }
}

export function refusal(said: string): Output {
  const message = { type: 'message', role: 'assistant' }
  const at = { content_index: 0 }
  return {
    prefix: 'msg_',
    begun: { ...message, status: 'in_progress', content: [] },
    item: { ...message, status: 'completed', content: [{ type: 'refusal', refusal: said }] },
    pieces: [
      ['response.content_part.added', { ...at, part: { type: 'refusal', refusal: '' } }],
      ...words(said).map((delta): Piece => ['response.refusal.delta', { ...at, delta }]),
      ['response.refusal.done', { ...at, refusal: said }],
      ['response.content_part.done', { ...at, part: { type: 'refusal', refusal: said } }],
    ],
  }
}

/** What an upstream took itself: it knows these again, and no others. */
export const sealed = (thought: string): string =>
  `xai-sealed:${Buffer.from(thought).toString('base64')}`

/** A thought in the open, as models since 4.6 stream it; always with its sealed form. */
export function thought(said: string): Output {
  const at = { content_index: 0 }
  const whole = { type: 'reasoning_text', text: said }
  return {
    prefix: 'rs_',
    begun: { type: 'reasoning', status: 'in_progress', summary: [] },
    item: {
      ...{ type: 'reasoning', status: 'completed', summary: [], content: [whole] },
      encrypted_content: sealed(said),
    },
    pieces: [
      ...words(said).map((delta): Piece => ['response.reasoning_text.delta', { ...at, delta }]),
      ['response.reasoning_text.done', { ...at, text: said }],
    ],
  }
}

/** A thought as older models tell of it: in paragraphs of a summary. */
export function summary(paragraphs: readonly string[]): Output {
  const parts = paragraphs.map((said) => ({ type: 'summary_text', text: said }))
  return {
    prefix: 'rs_',
    begun: { type: 'reasoning', status: 'in_progress', summary: [] },
    item: {
      ...{ type: 'reasoning', status: 'completed', summary: parts },
      encrypted_content: sealed(paragraphs.join('\n')),
    },
    pieces: parts.flatMap((part, summary_index): Piece[] => [
      [
        'response.reasoning_summary_part.added',
        { summary_index, part: { type: 'summary_text', text: '' } },
      ],
      ...words(part.text).map(
        (delta): Piece => ['response.reasoning_summary_text.delta', { summary_index, delta }],
      ),
      ['response.reasoning_summary_text.done', { summary_index, text: part.text }],
      ['response.reasoning_summary_part.done', { summary_index, part }],
    ]),
  }
}

/** A call of the client's function: its arguments come whole, in one piece. */
export function call(name: string, given: unknown, call_id: string): Output {
  const args = typeof given === 'string' ? given : JSON.stringify(given)
  const item = { type: 'function_call', call_id, name }
  return {
    prefix: 'fc_',
    begun: { ...item, status: 'in_progress', arguments: '' },
    item: { ...item, status: 'completed', arguments: args },
    pieces: [
      ['response.function_call_arguments.delta', { delta: args }],
      ['response.function_call_arguments.done', { arguments: args }],
    ],
  }
}

/** A tool that runs at xAI, with the events that go with it. */
function hosted(
  prefix: string,
  begun: Readonly<Record<string, unknown>>,
  done: Readonly<Record<string, unknown>>,
  pieces: readonly Piece[],
): Output {
  return {
    prefix,
    begun: { ...begun, status: 'in_progress' },
    item: { ...begun, ...done, status: 'completed' },
    pieces,
  }
}

export const webSearch = (query: string, url = 'https://example.com/'): Output =>
  hosted(
    'ws_',
    { type: 'web_search_call', action: { type: 'search', query: '' } },
    { action: { type: 'search', query, sources: [{ type: 'url', url }] } },
    [
      ['response.web_search_call.in_progress', {}],
      ['response.web_search_call.searching', {}],
      ['response.web_search_call.completed', {}],
    ],
  )

/** A search of X as the official SDK knows it: a custom tool that nobody offered. */
export function xSearch(query: string): Output {
  const input = JSON.stringify({ query, limit: 10 })
  return hosted(
    'ctc_',
    { type: 'custom_tool_call', call_id: `xs_${query}`, name: 'x_keyword_search', input: '' },
    { input },
    [
      ['response.custom_tool_call_input.delta', { delta: input }],
      ['response.custom_tool_call_input.done', { input }],
    ],
  )
}

/** A search of X as some models write it. */
export const xSearchCall = (query: string): Output =>
  hosted('xs_', { type: 'x_search_call' }, { action: { type: 'search', query } }, [
    ['response.x_search_call.in_progress', {}],
    ['response.x_search_call.searching', {}],
    ['response.x_search_call.completed', {}],
  ])

export const codeRun = (code: string, logs: string): Output =>
  hosted(
    'ci_',
    { type: 'code_interpreter_call', code: '', outputs: [] },
    { code, outputs: [{ type: 'logs', logs }] },
    [
      ['response.code_execution_call.in_progress', {}],
      ['response.code_interpreter_call_code.delta', { delta: code }],
      ['response.code_interpreter_call_code.done', { code }],
      ['response.code_execution_call.interpreting', {}],
      ['response.code_execution_call.completed', {}],
    ],
  )

/** Code as some models write it. */
export const codeExecution = (code: string, logs: string): Output => {
  const { item, begun, ...output } = codeRun(code, logs)
  const type = 'code_execution_call'
  return { ...output, begun: { ...begun, type }, item: { ...item, type } }
}

export function mcpCall(server_label: string, name: string, given: object, output: string): Output {
  const args = JSON.stringify(given)
  return hosted(
    'mcp_',
    { type: 'mcp_call', server_label, name, arguments: '', output: '' },
    { arguments: args, output },
    [
      ['response.mcp_call.in_progress', {}],
      ['response.mcp_call_arguments.delta', { delta: args }],
      ['response.mcp_call_arguments.done', { arguments: args }],
      ['response.mcp_call.executing', {}],
      ['response.mcp_call_output.delta', { delta: output }],
      ['response.mcp_call_output.done', { output }],
      ['response.mcp_call.completed', {}],
    ],
  )
}

/** Something that nobody has heard of yet. */
export const novelty = (): Output =>
  hosted('nv_', { type: 'crystal_ball_call' }, { vision: 'mist' }, [
    ['response.crystal_ball_call.gazing', { haze: 0.9 }],
  ])
