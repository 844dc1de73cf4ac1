import { isText, type Json } from '../../json-value'
import { unwrapInput } from '../custom-tool'
import { createHeard, type ItemReader, type ReaderParts } from './item-reader'

/** Follow a call of a tool of the client. */
export function createCallReader({ terms, speaker }: ReaderParts, begun: Json): ItemReader {
  const heard = createHeard()
  const choice = 0
  let isAnnounced = false
  /** A function stands for the client's custom tool: its JSON holds the text. */
  let isWrapped = false
  /** What cannot be passed on yet. */
  let held = ''

  function announce({ name }: Json) {
    if (isAnnounced || !isText(name)) return
    isAnnounced = true
    const known = terms.names.get(name)
    const isCustom = begun.type === 'custom_tool_call'
    isWrapped = known?.custom === true && !isCustom
    const id = [begun.call_id, begun.id].find(isText) ?? `call_${terms.newId()}`
    const tool = { name: known?.name ?? name, custom: known?.custom ?? isCustom }
    const namespace = known?.namespace ?? begun.namespace
    speaker.say(
      isText(namespace)
        ? { type: 'call', choice, id, ...tool, namespace }
        : { type: 'call', choice, id, ...tool },
    )
  }

  function say(text: unknown) {
    if (!isText(text)) return
    heard.add('', text)
    held += text
    if (isAnnounced && !isWrapped) pass(held)
  }

  function pass(text: string) {
    held = ''
    if (text !== '') speaker.say({ type: 'arguments', choice, text })
  }

  function finish(item: Json) {
    announce(item)
    say(heard.rest('', textOf(item.arguments ?? item.input)))
    if (isAnnounced) pass(isWrapped ? unwrapInput(held) : held)
    speaker.close()
  }

  announce(begun)
  return {
    take(type, event) {
      if (type.endsWith('.delta')) return say(event.delta)
      // The name is told with the end, at the latest; else it comes with the item.
      if (type.endsWith('.done') && (isAnnounced || isText(event.name))) finish(event)
    },
    finish,
    end: () => finish(begun),
  }
}

/** Arguments are JSON as text; some send the value itself. */
const textOf = (given: unknown): string => {
  if (typeof given === 'string') return given
  return given === undefined || given === null ? '' : JSON.stringify(given)
}
