import { brokenOff } from '../../dispatch/reply'
import { ApiError } from '../../errors'
import type { Admission } from '../../http/admission'
import { faultFields, type Log } from '../../log'
import type { LeftTurn } from '../../state/background-turns'
import type { Said } from '../../state/said'
import type { Key } from '../../store/keys'
import type { Settings } from '../../store/settings'
import { responseError } from '../../turn/responses/response-error'
import type { ResponsesRequest } from '../../turn/responses/schema'
import type { Background } from './background'
import type { Contexts } from './context'
import { demandOf, type Turns } from './turn'

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
  let isStopped = false

  /** @throws ApiError when it cannot be begun again, or not now */
  async function begin({ request: text, keyId, responseId, tries }: LeftTurn): Promise<void> {
    if (tries > MOST_TRIES)
      throw new ApiError('internal_error', 'The response was begun several times in vain.')
    const key = keyOf(keyId)
    if (!key) throw new ApiError('invalid_api_key', 'The API key is no longer valid.')
    const request = JSON.parse(text) as ResponsesRequest
    const context = await contexts.again(key.id, responseId, request)
    const prepared = turns({
      request,
      context,
      key,
      requestId: `req_${newId()}`,
      conversation: null,
      settings: settings(),
      id: responseId,
    })
    const ticket = await admission.enter(key, demandOf(prepared))
    background.start(prepared, ticket)
  }

  async function resume(left: LeftTurn): Promise<void> {
    const { responseId: response, tries } = left
    try {
      if (left.cancelled) return await end(left, new ApiError('client_gone', 'It was cancelled.'))
      log.info('background_resumed', { response, tries })
      await begin(left)
    } catch (cause) {
      log.warn('background_lost', { response, tries, ...faultFields(cause) })
      if (!isPassing(cause)) await end(left, brokenOff(cause))
    }
  }

  const end = ({ responseId }: LeftTurn, why: ApiError) =>
    said.background.abandon(responseId, background.instance(), responseError(why))

  return {
    /** From now on only keep what runs here. */
    stop(): void {
      isStopped = true
    },

    /** Keep what runs here, and take over what was left. */
    async look(): Promise<void> {
      if (now() - lookedAt < LOOK_MS) return
      lookedAt = now()
      try {
        await background.renew()
        if (isStopped) return
        const left = await background.left(MOST_AT_ONCE)
        for (const turn of left) await resume(turn)
      } catch (cause) {
        log.warn('database_unreachable', faultFields(cause))
      }
    },
  }
}

/** What is over when the lease is, so that the turn is taken over once more. */
const isPassing = (cause: unknown): boolean =>
  cause instanceof ApiError && (cause.code === 'not_ready' || cause.code === 'rate_limit_exceeded')
