import fc from 'fast-check'
import type { TurnItem, TurnPart, TurnRequest, TurnTool } from '#src/turn/request'

const word = fc.stringMatching(/^[a-z]{1,8}$/)
const text = fc.stringMatching(/^[A-Za-z ,."\\é界]{1,20}$/)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const words: fc.Arbitrary<TurnPart> = text.map((it) => ({ type: 'text', text: it }))
const shown: fc.Arbitrary<TurnPart> = fc.oneof(
  words,
  word.map((it): TurnPart => ({ type: 'image', url: `https://pictures/${it}`, detail: 'low' })),
  word.map((it): TurnPart => ({ type: 'file', fileId: `file-${it}`, filename: it })),
  word.map((it): TurnPart => ({ type: 'file', data: `data:text/plain,${it}` })),
)

const asked = fc
  .record({
    role: fc.constantFrom('system', 'developer', 'user'),
    parts: fc.array(shown, { maxLength: 3 }),
  })
  .map((it): TurnItem[] => [{ type: 'message', ...it } as TurnItem])

const called = fc.record({
  name: word,
  namespace: maybe(word),
  custom: fc.boolean(),
  input: text,
  output: fc.array(words, { maxLength: 2 }),
})

/** What an assistant thinks, says and calls, and what that gives. */
const answered = fc
  .record({
    thought: maybe(fc.record({ text, encrypted: fc.option(word) })),
    said: maybe(words),
    calls: fc.array(called, { maxLength: 3 }),
  })
  .map(({ thought, said, calls }): TurnItem[] => [
    ...(thought ? [{ type: 'thought' as const, ...thought }] : []),
    ...(said ? [{ type: 'message' as const, role: 'assistant' as const, parts: [said] }] : []),
    ...calls.map(({ name, namespace, custom, input }, at) => ({
      type: 'call' as const,
      id: `call_${at}`,
      name,
      ...(namespace !== undefined && { namespace }),
      arguments: custom ? input : JSON.stringify({ input }),
      custom,
    })),
    ...calls.map(({ output, custom }, at) => ({
      type: 'result' as const,
      id: `call_${at}`,
      parts: output,
      custom,
    })),
  ])

const tool: fc.Arbitrary<TurnTool> = fc
  .record({
    name: word,
    namespace: maybe(word),
    description: fc.oneof(fc.constant(''), text),
    custom: fc.boolean(),
    strict: maybe(fc.boolean()),
  })
  .map(({ name, namespace, description, custom, strict }): TurnTool => {
    const named = { name, ...(namespace !== undefined && { namespace }), description }
    if (custom) return { type: 'custom', ...named, format: undefined }
    return { type: 'function', ...named, parameters: { type: 'object' }, strict }
  })

const keyOf = (it: TurnTool) => (it.type === 'hosted' ? '' : `${it.namespace ?? ''}/${it.name}`)

/** Any request that both dialects can say, but for fields that only one has. */
export const turnRequest: fc.Arbitrary<TurnRequest> = fc
  .record({
    model: word,
    items: fc.array(fc.oneof(asked, answered), { maxLength: 6 }).map((blocks) => blocks.flat()),
    tools: fc.uniqueArray(tool, { maxLength: 4, selector: keyOf }),
    choice: fc.constantFrom('none', 'auto', 'required', 'first'),
    parallelToolCalls: fc.boolean(),
    format: fc.oneof(
      fc.constant({ type: 'text' as const }),
      fc.constant({ type: 'json' as const }),
      fc.record({
        type: fc.constant('schema' as const),
        name: word,
        description: maybe(text),
        schema: fc.constant({ type: 'object' }),
        strict: maybe(fc.boolean()),
      }),
    ),
    effort: maybe(fc.constantFrom('none', 'low', 'medium', 'high')),
    verbosity: maybe(fc.constantFrom('low', 'medium', 'high')),
    maxTokens: maybe(fc.integer({ min: 16, max: 9000 })),
    temperature: maybe(fc.constantFrom(0, 0.5, 2)),
    topP: maybe(fc.constantFrom(0, 1)),
    frequencyPenalty: maybe(fc.constantFrom(-1, 0, 1)),
    presencePenalty: maybe(fc.constantFrom(-1, 0, 1)),
    stop: fc.array(text, { maxLength: 2 }),
    choices: fc.constantFrom(1, 2),
    seed: maybe(fc.integer()),
    logprobs: maybe(fc.integer({ min: 0, max: 5 })),
    cacheKey: maybe(word),
    user: maybe(word),
    serviceTier: maybe(word),
    video: fc.constant(undefined),
  })
  .map(({ choice, ...turn }) => ({ ...turn, toolChoice: chosen(choice, turn.tools) }))

function chosen(choice: string, tools: readonly TurnTool[]): TurnRequest['toolChoice'] {
  const [first] = tools
  if (!first || first.type === 'hosted') return 'none'
  if (choice !== 'first') return choice as 'none' | 'auto' | 'required'
  const { name, namespace } = first
  return namespace === undefined ? { name } : { name, namespace }
}
