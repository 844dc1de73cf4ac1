import { brokenOff } from '../../dispatch/reply'
import { ApiError } from '../../errors'
import type { Admission, Ticket } from '../../http/admission'
import { faultFields, type Log } from '../../log'
import type { LeftTurn } from '../../state/background-turns'
import type { Said } from '../../state/said'
import type { Key } from '../../store/keys'
import type { Settings } from '../../store/settings'
import type { ResponsesRequest } from '../../turn/responses/schema'
import type { Background } from './background'
import type { Contexts } from './context'
import { saidTurn } from './said-turn'
import { demandOf, type Prepared, type Turns } from './turn'

interface TakeoverParts {
  readonly background: Background
  readonly said: Said
  readonly admission: Admission
  readonly contexts: Contexts
  readonly turns: Turns
  readonly settings: () => Settings
  /** A key by its id, if it is still good. */
  readonly keyOf: (id: string) => Key | undefined
  readonly newId: () => string
  readonly now: () => number
  readonly log: Log
}

/** How often leases are renewed, and left turns looked for. */
const LOOK_MS = 5_000
/** So many at once: others may want some, too. */
const MOST_AT_ONCE = 20
/** What has brought down so many instances is not begun again. */
const MOST_TRIES = 3

/** Goes on with the background turns of instances that are gone. */
export function createTakeover(parts: TakeoverParts) {
  const { background, said, admission, contexts, turns, settings, keyOf, newId, now, log } = parts
  let lookedAt = Number.NEGATIVE_INFINITY

  async function resume(left: LeftTurn): Promise<void> {
    const request = JSON.parse(left.request) as ResponsesRequest
    const key = keyOf(left.keyId)
    let prepared: Prepared | undefined
    try {
      if (!key) throw new ApiError('invalid_api_key', 'The API key is no longer valid.')
      const context = await contexts.of(key.id, request)
      prepared = turns({
        request,
        context,
        key,
        requestId: `req_${newId()}`,
        conversation: null,
        settings: settings(),
        id: left.responseId,
      })
      if (left.cancelled) return give(prepared, prepared.encoder().cancel)
      if (left.tries > MOST_TRIES)
        throw new ApiError('internal_error', 'The response was begun several times in vain.')
      const ticket: Ticket = await admission.enter(key, demandOf(prepared))
      background.start(prepared, ticket)
    } catch (cause) {
      const fail = () => prepared?.encoder().fail(brokenOff(cause))
      if (prepared) give(prepared, fail)
      else log.warn('background_lost', { response: left.responseId, ...faultFields(cause) })
    }
  }

  function give(prepared: Prepared, last: () => unknown): void {
    last()
    said.background.end(saidTurn(prepared), background.instance())
  }

  return {
    /** Keep what runs here, and take over what was left. */
    async look(): Promise<void> {
      if (now() - lookedAt < LOOK_MS) return
      lookedAt = now()
      try {
        await background.renew()
        const left = await background.left(MOST_AT_ONCE)
        for (const turn of left) {
          log.info('background_resumed', { response: turn.responseId, tries: turn.tries })
          await resume(turn)
        }
      } catch (cause) {
        log.warn('database_unreachable', faultFields(cause))
      }
    },
  }
}
