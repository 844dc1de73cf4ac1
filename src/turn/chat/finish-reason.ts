/** How the servers that imitate OpenAI call the end of an answer, and what OpenAI calls it. */
const NAMES: Readonly<Record<string, string>> = {
  stop: 'stop',
  end_turn: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_length: 'length',
  tool_calls: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'function_call',
  content_filter: 'content_filter',
  safety: 'content_filter',
}

/** What the answer contained, which decides more than the upstream's word for its end. */
export interface Called {
  readonly tools: boolean
  readonly legacyFunction: boolean
}

/** The reason in the words of clients that give the deprecated `functions`, or tools. */
export const reasonFor = (reason: string, isLegacy: boolean | undefined): string =>
  isLegacy && reason === 'tool_calls' ? 'function_call' : reason

/** One of OpenAI's five finish reasons, for whatever an upstream says. */
export function finishReason(said: unknown, called: Called): string {
  const known = typeof said === 'string' ? (NAMES[said.toLowerCase()] ?? 'stop') : 'stop'
  if (known === 'length' || known === 'content_filter') return known
  if (called.tools) return 'tool_calls'
  return called.legacyFunction ? 'function_call' : 'stop'
}
