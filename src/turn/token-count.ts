import type { TurnItem, TurnPart, TurnRequest } from './request'
import type { Tokenizer } from './tokenizer'

/** OpenAI's chat format spends about so many tokens on a message, and on the answer's beginning. */
const A_MESSAGE = 4
const A_BEGINNING = 3
/** A picture of middling size in middling detail. */
const A_PICTURE = 765
/** Bytes of a file, or of sound, to a token, about. */
const FILE_BYTES = 16

/** How many tokens a request comes to, about: no Grok vocabulary is public. */
export function countTokens({ items, tools, format }: TurnRequest, tokenizer: Tokenizer): number {
  let sum = A_BEGINNING
  for (const item of items) sum += A_MESSAGE + countItem(item, tokenizer)
  if (tools.length > 0) sum += tokenizer.count(JSON.stringify(tools))
  if (format.type === 'schema') sum += tokenizer.count(JSON.stringify(format.schema))
  return sum
}

function countItem(item: TurnItem, tokenizer: Tokenizer): number {
  switch (item.type) {
    case 'message':
    case 'result':
      return item.parts.reduce((sum, part) => sum + countPart(part, tokenizer), 0)
    case 'call':
      return tokenizer.count(item.name) + tokenizer.count(item.arguments)
    case 'thought':
      return tokenizer.count(item.text)
    case 'hosted':
      return tokenizer.count(JSON.stringify(item.item))
  }
}

function countPart(part: TurnPart, tokenizer: Tokenizer): number {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return tokenizer.count(part.text)
    case 'image':
      return A_PICTURE
    case 'audio':
    case 'file':
      return Math.ceil((part.data?.length ?? 0) / FILE_BYTES)
  }
}
