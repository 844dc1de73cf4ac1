import type { TurnEvent } from '../event'

/** What one output item says, and what of it has to wait. */
interface Lane {
  /** Nobody else may speak until it is over. */
  readonly isExclusive: boolean
  readonly held: TurnEvent[]
  isOver: boolean
}

/**
 * Lets one output item speak at a time: events tell of a call or a tool without interruption, and
 * upstreams may tell of several at once. Text and thoughts end when another item speaks.
 */
export function createLanes(emit: (event: TurnEvent) => void) {
  /** The first one speaks, the others wait. */
  const lanes: Lane[] = []

  function next() {
    lanes.shift()
    for (let head = lanes[0]; head; head = lanes[0]) {
      for (const event of head.held.splice(0)) emit(event)
      const stays = !head.isOver && (head.isExclusive || lanes.length === 1)
      if (stays) return
      lanes.shift()
    }
  }

  function say(lane: Lane, event: TurnEvent) {
    if (lane.isOver) return
    if (lanes[0] && lanes[0] !== lane && !lanes[0].isExclusive) next()
    if (!lanes.includes(lane)) lanes.push(lane)
    if (lanes[0] === lane) emit(event)
    else lane.held.push(event)
  }

  return {
    /** What a new output item speaks through. */
    open(isExclusive: boolean): Speaker {
      const lane: Lane = { isExclusive, held: [], isOver: false }
      return {
        say: (event) => say(lane, event),
        close() {
          lane.isOver = true
          if (lanes[0] === lane) next()
        },
      }
    },
  }
}

/** How an output item is told of. */
export interface Speaker {
  say(event: TurnEvent): void
  /** It is over: others may speak. */
  close(): void
}
