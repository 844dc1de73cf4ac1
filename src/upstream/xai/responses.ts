import { isObject, type MutableJson } from '../../json-value'
import { lacking } from '../../turn/offer'
import { isAsked } from '../unsaid'

/** What xAI does not take on its Responses API (its OpenAPI document), or takes for another thing. */
const UNSUPPORTED = [
  'context_management',
  'max_tool_calls',
  'prompt',
  'logit_bias',
  'moderation',
  'prompt_cache_retention',
  'prompt_cache_options',
  'frequency_penalty',
  'presence_penalty',
] as const

/** What xAI refuses of tools that it knows. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  function: ['output_schema', 'allowed_callers'],
  web_search: [
    'external_web_access',
    'search_context_size',
    'user_location',
    'search_content_types',
  ],
  x_search: [],
  image_generation: [
    'model',
    'quality',
    'size',
    'output_format',
    'output_compression',
    'moderation',
    'background',
    'input_fidelity',
    'input_image_mask',
    'partial_images',
  ],
  file_search: ['filters', 'ranking_options'],
  code_interpreter: ['container', 'allowed_callers'],
  mcp: ['tunnel_id', 'allowed_callers'],
  shell: ['allowed_callers'],
  tool_search: ['description', 'parameters'],
}

/** Other names of tools that xAI knows. */
const NAMES: Readonly<Record<string, string>> = {
  web_search_2025_08_26: 'web_search',
  web_search_preview: 'web_search',
  web_search_preview_2025_03_11: 'web_search',
  code_execution: 'code_interpreter',
}

/** Items of earlier turns that xAI has no counterpart of. */
const UNKNOWN_ITEMS = /^(?:computer|local_shell|apply_patch|program|additional_tools)/

/** xAI gives no more alternatives of a token. */
const MOST_LOGPROBS = 8

/** Whether xAI has a tool. */
export const runsAtXai = (tool: string): boolean => REFUSED[NAMES[tool] ?? tool] !== undefined

/**
 * Make a request of the Responses API one that xAI takes (xai-api.md, 2.3.7).
 *
 * @returns what was left out of it
 * @throws UpstreamFault when one of those must be called
 */
export function mendForXai(body: MutableJson): readonly string[] {
  const dropped: string[] = []
  const drop = (name: string, value: unknown) => {
    if (isAsked(name, value) && !dropped.includes(name)) dropped.push(name)
  }
  for (const key of UNSUPPORTED) {
    drop(key, body[key])
    delete body[key]
  }
  // Groxy has heeded it.
  delete body.truncation
  if (isObject(body.text)) {
    drop('text.verbosity', body.text.verbosity)
    body.text = { ...body.text, verbosity: undefined }
  }
  if (typeof body.top_logprobs === 'number')
    body.top_logprobs = Math.min(body.top_logprobs, MOST_LOGPROBS)
  if (Array.isArray(body.input))
    body.input = body.input.filter(({ type }) => {
      const isKnown = !UNKNOWN_ITEMS.test(String(type ?? ''))
      if (!isKnown) drop(type, true)
      return isKnown
    })
  mendTools(body, drop)
  return dropped
}

function mendTools(body: MutableJson, drop: (name: string, value: unknown) => void): void {
  const tools = (Array.isArray(body.tools) ? body.tools : []) as MutableJson[]
  const unknown: string[] = []
  const known: MutableJson[] = []
  for (const tool of tools) {
    const name = String(tool.type)
    const type = NAMES[name] ?? name
    const refused = REFUSED[type]
    if (!refused || isForClient(tool)) {
      unknown.push(name)
      drop(name, true)
      continue
    }
    for (const field of refused) drop(`${type}.${field}`, tool[field])
    known.push(without({ ...tool, type }, refused))
  }
  if (tools.length > 0) body.tools = known
  if (known.length === 0) {
    const [missing] = unknown
    if (missing !== undefined && isForced(body.tool_choice)) throw lacking(missing)
    delete body.tools
    delete body.tool_choice
    delete body.parallel_tool_calls
  } else mendChoice(body, known)
}

/** A search for tools that the client wants to do itself; xAI knows only its own. */
const isForClient = ({ type, execution }: MutableJson): boolean =>
  type === 'tool_search' && execution === 'client'

/** xAI can be told to call a function, but none of its own tools: those must be the only ones then. */
function mendChoice(body: MutableJson, tools: readonly MutableJson[]): void {
  const { tool_choice: choice } = body
  if (!isObject(choice) || choice.type === 'function') return
  const { server_label: server } = choice
  const name = String(choice.type)
  const type = NAMES[name] ?? name
  const chosen = tools.filter(
    (tool) => tool.type === type && (server === undefined || tool.server_label === server),
  )
  if (chosen.length === 0) throw lacking(name)
  body.tools = chosen
  body.tool_choice = 'required'
}

/** Whether some tool must be called. */
const isForced = (choice: unknown): boolean => choice === 'required' || isObject(choice)

const without = (tool: MutableJson, fields: readonly string[]): MutableJson =>
  Object.fromEntries(Object.entries(tool).filter(([key]) => !fields.includes(key)))
