import { faultFields, type Log } from '../log'
import type { Settings } from '../store/settings'
import type { Stores } from '../store/stores'
import { createSaidBackground } from './background-turns'
import { createSaidCompletions } from './completions'
import { createSaidConversations } from './conversations'
import { createDrafts, type ResponseWriting, type SaidTurn, writingOf } from './draft'
import { createReach } from './reach'
import { createSaidResponses } from './responses'
import { createWriteQueue } from './write-queue'

interface SaidParts {
  readonly stores: Pick<
    Stores,
    'responses' | 'conversations' | 'completions' | 'backgroundTurns' | 'write'
  >
  readonly settings: () => Pick<Settings, 'stored_days' | 'stored_response_bytes'>
  readonly digest: (text: string) => string | Promise<string>
  readonly newId: () => string
  readonly now: () => number
  /** Finish work after the response: a tracked promise on a machine, `waitUntil` on Workers. */
  readonly later: (work: Promise<unknown>) => void
  readonly log: Log
}

const DAY_MS = 86_400_000

/**
 * What was said, for clients that come back to it. It is written behind the answers, and found at once
 * by the instance that answered.
 */
export function createSaid({ stores, settings, digest, newId, now, later, log }: SaidParts) {
  const keptMs = () => settings().stored_days * DAY_MS
  const mostBytes = () => settings().stored_response_bytes
  const onTooLarge = (id: string, characters?: number) =>
    log.warn('not_stored', { id, characters, most: mostBytes() })
  const reach = createReach((cause) => log.warn('database_unreachable', faultFields(cause)))
  const queue = createWriteQueue<ResponseWriting>({
    write: stores.write,
    now,
    later,
    onFault: (cause, waiting, dropped) =>
      log.warn('said_waits', { ...faultFields(cause), waiting, dropped }),
    onLost: (cause, { owners: [id] }) => log.error('said_lost', { ...faultFields(cause), id }),
  })
  const drafts = createDrafts({ newId, now, keptMs, mostBytes })

  function draft(turn: SaidTurn, request?: string) {
    const made = drafts(turn, request)
    if (!made) onTooLarge(turn.response.id)
    return made
  }

  return {
    responses: {
      ...createSaidResponses({ store: stores.responses, queue, reach, now, keptMs }),

      /** Store a turn that is over, behind its answer. One that is too large is not stored. */
      save(turn: SaidTurn): void {
        const made = draft(turn)
        if (made) queue.push(writingOf(made, true, digest, stores.responses.insertion))
      },
    },
    conversations: createSaidConversations({
      store: stores.conversations,
      queue,
      digest,
      reach,
      newId,
      now,
      keptMs,
      mostBytes,
      onTooLarge,
    }),
    completions: createSaidCompletions({
      store: stores.completions,
      queue,
      digest,
      reach,
      now,
      keptMs,
      mostBytes,
      onTooLarge,
    }),
    background: createSaidBackground({
      store: stores.backgroundTurns,
      queue,
      draft,
      digest,
      reach,
      now,
    }),

    /** Wait for a while until what was said in a conversation is written. */
    written: queue.written,

    /** Write what waits, now. */
    flush: queue.flush,
    waiting: queue.waiting,
    /** What was given up: there was no room for it, or the database did not take it. */
    dropped: queue.dropped,
  }
}

export type Said = ReturnType<typeof createSaid>
