import type { CallEvent, TurnEvent } from '../../turn/event'
import { writeCall } from '../../turn/tool-prompt/form'
import { readDescribedTurn } from '../../turn/tool-prompt/read'
import type { Upstream } from '../upstream'

/** About as long as a token, so that tags come in pieces. */
const PIECE = /[\s\S]{1,4}/g

/**
 * The demo model as one without tools of its own: when they are described to it in words, it writes its
 * calls in words.
 */
export const inWords = (demo: Upstream): Upstream => ({
  ...demo,

  async ask(call) {
    const told = readDescribedTurn(call.ask.turn())
    if (!told) return demo.ask(call)
    const reply = await demo.ask({ ...call, ask: { ...call.ask, turn: () => told } })
    return reply.form === 'events' ? { form: 'events', events: written(reply.events) } : reply
  },
})

async function* written(events: AsyncIterable<TurnEvent>): AsyncGenerator<TurnEvent> {
  let open: CallEvent | undefined
  let given = ''
  for await (const event of events) {
    if (event.type === 'arguments') {
      given += event.text
      continue
    }
    if (open) yield* pieces(open, given)
    open = event.type === 'call' ? event : undefined
    given = ''
    if (event.type === 'finish' && event.reason === 'tool_calls') yield { ...event, reason: 'stop' }
    else if (event.type !== 'call') yield event
  }
}

function* pieces(call: CallEvent, given: string): Generator<TurnEvent> {
  const { choice, name, namespace, custom } = call
  const tool = { name, custom, ...(namespace && { namespace }) }
  for (const [text] of `\n${writeCall({ ...tool, arguments: given })}`.matchAll(PIECE))
    yield { type: 'text', choice, text }
}
