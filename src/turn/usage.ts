/** What a turn took. `output` includes `reasoning`, as OpenAI counts. */
export interface Usage {
  readonly input: number
  readonly cached: number
  readonly output: number
  readonly reasoning: number
  /** What the upstream says it costs: 10^10 ticks are one US dollar. */
  readonly costTicks: number | null
  readonly source: 'reported' | 'estimated'
}

/** The numbers of a chat completion's `usage`, whatever else it holds. */
interface ChatUsage {
  readonly prompt_tokens?: unknown
  readonly completion_tokens?: unknown
  readonly total_tokens?: unknown
  readonly prompt_tokens_details?: { readonly cached_tokens?: unknown } | null
  readonly completion_tokens_details?: { readonly reasoning_tokens?: unknown } | null
  readonly cost_in_usd_ticks?: unknown
}

/** Read a chat `usage`; a zero is a number, anything else is not there. */
export function readChatUsage(usage: object): Usage {
  const it = usage as ChatUsage
  return {
    input: count(it.prompt_tokens),
    cached: count(it.prompt_tokens_details?.cached_tokens),
    output: count(it.completion_tokens),
    reasoning: count(it.completion_tokens_details?.reasoning_tokens),
    costTicks: ticks(it.cost_in_usd_ticks),
    source: 'reported',
  }
}

/** The same numbers as the Responses API and the pictures spell them. */
interface ResponseUsage {
  readonly input_tokens?: unknown
  readonly output_tokens?: unknown
  readonly input_tokens_details?: { readonly cached_tokens?: unknown } | null
  readonly output_tokens_details?: { readonly reasoning_tokens?: unknown } | null
}

/** Read a `usage` in either spelling; one that says nothing of tokens or money is none. */
export function readAnyUsage(usage: Record<string, unknown>): Usage | undefined {
  const it = usage as ResponseUsage
  const chat = {
    prompt_tokens: usage.prompt_tokens ?? it.input_tokens,
    completion_tokens: usage.completion_tokens ?? it.output_tokens,
    total_tokens: usage.total_tokens,
    prompt_tokens_details: usage.prompt_tokens_details ?? it.input_tokens_details,
    completion_tokens_details: usage.completion_tokens_details ?? it.output_tokens_details,
    cost_in_usd_ticks: usage.cost_in_usd_ticks,
  }
  includeReasoning(chat)
  const found = readChatUsage(chat)
  return found.input + found.output > 0 || found.costTicks !== null ? found : undefined
}

/**
 * Count reasoning into `completion_tokens`, as OpenAI does and xAI does not: there the three numbers
 * only make the total together. Says whether anything changed.
 */
export function includeReasoning(usage: Record<string, unknown>): boolean {
  const { input, output, reasoning } = readChatUsage(usage)
  if (reasoning === 0 || input + output + reasoning !== count(usage.total_tokens)) return false
  usage.completion_tokens = output + reasoning
  return true
}

/**
 * Tokens for a text of so many UTF-8 bytes, when nobody counted them: four bytes a token holds well
 * for English, and for Chinese, whose signs take three bytes and rather less than a token.
 */
const estimateTokens = (bytes: number): number => Math.ceil(bytes / 4)

/** The shape of a chat `usage`; an estimate is marked as one. */
export const toChatUsage = ({ input, cached, output, reasoning, source }: Usage) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: reasoning,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
  ...(source === 'estimated' && { estimated: true }),
})

/** What a turn took that was asked in two goes. */
export const addUsage = (one: Usage, other: Usage): Usage => ({
  input: one.input + other.input,
  cached: one.cached + other.cached,
  output: one.output + other.output,
  reasoning: one.reasoning + other.reasoning,
  costTicks: one.costTicks === null ? other.costTicks : one.costTicks + (other.costTicks ?? 0),
  source: one.source === 'reported' ? other.source : one.source,
})

/** A turn's usage when the upstream did not say. */
export const estimatedUsage = (promptBytes: number, outputBytes: number): Usage => ({
  input: estimateTokens(promptBytes),
  cached: 0,
  output: estimateTokens(outputBytes),
  reasoning: 0,
  costTicks: null,
  source: 'estimated',
})

/** A cost that cannot be true is none. */
const ticks = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
    ? Math.round(value)
    : null

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.trunc(value) : 0
