import { isObject, isText, type Json } from '../../json-value'
import type { HostedItem } from '../event'
import { HOSTED } from './hosted-kinds'
import type { ItemReader, ReaderParts } from './item-reader'

/**
 * Follow a tool that runs at the upstream: when it begins and when it is done.
 *
 * @param isDone whether it is told of only now that it is done
 */
export function createHostedReader(
  { terms, speaker }: ReaderParts,
  begun: Json,
  isDone: boolean,
): ItemReader {
  const choice = 0
  const id = isText(begun.id) ? begun.id : terms.newId()
  const say = (item: Json, done: boolean) => {
    const known = readHosted(item)
    if (known) speaker.say({ type: 'hosted', choice, item: { ...known, id }, done })
  }

  if (!isDone) say(begun, false)
  return {
    // What it does meanwhile is told again with its end.
    take: () => undefined,
    finish(item) {
      say({ ...begun, ...item, type: begun.type }, true)
      speaker.close()
    },
    end: speaker.close,
  }
}

/** What xAI's own tools are called by, where they look like tools of the client. */
const X_TOOL = /^x_(?:\w+_)?(?:search|fetch)$/

/** Whether an output item is of a tool that runs at the upstream. */
export const isHosted = (item: Json): boolean => readHosted(item) !== undefined

/** An item as OpenAI has it: xAI's search of X is a web search, its code execution an interpreter. */
function readHosted(item: Json): HostedItem | undefined {
  const { type, name } = item
  if (typeof type !== 'string') return
  if (HOSTED.has(type)) return { ...item, type }
  if (type === 'x_search_call' || (type === 'custom_tool_call' && X_TOOL.test(String(name))))
    return { type: 'web_search_call', status: item.status, action: readSearch(item) }
  if (type === 'code_execution_call') return { ...item, type: 'code_interpreter_call' }
  return
}

function readSearch({ action, query, input, arguments: given }: Json): Json {
  const asked = [action, parse(input), parse(given)].find(isObject)
  const said = asked?.query ?? query
  return { type: 'search', query: isText(said) ? said : '' }
}

function parse(given: unknown): unknown {
  if (!isText(given)) return given
  try {
    return JSON.parse(given)
  } catch {
    return
  }
}
