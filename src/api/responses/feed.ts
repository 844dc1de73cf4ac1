/** What one turn sends, for any number of readers that come and go. */
export interface Feed {
  push(text: string): void
  pushBytes(bytes: Uint8Array): void
  /** Nothing more is to come. */
  end(): void
  /** Whether somebody reads it now. */
  isFollowed(): boolean
  /** A stream of what was sent already, and of what is sent from now on. */
  follow(parts: FollowParts): ReadableStream<Uint8Array>
}

interface FollowParts {
  /** What the reader has missed. */
  readonly first: string
  /** The number of the last event that it knows, without those. */
  readonly after: number
  readonly heartbeatMs: number
}

interface Follower {
  take(text: string): void
  end(): void
}

const utf8 = new TextEncoder()
const HEARTBEAT = utf8.encode(': ping\n\n')
/** A reader that is so far behind, in bytes, is let go: it may come back and ask for the rest. */
const MOST_BEHIND = 8 * 1024 * 1024

/** Hands on what a turn sends to those who watch it. */
export function createFeed(): Feed {
  const followers = new Set<Follower>()
  const decoder = new TextDecoder()
  let ended = false

  function push(text: string) {
    if (text !== '') for (const follower of followers) follower.take(text)
  }

  return {
    push,
    pushBytes(bytes) {
      const text = followers.size > 0 ? decoder.decode(bytes) : ''
      // Each reader has a heartbeat of its own, also before there is an answer.
      if (!text.startsWith(':')) push(text)
    },

    end() {
      ended = true
      for (const follower of followers) follower.end()
      followers.clear()
    },

    isFollowed: () => followers.size > 0,

    follow({ first, after: known, heartbeatMs }) {
      const after = lastNumber(first) ?? known
      let timer: ReturnType<typeof setInterval> | undefined
      let follower: Follower | undefined
      const leave = () => {
        clearInterval(timer)
        if (follower) followers.delete(follower)
      }
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            if (first !== '') controller.enqueue(utf8.encode(first))
            if (ended) return controller.close()
            timer = setInterval(() => controller.enqueue(HEARTBEAT), heartbeatMs)
            follower = {
              take(text) {
                const fresh = eventsAfter(text, after)
                if (fresh === '') return
                if ((controller.desiredSize ?? 0) < -MOST_BEHIND) {
                  leave()
                  return controller.error(new Error('The reader is too slow.'))
                }
                controller.enqueue(utf8.encode(fresh))
              },
              end() {
                leave()
                controller.close()
              },
            }
            followers.add(follower)
          },
          cancel: leave,
        },
        new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
      )
    },
  }
}

/** Only at its beginning is it the event's own: what a client wrote may have a number, too. */
const NUMBER = /^data: \{"type":"[^"]*","sequence_number":(\d+)/m
const NUMBERS = new RegExp(NUMBER, 'gm')

/** The number of the last event of a text; what was sent already may come once more after it. */
function lastNumber(text: string): number | undefined {
  const last = [...text.matchAll(NUMBERS)].at(-1)
  return last && Number(last[1])
}

/** The events of a text of whole events that come after one; what has no number always does. */
function eventsAfter(text: string, after: number): string {
  const found = NUMBER.exec(text)
  if (!found || Number(found[1]) > after) return text
  return text
    .split(/(?<=\n\n)/)
    .filter((event) => Number(NUMBER.exec(event)?.[1] ?? Number.POSITIVE_INFINITY) > after)
    .join('')
}
