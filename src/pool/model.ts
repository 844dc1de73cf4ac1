import type { UpstreamModel } from '../store/schema'

/** How many tokens a model looks at: xAI, OpenRouter and vLLM each have a name of their own for it. */
export function windowOf(model: UpstreamModel | undefined): number | undefined {
  const found = [model?.context_length, model?.context_window, model?.max_model_len]
  return found.find((length): length is number => typeof length === 'number' && length > 0)
}
