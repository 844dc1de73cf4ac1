import { ApiError } from '../errors'

/** One client's WebSocket, whatever runs it. */
export interface Socket {
  /**
   * Send a message. It resolves when there is room for another: who sends on without waiting fills the
   * memory for a client that does not read. When the client has left, it does nothing.
   */
  send(text: string): Promise<void> | void
  close(code: number, reason: string): void
  /** Aborted when the socket is closed, by whomever. */
  readonly signal: AbortSignal
}

/** What is done with one client's socket. */
export interface SocketHandler {
  open?(socket: Socket): void
  message(socket: Socket, text: string): void
  /** The server stops: close the socket as soon as nothing is under way. */
  leave(socket: Socket): void
}

interface SocketTerms {
  readonly handler: SocketHandler
  /** The largest message that is taken. */
  readonly maxBytes: () => number
}

/** Turns a request into a WebSocket; undefined where the request or the runtime does not allow it. */
export type Upgrade = (request: Request, terms: SocketTerms) => Response | undefined

/** Why a socket is closed, by the codes of RFC 6455 and its registry. */
export const CLOSED = {
  normal: 1000,
  goingAway: 1001,
  notText: 1003,
  tooLarge: 1009,
  failed: 1011,
  tooSlow: 1013,
} as const

/** How long a client may leave unread what was sent, before it is given up. */
export const MOST_PATIENCE_MS = 60_000

/** Whether a request asks for a WebSocket. */
export const asksForSocket = (request: Request): boolean =>
  request.headers.get('upgrade')?.toLowerCase() === 'websocket'

/**
 * Answer a GET of a path that otherwise takes only other methods: with a WebSocket, if it asks for one.
 *
 * @throws ApiError 405 that says what the path takes, 400 for a handshake that cannot succeed
 */
export function openSocket(upgrade: Upgrade, request: Request, terms: SocketTerms): Response {
  if (!asksForSocket(request))
    throw new ApiError(
      'method_not_allowed',
      `${request.method} is not possible here: use POST, or open a WebSocket.`,
      { allow: ['POST'] },
    )
  const response = upgrade(request, terms)
  if (response) return response
  throw new ApiError('invalid_value', 'The WebSocket handshake is not complete.')
}

/** A message within the limit, or word of what is wrong with it. */
export function refusalOfMessage(message: unknown, maxBytes: number): [number, string] | undefined {
  if (typeof message !== 'string') return [CLOSED.notText, 'Messages must be text.']
  // A sign takes up to three bytes for each of its units: most messages need no count.
  if (message.length * 3 <= maxBytes) return undefined
  const { length } = new TextEncoder().encode(message)
  return length > maxBytes ? [CLOSED.tooLarge, `More than ${maxBytes} bytes.`] : undefined
}
