import type { Dispatch } from '../../dispatch/dispatch'
import { brokenOff } from '../../dispatch/reply'
import { ApiError } from '../../errors'
import { NEVER_BEGUN, type Ticket } from '../../http/admission'
import { EVENT_HEADERS } from '../../http/served'
import type { Log } from '../../log'
import type { SaidTurn } from '../../state/draft'
import { createLeases, type LeasedRun } from '../../state/leases'
import type { Said } from '../../state/said'
import type { LedgerEntry } from '../../store/ledger'
import { replay } from '../../turn/responses/replay'
import type { ResponsesRequest } from '../../turn/responses/schema'
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
  /** The name of this instance. */
  readonly instance: () => string
}

/** A turn that nobody need wait for, while it runs here. */
export interface Run extends LeasedRun {
  readonly prepared: Prepared
  /** What it holds of its key's limits. */
  readonly ticket: Ticket
  /** Hands what is sent on to those who watch. */
  readonly feed: Feed
}

/** What it takes to begin a turn again. */
export interface LeftRequest {
  readonly request: ResponsesRequest
  /** Where addresses of media in its answer begin: whoever asked is not there any more. */
  readonly origin: string
}

/** Runs turns whose clients do not wait, and lets them be watched and stopped. */
export function createBackground(parts: BackgroundParts) {
  const { dispatch, said, log, later, heartbeatMs, now, instance } = parts
  const leases = createLeases<Run>({
    instance,
    async renew(lease, runs) {
      const { cancelled, lost } = await said.background.renew(lease, idsOf(runs))
      // Their clients did so at other instances.
      for (const run of leases.living(cancelled)) stop(run)
      return lost
    },
    release: (name, runs) => said.background.release(name, idsOf(runs)),
    onDeath({ feed, ticket }) {
      // Whoever goes on with it takes its place.
      ticket.settle(NEVER_BEGUN)
      feed.end()
    },
    faults: { notKept: 'background_not_kept', notReleased: 'background_not_given_back' },
    ...{ later, now, log },
  })

  /** What there is of a turn that runs. */
  function begun(prepared: Prepared): SaidTurn {
    const turn = saidTurn(prepared)
    const { response } = turn
    // It is asked for, even if nobody has said a word yet.
    if (response.status !== 'queued') return turn
    return { ...turn, response: { ...response, status: 'in_progress' } }
  }

  function snapshot({ prepared }: Run) {
    const { response, tape } = begun(prepared)
    return { response, tape }
  }

  async function work(run: Run): Promise<void> {
    const { prepared, ticket, abort, feed } = run
    const { id, turn, encoder } = prepared
    const onEnd = (entry: LedgerEntry) => {
      ticket.settle(entry)
      if (entry.outcome === 'gone' && !run.isLeft) feed.push(encoder().cancel())
    }
    const letGo = leases.hold(id, run)
    said.background.note(begun(prepared), instance())
    try {
      const { answer } = await dispatch.answer({ ...turn, signal: abort.signal, onEnd })
      const { body } = answer
      if (body instanceof ReadableStream) await relay(body, run)
      else if (typeof body !== 'string') feed.pushBytes(body)
    } catch (cause) {
      if (run.isLeft) return
      feed.push(abort.signal.aborted ? encoder().cancel() : encoder().fail(brokenOff(cause)))
      log.info('response_failed', { response: id, error: String(cause) })
    } finally {
      letGo()
      if (!run.isLeft) said.background.end(saidTurn(prepared), instance())
      feed.end()
    }
  }

  function start(prepared: Prepared, ticket: Ticket): Run {
    const run: Run = {
      prepared,
      ticket,
      abort: new AbortController(),
      feed: createFeed(),
      isLeft: false,
      aliveAt: now(),
    }
    later(work(run))
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
      const left: LeftRequest = { request, origin: prepared.turn.origin() }
      try {
        if (!(await said.background.begin(turn, JSON.stringify(left), leases.lease())))
          throw tooLarge()
      } catch (cause) {
        ticket.settle(NEVER_BEGUN)
        throw cause
      }
      const run = start(prepared, ticket)
      if (request.stream === true) return watch(run, -1)
      return Response.json(shownResponse(turn.response))
    },

    /** A turn of a key that runs here. */
    find(keyId: string, id: string): Run | undefined {
      const run = leases.find(id)
      return run?.prepared.turn.key.id === keyId ? run : undefined
    },

    snapshot,
    watch,
    stop,
    start,
    instance,

    /** Stop those that their clients have cancelled at other instances. */
    heed: leases.keep,

    /**
     * Give turns up, so that another instance takes them over at once: the server stops. Those that
     * somebody watches may stay until the last.
     */
    leave: (which: 'unwatched' | 'all') =>
      leases.leave(({ feed }) => which === 'all' || !feed.isFollowed()),

    /** Turns that others have left behind. */
    left: (most: number) => said.background.claim(leases.lease(), most),
  }
}

const idsOf = (runs: readonly Run[]) => runs.map(({ prepared }) => prepared.id)

/** Read an answer as a client would that may leave. */
async function relay(body: ReadableStream<Uint8Array>, { abort, feed }: Run): Promise<void> {
  const reader = body.getReader()
  abort.signal.addEventListener('abort', () => reader.cancel().catch(() => {}), { once: true })
  if (abort.signal.aborted) return reader.cancel()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    feed.pushBytes(value)
  }
}

export type Background = ReturnType<typeof createBackground>

const tooLarge = () =>
  new ApiError(
    'body_too_large',
    'A background response has to be stored, and this one is too large for that.',
  )
