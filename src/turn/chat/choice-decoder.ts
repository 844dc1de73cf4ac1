import { UpstreamFault } from '../../errors'
import { isObject, isText, type MutableJson } from '../../json-value'
import type { DecoderTerms } from '../codec'
import type { FinishReason, Logprob, TurnEvent } from '../event'
import { createCallDecoder } from './call-decoder'
import { readCitation } from './citations'
import { finishReason } from './finish-reason'
import { createNativeChoice } from './native-choice'

interface ChoiceParts {
  readonly terms: DecoderTerms
  /** The addresses that any of the choices has cited. */
  readonly cited: Set<string>
  readonly emit: (event: TurnEvent) => void
}

/** Reads one choice of a chat answer, which it first mends as for a client of the same dialect. */
export function createChoiceDecoder(index: number, { terms, cited, emit }: ChoiceParts) {
  const { newId, names } = terms
  const native = createNativeChoice({ showThinking: true, newId })
  const calls = createCallDecoder(index, names, emit)
  let thinks = false
  let length = 0
  /** Where the piece of text begins that sources count from. */
  let from = 0
  let finish: unknown
  /** Of tokens whose letters come with a later one. */
  let waiting: Logprob[] = []
  let isMixedUp = false

  /** End what was open: something of another sort is said. */
  function turn() {
    endThought()
    calls.close()
  }

  function endThought() {
    if (!thinks) return
    thinks = false
    emit({ type: 'thought', choice: index, encrypted: null })
  }

  function think(text: string) {
    calls.close()
    thinks = true
    from = length
    emit({ type: 'thinking', choice: index, text, part: 0 })
  }

  function say(text: string) {
    turn()
    length += text.length
    emit({ type: 'text', choice: index, text })
  }

  function sayWith(logprobs: Logprob[], text: string) {
    turn()
    length += text.length
    emit({ type: 'text', choice: index, text, logprobs })
  }

  function readContent(content: unknown, logprobs: readonly Logprob[]) {
    if (logprobs.length > 0) waiting.push(...logprobs)
    if (!isText(content)) return
    if (waiting.length === 0) return say(content)
    sayWith(waiting, content)
    waiting = []
  }

  function cite(source: unknown) {
    const citation = readCitation(source, length)
    if (!citation) return
    turn()
    cited.add(citation.url)
    const place = { start: citation.start - from, end: citation.end - from }
    emit({ type: 'citation', choice: index, citation: { ...citation, ...place } })
  }

  function refuse(text: string) {
    turn()
    from = length
    emit({ type: 'refusal', choice: index, text })
  }

  function call(fragments: readonly unknown[]) {
    endThought()
    from = length
    for (const fragment of fragments) if (!calls.take(fragment as MutableJson)) isMixedUp = true
  }

  return {
    /** Text and nothing else, told from the rest by a template. */
    say,

    /** Read one entry of `choices`. Says whether it was text and nothing else. */
    take(choice: MutableJson): boolean {
      choice.delta = isObject(choice.delta) ? tidy(choice.delta) : {}
      const { bare } = native.mend(choice)
      const delta = choice.delta as MutableJson
      if (isText(delta.reasoning_content)) think(delta.reasoning_content)
      readContent(delta.content, logprobsOf(choice))
      if (Array.isArray(delta.annotations)) for (const source of delta.annotations) cite(source)
      if (isText(delta.refusal)) refuse(delta.refusal)
      if (Array.isArray(delta.tool_calls)) call(delta.tool_calls)
      if (choice.finish_reason !== null) finish = choice.finish_reason
      return bare
    },

    /** What makes the rest of this choice worthless. */
    fault: (): UpstreamFault | undefined =>
      isMixedUp
        ? new UpstreamFault('malformed', 'The upstream went on with a tool call that was over.')
        : undefined,

    /** Nothing is missing that an honest end would have. */
    isWhole: native.isWhole,

    /** The answer is over: `sources` are pages that the whole of it rests on. */
    end(sources: readonly unknown[]): void {
      turn()
      for (const source of sources) if (!cited.has(String(source))) cite(source)
      const called = { tools: calls.any(), legacyFunction: false }
      emit({ type: 'finish', choice: index, reason: finishReason(finish, called) as FinishReason })
    },
  }
}

export type ChoiceDecoder = ReturnType<typeof createChoiceDecoder>

/**
 * Leave out of a delta what says nothing, and give what is left the names of today: OpenRouter and
 * vLLM think in `reasoning`, old models call in `function_call`.
 */
function tidy(delta: MutableJson): MutableJson {
  const { reasoning, function_call: legacyCall } = delta
  if (isText(reasoning) && !isText(delta.reasoning_content)) delta.reasoning_content = reasoning
  delete delta.reasoning
  if (isObject(legacyCall) && !isList(delta.tool_calls))
    delta.tool_calls = [{ index: 0, function: legacyCall }]
  delete delta.function_call
  if (Array.isArray(delta.content)) tellParts(delta, delta.content)
  for (const key in delta) {
    const value = delta[key]
    if (value === null || value === '' || (Array.isArray(value) && value.length === 0))
      delete delta[key]
  }
  return delta
}

/** Mistral's models that think say so in parts, where others have one text. */
function tellParts(delta: MutableJson, parts: readonly unknown[]) {
  let said = ''
  let thought = ''
  for (const part of parts.filter(isObject)) {
    if (isText(part.text)) said += part.text
    if (Array.isArray(part.thinking))
      for (const piece of part.thinking)
        if (isObject(piece) && isText(piece.text)) thought += piece.text
  }
  delta.content = said
  if (thought !== '' && !isText(delta.reasoning_content)) delta.reasoning_content = thought
}

const isList = (value: unknown): boolean => Array.isArray(value) && value.length > 0

const NONE: readonly Logprob[] = []

function logprobsOf({ logprobs }: MutableJson): readonly Logprob[] {
  if (!isObject(logprobs) || !Array.isArray(logprobs.content)) return NONE
  return logprobs.content.filter(isObject).map((it) => ({
    ...readToken(it),
    top_logprobs: Array.isArray(it.top_logprobs)
      ? it.top_logprobs.filter(isObject).map(readToken)
      : [],
  }))
}

const readToken = ({ token, logprob, bytes }: MutableJson) => ({
  token: typeof token === 'string' ? token : '',
  logprob: typeof logprob === 'number' ? logprob : 0,
  bytes: Array.isArray(bytes) ? (bytes as number[]) : null,
})
