import type { Lease } from './lease'
import type { Candidates } from './member'
import type { Outlook } from './outlook'
import type { Want } from './select'

interface WaitingParts {
  readonly lease: (want: Want) => Lease | undefined
  readonly outlook: (want: Want) => Outlook
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

/** Waiters by key: the first key's first waiter is next, and then that key goes to the end. */
type Line = Map<string, Waiter[]>

/**
 * Where turns wait while everybody who could serve them is busy: in the order they came, and keys take
 * turns, so that one that floods us keeps nobody else from an answer.
 */
export function createWaiting({ lease, outlook }: WaitingParts) {
  const lines = new Map<Candidates, Line>()
  let depth = 0

  /** Serve as many as can be served now. */
  function offer() {
    if (depth > 0) for (const line of lines.values()) while (serveOne(line));
  }

  function serveOne(line: Line): boolean {
    for (const [keyId, [waiter]] of line) {
      const found = waiter && lease(waiter.want)
      if (!found) continue
      leave(line, keyId, waiter)
      const rest = line.get(keyId)
      if (rest) {
        line.delete(keyId)
        line.set(keyId, rest)
      }
      waiter.served(found)
      return true
    }
    return false
  }

  function enter(candidates: Candidates, keyId: string, waiter: Waiter): Line {
    const line: Line = lines.get(candidates) ?? new Map()
    lines.set(candidates, line)
    const own = line.get(keyId)
    if (own) own.push(waiter)
    else line.set(keyId, [waiter])
    depth++
    return line
  }

  function leave(line: Line, keyId: string, waiter: Waiter) {
    const own = line.get(keyId)
    const at = own?.indexOf(waiter) ?? -1
    if (!own || at < 0) return
    own.splice(at, 1)
    depth--
    if (own.length === 0) line.delete(keyId)
    if (line.size > 0) return
    for (const [candidates, other] of lines) if (other === line) lines.delete(candidates)
  }

  return {
    offer,

    /** Turns that wait now. */
    depth: (): number => depth,

    /**
     * Wait for an account; undefined when the time is up, the line is full or the client left.
     *
     * A timer of the turn's own runs all the while, without which Workers would end it.
     */
    wait({ want, keyId, timeoutMs, longest, signal }: Patience): Promise<Lease | undefined> {
      if (depth >= longest || timeoutMs <= 0 || signal.aborted) return Promise.resolve(undefined)
      const { promise, resolve } = Promise.withResolvers<Lease | undefined>()
      const timers: ReturnType<typeof setTimeout>[] = []
      const end = (found?: Lease) => {
        for (const timer of timers) clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        resolve(found)
      }
      const waiter: Waiter = { want, served: end }
      const line = enter(want.candidates, keyId, waiter)
      function giveUp() {
        leave(line, keyId, waiter)
        end()
      }
      signal.addEventListener('abort', giveUp, { once: true })
      timers.push(setTimeout(giveUp, timeoutMs))
      const { returnMs } = outlook(want)
      // Nobody announces that a rest is over.
      if (returnMs !== undefined && returnMs < timeoutMs)
        timers.push(setTimeout(offer, Math.ceil(returnMs) + 1))
      return promise
    },
  }
}

export type Waiting = ReturnType<typeof createWaiting>
