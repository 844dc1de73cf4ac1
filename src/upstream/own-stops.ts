import type { CitationEvent, TextEvent, TurnEvent } from '../turn/event'
import { retold } from './retold'
import { createStopSearch, type StopSearch } from './stop-search'
import type { Upstream } from './upstream'

/**
 * Gives stop sequences to an upstream that has none: what it says is cut at the first of them, and it is
 * let go. The turn is worked out once for all behind this.
 */
export const withOwnStops = (upstream: Upstream): Upstream => ({
  ...upstream,

  async ask(call) {
    const turn = call.ask.turn()
    const stops = turn.stop.filter((stop) => stop !== '')
    const reply = await upstream.ask(retold(call, stops.length > 0 ? { ...turn, stop: [] } : turn))
    if (reply.form !== 'events' || stops.length === 0) return reply
    return { ...reply, events: stopped(reply.events, stops, turn.choices) }
  },
})

async function* stopped(
  events: AsyncIterable<TurnEvent>,
  stops: readonly string[],
  choices: number,
): AsyncGenerator<TurnEvent> {
  const speakers = new Map<number, Speaker>()
  let over = 0

  function speakerOf(choice: number): Speaker {
    const speaker = speakers.get(choice) ?? createSpeaker(choice, stops)
    speakers.set(choice, speaker)
    return speaker
  }

  for await (const event of events) {
    if (event.type === 'usage') {
      yield event
      continue
    }
    const speaker = speakerOf(event.choice)
    if (speaker.isStopped()) continue
    yield* speaker.take(event)
    if (event.type === 'finish' || speaker.isStopped()) over++
    // Nobody says more that is wanted: leaving the loop ends the upstream's answer.
    if (speaker.isStopped() && over >= choices) return
  }
  for (const speaker of speakers.values()) yield* speaker.end()
}

type Speaker = ReturnType<typeof createSpeaker>

/** What one choice says, up to a stop sequence. */
function createSpeaker(choice: number, stops: readonly string[]) {
  let isStopped = false
  let search: StopSearch | undefined
  /** Of the piece of text that is being said: what is held back, and where it begins. */
  let held = ''
  let from = 0
  let citations: CitationEvent[] = []

  /** Let out what is held up to a place in the text, and the sources of what is out. */
  function* letOut(to: number): Generator<TurnEvent> {
    if (to > from) yield { type: 'text', choice, text: held.slice(0, to - from) }
    held = held.slice(to - from)
    from = to
    const waiting = citations
    citations = []
    for (const event of waiting)
      if (event.citation.end <= to) yield event
      else citations.push(event)
  }

  function* stop(at: number): Generator<TurnEvent> {
    yield* letOut(at)
    isStopped = true
    yield { type: 'finish', choice, reason: 'stop' }
  }

  function* say(event: TextEvent): Generator<TurnEvent> {
    search ??= createStopSearch(stops)
    const { stop: at, safe } = search.push(event.text)
    // Most of what is said has nothing to do with any of it.
    if (held === '' && safe === from + event.text.length) {
      from = safe
      yield event
      return yield* letOut(safe)
    }
    held += event.text
    yield* at === undefined ? letOut(safe) : stop(at)
  }

  /** The piece of text is over. */
  function* end(): Generator<TurnEvent> {
    if (isStopped || !search) return
    const at = search.end()
    if (at !== undefined) return yield* stop(at)
    yield* letOut(from + held.length)
    yield* citations
    citations = []
    search = undefined
    from = 0
  }

  return {
    /** Take an event. Gives what is to be said for it. */
    *take(event: Exclude<TurnEvent, { readonly type: 'usage' }>): Generator<TurnEvent> {
      if (event.type === 'text') return yield* say(event)
      if (event.type === 'citation' && search) {
        citations.push(event)
        return yield* letOut(from)
      }
      yield* end()
      if (!isStopped) yield event
    },

    end,

    isStopped: (): boolean => isStopped,
  }
}
