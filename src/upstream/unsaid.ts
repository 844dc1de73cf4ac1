import type { Ask } from './upstream'

/** What is understood of each dialect's requests: heeded by Groxy itself, or put into other words. */
const UNDERSTOOD: Readonly<Record<Ask['dialect'], ReadonlySet<string>>> = {
  chat: new Set([
    'model',
    'messages',
    'stream',
    'stream_options',
    'store',
    'metadata',
    'n',
    'max_completion_tokens',
    'max_tokens',
    'temperature',
    'top_p',
    'frequency_penalty',
    'presence_penalty',
    'stop',
    'seed',
    'logprobs',
    'top_logprobs',
    'response_format',
    'tools',
    'tool_choice',
    'functions',
    'function_call',
    'parallel_tool_calls',
    'web_search_options.search_context_size',
    'web_search_options.user_location',
    'reasoning_effort',
    'verbosity',
    'prompt_cache_key',
    'safety_identifier',
    'user',
    'service_tier',
    'video_config',
  ]),
  responses: new Set([
    'model',
    'input',
    'instructions',
    'previous_response_id',
    'conversation',
    'stream',
    'stream_options',
    'store',
    'background',
    'metadata',
    'truncation',
    'max_output_tokens',
    'temperature',
    'top_p',
    'frequency_penalty',
    'presence_penalty',
    'top_logprobs',
    'include.message.output_text.logprobs',
    'include.web_search_call.action.sources',
    'include.code_interpreter_call.outputs',
    'text.format',
    'text.verbosity',
    'tools',
    'tool_choice',
    'parallel_tool_calls',
    'reasoning.effort',
    'prompt_cache_key',
    'safety_identifier',
    'user',
    'service_tier',
    'video_config',
  ]),
}

/** Fields of several parts, each of which is understood or not. */
const PARTED = new Set(['include', 'reasoning', 'text', 'web_search_options'])

/** What goes without saying. */
const USUAL: Readonly<Record<string, unknown>> = {
  temperature: 1,
  top_p: 1,
  frequency_penalty: 0,
  presence_penalty: 0,
  logprobs: false,
  top_logprobs: 0,
  verbosity: 'medium',
  'text.verbosity': 'medium',
  service_tier: 'auto',
  'modalities.0': 'text',
  // Whatever is shown of thoughts is shown as their summary.
  'reasoning.summary': 'auto',
  'web_search.external_web_access': true,
  'web_search.search_context_size': 'medium',
  'code_interpreter.container.type': 'auto',
}

/**
 * The names of what a request asks for that its upstream cannot be told, since nobody knows it there or
 * nobody here knows what it means: for whoever puts a request into other words.
 *
 * @param lacking what is understood here, but the upstream has nothing of the kind
 */
export function findUnsaid(ask: Ask, lacking: ReadonlySet<string>): string[] {
  const request = ask.dialect === 'chat' ? ask.request.value : ask.request
  const understood = UNDERSTOOD[ask.dialect]
  const unsaid: string[] = []
  const look = (name: string, value: unknown) => {
    if (isAsked(name, value) && (lacking.has(name) || !understood.has(name))) unsaid.push(name)
  }
  for (const [field, value] of Object.entries(request))
    if (!PARTED.has(field)) look(field, value)
    else if (Array.isArray(value)) for (const part of value) look(`${field}.${part}`, true)
    else if (value) for (const [part, one] of Object.entries(value)) look(`${field}.${part}`, one)
  return unsaid
}

/** Whether a field says more than leaving it out would. */
export function isAsked(name: string, value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  if (typeof value !== 'object') return USUAL[name] !== value
  return Object.entries(value).some(([part, one]) => USUAL[`${name}.${part}`] !== one)
}
