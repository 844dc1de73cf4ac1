import { SetupError } from './errors'
import { sleep } from './sleep'

interface OpeningParts {
  /** Read what everybody needs of the database; gives what its operator has to mend there. */
  readonly read: () => Promise<SetupError | undefined>
  readonly now: () => number
}

/** How often somebody who waits for another's look asks whether it is over. */
const POLL_MS = 10
/** A Worker may stop a request with its look; then the next one looks. */
const STALE_MS = 15_000

const AWAY = new SetupError(
  'The database does not answer.',
  'Check DATABASE_URL, DATABASE_AUTH_TOKEN, and the server that they lead to.',
)

/**
 * Makes an isolate ready by one look at the database, whoever comes first. The requests that come
 * meanwhile do not look too, as the server would turn most of them away; they wait by the clock, as no
 * promise of another request resolves, and share what was found.
 */
export function createOpening({ read, now }: OpeningParts) {
  let isOpen = false
  let problem: SetupError | undefined
  let looks = 0
  let lookingUntil = Number.NEGATIVE_INFINITY

  async function look(): Promise<void> {
    lookingUntil = now() + STALE_MS
    try {
      problem = await read()
      isOpen = problem === undefined
    } catch (cause) {
      const isKnown = cause instanceof SetupError
      problem = isKnown ? cause : new SetupError(AWAY.message, AWAY.remedy, cause)
    } finally {
      looks++
      lookingUntil = Number.NEGATIVE_INFINITY
    }
  }

  return {
    /** Whether nothing has to be waited for any more. */
    isOpen: (): boolean => isOpen,

    /** Wait until it is open; gives the reason why it is not. */
    async open(): Promise<SetupError | undefined> {
      const seen = looks
      while (!isOpen && looks === seen)
        if (now() < lookingUntil) await sleep(POLL_MS)
        else await look()
      return isOpen ? undefined : problem
    },
  }
}
