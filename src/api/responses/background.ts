import type { Dispatch } from '../../dispatch/dispatch'
import { brokenOff } from '../../dispatch/reply'
import type { Ticket } from '../../http/admission'
import { EVENT_HEADERS } from '../../http/served'
import type { Log } from '../../log'
import type { Said } from '../../state/said'
import type { LedgerEntry } from '../../store/ledger'
import { replay } from '../../turn/responses/replay'
import { createFeed, type Feed } from './feed'
import type { Prepared } from './turn'

interface BackgroundParts {
  readonly dispatch: Dispatch
  readonly said: Said
  readonly log: Log
  readonly later: (work: Promise<unknown>) => void
  readonly heartbeatMs: () => number
}

/** A turn that nobody need wait for, while it runs here. */
interface Run {
  readonly prepared: Prepared
  readonly abort: AbortController
  /** Hands what is sent on to those who watch. */
  readonly feed: Feed
}

/** Runs turns whose clients do not wait, and lets them be watched and stopped. */
export function createBackground({ dispatch, said, log, later, heartbeatMs }: BackgroundParts) {
  const runs = new Map<string, Run>()

  function snapshot({ prepared }: Run) {
    const encoder = prepared.encoder()
    return { response: encoder.response(), tape: encoder.tape() }
  }

  function keep({ prepared }: Run): void {
    const { request, context, affinity, turn, encoder } = prepared
    const { previousId, conversationId, input } = context
    said.finish({
      keyId: turn.key.id,
      response: encoder().response(),
      input,
      previousId,
      conversationId,
      tape: request.stream === true ? encoder().tape() : null,
      affinity,
      isStored: true,
    })
  }

  async function work(run: Run, ticket: Ticket): Promise<void> {
    const { prepared, abort, feed } = run
    const { id, turn, encoder } = prepared
    const onEnd = (entry: LedgerEntry) => {
      ticket.settle(entry)
      if (entry.outcome === 'gone') feed.push(encoder().cancel())
    }
    try {
      const { answer } = await dispatch.answer({ ...turn, signal: abort.signal, onEnd })
      const { body } = answer
      if (body instanceof ReadableStream) for await (const bytes of body) feed.pushBytes(bytes)
      else if (typeof body !== 'string') feed.pushBytes(body)
    } catch (cause) {
      if (!abort.signal.aborted) feed.push(encoder().fail(brokenOff(cause)))
      log.info('background_failed', { response: id, error: String(cause) })
    } finally {
      keep(run)
      runs.delete(id)
      feed.end()
    }
  }

  function start(prepared: Prepared, ticket: Ticket): Run {
    const run: Run = { prepared, abort: new AbortController(), feed: createFeed() }
    runs.set(prepared.id, run)
    later(work(run, ticket))
    return run
  }

  function watch(run: Run, after: number): Response {
    const { response, tape } = snapshot(run)
    const first = replay(response, tape, after)
    const body = run.feed.follow({ first, after, heartbeatMs: heartbeatMs() })
    return new Response(body, { headers: EVENT_HEADERS })
  }

  return {
    /** Take a turn on, and answer that it is taken on: with what there is of it, or with its stream. */
    async begin(prepared: Prepared, ticket: Ticket): Promise<Response> {
      const { request, context, affinity, turn } = prepared
      const { previousId, conversationId, input } = context
      const response = prepared.encoder().response()
      await said.begin({
        keyId: turn.key.id,
        response,
        input,
        previousId,
        conversationId,
        tape: null,
        affinity,
        isStored: true,
        request: JSON.stringify(request),
      })
      const run = start(prepared, ticket)
      if (request.stream === true) return watch(run, -1)
      return Response.json(response)
    },

    /** What a turn that runs here has come to so far. */
    find: (keyId: string, id: string) => {
      const run = runs.get(id)
      return run?.prepared.turn.key.id === keyId ? run : undefined
    },

    snapshot,
    watch,

    /** Stop a turn that runs here. */
    cancel({ prepared, abort, feed }: Run): void {
      feed.push(prepared.encoder().cancel())
      abort.abort()
    },

    /** The turns that run here. */
    ids: (): readonly string[] => [...runs.keys()],

    start,
  }
}

export type Background = ReturnType<typeof createBackground>
