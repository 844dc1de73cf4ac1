import { newRequestId } from '../../crypto'
import { brokenOff } from '../../dispatch/reply'
import { ApiError } from '../../errors'
import type { Admission, Ticket } from '../../http/admission'
import type { Demand } from '../../http/demand'
import { faultFields, type Log } from '../../log'
import type { LeftTurn } from '../../state/background-turns'
import type { Said } from '../../state/said'
import type { Key } from '../../store/keys'
import type { Settings } from '../../store/settings'
import type { Background, LeftRequest } from './background'
import type { Context, Contexts } from './context'
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
  readonly now: () => number
  readonly log: Log
}

/** How often left turns are looked for. */
const LOOK_MS = 5_000
/** So many at once: others may want some, too. */
const MOST_AT_ONCE = 20
/** What has brought down so many instances is not begun again. */
const MOST_TRIES = 3

/** Of a turn whose conversation is gone. */
const NO_CONTEXT: Context = {
  items: [],
  input: [],
  previousId: null,
  conversation: null,
  affinity: undefined,
}

/** Goes on with the background turns of instances that are gone. */
export function createTakeover(parts: TakeoverParts) {
  const { background, said, admission, contexts, turns, settings, keyOf, now, log } = parts
  let lookedAt = Number.NEGATIVE_INFINITY

  async function resume(left: LeftTurn): Promise<void> {
    const { keyId, responseId: id, createdAt } = left
    // The database was away for longer than its time; now it has got more.
    if (background.find(keyId, id)) return
    const key = keyOf(keyId)
    // Whoever has no key any more asks for nothing; nor does who has deleted it.
    if (!key || left.request === '') return said.background.drop(keyId, id, background.instance())
    log.info('background_resumed', { response: id, tries: left.tries })
    const { request, origin } = JSON.parse(left.request) as LeftRequest
    const prepare = (context: Context) =>
      turns({
        request,
        context,
        key,
        requestId: newRequestId(now()),
        conversation: null,
        origin: () => origin,
        settings: settings(),
        id,
        createdAt,
      })
    const end = (prepared: Prepared, last: () => unknown) => {
      last()
      said.background.end(saidTurn(prepared), background.instance())
    }
    let prepared: Prepared | undefined
    try {
      prepared = prepare(await contexts.again(key.id, id, request))
      if (left.cancelled) return end(prepared, prepared.encoder().cancel)
      if (left.tries > MOST_TRIES)
        throw new ApiError('internal_error', 'The response was begun several times in vain.')
      background.start(prepared, await letIn(key, demandOf(prepared)))
    } catch (cause) {
      // The database may be there again when its time here is over.
      if (cause instanceof ApiError && cause.code === 'not_ready') throw cause
      log.warn('background_lost', { response: id, ...faultFields(cause) })
      const failed = prepared ?? prepare(NO_CONTEXT)
      end(failed, () => failed.encoder().fail(brokenOff(cause)))
    }
  }

  /** It was let in once, so that its key's limits have counted it. */
  async function letIn(key: Key, demand: Demand): Promise<Ticket> {
    try {
      return await admission.enter(key, demand)
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === 429) return { settle() {} }
      throw cause
    }
  }

  return {
    /** Take over what was left. */
    async look(): Promise<void> {
      if (now() - lookedAt < LOOK_MS) return
      lookedAt = now()
      try {
        for (const turn of await background.left(MOST_AT_ONCE))
          await resume(turn).catch((cause) =>
            log.warn('background_waits', { response: turn.responseId, ...faultFields(cause) }),
          )
      } catch (cause) {
        log.warn('database_unreachable', faultFields(cause))
      }
    },
  }
}
