import type { Dispatch } from '../../dispatch/dispatch'
import type { Answer, Served } from '../../dispatch/turn'
import { ApiError } from '../../errors'
import type { Admission, Ticket } from '../../http/admission'
import type { Body, Checks } from '../../http/body'
import type { KeyCaller } from '../../http/key-handlers'
import { answerResponse } from '../../http/served'
import { checkMetadata } from '../../state/metadata'
import type { Said } from '../../state/said'
import type { LedgerEntry } from '../../store/ledger'
import type { Settings } from '../../store/settings'
import { type Item, ResponsesRequest } from '../../turn/responses/schema'
import type { Background } from './background'
import type { Contexts } from './context'
import { endWhenWritten } from './held-end'
import { saidTurn } from './said-turn'
import type { SocketOutcome, SocketRequest, SocketTerms, SocketTurn } from './socket'
import { demandOf, type Prepared, refuseUnclear, type Turns } from './turn'

interface ResponsesParts {
  readonly dispatch: Dispatch
  readonly admission: Admission
  readonly contexts: Contexts
  readonly turns: Turns
  readonly background: Background
  readonly said: Said
  readonly checks: Checks
  readonly settings: () => Settings
}

/** `POST /v1/responses` behind its route. */
export function createResponses(parts: ResponsesParts) {
  const { dispatch, admission, contexts, turns, background, said, settings } = parts
  const check = parts.checks(ResponsesRequest)

  /** @throws ApiError when the request is not right, or its key may not */
  async function prepare(
    request: ResponsesRequest,
    { key, requestId, conversation, origin }: KeyCaller,
    remembered?: readonly Item[],
  ): Promise<{ readonly prepared: Prepared; readonly ticket: Ticket }> {
    refuseUnclear(request)
    checkMetadata(request.metadata, 'metadata')
    const context = await contexts.of(key.id, request, remembered)
    const prepared = turns({
      request,
      context,
      key,
      requestId,
      conversation,
      origin,
      settings: settings(),
    })
    const ticket = await admission.enter(key, demandOf(prepared))
    return { prepared, ticket }
  }

  /** What was said is kept, whatever the turn came to, unless no answer had begun. */
  function keep(prepared: Prepared): void {
    const { request, context, turn } = prepared
    const { conversation } = context
    if (request.store !== false) said.responses.save(saidTurn(prepared))
    else if (conversation) {
      const { input, output } = saidTurn(prepared)
      said.conversations.append(turn.key.id, conversation.id, [...input, ...output])
    }
  }

  /** Ask for an answer that the client waits for. */
  function run(
    prepared: Prepared,
    ticket: Ticket,
    signal: AbortSignal,
    onDone?: () => void,
  ): Promise<Served> {
    const onEnd = (entry: LedgerEntry) => {
      ticket.settle(entry)
      if (entry.outcome === 'gone') prepared.encoder().cancel()
      if (entry.firstByteMs !== null) keep(prepared)
      onDone?.()
    }
    return dispatch.answer({ ...prepared.turn, signal, onEnd })
  }

  /** The answer of a turn in a conversation ends when the next turn finds it there, at whichever instance. */
  async function ended({ context }: Prepared, answer: Answer): Promise<Answer> {
    const id = context.conversation?.id
    if (id === undefined) return answer
    const { body } = answer
    if (body instanceof ReadableStream)
      return { ...answer, form: 'events', body: endWhenWritten(body, () => said.written(id)) }
    await said.written(id)
    return answer
  }

  return {
    async create({ value, release }: Body<ResponsesRequest>, asker: KeyCaller): Promise<Response> {
      try {
        const { prepared, ticket } = await prepare(value, asker)
        if (value.background === true) return await background.begin(prepared, ticket)
        const { answer, by } = await run(prepared, ticket, asker.signal)
        return answerResponse(await ended(prepared, answer), by)
      } finally {
        release()
      }
    },

    /** The same for a socket: the stream of the answer, and what it comes to. */
    async respond(
      asked: SocketRequest,
      caller: KeyCaller,
      terms: SocketTerms,
    ): Promise<SocketTurn> {
      const request = check(asked)
      const { signal, context } = terms
      const { prepared, ticket } = await prepare(request, caller, context)
      const { promise: done, resolve } = Promise.withResolvers<void>()
      const served = await run(prepared, ticket, signal, resolve)
      const answer = await ended(prepared, served.answer)
      if (answer.form === 'json') throw new ApiError('internal_error', 'A stream came as a text.')
      const events = new Response(answer.body as BodyInit).body ?? new ReadableStream()
      return { events, outcome: done.then(() => outcomeOf(prepared)) }
    },
  }
}

function outcomeOf({ id, request, context, encoder, text }: Prepared): SocketOutcome {
  const { status, output } = encoder().response()
  return {
    id,
    isFailed: status === 'failed',
    isStored: request.store !== false,
    items: [...context.items, ...(output as readonly Item[])],
    weight: text.length + JSON.stringify(output).length,
  }
}

export type Responses = ReturnType<typeof createResponses>
