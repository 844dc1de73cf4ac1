import type { Lease } from './lease'
import type { Candidates } from './member'
import type { Outlook } from './outlook'
import type { Want } from './select'

interface WaitingParts {
  readonly lease: (want: Want) => Lease | undefined
  readonly outlook: (want: Want) => Outlook
  /** How many of these may wait in this process; all if absent. */
  readonly portion?: (longest: number) => number
}

/** Who waits, and how long at most. */
export interface Patience {
  readonly want: Want
  readonly keyId: string
  readonly timeoutMs: number
  /** Turns that may wait at once. */
  readonly longest: number
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
}

interface Waiter {
  readonly want: Want
  readonly served: (lease: Lease) => void
}

/**
 * Where turns wait while everybody who could serve them is busy: in the order they came, and keys take
 * turns, so that one that floods us keeps nobody else from an answer, whatever models they ask for.
 */
export function createWaiting({ lease, outlook, portion = (longest) => longest }: WaitingParts) {
  /** The first key's turn is next; then that key goes to the end. */
  const queue = new Map<string, Waiter[]>()
  let depth = 0

  /** Serve as many as can be served now. */
  function offer() {
    while (depth > 0 && serveOne());
  }

  function serveOne(): boolean {
    const inVain = new Set<Candidates>()
    for (const [keyId, waiters] of queue)
      for (const waiter of waiters) {
        const { want } = waiter
        if (inVain.has(want.candidates)) continue
        const found = lease(want)
        if (!found) {
          // Who has been refused by some may be unlucky where the next is not.
          if (want.tried.length === 0) inVain.add(want.candidates)
          continue
        }
        leave(keyId, waiter)
        const rest = queue.get(keyId)
        if (rest) {
          queue.delete(keyId)
          queue.set(keyId, rest)
        }
        waiter.served(found)
        return true
      }
    return false
  }

  function enter(keyId: string, waiter: Waiter) {
    const own = queue.get(keyId)
    if (own) own.push(waiter)
    else queue.set(keyId, [waiter])
    depth++
  }

  function leave(keyId: string, waiter: Waiter) {
    const own = queue.get(keyId)
    const at = own?.indexOf(waiter) ?? -1
    if (!own || at < 0) return
    own.splice(at, 1)
    depth--
    if (own.length === 0) queue.delete(keyId)
  }

  /** A full line still takes those whose key has not had its share of it. */
  function isFull(keyId: string, longest: number): boolean {
    if (depth < longest) return false
    const own = queue.get(keyId)?.length ?? 0
    return own >= longest / (queue.size + (own === 0 ? 1 : 0))
  }

  return {
    offer,

    /** Turns that wait now. */
    depth: (): number => depth,

    /**
     * Wait for an account; undefined when the time is up, the line is full or the client left.
     *
     * Timers of the turn's own run all the while, without which Workers would end it.
     */
    wait({ want, keyId, timeoutMs, longest, signal }: Patience): Promise<Lease | undefined> {
      if (isFull(keyId, portion(longest)) || timeoutMs <= 0 || signal.aborted)
        return Promise.resolve(undefined)
      const { promise, resolve } = Promise.withResolvers<Lease | undefined>()
      let looking: ReturnType<typeof setTimeout> | undefined
      const end = (found?: Lease) => {
        clearTimeout(ending)
        clearTimeout(looking)
        signal.removeEventListener('abort', giveUp)
        resolve(found)
      }
      const waiter: Waiter = { want, served: end }
      function giveUp() {
        leave(keyId, waiter)
        end()
      }
      /** Nobody announces that a rest is over, nor one that begins meanwhile. */
      function look() {
        const { returnMs = LOOK_MS } = outlook(want)
        looking = setTimeout(
          () => {
            look()
            offer()
          },
          Math.min(Math.ceil(returnMs) + 1, LOOK_MS),
        )
      }
      enter(keyId, waiter)
      signal.addEventListener('abort', giveUp, { once: true })
      const ending = setTimeout(giveUp, timeoutMs)
      look()
      return promise
    },
  }
}

export type Waiting = ReturnType<typeof createWaiting>

const LOOK_MS = 1_000
