import fc from 'fast-check'
import type { FinishReason, HostedItem, Logprob, TurnEvent } from '#src/turn/event'
import type { Usage } from '#src/turn/usage'

interface Wanted {
  /** The most choices of an answer. */
  readonly choices?: number
}

/** Any answer that keeps the rules of `TurnEvent`: choices woven into each other, the usage last. */
export const turnEvents = ({ choices = 1 }: Wanted = {}): fc.Arbitrary<TurnEvent[]> =>
  fc
    .tuple(
      fc.array(spoken, { minLength: 1, maxLength: choices }),
      fc.array(fc.nat({ max: choices - 1 }), { maxLength: 40 }),
      fc.option(usage, { nil: undefined }),
    )
    .map(([answers, order, reported]) => [
      ...weave(
        answers.map((events, choice) => events.map((event) => ({ ...event, choice }) as TurnEvent)),
        order,
      ),
      ...(reported ? [{ type: 'usage', usage: reported } as const] : []),
    ])

/**
 * What was said, whatever the pieces it was cut into: each choice for itself, and neighbours that
 * belong together as one.
 */
export function gathered(events: readonly TurnEvent[]): {
  readonly choices: readonly (readonly TurnEvent[])[]
  readonly usage: Usage | undefined
} {
  const choices: TurnEvent[][] = []
  let reported: Usage | undefined
  for (const event of events) {
    if (event.type === 'usage') {
      reported = event.usage
      continue
    }
    choices[event.choice] ??= []
    const said = choices[event.choice] ?? []
    const last = said.at(-1)
    const joined = last && join(last, event)
    if (joined) said.splice(-1, 1, joined)
    else said.push(event)
  }
  return { choices, usage: reported }
}

function join(last: TurnEvent, next: TurnEvent): TurnEvent | undefined {
  if (last.type === 'thinking' && next.type === 'thinking')
    return last.part === next.part ? { ...last, text: last.text + next.text } : undefined
  if (last.type === 'text' && next.type === 'text') {
    const logprobs = [...(last.logprobs ?? []), ...(next.logprobs ?? [])]
    const text = last.text + next.text
    return { type: 'text', choice: last.choice, text, ...(logprobs.length > 0 && { logprobs }) }
  }
  if (last.type === 'refusal' && next.type === 'refusal')
    return { ...last, text: last.text + next.text }
  if (last.type === 'arguments' && next.type === 'arguments')
    return { ...last, text: last.text + next.text }
  return
}

/** An event before it is known which choice says it. */
type Said = TurnEvent extends infer Event
  ? Event extends { readonly choice: number }
    ? Omit<Event, 'choice'>
    : never
  : never

const piece = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  fc.constantFrom('"', '\\', '\n', '\u2028', '</think>', '[DONE]', '{"a":1}'),
)

const count = fc.nat({ max: 1_000_000 })

const usage: fc.Arbitrary<Usage> = fc
  .record({ fresh: count, cached: count, said: count, reasoning: count })
  .map(({ fresh, cached, said, reasoning }) => ({
    input: fresh + cached,
    cached,
    output: said + reasoning,
    reasoning,
    costTicks: null,
    source: 'reported',
  }))

/** What a model thought, piece by piece. */
const thinking: fc.Arbitrary<Said[]> = fc
  .tuple(
    fc.uniqueArray(fc.tuple(piece, fc.boolean()), {
      minLength: 1,
      maxLength: 5,
      selector: ([text]) => text,
    }),
    fc.option(fc.base64String({ minLength: 4, maxLength: 24 })),
  )
  .map(([pieces, encrypted]) => {
    let part = 0
    const shown = pieces.map(([text, isNew], at): Said => {
      if (isNew && at > 0) part++
      return { type: 'thinking', text, part }
    })
    return [...shown, { type: 'thought', encrypted }]
  })

/** A thought of which only the upstream's own form comes. */
const hiddenThought: fc.Arbitrary<Said[]> = fc
  .base64String({ minLength: 4, maxLength: 24 })
  .map((encrypted) => [{ type: 'thought', encrypted }])

const token = fc.record({
  token: piece,
  logprob: fc.integer({ min: -20, max: 0 }),
  bytes: fc.option(fc.array(fc.nat({ max: 255 }), { maxLength: 4 })),
})

const logprob: fc.Arbitrary<Logprob> = fc
  .tuple(token, fc.array(token, { maxLength: 2 }))
  .map(([it, others]) => ({ ...it, top_logprobs: others }))

