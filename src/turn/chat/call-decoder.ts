import { isObject, isText, type MutableJson } from '../../json-value'
import type { ToolNames } from '../codec'
import { unwrapInput } from '../custom-tool'
import type { CallEvent, TurnEvent } from '../event'
import { argumentText } from './tool-calls'

interface Call {
  readonly event: CallEvent
  /** A function stands for the client's custom tool: its JSON holds the text. */
  readonly isWrapped: boolean
  /** What was said and is not passed on yet. */
  held: string
}

/**
 * Reads the calls of one choice, from fragments in the order that `createToolCallOrder` gives them.
 * Events can tell of one call at a time only: fragments of the first one pass as they come, those of
 * the others wait until it is over.
 */
export function createCallDecoder(
  choice: number,
  names: ToolNames,
  emit: (event: TurnEvent) => void,
) {
  const calls: Call[] = []
  /** How many calls are over: the next one is the one that passes live. */
  let over = 0

  function open(fragment: MutableJson): Call {
    const custom = isObject(fragment.custom) ? fragment.custom : undefined
    const { name: said } = custom ?? (isObject(fragment.function) ? fragment.function : {})
    const name = isText(said) ? said : ''
    const known = names.get(name)
    const event: CallEvent = {
      type: 'call',
      choice,
      id: String(fragment.id),
      name: known?.name ?? name,
      custom: known?.custom ?? custom !== undefined,
      ...(known?.namespace !== undefined && { namespace: known.namespace }),
    }
    const call = { event, isWrapped: event.custom && !custom, held: '' }
    calls.push(call)
    if (calls.length === over + 1) emit(event)
    return call
  }

  return {
    /** Take a fragment. Says no to one that belongs to a call which is over. */
    take(fragment: MutableJson): boolean {
      const index = fragment.index as number
      const text = textOf(fragment)
      if (index < over) return text.trim() === ''
      const call = calls[index] ?? open(fragment)
      if (index > over || call.isWrapped) call.held += text
      else if (text !== '') emit({ type: 'arguments', choice, text })
      return true
    },

    /** Something else is said: all calls so far are over. */
    close(): void {
      for (let at = over; at < calls.length; at++) {
        const call = calls[at] as Call
        if (at > over) emit(call.event)
        const text = call.isWrapped ? unwrapInput(call.held) : call.held
        if (text !== '') emit({ type: 'arguments', choice, text })
      }
      over = calls.length
    },

    /** Whether the choice called anything. */
    any: (): boolean => calls.length > 0,
  }
}

const textOf = (fragment: MutableJson): string =>
  isObject(fragment.custom)
    ? argumentText(fragment.custom.input)
    : argumentText(isObject(fragment.function) ? fragment.function.arguments : undefined)
