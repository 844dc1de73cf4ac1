import type { CallEvent } from '../event'
import { createLongText } from './long-text'
import { type ItemParts, type OpenItem, placeOf } from './open-item'

/** A call of a tool of the client. */
export interface CallItem extends OpenItem {
  say(text: string): string
}

/** Write a call while its arguments come in. */
export function createCallItem(parts: ItemParts, call: CallEvent, callId: string): CallItem {
  const { writer, tape, id } = parts
  const place = placeOf(parts)
  const { name, namespace, custom } = call
  const event = custom ? 'response.custom_tool_call_input' : 'response.function_call_arguments'
  const delta = writer.series(`${event}.delta`, place)
  const type = custom ? 'custom_tool_call' : 'function_call'
  const named = { call_id: callId, name, ...(namespace !== undefined && { namespace }) }
  const said = createLongText()
  let status = 'in_progress'

  function say(text: string): string {
    said.add(text)
    tape.cut(text.length)
    return delta(text)
  }

  return {
    type,
    say,

    close(as) {
      status = as
      // Clients parse the arguments of a function as JSON, also where there are none.
      const none = as === 'completed' && !custom && said.text() === '' ? say('{}') : ''
      if (!writer.live) return ''
      const whole = JSON.stringify(said.text())
      const members = custom
        ? `${place},"input":${whole}`
        : `${place},"name":${JSON.stringify(name)},"arguments":${whole}`
      return none + writer.event(`${event}.done`, members)
    },

    view: () => ({ id, type, status, [custom ? 'input' : 'arguments']: said.text(), ...named }),
  }
}
