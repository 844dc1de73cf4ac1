import type { FinishReason, HostedItem, TurnEvent } from '../../turn/event'

/** A picture or a video, to become what the client's dialect has for it. */
export interface MediaEvent {
  readonly type: 'media'
  readonly sort: 'image' | 'video'
  readonly url: string
  /** Empty where it has none. */
  readonly title: string
  /** A picture to show for a video. */
  readonly poster?: string
  readonly id: string
}

export type WebEvent = TurnEvent | MediaEvent

/** A stretch of what was said, for a source to stand at. */
export interface Stretch {
  readonly start: number
  readonly end: number
  /** Counts the pieces of text, each with places of its own. */
  readonly piece: number
}

interface VoiceParts {
  readonly dialect: 'chat' | 'responses'
  /** Told when anything but a hosted tool is going to be said. */
  readonly interrupted: (by: 'thinking' | 'answer') => void
}

const NOTHING: readonly WebEvent[] = []
const choice = 0

/** Says events, and knows where in the text they stand. */
export function createVoice({ dialect, interrupted }: VoiceParts) {
  let events: WebEvent[] = []
  let hasSaid = false
  let hasShown = false
  let piece = 0
  let length = 0
  /** Where the stretch begins that the next source stands for. */
  let mark = 0
  let last: Stretch | undefined
  /** Something else was said: the next text is a piece of its own. */
  let isOver = false
  /** Sources that have no text yet to stand at. */
  let early: TurnEvent[] = []
  /** Tools that chat need not hear of before its text is over. */
  let late: TurnEvent[] = []

  function renew() {
    if (!isOver) return
    isOver = false
    piece++
    length = 0
    mark = 0
    last = undefined
    early = []
  }

  function flushLate() {
    if (late.length === 0) return
    events.push(...late)
    late = []
  }

  function citation(url: string, title: string, { start, end }: Stretch): TurnEvent {
    return { type: 'citation', choice, citation: { url, title, start, end } }
  }

  return {
    say(said: string): void {
      interrupted('answer')
      if (isOver) renew()
      hasSaid = true
      const lastBreak = said.lastIndexOf('\n')
      if (lastBreak >= 0) mark = length + lastBreak + 1
      length += said.length
      events.push({ type: 'text', choice, text: said })
      if (early.length === 0) return
      events.push(...early)
      early = []
    },

    /** The stretch before a source: since the last line break or source. Sources in a row share it. */
    stretch(): Stretch {
      renew()
      if (last?.end === length) return last
      last = { start: mark, end: length, piece }
      mark = length
      return last
    },

    cite(url: string, title: string, stretch: Stretch): void {
      if (stretch.piece !== piece || isOver) return
      const event = citation(url, title, stretch)
      if (length === 0) early.push(event)
      else events.push(event)
    },

    /** Something is going to be said. */
    interrupt: interrupted,

    think(thought: string, part: number): void {
      isOver = true
      flushLate()
      events.push({ type: 'thinking', choice, text: thought, part })
    },

    thought(): void {
      events.push({ type: 'thought', choice, encrypted: null })
    },

    hosted(item: HostedItem, done: boolean): void {
      const event: TurnEvent = { type: 'hosted', choice, item, done }
      if (dialect === 'chat' && length > 0 && !isOver) {
        late.push(event)
        return
      }
      isOver = true
      events.push(event)
    },

    show(event: MediaEvent): void {
      interrupted('answer')
      // It becomes text, but for a picture in Responses, which has an item for it.
      if (dialect === 'responses' && event.sort === 'image') isOver = true
      hasShown = true
      events.push(event)
    },

    refuse(why: string): void {
      interrupted('answer')
      events.push({ type: 'refusal', choice, text: why })
    },

    finish(reason: FinishReason): void {
      events.push(...early)
      early = []
      flushLate()
      events.push({ type: 'finish', choice, reason })
    },

    /** Whether the client has got some of the answer: text, or something to see. */
    hasSaid: (): boolean => hasSaid,
    hasShown: (): boolean => hasShown,

    /** What was said since it was asked last. */
    drain(): readonly WebEvent[] {
      if (events.length === 0) return NOTHING
      const out = events
      events = []
      return out
    },
  }
}

export type Voice = ReturnType<typeof createVoice>
