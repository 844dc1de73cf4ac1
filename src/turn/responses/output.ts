import { isText, type Json } from '../../json-value'
import type { CallEvent, HostedEvent, HostedItem, TurnEvent } from '../event'
import { type CallItem, createCallItem } from './call-item'
import type { EventWriter } from './event-writer'
import { createHostedItem, type OpenHostedItem } from './hosted-item'
import { HOSTED } from './hosted-kinds'
import { createMessageItem, type MessageItem } from './message-item'
import type { ItemParts, OpenItem } from './open-item'
import { createReasoningItem, type ReasoningItem } from './reasoning-item'
import { hideThought } from './shown'
import type { Tape } from './tape'

interface OutputParts {
  readonly writer: EventWriter
  readonly tape: Tape
  readonly newId: () => string
  readonly idOf: (prefix: string) => string
  readonly includeEncrypted: boolean
  readonly includeLogprobs: boolean
  readonly showThinking: boolean
  readonly sealThought: (encrypted: string) => string
}

/** What becomes part of the output. */
export type SaidEvent = Exclude<TurnEvent, { readonly type: 'usage' | 'finish' }>

/** As long as OpenAI allows. */
const LONGEST_CALL_ID = 64

/** The output items of a Response: one after the other, each closed before the next begins. */
export function createOutput(parts: OutputParts) {
  const { writer, tape, newId, idOf } = parts
  const output: Json[] = []
  /** The same as JSON, as the client gets it. */
  const shown: string[] = []
  const callIds = new Set<string>()
  const hostedKeys = new Set<string>()
  let open: OpenItem | undefined
  // What is open, by what can be added to it.
  let message: MessageItem | undefined
  let reasoning: ReasoningItem | undefined
  let call: CallItem | undefined
  let hosted: OpenHostedItem | undefined

  const clientForm = (item: Json): Json => (parts.includeEncrypted ? item : hideThought(item))

  function itemEvent(type: string, json: string): string {
    return writer.event(
      `response.output_item.${type}`,
      `,"output_index":${output.length},"item":${json}`,
    )
  }

  /** What an item is made with; whatever is open must be closed before. */
  function next(prefix: string): ItemParts {
    tape.item()
    return { writer, tape, id: idOf(prefix), index: output.length }
  }

  function added(item: OpenItem): string {
    open = item
    return writer.live ? itemEvent('added', JSON.stringify(item.view())) : ''
  }

  function close(as: 'completed' | 'incomplete' = 'completed'): string {
    return open ? settle(open.close(as)) : ''
  }

  /** What is open is over, after these last events of its own. */
  function settle(last: string): string {
    if (!open) return ''
    const item = open.view()
    open = message = reasoning = call = hosted = undefined
    const json = JSON.stringify(clientForm(item))
    const out = writer.live ? last + itemEvent('done', json) : ''
    output.push(item)
    shown.push(json)
    return out
  }

  function speak(): string {
    if (message) return ''
    const before = close()
    message = createMessageItem(next('msg_'))
    return before + added(message)
  }

  function think(): string {
    if (reasoning) return ''
    const before = close()
    reasoning = createReasoningItem(next('rs_'))
    return before + added(reasoning)
  }

  function seal(encrypted: string | null): string {
    if (!reasoning && encrypted === null) return ''
    const before = think()
    reasoning?.seal(encrypted && parts.sealThought(encrypted))
    return before + close()
  }

  function openCall(event: CallEvent): string {
    const before = close()
    const good = event.id !== '' && event.id.length <= LONGEST_CALL_ID && !callIds.has(event.id)
    const callId = good ? event.id : `call_${newId()}`
    callIds.add(callId)
    call = createCallItem(next(event.custom ? 'ctc_' : 'fc_'), event, callId)
    return before + added(call)
  }

  function useHosted({ item, done }: HostedEvent): string {
    const kind = HOSTED.get(item.type)
    if (!kind) return ''
    if (done && hosted?.type === item.type && hosted.upstreamId === item.id)
      return settle(hosted.finish(item))
    const key = keyOf(item)
    if (key !== undefined && hostedKeys.has(key)) return ''
    if (key !== undefined) hostedKeys.add(key)
    const before = close()
    hosted = createHostedItem(next(kind.prefix), kind, item, !done)
    const out = before + added(hosted) + hosted.begin()
    return done ? out + settle(hosted.finish(item)) : out
  }

  function write(event: SaidEvent): string {
    switch (event.type) {
      case 'text': {
        const before = speak()
        const out = message?.text(event.text, parts.includeLogprobs ? event.logprobs : undefined)
        return before + (out ?? '')
      }
      case 'thinking': {
        // What is said after it is a text of its own all the same.
        if (!parts.showThinking) return close()
        const before = think()
        return before + (reasoning?.think(event.text, event.part) ?? '')
      }
      case 'thought':
        return seal(event.encrypted)
      case 'refusal': {
        const before = speak()
        return before + (message?.refusal(event.text) ?? '')
      }
      case 'citation':
        return message?.cite(event.citation) ?? ''
      case 'call':
        return openCall(event)
      case 'arguments':
        return call?.say(event.text) ?? ''
      case 'hosted':
        return useHosted(event)
    }
  }

  return {
    /** Give the events for what was said. */
    write,

    /** The turn is over, or broke off. */
    close,

    /** The items as they are now, as they are to be stored. */
    items: (): readonly Json[] => (open ? [...output, open.view()] : [...output]),

    /** The same as the JSON that the client gets. */
    json(): string {
      const items = open ? [...shown, JSON.stringify(clientForm(open.view()))] : shown
      return `[${items.join(',')}]`
    },
  }
}

/** What no two hosted items of a Response may have in common. */
function keyOf({ type, id, call_id: call }: HostedItem): string | undefined {
  const own = call ?? id
  return isText(own) ? `${type} ${own}` : undefined
}
