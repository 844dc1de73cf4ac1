import { isObject, isText, type Json } from '../../json-value'
import type { HostedItem } from '../event'

/** How the items of one hosted tool look, and which events tell of them. */
export interface HostedKind {
  readonly prefix: string
  readonly hasStatus: boolean
  /** Its members but for `type`, `id` and `status`, with everything that OpenAI requires. */
  read(item: Json): Json
  /** The first form of an item that is told of only when it is done. */
  blank(item: HostedItem): Json
  /** How it ended. */
  status(item: Json): string
  /** What its item has on top when the turn broke off before it was done. */
  readonly broken: Json
  /** The events after its beginning. */
  readonly begun: readonly string[]
  /** The events before its end. */
  ended(status: string): readonly string[]
  /** What of it is told as one delta. */
  whole?(item: Json): WholeText
}

/** A text that its upstream may tell in pieces, and we tell in one. */
export interface WholeText {
  readonly event: string
  readonly member: string
  readonly text: string
}

interface Traits extends Partial<HostedKind> {
  readonly prefix: string
  readonly read: HostedKind['read']
  /** Ways to end, besides `completed`; the first one is for what never ended. */
  readonly failures?: readonly string[]
  /** Members that are known from the beginning. */
  readonly names?: readonly string[]
}

function kindOf({ failures = [], names = [], ...traits }: Traits): HostedKind {
  const [broken] = failures
  return {
    hasStatus: broken !== undefined,
    begun: [],
    broken: broken === undefined ? {} : { status: broken },
    blank: (item) => Object.fromEntries(names.map((name) => [name, item[name]])),
    status: ({ status }) =>
      typeof status === 'string' && failures.includes(status) ? status : 'completed',
    ended: () => [],
    ...traits,
  }
}

const unlessFailed =
  (...names: readonly string[]) =>
  (status: string) =>
    status === 'completed' ? names : []

const search = { begun: ['in_progress', 'searching'], ended: unlessFailed('completed') }
const remote = {
  begun: ['in_progress'],
  ended: (status: string) => [status === 'completed' ? 'completed' : 'failed'],
}

