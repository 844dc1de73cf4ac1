import type { Dispatch } from '../../dispatch/dispatch'
import { brokenOff } from '../../dispatch/reply'
import { ApiError } from '../../errors'
import type { Ending, Ticket } from '../../http/admission'
import { EVENT_HEADERS } from '../../http/served'
import type { Log } from '../../log'
import type { SaidTurn } from '../../state/draft'
import type { Said } from '../../state/said'
import type { LedgerEntry } from '../../store/ledger'
import { replay } from '../../turn/responses/replay'
import { shownResponse } from '../../turn/responses/shown'
import { createFeed, type Feed } from './feed'
import { saidTurn } from './said-turn'
import type { Prepared } from './turn'

interface BackgroundParts {
  readonly dispatch: Dispatch
  readonly said: Said
  readonly log: Log
  readonly later: (work: Promise<unknown>) => void
  readonly heartbeatMs: () => number
  readonly now: () => number
  readonly newId: () => string
}

/** A turn that nobody need wait for, while it runs here. */
export interface Run {
  readonly prepared: Prepared
  readonly abort: AbortController
  /** Hands what is sent on to those who watch. */
  readonly feed: Feed
}

/** An instance that has not kept its turns for so long is taken to be gone. */
const LEASE_MS = 30_000

/** What a turn comes to that was let in and could not be stored. */
const NEVER_ASKED: Ending = {
  outcome: 'failed',
  inputTokens: 0,
  outputTokens: 0,
  usageSource: 'none',
  costTicks: null,
}

/** Runs turns whose clients do not wait, and lets them be watched and stopped. */
export function createBackground(parts: BackgroundParts) {
  const { dispatch, said, log, later, heartbeatMs, now, newId } = parts
  const runs = new Map<string, Run>()
  let ownName: string | undefined
  const instance = () => {
    // Not at once: a Worker has no random numbers before its first request.
    ownName ??= newId()
    return ownName
  }
  const lease = () => ({ instance: instance(), expiresAt: now() + LEASE_MS })

  function snapshot({ prepared }: Run) {
    const { response, tape } = saidTurn(prepared)
    return { response, tape }
  }

  async function work(run: Run, ticket: Ticket): Promise<void> {
    const { prepared, abort, feed } = run
    const { id, turn, encoder } = prepared
    const onEnd = (entry: LedgerEntry) => {
      ticket.settle(entry)
      if (entry.outcome === 'gone') feed.push(encoder().cancel())
    }
    said.background.note(saidTurn(prepared), instance())
    try {
      const { answer } = await dispatch.answer({ ...turn, signal: abort.signal, onEnd })
      const { body } = answer
      if (body instanceof ReadableStream) for await (const bytes of body) feed.pushBytes(bytes)
      else if (typeof body !== 'string') feed.pushBytes(body)
    } catch (cause) {
      feed.push(abort.signal.aborted ? encoder().cancel() : encoder().fail(brokenOff(cause)))
      log.info('background_failed', { response: id, error: String(cause) })
    } finally {
      said.background.end(saidTurn(prepared), instance())
      runs.delete(id)
      feed.end()
    }
  }

  async function store(turn: SaidTurn, request: object): Promise<void> {
    if (await said.background.begin(turn, JSON.stringify(request), lease())) return
    throw new ApiError(
      'body_too_large',
      'A background response has to be stored, and this one is too large for that.',
    )
  }

  function start(prepared: Prepared, ticket: Ticket): Run {
    const run: Run = { prepared, abort: new AbortController(), feed: createFeed() }
    runs.set(prepared.id, run)
    later(work(run, ticket))
    return run
  }

  function watch(run: Run, after: number): Response {
    const { response, tape } = snapshot(run)
    const first = replay(shownResponse(response), tape, after)
    const body = run.feed.follow({ first, after, heartbeatMs: heartbeatMs() })
    return new Response(body, { headers: EVENT_HEADERS })
  }

  function stop({ prepared, abort, feed }: Run): void {
    feed.push(prepared.encoder().cancel())
    abort.abort()
  }

  return {
    /**
     * Take a turn on, and answer that it is taken on: with what there is of it, or with its stream.
     *
     * @throws ApiError when it is too large to be stored, or the database is away
     */
    async begin(prepared: Prepared, ticket: Ticket): Promise<Response> {
      const { request } = prepared
      const turn = saidTurn(prepared)
      try {
        await store(turn, request)
      } catch (cause) {
        ticket.settle(NEVER_ASKED)
        throw cause
      }
      const run = start(prepared, ticket)
      if (request.stream === true) return watch(run, -1)
      return Response.json(shownResponse(turn.response))
    },

    /** A turn of a key that runs here. */
    find(keyId: string, id: string): Run | undefined {
      const run = runs.get(id)
      return run?.prepared.turn.key.id === keyId ? run : undefined
    },

    snapshot,
    watch,
    stop,
    start,
    instance,
    lease,

    /** Keep the turns that run here, and stop those that somebody cancelled elsewhere. */
    async renew(): Promise<void> {
      if (runs.size === 0) return
      const { cancelled, lost } = await said.background.renew(lease(), [...runs.keys()])
      for (const id of [...cancelled, ...lost]) {
        const run = runs.get(id)
        if (run) stop(run)
      }
    },

    /** The server stops: what runs here goes on elsewhere, or when it has started again. */
    async leave(): Promise<void> {
      if (runs.size === 0) return
      await said.background.release(instance())
      for (const run of runs.values()) stop(run)
    },

    /** Turns that others have left behind. */
    left: (most: number) => said.background.claim(lease(), most),
  }
}

export type Background = ReturnType<typeof createBackground>
