import { ApiError } from '../../errors'
import { isObject, isText, type Json } from '../../json-value'
import { kindOf } from './input-kinds'
import type { Item } from './schema'

/**
 * See that a request's own items are whole: the fields that their kind needs, parts that anyone
 * knows, and a call for every output. What comes before them was checked when it was stored.
 *
 * @param inputFrom where in `items` the request's own input begins
 * @param field what the request calls it
 * @throws ApiError that names the item, counted within the request's input
 */
export function checkItems(items: readonly Item[], inputFrom: number, field = 'input'): void {
  const calls = new Set<unknown>()
  for (const [index, item] of items.entries()) {
    if (index >= inputFrom) checkItem(item, `${field}[${index - inputFrom}]`, calls)
    if (item.type && isCall(item.type)) calls.add(item.call_id)
  }
}

/** Codex answers a call of its local shell as if it were a function. */
const isCall = (type: string): boolean => type.endsWith('_call') || type === 'program'

function checkItem(item: Item, param: string, calls: ReadonlySet<unknown>) {
  switch (kindOf(item)) {
    case undefined:
      throw isText(item.type)
        ? refusal(param, `'${param}' is of the unknown type "${quoted(item.type)}".`)
        : missing(`${param}.type`)
    case 'message':
      return checkMessage(item, param)
    case 'function_call':
      return needTexts(item, param, ['call_id', 'name'], ['arguments'])
    case 'custom_tool_call':
      return needTexts(item, param, ['call_id', 'name'], ['input'])
    case 'function_call_output':
    case 'custom_tool_call_output':
      return checkOutput(item, param, calls)
    case 'additional_tools':
      if (!Array.isArray(item.tools)) throw missing(`${param}.tools`)
  }
}

function checkMessage(item: Item, param: string) {
  if (!item.role) throw missing(`${param}.role`)
  if (typeof item.content === 'string') return
  const parts = item.role === 'assistant' ? ANSWERED : ASKED
  checkParts(item.content, `${param}.content`, parts)
}

function checkOutput(item: Item, param: string, calls: ReadonlySet<unknown>) {
  needTexts(item, param, ['call_id'])
  if (!calls.has(item.call_id))
    throw refusal(
      `${param}.call_id`,
      `No tool call found for the output with call_id ${quoted(item.call_id)}.`,
    )
  if (typeof item.output !== 'string') checkParts(item.output, `${param}.output`, GIVEN)
}

/** What a part of each type must have at least one of. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  input_text: ['text'],
  output_text: ['text'],
  text: ['text'],
  summary_text: ['text'],
  reasoning_text: ['text'],
  refusal: ['refusal'],
  input_image: ['image_url', 'file_id'],
  input_file: ['file_id', 'file_data', 'file_url'],
  input_audio: ['input_audio', 'data'],
}

const GIVEN = new Set(['input_text', 'output_text', 'text', 'input_image', 'input_file'])
const ASKED = new Set([...GIVEN, 'input_audio'])
const ANSWERED = new Set([
  'output_text',
  'input_text',
  'text',
  'summary_text',
  'reasoning_text',
  'refusal',
])

function checkParts(parts: unknown, param: string, allowed: ReadonlySet<string>) {
  if (!Array.isArray(parts)) throw missing(param)
  for (const [index, part] of parts.entries()) checkPart(part, `${param}[${index}]`, allowed)
}

function checkPart(part: unknown, param: string, allowed: ReadonlySet<string>) {
  const { type } = isObject(part) ? part : ({} as Json)
  if (!isObject(part) || !isText(type)) throw missing(`${param}.type`)
  if (!allowed.has(type))
    throw refusal(`${param}.type`, `A part of the type "${quoted(type)}" is not taken here.`)
  const fields = PARTS[type] ?? []
  const isThere = (field: string) => typeof part[field] === 'string' || isObject(part[field])
  if (!fields.some(isThere)) throw missing(`${param}.${fields[0]}`)
}

/** @param mayBeEmpty the fields that are texts, of which nothing more is asked */
function needTexts(
  item: Json,
  param: string,
  fields: readonly string[],
  mayBeEmpty: readonly string[] = [],
) {
  for (const field of fields) if (!isText(item[field])) throw missing(`${param}.${field}`)
  for (const field of mayBeEmpty)
    if (typeof item[field] !== 'string') throw missing(`${param}.${field}`)
}

/** As much of what a client wrote as helps to find it. */
const quoted = (text: unknown): string => String(text).slice(0, 100)

const refusal = (param: string, message: string): ApiError =>
  new ApiError('invalid_value', message, { param })

const missing = (param: string): ApiError => refusal(param, `'${param}' is missing.`)
