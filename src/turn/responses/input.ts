import type { Item, ResponsesRequest } from './schema'

/** How the ids of items begin, by what they are: a map, since clients may say `constructor`. */
const PREFIXES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    message: 'msg',
    reasoning: 'rs',
    function_call: 'fc',
    function_call_output: 'fco',
    custom_tool_call: 'ctc',
    custom_tool_call_output: 'ctco',
    web_search_call: 'ws',
    file_search_call: 'fs',
    code_interpreter_call: 'ci',
    image_generation_call: 'ig',
    computer_call: 'cu',
    mcp_call: 'mcp',
    mcp_list_tools: 'mcpl',
    mcp_approval_request: 'mcpr',
    compaction: 'cmp',
  }),
)

/** A new id for an item of a type. */
export const itemId = (type: string, newId: () => string): string =>
  `${PREFIXES.get(type) ?? 'item'}_${newId()}`

/**
 * What a request says, as items in their full form: each with a type and an id, and with whatever
 * OpenAI's schema requires of those that it gives back. References stay as they are.
 */
export function readInput(input: ResponsesRequest['input'], newId: () => string): Item[] {
  if (input === undefined || input === null || input === '') return []
  const items = typeof input === 'string' ? [{ role: 'user' as const, content: input }] : input
  return items.map((item) => complete(item as Item, newId))
}

function complete(item: Item, newId: () => string): Item {
  const type = item.type || (item.role ? 'message' : 'item_reference')
  if (type === 'item_reference') return { ...item, type }
  const whole = { ...item, type, id: item.id || itemId(type, newId) }
  return FORMS.get(type)?.(whole) ?? whole
}

type Form = (item: Item) => Item

const withStatus: Form = (item) => ({ ...item, status: item.status ?? 'completed' })

/** Only a search that its client has run needs to be told from others. */
const searched: Form = (item) => ({
  call_id: null,
  execution: item.call_id ? 'client' : 'server',
  ...item,
})

/** What has to be there of each type beyond what clients have to send. */
const FORMS: ReadonlyMap<string, Form> = new Map(
  Object.entries<Form>({
    message: (item) => withStatus({ ...item, ...contentOf(item) }),
    function_call: withStatus,
    function_call_output: withStatus,
    custom_tool_call: withStatus,
    custom_tool_call_output: withStatus,
    computer_call_output: withStatus,
    shell_call: ({ action, ...item }) => ({
      environment: null,
      ...withStatus(item),
      action: { timeout_ms: null, max_output_length: null, ...(action as object) },
    }),
    shell_call_output: (item) => withStatus({ max_output_length: null, ...item }),
    tool_search_call: (item) => withStatus(searched(item)),
    tool_search_output: (item) => withStatus(searched(item)),
    reasoning: (item) => {
      const { content, summary, ...rest } = item
      const list = Array.isArray(summary) ? summary : []
      return { ...rest, summary: list, ...(Array.isArray(content) && { content }) } as Item
    },
  }),
)

/** A message without content stays without, to be refused. */
function contentOf({ role, content }: Item): { readonly content?: Part[] } {
  const isAnswer = role === 'assistant'
  if (typeof content === 'string')
    return { content: [isAnswer ? outputText({ text: content }) : inputText(content)] }
  const parts = content?.map((part) => {
    const { type } = part
    if (type === 'output_text' || (isAnswer && type === 'input_text')) return outputText(part)
    return type === 'input_image' ? { detail: 'auto', ...part } : part
  })
  return parts ? { content: parts } : {}
}

type Part = { type: string } & Record<string, unknown>

/** A part of a message to the model. */
export const inputText = (text: string): Part => ({ type: 'input_text', text })

const outputText = (part: object): Part => ({
  annotations: [],
  logprobs: [],
  ...part,
  type: 'output_text',
})
