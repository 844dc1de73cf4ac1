import type { TurnItem, TurnPart, TurnRequest } from './request'
import type { Tokenizer } from './tokenizer'

/** OpenAI's chat format spends about so many tokens on a message, and on the answer's beginning. */
const A_MESSAGE = 4
const A_BEGINNING = 3
/** A picture of middling size in middling detail. */
const A_PICTURE = 765
/** Bytes of a file, or of sound, to a token, about. */
const FILE_BYTES = 16

/** Beyond so many characters the rest is taken to be like what came before: counting takes its time. */
const MOST_COUNTED = 1024 * 1024
/** What a token has, about, where nothing was counted. */
const CHARACTERS = 4

type Count = (text: string) => number

/** Counts the texts of one request. */
export function createCount(tokenizer: Tokenizer): Count {
  let characters = 0
  let tokens = 0
  return (text) => {
    if (characters + text.length > MOST_COUNTED)
      return Math.ceil(text.length * (characters > 0 ? tokens / characters : 1 / CHARACTERS))
    const count = tokenizer.count(text)
    characters += text.length
    tokens += count
    return count
  }
}

/** How many tokens a request comes to, about: no Grok vocabulary is public. */
export function countTokens({ items, tools, format }: TurnRequest, tokenizer: Tokenizer): number {
  const count = createCount(tokenizer)
  let sum = A_BEGINNING
  for (const item of items) sum += A_MESSAGE + countItem(item, count)
  if (tools.length > 0) sum += count(JSON.stringify(tools))
  if (format.type === 'schema') sum += count(JSON.stringify(format.schema))
  return sum
}

function countItem(item: TurnItem, count: Count): number {
  switch (item.type) {
    case 'message':
    case 'result':
      return item.parts.reduce((sum, part) => sum + countPart(part, count), 0)
    case 'call':
      return count(item.name) + count(item.arguments)
    case 'thought':
      return count(item.text)
    case 'hosted':
      return count(JSON.stringify(item.item))
  }
}

function countPart(part: TurnPart, count: Count): number {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return count(part.text)
    case 'image':
      return A_PICTURE
    case 'audio':
    case 'file':
      return Math.ceil((part.data?.length ?? 0) / FILE_BYTES)
  }
}