const text: fc.Arbitrary<Said> = fc.oneof(
  { weight: 4, arbitrary: piece.map((it): Said => ({ type: 'text', text: it })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(piece, fc.array(logprob, { minLength: 1, maxLength: 3 }))
      .map(([it, logprobs]): Said => ({ type: 'text', text: it, logprobs })),
  },
)

const citation: fc.Arbitrary<Said> = fc
  .record({
    url: fc.webUrl(),
    title: fc.string({ minLength: 1, maxLength: 8 }),
    start: fc.nat({ max: 40 }),
    length: fc.nat({ max: 40 }),
  })
  .map(({ url, title, start, length }) => ({
    type: 'citation',
    citation: { url, title, start, end: start + length },
  }))

const message: fc.Arbitrary<Said[]> = fc
  .tuple(text, fc.array(fc.oneof({ weight: 5, arbitrary: text }, citation), { maxLength: 6 }))
  .map(([first, more]) => [first, ...more])

const refusal: fc.Arbitrary<Said[]> = fc
  .array(piece, { minLength: 1, maxLength: 3 })
  .map((pieces) => pieces.map((it) => ({ type: 'refusal', text: it })))

const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,12}$/)
const callId = fc.uuid().map((id) => `call_${id}`)
const cuts = fc.array(fc.nat({ max: 80 }), { maxLength: 4 })

const functionCall: fc.Arbitrary<Said[]> = fc
  .tuple(
    callId,
    name,
    fc.option(fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 1 }))),
    cuts,
  )
  .map(([id, called, given, at]) => [
    { type: 'call', id, name: called, custom: false },
    ...argumentsOf(given === null ? '' : JSON.stringify(given), at),
  ])

const customCall: fc.Arbitrary<Said[]> = fc
  .tuple(callId, name, fc.string({ unit: 'grapheme', maxLength: 20 }), cuts)
  .map(([id, called, given, at]) => [
    { type: 'call', id, name: called, custom: true },
    ...argumentsOf(given, at),
  ])

function argumentsOf(given: string, at: readonly number[]): Said[] {
  const edges = [0, ...at.filter((cut) => cut < given.length).sort((a, b) => a - b), given.length]
  return edges
    .slice(1)
    .map((end, index) => given.slice(edges[index], end))
    .filter((it) => it !== '')
    .map((it) => ({ type: 'arguments', text: it }))
}

const hosted: fc.Arbitrary<Said[]> = fc.tuple(fc.uuid(), piece).map(([id, query]) => {
  const item = (status: string): HostedItem => ({
    type: 'web_search_call',
    id: `ws_${id}`,
    status,
    action: { type: 'search', query },
  })
  return [
    { type: 'hosted', item: item('in_progress'), done: false },
    { type: 'hosted', item: item('completed'), done: true },
  ]
})

const ENDS: readonly FinishReason[] = ['stop', 'length', 'content_filter']

/** Whether thoughts that follow each other are the same: xAI's repeated placeholders are said once. */
function repeats(events: readonly Said[]): boolean {
  let last: string | undefined
  return events.some((event) => {
    if (event.type === 'thought') return false
    const text = event.type === 'thinking' ? event.text : undefined
    const isSame = text !== undefined && text === last
    last = text
    return isSame
  })
}

/** What one choice says. Its calls decide what a good end is called. */
const spoken: fc.Arbitrary<Said[]> = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 2, arbitrary: thinking },
        { weight: 1, arbitrary: hiddenThought },
        { weight: 4, arbitrary: message },
        { weight: 1, arbitrary: refusal },
        { weight: 3, arbitrary: functionCall },
        { weight: 1, arbitrary: customCall },
        { weight: 1, arbitrary: hosted },
      ),
      { minLength: 1, maxLength: 6 },
    ),
    fc.constantFrom(...ENDS),
  )
  .filter(([blocks]) => !repeats(blocks.flat()))
  .map(([blocks, end]) => {
    const events = blocks.flat()
    const called = events.some(({ type }) => type === 'call')
    const reason = called && end === 'stop' ? 'tool_calls' : end
    return [...events, { type: 'finish', reason }]
  })

/** One list from several: each keeps its order, `order` says whose turn it is. */
function weave<T>(lists: readonly (readonly T[])[], order: readonly number[]): T[] {
  const rest = lists.map((list) => [...list])
  const out: T[] = []
  for (const turn of order) out.push(...(rest[turn]?.splice(0, 1) ?? []))
  return [...out, ...rest.flat()]
}
