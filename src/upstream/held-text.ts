import { UpstreamFault } from '../errors'
import type { CitationEvent, FinishEvent, TurnEvent } from '../turn/event'
import type { FoundJson } from '../turn/format-prompt/find-json'

/** In UTF-16 units: more than anyone wants to have in one piece. */
const LONGEST = 16 * 1024 * 1024

/**
 * What one choice says, held until it is whole; what it thinks and what tools of its upstream do passes.
 * When it calls a tool of the client, or refuses, nothing is held any more.
 */
export function createHeldText(choice: number) {
  let text = ''
  let isFree = false
  /** Where in the text the piece begins that sources count from. */
  let from: number | undefined
  let finish: FinishEvent | undefined
  const citations: CitationEvent[] = []
  // Says nothing, and so tells whoever waits that the upstream goes on.
  const pulse: TurnEvent = { type: 'thought', choice, encrypted: null }

  function add(said: string) {
    if (text.length + said.length > LONGEST)
      throw new UpstreamFault('unfit', `The answer is longer than ${LONGEST} characters.`)
    from ??= text.length
    text += said
  }

  function cite(event: CitationEvent) {
    from ??= text.length
    const { start, end } = event.citation
    const citation = { ...event.citation, start: start + from, end: end + from }
    citations.push({ ...event, citation })
  }

  function* say(said: string, start: number): Generator<TurnEvent> {
    if (said !== '') yield { type: 'text', choice, text: said }
    for (const event of citations) {
      const place = { start: event.citation.start - start, end: event.citation.end - start }
      if (place.start >= 0 && place.end <= said.length)
        yield { ...event, citation: { ...event.citation, ...place } }
    }
  }

  return {
    choice,

    /** Take an event. Gives what of it passes at once. */
    *take(event: Exclude<TurnEvent, { readonly type: 'usage' }>): Generator<TurnEvent> {
      if (event.type === 'finish') {
        finish = event
        return
      }
      if (isFree) return yield event
      if (event.type === 'text') {
        add(event.text)
        return yield pulse
      }
      if (event.type === 'citation') return cite(event)
      from = undefined
      if (event.type === 'call' || event.type === 'refusal') {
        isFree = true
        yield* say(text, 0)
      }
      yield event
    },

    said: (): string => text,

    isOver: (): boolean => finish !== undefined,

    /** It is nothing that could have the form: it was not held, or not let come to its end. */
    isExempt: (): boolean =>
      isFree || finish?.reason === 'length' || finish?.reason === 'content_filter',

    /** Gives what is held, or this part of it alone, and the end of the choice. */
    *release(part?: FoundJson): Generator<TurnEvent> {
      if (!isFree) yield* part ? say(part.json, part.start) : say(text, 0)
      if (finish) yield finish
    },
  }
}

export type HeldText = ReturnType<typeof createHeldText>
