import fc from 'fast-check'
import type { HostedItem, TurnEvent } from '#src/turn/event'
import { createResponsesEncoder, type ResponseTerms } from '#src/turn/responses/encoder'
import { skeletonOf } from '#src/turn/responses/skeleton'
import { turnEvents } from './turn-events'

/** Terms of an answer that is streamed, with ids that count. */
export function responseTerms(terms: Partial<ResponseTerms> = {}): ResponseTerms {
  let ids = 0
  return {
    id: 'resp_1',
    createdAt: 1_700_000_000,
    newId: () => `${++ids}`,
    skeleton: skeletonOf({ model: 'grok-4' }),
    now: () => 1_700_000_009,
    includeEncrypted: false,
    promptBytes: 40,
    stream: true,
    background: false,
    ...terms,
  }
}

/** Write a whole answer. */
export function encode(events: readonly TurnEvent[], terms: Partial<ResponseTerms> = {}) {
  const encoder = createResponsesEncoder(responseTerms(terms))
  const begun = encoder.begin()
  const said = events.map((event) => encoder.push(event)).join('')
  return { encoder, text: begun + said }
}

/** Items of every hosted tool, as upstreams tell them when they begin and when they are done. */
export const HOSTED_SAMPLES: readonly (readonly [first: HostedItem, last: HostedItem])[] = [
  sample(
    'web_search_call',
    {},
    { action: { type: 'search', query: 'moss', sources: [{ url: 'https://a.example/' }] } },
  ),
  sample(
    'web_search_call',
    { action: { type: 'open_page' } },
    { action: { type: 'open_page', url: 'https://a.example/' } },
  ),
  sample(
    'web_search_call',
    {},
    { action: { type: 'find_in_page', url: 'https://a.example/', pattern: 'x' }, status: 'failed' },
  ),
  sample(
    'file_search_call',
    { queries: ['a'] },
    { queries: ['a'], results: [{ file_id: 'f', text: 't', filename: 'n', score: 0.5 }] },
  ),
  sample(
    'code_interpreter_call',
    { code: '' },
    { code: 'print(1)\n', outputs: [{ type: 'logs', logs: '1' }], container_id: 'c' },
  ),
  sample('code_interpreter_call', {}, { status: 'failed' }),
  sample('image_generation_call', {}, { result: 'aGk=' }),
  sample('image_generation_call', {}, { status: 'failed' }),
  sample(
    'mcp_call',
    { server_label: 's', name: 'n' },
    { server_label: 's', name: 'n', arguments: '{"a":1}', output: 'ok' },
  ),
  sample(
    'mcp_call',
    { server_label: 's', name: 'n' },
    { server_label: 's', name: 'n', arguments: {}, error: 'no', status: 'failed' },
  ),
  sample(
    'mcp_list_tools',
    { server_label: 's' },
    { server_label: 's', tools: [{ name: 't', input_schema: {} }] },
  ),
  sample('mcp_list_tools', { server_label: 's' }, { server_label: 's', tools: [], error: 'down' }),
  sample(
    'mcp_approval_request',
    { server_label: 's', name: 'n', arguments: '{}' },
    { server_label: 's', name: 'n', arguments: '{}' },
  ),
  sample(
    'shell_call',
    { call_id: 'c' },
    { call_id: 'c', action: { commands: ['ls'] }, environment: null },
  ),
  sample('tool_search_call', {}, { arguments: { query: 'x' } }),
  sample('tool_search_output', {}, { tools: [{ type: 'web_search' }] }),
]

function sample(type: string, first: object, last: object): readonly [HostedItem, HostedItem] {
  return [
    { type, status: 'in_progress', ...first },
    { type, status: 'completed', ...last },
  ]
}

/** A hosted tool, told as it begins or not, and done or not. */
const hosted: fc.Arbitrary<TurnEvent[]> = fc
  .tuple(fc.constantFrom(...HOSTED_SAMPLES), fc.uuid(), fc.constantFrom('both', 'first', 'last'))
  .map(([[first, last], id, told]) => {
    const begun: TurnEvent = { type: 'hosted', choice: 0, item: { ...first, id }, done: false }
    const done: TurnEvent = { type: 'hosted', choice: 0, item: { ...last, id }, done: true }
    return told === 'both' ? [begun, done] : told === 'first' ? [begun] : [done]
  })

/** Answers that keep the rules, with hosted tools of every kind among them. */
export const answers: fc.Arbitrary<TurnEvent[]> = fc
  .tuple(turnEvents(), fc.array(fc.tuple(hosted, fc.nat({ max: 60 })), { maxLength: 3 }))
  .map(([events, tools]) => {
    const all = [...events]
    for (const [tool, at] of tools) all.splice(Math.min(at, placeOfEnd(all)), 0, ...tool)
    return all
  })

const placeOfEnd = (events: readonly TurnEvent[]): number =>
  events.findIndex(({ type }) => type === 'finish')

/** The same pieces in any order: what no decoder gives, and what must not break a stream. */
export const nonsense: fc.Arbitrary<TurnEvent[]> = answers.chain((events) =>
  fc.shuffledSubarray(events),
)
