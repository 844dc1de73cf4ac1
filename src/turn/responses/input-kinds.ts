import type { Item } from './schema'

/** What upstreams' own tools did, or want to be told: only they can read it. */
const HOSTED = new Set([
  'web_search_call',
  'x_search_call',
  'file_search_call',
  'code_interpreter_call',
  'code_execution_call',
  'image_generation_call',
  'computer_call',
  'computer_call_output',
  'local_shell_call',
  'local_shell_call_output',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_approval_response',
  'mcp_call',
  'tool_search_call',
  'tool_search_output',
  'program',
  'program_output',
])

/** Codex has three names for what is left of a conversation that was made shorter. */
const COMPACTIONS = new Set(['compaction', 'compaction_summary', 'context_compaction'])

/** Marks of a client for itself, which say nothing to a model. */
const MARKS = new Set(['compaction_trigger', 'ghost_snapshot'])

const OWN = new Set([
  'message',
  'reasoning',
  'function_call',
  'function_call_output',
  'custom_tool_call',
  'custom_tool_call_output',
  'additional_tools',
])

/** What kind of item it is, several names of one kind taken together; undefined for none we know. */
export function kindOf(item: Item): string | undefined {
  const type = item.type ?? (item.role ? 'message' : '')
  if (OWN.has(type)) return type
  if (HOSTED.has(type)) return 'hosted'
  if (COMPACTIONS.has(type)) return 'compaction'
  return MARKS.has(type) ? 'mark' : undefined
}
