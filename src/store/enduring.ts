import type { Client } from '@libsql/client/web'
import { sleep } from '../sleep'
import type { Patient } from './patient'

interface EnduringParts {
  readonly client: Client
  /** How long a question is put again and again before it is given up. */
  readonly patienceMs: number
  readonly now: () => number
  /** Called each time that it has to be put again. */
  readonly onWait: (cause: unknown) => void
  /** @throws when there is to be no more of it */
  readonly check: () => void
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 3_000

/**
 * A database for work that may take hours: whatever may pass is waited out. Only for what may be done twice, as
 * an answer that is lost does not tell what became of its question.
 */
export function enduring(parts: EnduringParts): Patient {
  const { client, patienceMs, now, onWait, check } = parts

  async function ask<T>(question: () => Promise<T>): Promise<T> {
    const end = now() + patienceMs
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        return await question()
      } catch (cause) {
        if (!mayPass(cause) || now() + waitMs > end) throw cause
        onWait(cause)
      }
      await sleep(waitMs)
      check()
    }
  }

  return {
    execute: (...parts: Parameters<Client['execute']>) => ask(() => client.execute(...parts)),
    batch: (...parts: Parameters<Client['batch']>) => ask(() => client.batch(...parts)),
  }
}

/** Statuses that a server, or a proxy before it, gives while it is too busy or just being started. */
const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500

/** What says that a network, a server or whoever writes just now is in the way; nothing else comes right by itself. */
const PASSING =
  /^(SQLITE_BUSY|SQLITE_LOCKED|HRANA_|Connection|FailedToOpenSocket|ECONN|ETIMEDOUT|EHOST|ENET|EPIPE|EAI_|ENOTFOUND)/

/** Whether the same question may be answered later. */
function mayPass(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  if ('status' in cause && typeof cause.status === 'number') return isPassing(cause.status)
  if (cause.name === 'TimeoutError' || cause.name === 'AbortError') return true
  return ('code' in cause && PASSING.test(String(cause.code))) || mayPass(cause.cause)
}
