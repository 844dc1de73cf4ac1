import { ApiError } from '../../errors'
import { CLOSED, type Socket, type SocketHandler } from '../../http/socket'
import { readObject } from '../../json'
import { isObject } from '../../json-value'
import { createEventReader } from '../../stream/sse'
import type { Item } from '../../turn/responses/schema'
import { createSocketMemory } from './socket-memory'

/** A request as a streamed `POST /v1/responses` would bring it. */
export type SocketRequest = Readonly<Record<string, unknown>>

export interface SocketTerms {
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal
  /**
   * What was said until `previous_response_id`, where only this socket knows of it; else the response
   * is among the stored ones, or nowhere.
   */
  readonly context: readonly Item[] | undefined
}

/** A turn that is being answered. */
export interface SocketTurn {
  /** The server-sent events of the answer. */
  readonly events: ReadableStream<Uint8Array>
  /** Known as soon as the last event is, without waiting for any database. */
  readonly outcome: Promise<SocketOutcome>
}

export interface SocketOutcome {
  readonly id: string
  readonly isFailed: boolean
  readonly isStored: boolean
  /** All that a turn which goes on from here begins with: the context, the input, the output. */
  readonly items: readonly Item[]
  /** What these weigh, in characters. */
  readonly weight: number
}

interface ResponsesSocketParts {
  /**
   * Answer a request for the caller who opened the socket, just as `POST /v1/responses` would.
   *
   * @throws ApiError where that would answer with one
   */
  readonly respond: (request: SocketRequest, terms: SocketTerms) => Promise<SocketTurn>
  readonly onBug: (error: unknown) => void
  readonly maxAgeMs?: number
}

/** OpenAI gives a socket as long. */
const MOST_AGE_MS = 60 * 60_000

const LAST_EVENTS = new Set(['response.completed', 'response.incomplete', 'response.failed'])

/** The WebSocket mode of the Responses API, for one socket: one turn after the other. */
export function createResponsesSocket(parts: ResponsesSocketParts): SocketHandler {
  const { respond, onBug, maxAgeMs = MOST_AGE_MS } = parts
  const memory = createSocketMemory()
  let busy = false
  let refusing = false
  /** How the socket is to be closed after the turn that runs. */
  let farewell: (() => Promise<void>) | undefined

  function close(end: () => Promise<void>): void {
    farewell ??= end
    if (!busy) farewell().catch(onBug)
  }

  async function sayOld(socket: Socket): Promise<void> {
    const minutes = Math.round(maxAgeMs / 60_000)
    const failure = new ApiError(
      'websocket_connection_limit_reached',
      `A connection is kept for ${minutes} minutes. Open another one to go on.`,
    )
    await socket.send(errorFrame(failure))
    socket.close(CLOSED.normal, 'Connection limit reached.')
  }

  /** Everything but the last event goes out; that one comes back, to be sent when the turn is over. */
  async function relay(socket: Socket, events: ReadableStream<Uint8Array>): Promise<string> {
    let last: string | undefined
    let frames: string[] = []
    const reader = createEventReader((data, name) => {
      if (data === '[DONE]') return
      if (name !== undefined && LAST_EVENTS.has(name)) last = data
      else frames.push(name === 'error' ? withStatus(data) : data)
    })
    for await (const bytes of events) {
      if (socket.signal.aborted) break
      reader.push(bytes)
      for (const frame of frames) await socket.send(frame)
      frames = []
    }
    reader.end()
    for (const frame of frames) await socket.send(frame)
    if (last === undefined) throw new Error('The stream of a response has no last event.')
    return last
  }

  /** Run one turn, and give what is to be said last. */
  async function take(socket: Socket, text: string): Promise<string | undefined> {
    let previous: string | undefined
    // Of its own: whoever listens to the socket's holds what the turn was told, until the client leaves.
    const abort = new AbortController()
    const leave = () => abort.abort()
    socket.signal.addEventListener('abort', leave)
    try {
      const request = readCreate(text)
      const { previous_response_id: given } = request
      if (typeof given === 'string') previous = given
      const context = previous === undefined ? undefined : memory.recall(previous)
      const { events, outcome } = await respond(request, { signal: abort.signal, context })
      // It may fail before the events have ended, and is looked at afterwards.
      outcome.catch(() => {})
      const last = await relay(socket, events)
      const { id, isFailed, isStored, items, weight } = await outcome
      if (isFailed && previous !== undefined) memory.forget(previous)
      if (!isFailed && !isStored) memory.keep(id, items, weight)
      return last
    } catch (cause) {
      if (socket.signal.aborted) return undefined
      if (previous !== undefined) memory.forget(previous)
      if (!(cause instanceof ApiError)) onBug(cause)
      const known = cause instanceof ApiError ? cause : undefined
      return errorFrame(known ?? new ApiError('internal_error', 'Groxy failed.', { cause }))
    } finally {
      socket.signal.removeEventListener('abort', leave)
    }
  }

  async function run(socket: Socket, text: string): Promise<void> {
    const last = await take(socket, text)
    // Who has read the last event may begin the next turn at once, if there is to be one.
    const isLast = farewell !== undefined
    busy = isLast
    if (last !== undefined) await socket.send(last)
    if (isLast) await farewell?.()
  }

  /** One refusal at a time: who does not read them needs no more of them. */
  async function refuse(socket: Socket): Promise<void> {
    if (refusing) return
    refusing = true
    await socket.send(errorFrame(alreadyBusy()))
    refusing = false
  }

  return {
    open(socket) {
      const timer = setTimeout(() => close(() => sayOld(socket)), maxAgeMs)
      socket.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
    },

    message(socket, text) {
      if (busy) {
        refuse(socket).catch(onBug)
        return
      }
      busy = true
      run(socket, text).catch(onBug)
    },

    leave: (socket) =>
      close(async () => socket.close(CLOSED.goingAway, 'The server stops. Open another one.')),
  }
}

/** Fields that only make sense over HTTP; sockets always stream. */
const TRANSPORT = new Set([
  'type',
  'stream',
  'stream_options',
  'background',
  'generate',
  'response',
])

/** What is refused, since to leave it out would not do what it is there for. */
const UNABLE = [
  ['background', true],
  ['generate', false],
] as const

/** The request in a message of the client. */
function readCreate(text: string): SocketRequest {
  const { value } = readObject(text)
  if (value.type !== 'response.create')
    throw new ApiError('invalid_value', "A message must be of the type 'response.create'.", {
      param: 'type',
    })
  const request = isObject(value.response) ? value.response : value
  for (const [param, value] of UNABLE)
    if (request[param] === value)
      throw new ApiError(
        'unsupported_parameter',
        `'${param}: ${value}' is not possible over a WebSocket.`,
        { param },
      )
  const entries = Object.entries(request).filter(([name]) => !TRANSPORT.has(name))
  return { ...Object.fromEntries(entries), stream: true }
}

const alreadyBusy = () =>
  new ApiError(
    'response_in_progress',
    'A response is in progress on this connection: wait for its last event, or open another connection.',
  )

/** A failure as it is said on a socket. */
function errorFrame(failure: ApiError): string {
  return JSON.stringify({ type: 'error', status: failure.status, ...failure.toBody() })
}

/** A failure within an answer, which over HTTP has no status any more. */
function withStatus(data: string): string {
  const event: unknown = JSON.parse(data)
  return isObject(event) ? JSON.stringify({ status: 500, ...event }) : data
}
