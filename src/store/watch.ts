import type { Client } from '@libsql/client/web'
import { messageOf } from '../errors'
import { around } from './around'
import { faultOf } from './fault'

/** How a database has been of late, as those found who asked it. */
export interface DatabaseState {
  /** Whether it answered when it was asked last. */
  readonly up: boolean
  /** Whether it took the last writing. */
  readonly writable: boolean
  /** When either of them changed, in milliseconds since 1970. */
  readonly since: number
  /** What the last call said that went wrong. */
  readonly lastFault?: string
}

interface WatchParts {
  readonly client: Client
  readonly now: () => number
  /** It went away, came back, or takes no writes any more. */
  readonly onChange: (state: DatabaseState) => void
}

/** Notes of every call whether the database answers, and whether it takes what is to be written. */
export function watched({ client, now, onChange }: WatchParts) {
  let state: DatabaseState = { up: true, writable: true, since: now() }

  function note(up: boolean, writable: boolean, lastFault = state.lastFault): void {
    if (up === state.up && writable === state.writable) return
    state = { up, writable, since: now(), ...(lastFault !== undefined && { lastFault }) }
    onChange(state)
  }

  const watching = around(client, async (question) => {
    try {
      const answer = await question()
      if (!state.up) note(true, state.writable)
      return answer
    } catch (cause) {
      const fault = faultOf(cause)
      const said = messageOf(cause)
      if (fault === 'away' || fault === 'barred') note(false, state.writable, said)
      else if (fault === 'blocked') note(true, false, said)
      // Who is refused for the sake of others, or of what is asked, was answered.
      else note(true, state.writable)
      throw cause
    }
  })

  return {
    client: {
      ...watching,
      get closed() {
        return client.closed
      },
      batch: async (...parts: Parameters<Client['batch']>) => {
        const answer = await watching.batch(...parts)
        if (!state.writable && parts[1] === 'write') note(true, true)
        return answer
      },
    } satisfies Client,
    state: (): DatabaseState => state,
  }
}

/** Tells how the database is. */
export type DatabaseWatch = () => DatabaseState
