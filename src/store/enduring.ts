import type { Client } from '@libsql/client/web'
import { sleep } from '../sleep'
import { type DatabaseFault, faultOf, isOutage } from './fault'
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

/** What comes right by itself, as a rule: who looks later may be answered. */
const PASSING: readonly DatabaseFault[] = ['away', 'crowded', 'busy']

const mayPass = (cause: unknown): boolean => isOutage(cause) && PASSING.includes(faultOf(cause))
