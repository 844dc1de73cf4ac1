import { UpstreamFault } from '../errors'
import type { TurnEvent } from '../turn/event'
import { askAgain, describeFormat, type WantedFormat } from '../turn/format-prompt/describe'
import { fit } from '../turn/format-prompt/fit'
import type { TurnRequest } from '../turn/request'
import { addUsage, type Usage } from '../turn/usage'
import { createHeldText, type HeldText } from './held-text'
import { retold } from './retold'
import type { Upstream } from './upstream'

/** An answer that has not the form that was asked for. */
interface Unfit {
  readonly choice: number
  readonly said: string
  readonly wrong: string
}

/**
 * Gives structured output to an upstream that has none: the form is described to its model in words, and
 * what it says is held until it is whole and was looked at. An answer that does not fit is asked for once
 * more, of the same account. Thoughts and tools pass at once; where the model calls a tool of the client,
 * what it says besides is left alone.
 */
export const withPromptedFormat = (upstream: Upstream): Upstream => ({
  ...upstream,

  async ask(call) {
    const turn = call.ask.turn()
    const { format } = turn
    if (format.type === 'text') return upstream.ask(call)
    const described = describeFormat(turn, format)
    const reply = await upstream.ask(retold(call, described))
    if (reply.form !== 'events') return reply
    const again = (asked: TurnRequest) => upstream.ask(retold(call, asked))
    return { ...reply, events: fitted(reply.events, { format, described, again }) }
  },
})

interface Terms {
  readonly format: WantedFormat
  readonly described: TurnRequest
  readonly again: (asked: TurnRequest) => ReturnType<Upstream['ask']>
}

async function* fitted(
  events: AsyncIterable<TurnEvent>,
  { format, described, again }: Terms,
): AsyncGenerator<TurnEvent> {
  let usage: Usage | undefined
  const count = (more: Usage) => {
    usage = usage ? addUsage(usage, more) : more
  }
  try {
    for (const { choice, said, wrong } of yield* look(events, 0, { format, count })) {
      const reply = await again(askAgain(described, said, wrong))
      if (reply.form !== 'events') throw unfit(wrong)
      const [still] = yield* look(spokenAs(choice, reply.events), choice, { format, count })
      if (still) throw unfit(still.wrong)
    }
  } catch (cause) {
    // What was used was used, whatever came of it.
    if (usage) yield { type: 'usage', usage }
    throw cause
  }
  if (usage) yield { type: 'usage', usage }
}

interface Looking {
  readonly format: WantedFormat
  readonly count: (usage: Usage) => void
}

/** Pass on what may pass, and what fits. Gives what does not. */
async function* look(
  events: AsyncIterable<TurnEvent>,
  first: number,
  { format, count }: Looking,
): AsyncGenerator<TurnEvent, readonly Unfit[]> {
  // Whoever says nothing at all has not answered either.
  const texts = new Map([[first, createHeldText(first)]])
  const unfit: Unfit[] = []
  let usage: Usage | undefined

  function textOf(choice: number): HeldText {
    const text = texts.get(choice) ?? createHeldText(choice)
    texts.set(choice, text)
    return text
  }

  function* close(text: HeldText): Generator<TurnEvent> {
    if (text.isExempt()) return yield* text.release()
    const { choice } = text
    const said = text.said()
    const { found, wrong } = fit(said, format)
    if (found) yield* text.release(found)
    else unfit.push({ choice, said, wrong })
  }

  try {
    for await (const event of events) {
      if (event.type === 'usage') {
        usage = event.usage
        continue
      }
      const text = textOf(event.choice)
      yield* text.take(event)
      if (event.type === 'finish') yield* close(text)
    }
  } finally {
    if (usage) count(usage)
  }
  for (const text of texts.values()) if (!text.isOver()) yield* close(text)
  return unfit
}

/** What the only choice of an answer says, as another one of the turn. */
async function* spokenAs(
  choice: number,
  events: AsyncIterable<TurnEvent>,
): AsyncGenerator<TurnEvent> {
  for await (const event of events) yield event.type === 'usage' ? event : { ...event, choice }
}

const LONGEST = 500

const unfit = (wrong: string): UpstreamFault =>
  new UpstreamFault(
    'unfit',
    `Asked twice, the model gave no answer of the form that was asked for: ${wrong}`.slice(
      0,
      LONGEST,
    ),
  )
