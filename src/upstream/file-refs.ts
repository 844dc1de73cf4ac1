import { replaceMembers } from '../json'
import { isObject, isText, type Json } from '../json-value'
import { folderAt } from '../media/links'
import { decodeChat } from '../turn/chat/decode'
import type { ChatRequest } from '../turn/chat/schema'
import { decodeResponses } from '../turn/responses/decode'
import type { Item } from '../turn/responses/schema'
import type { Ask } from './upstream'

/** A file that a request names by its id, or a picture by its address here. */
export interface FileRef {
  readonly id: string
  /** It is to be a picture. */
  readonly isPicture: boolean
  /** Its id is an address of ours. */
  readonly isAddress: boolean
}

/** Where addresses of ours begin for the client; undefined where they pass as any other. */
type OriginOf = (() => string) | undefined

/** What is to stand in a request for a file that it names. */
export type Replacement =
  | { readonly as: 'id'; readonly id: string }
  | { readonly as: 'picture'; readonly url: string }
  | { readonly as: 'data'; readonly url: string; readonly filename: string }

/** What ids of files begin with that can be ours. */
const BEGINNING = 'file-'

/**
 * The files that a request names by ids that can be ours, and the pictures by addresses of ours; undefined
 * for none, which is found out soon.
 */
export function findFileRefs(ask: Ask, originOf: OriginOf): readonly FileRef[] | undefined {
  let found: FileRef[] | undefined
  if (ask.dialect === 'chat') {
    for (const { content } of ask.request.value.messages) found = look(content, found, originOf)
    return found
  }
  for (const item of ask.items) {
    found = look(item.content, found, originOf)
    found = look((item as Json).output, found, originOf)
  }
  return found
}

function look(parts: unknown, found: FileRef[] | undefined, originOf: OriginOf) {
  if (!Array.isArray(parts)) return found
  let all = found
  for (const part of parts) {
    const ref = refOf(part, originOf)
    if (!ref) continue
    all ??= []
    all.push(ref)
  }
  return all
}

/** The same request with something else for each file that it names. */
export function replaceFiles(
  ask: Ask,
  originOf: OriginOf,
  replacementOf: (ref: FileRef) => Replacement,
): Ask {
  const put = (parts: unknown) => replaced(parts, (part) => refOf(part, originOf), replacementOf)
  if (ask.dialect === 'chat') {
    const messages = ask.request.value.messages.map((message) => {
      const content = put(message.content)
      return content === message.content ? message : { ...message, content }
    }) as ChatRequest['messages']
    const request = replaceMembers(ask.request, { messages })
    const { value } = request
    return { dialect: 'chat', request, turn: () => decodeChat(value, value.model) }
  }
  const putItem = (item: Item): Item => {
    const { content, output } = item as Json
    const said = put(content)
    const given = put(output)
    if (said === content && given === output) return item
    return {
      ...item,
      ...(said !== content && { content: said }),
      ...(given !== output && { output: given }),
    } as Item
  }
  const items = ask.items.map(putItem)
  const { input } = ask.request
  const request = Array.isArray(input) ? { ...ask.request, input: input.map(putItem) } : ask.request
  return {
    dialect: 'responses',
    request,
    items,
    turn: () => decodeResponses(request, items, request.model),
  }
}

function refOf(part: unknown, originOf: OriginOf): FileRef | undefined {
  if (!isObject(part)) return
  const { type, file_id: id, file, image_url: image } = part
  if (type === 'input_file') return named(id, false)
  if (type === 'input_image') return named(id, true) ?? addressed(image, originOf)
  if (type === 'file' && isObject(file)) return named(file.file_id, false)
  if (type === 'image_url' && isObject(image))
    return named(image.url, true) ?? addressed(image.url, originOf)
  return
}

const named = (id: unknown, isPicture: boolean): FileRef | undefined =>
  isText(id) && id.startsWith(BEGINNING) ? { id, isPicture, isAddress: false } : undefined

const addressed = (url: unknown, originOf: OriginOf): FileRef | undefined =>
  originOf && isText(url) && url.startsWith('http') && url.startsWith(folderAt(originOf(), 'image'))
    ? { id: url, isPicture: true, isAddress: true }
    : undefined

/** The parts themselves where none of them names a file. */
function replaced(
  parts: unknown,
  find: (part: unknown) => FileRef | undefined,
  replacementOf: (ref: FileRef) => Replacement,
): unknown {
  if (!Array.isArray(parts)) return parts
  let hasChanged = false
  const all = parts.map((part: unknown) => {
    const ref = find(part)
    if (!ref) return part
    hasChanged = true
    const inChat = isObject(part) && !String(part.type).startsWith('input_')
    const write = inChat ? writeInChat : writeInResponses
    return write(part as Json, replacementOf(ref))
  })
  return hasChanged ? all : parts
}

function writeInChat(part: Json, replacement: Replacement): Json {
  const { file, image_url: image } = part
  if (replacement.as === 'id') return { type: 'file', file: { file_id: replacement.id } }
  const { url } = replacement
  if (replacement.as === 'picture')
    return { type: 'image_url', image_url: { ...(isObject(image) && image), url } }
  return { type: 'file', file: { file_data: url, filename: nameOf(file, replacement.filename) } }
}

function writeInResponses(part: Json, replacement: Replacement): Json {
  if (replacement.as === 'id') return { ...part, file_id: replacement.id }
  const { file_id: _, ...rest } = part
  const { url } = replacement
  if (replacement.as === 'data')
    return { ...rest, file_data: url, filename: nameOf(part, replacement.filename) }
  return { type: 'input_image', image_url: url, detail: part.detail ?? 'auto' }
}

const nameOf = (part: unknown, stored: string): string =>
  isObject(part) && isText(part.filename) ? part.filename : stored
