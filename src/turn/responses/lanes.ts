import type { TurnEvent } from '../event'

/** What speaks: text, a thought, a tool of the upstream, or a call of one of the client. */
type Rank = 'text' | 'thought' | 'tool' | 'call'

/** What one output item says, and what of it has to wait. */
interface Lane {
  readonly rank: Rank
  readonly held: TurnEvent[]
  /** Others spoke after it. */
  isPassed: boolean
  isOver: boolean
}

/** How an output item is told of. */
export interface Speaker {
  say(event: TurnEvent): void
  /** It is over: others may speak. */
  close(): void
}

/**
 * Lets one output item speak at a time: events tell of a call or a tool without interruption, and
 * upstreams may tell of several at once. Text and thoughts are over when another item begins to
 * speak, and so is a tool when text follows it.
 */
export function createLanes(emit: (event: TurnEvent) => void) {
  /** The first one speaks, the others wait. */
  const lanes: Lane[] = []

  function next() {
    const before = lanes.shift()
    if (before) before.isPassed = true
    for (let head = lanes[0]; head; head = lanes[0]) {
      for (const event of head.held.splice(0)) emit(event)
      const stays = !head.isOver && (isExclusive(head) || lanes.length === 1)
      if (stays) return
      lanes.shift()
      head.isPassed = true
    }
  }

  function say(lane: Lane, event: TurnEvent) {
    if (lane.isOver) return
    if (!lane.isPassed) while (lanes[0] && lanes[0] !== lane && givesWay(lanes[0], lane)) next()
    if (!lanes.includes(lane)) lanes.push(lane)
    if (lanes[0] === lane) emit(event)
    else lane.held.push(event)
  }

  return {
    /** What a new output item speaks through. */
    open(rank: Rank): Speaker {
      const lane: Lane = { rank, held: [], isPassed: false, isOver: false }
      return {
        say: (event) => say(lane, event),
        close() {
          lane.isOver = true
          if (lanes[0] === lane) next()
        },
      }
    },

    /** Nothing more is said: what waits is told. */
    end(): void {
      while (lanes.length > 0) next()
    },
  }
}

const isExclusive = ({ rank }: Lane): boolean => rank === 'tool' || rank === 'call'

const givesWay = (speaker: Lane, other: Lane): boolean =>
  !isExclusive(speaker) || (speaker.rank === 'tool' && other.rank === 'text')
