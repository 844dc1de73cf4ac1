import type { Client } from '@libsql/client/web'
import { around } from './around'
import { DatabaseAway } from './fault'

/**
 * A database that is not used before it is known to be ours, and of our form: until the gate is opened every
 * call ends at once.
 */
export function gated(client: Client) {
  let isOpen = false
  return {
    client: around(client, async (question) => {
      if (!isOpen) throw new DatabaseAway('The database has not answered since the start.')
      return question()
    }),
    open(): void {
      isOpen = true
    },
  }
}
