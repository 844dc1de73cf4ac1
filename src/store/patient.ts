import type { Client } from '@libsql/client/web'
import { sleep } from '../sleep'

/** What a repository needs of a database. */
export type Patient = Pick<Client, 'execute' | 'batch'>

const FIRST_WAIT_MS = 10
const TRIES = 8
/** Those who were refused together do not come back together. */
const SPREAD = 16

/**
 * A libSQL server refuses what is more than about a hundred requests at once, before it looks at them:
 * then everybody comes back a little later. Whoever waits does so by a timer of its own, as on Workers
 * nobody can be woken by another request.
 */
export function patient(client: Client): Patient {
  let refused = 0

  async function ask<T>(question: () => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried++) {
      try {
        return await question()
      } catch (cause) {
        if (tried === TRIES || !isCrowded(cause)) throw cause
      }
      const share = (refused++ % SPREAD) / SPREAD
      await sleep(FIRST_WAIT_MS * 2 ** (tried - 1) * (1 + share))
    }
  }

  return {
    execute: (...parts: Parameters<Client['execute']>) => ask(() => client.execute(...parts)),
    batch: (...parts: Parameters<Client['batch']>) => ask(() => client.batch(...parts)),
  }
}

function isCrowded(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  return ('status' in cause && cause.status === 429) || isCrowded(cause.cause)
}
