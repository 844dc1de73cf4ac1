import type { Client } from '@libsql/client/web'
import { sleep } from '../sleep'
import { around } from './around'
import { type DatabaseFault, faultOf } from './fault'

/** What a repository needs of a database. */
export type Patient = Pick<Client, 'execute' | 'batch'>

/** How long to wait before the same is asked again; undefined where it is not. */
type Wait = (fault: DatabaseFault, tried: number) => number | undefined

const FIRST_WAIT_MS = 10
const TRIES = 8
/** A server waits for five seconds itself before it says that somebody else is writing. */
const BUSY_TRIES = 3

const ofServer: Wait = (fault, tried) =>
  (fault === 'crowded' && tried < TRIES) || (fault === 'busy' && tried < BUSY_TRIES)
    ? FIRST_WAIT_MS * 2 ** (tried - 1)
    : undefined

/** Looks at a file that another process writes to are cheap, and writers hold it for milliseconds. */
const LONGEST_WAIT_MS = 25
/** That makes two seconds. */
const LOOKS = 84

const ofFile: Wait = (fault, tried) =>
  fault === 'busy' && tried < LOOKS ? Math.min(2 ** (tried - 1), LONGEST_WAIT_MS) : undefined

/** Those who were refused together do not come back together. */
const SPREAD = 16

/**
 * A libSQL server refuses what is more than about a hundred requests at once, before it looks at them; and
 * where somebody else is writing, a server and a file do not take a writing. Then everybody comes back a
 * little later. Whoever waits does so by a timer of its own, as on Workers nobody can be woken by another
 * request.
 *
 * That is safe whatever is asked: nothing of it was done. Statements are their own transactions, a batch is
 * one that is rolled back when any part of it is refused, its end included. What was not answered at all may
 * have been done, and is not asked again here.
 */
export function patient(client: Client): Client {
  const waitFor = client.protocol === 'file' ? ofFile : ofServer
  let refused = 0

  return around(client, async (question) => {
    for (let tried = 1; ; tried++) {
      let ms: number | undefined
      try {
        return await question()
      } catch (cause) {
        ms = waitFor(faultOf(cause), tried)
        if (ms === undefined) throw cause
      }
      const share = (refused++ % SPREAD) / SPREAD
      await sleep(ms * (1 + share))
    }
  })
}
