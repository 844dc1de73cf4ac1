import { isObject, type Json } from '../../json-value'
import type { Usage } from '../usage'

/** The shape of a Response's `usage`; an estimate is marked as one. */
export const toResponseUsage = ({ input, cached, output, reasoning, source }: Usage) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: input + output,
  ...(source === 'estimated' && { estimated: true }),
})

/** The way back, for a Response of our own. */
export function fromResponseUsage(usage: Json): Usage {
  const input = isObject(usage.input_tokens_details) ? usage.input_tokens_details : {}
  const output = isObject(usage.output_tokens_details) ? usage.output_tokens_details : {}
  return {
    input: Number(usage.input_tokens),
    cached: Number(input.cached_tokens),
    output: Number(usage.output_tokens),
    reasoning: Number(output.reasoning_tokens),
    costTicks: null,
    source: usage.estimated === true ? 'estimated' : 'reported',
  }
}