/** All that our upstreams have, by the `type` of its items. Others are not passed on. */
export const HOSTED: ReadonlyMap<string, HostedKind> = new Map([
  [
    'web_search_call',
    kindOf({
      ...search,
      prefix: 'ws_',
      failures: ['failed'],
      read: ({ action }) => ({ action: readAction(action) }),
    }),
  ],
  [
    'file_search_call',
    kindOf({
      ...search,
      prefix: 'fs_',
      failures: ['incomplete', 'failed'],
      read: ({ queries, results }) => ({
        queries: texts(queries),
        results: Array.isArray(results) ? results.filter(isObject) : null,
      }),
    }),
  ],
  [
    'code_interpreter_call',
    kindOf({
      prefix: 'ci_',
      failures: ['incomplete', 'failed'],
      begun: ['in_progress'],
      ended: (status) =>
        status === 'completed' ? ['interpreting', 'completed'] : ['interpreting'],
      names: ['container_id'],
      read: ({ container_id: container, code, outputs }) => ({
        container_id: text(container),
        code: nullable(code),
        outputs: Array.isArray(outputs) ? outputs.filter(isOutput) : null,
      }),
      whole: ({ code }) => ({
        event: 'code_interpreter_call_code',
        member: 'code',
        text: text(code),
      }),
    }),
  ],
  [
    'image_generation_call',
    kindOf({
      prefix: 'ig_',
      failures: ['failed'],
      begun: ['in_progress', 'generating'],
      ended: unlessFailed('completed'),
      read: ({ result }) => ({ result: nullable(result) }),
    }),
  ],
  [
    'mcp_call',
    kindOf({
      ...remote,
      prefix: 'mcp_',
      failures: ['incomplete', 'failed'],
      names: ['server_label', 'name'],
      read: (item) => ({
        ...named(item),
        arguments: argumentsOf(item.arguments),
        output: nullable(item.output),
        error: readMcpError(item.error),
        approval_request_id: nullable(item.approval_request_id),
      }),
      whole: (item) => ({
        event: 'mcp_call_arguments',
        member: 'arguments',
        text: text(item.arguments),
      }),
    }),
  ],
  [
    'mcp_list_tools',
    kindOf({
      ...remote,
      prefix: 'mcpl_',
      names: ['server_label'],
      broken: { error: 'The answer broke off.' },
      status: ({ error }) => (isText(error) ? 'failed' : 'completed'),
      read: ({ server_label: label, tools, error }) => ({
        server_label: text(label),
        tools: Array.isArray(tools) ? tools.filter(isObject) : [],
        error: isText(error) ? error : null,
      }),
    }),
  ],
  [
    'mcp_approval_request',
    kindOf({
      prefix: 'mcpr_',
      names: ['server_label', 'name', 'arguments'],
      read: (item) => ({ ...named(item), arguments: argumentsOf(item.arguments) }),
    }),
  ],
  [
    'shell_call',
    kindOf({
      prefix: 'sh_',
      failures: ['incomplete'],
      names: ['id', 'call_id', 'action', 'environment'],
      read: ({ id, call_id: call, action, environment }) => ({
        call_id: text(call) || text(id),
        action: readShellAction(action),
        environment: isObject(environment) ? environment : null,
      }),
    }),
  ],
  [
    'tool_search_call',
    kindOf({
      prefix: 'tsc_',
      failures: ['incomplete'],
      names: ['call_id', 'execution'],
      read: ({ call_id: call, execution, arguments: given }) => ({
        call_id: nullable(call),
        execution: execution === 'client' ? execution : 'server',
        arguments: given ?? null,
      }),
    }),
  ],
  [
    'tool_search_output',
    kindOf({
      prefix: 'tso_',
      failures: ['incomplete'],
      names: ['call_id', 'execution'],
      read: ({ call_id: call, execution, tools }) => ({
        call_id: nullable(call),
        execution: execution === 'client' ? execution : 'server',
        tools: Array.isArray(tools) ? tools.filter(isObject) : [],
      }),
    }),
  ],
])

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

const nullable = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []

const named = ({ server_label: label, name }: Json) => ({
  server_label: text(label),
  name: text(name),
})

const argumentsOf = (value: unknown): string =>
  typeof value === 'string' || value === undefined ? text(value) : JSON.stringify(value)

/** xAI tells an error as text; OpenAI's says whether the server or its tool failed. */
const readMcpError = (error: unknown): Json | null => {
  if (isText(error))
    return { type: 'mcp_tool_execution_error', content: [{ type: 'text', text: error }] }
  return isObject(error) && isText(error.type) ? error : null
}

const isOutput = (output: unknown): boolean =>
  isObject(output) &&
  (output.type === 'image' ? isText(output.url) : typeof output.logs === 'string')

const integer = (value: unknown): number | null => (Number.isInteger(value) ? Number(value) : null)

function readShellAction(action: unknown): Json {
  const { commands, timeout_ms, max_output_length }: Json = isObject(action) ? action : {}
  return {
    commands: texts(commands),
    timeout_ms: integer(timeout_ms),
    max_output_length: integer(max_output_length),
  }
}

function readAction(action: unknown): Json {
  if (!isObject(action)) return { type: 'search', query: '' }
  const { type, url, pattern, query, queries, sources } = action
  if (type === 'open_page') return { type, url: nullable(url) }
  if (type === 'find_in_page' && isText(url)) return { type, url, pattern: text(pattern) }
  return {
    type: 'search',
    query: text(query),
    ...(Array.isArray(queries) && { queries: texts(queries) }),
    ...(Array.isArray(sources) && { sources: sources.filter(isObject).flatMap(readSource) }),
  }
}

const readSource = ({ url }: Json) => (isText(url) ? [{ type: 'url', url }] : [])
