import type { ServerWebSocket, WebSocketHandler } from 'bun'
import { contextOf } from '../http/context'
import {
  CLOSED,
  MOST_PATIENCE_MS,
  refusalOfMessage,
  type Socket,
  type SocketHandler,
  type Upgrade,
} from '../http/socket'

/** What belongs to one client's socket. */
export interface Link {
  readonly handler: SocketHandler
  readonly maxBytes: () => number
  readonly gone: AbortController
  socket?: Socket
  /** Resolves when the client has read what was sent. */
  room?: PromiseWithResolvers<void> | undefined
  patience?: ReturnType<typeof setTimeout> | undefined
}

/** Above the setting, which is looked at for each message; Bun must know a limit when it starts. */
const MOST_BYTES = 256 * 1024 * 1024

/**
 * Bun pings when half of this has passed and gives up a client that does not answer: it must not cut a
 * model that thinks, and proxies on the way must see that the connection lives.
 */
const IDLE_SECONDS = 30

/** The WebSockets of a server of Bun's. */
export function createSockets(patienceMs = MOST_PATIENCE_MS) {
  const open = new Set<Link>()
  let leaving = false

  const upgrade: Upgrade = (request, { handler, maxBytes }) => {
    const { listener, original, requestId } = contextOf(request) ?? {}
    const data: Link = { handler, maxBytes, gone: new AbortController() }
    const headers = { 'x-request-id': String(requestId) }
    // Only the request as Bun gave it can be upgraded, and what is answered then does not matter.
    const isDone = original && listener?.upgrade?.(original, { data, headers })
    return isDone ? new Response(null, { status: 101 }) : undefined
  }

  const websocket: WebSocketHandler<Link> = {
    idleTimeout: IDLE_SECONDS,
    maxPayloadLength: MOST_BYTES,

    open(ws) {
      const link = ws.data
      const socket = socketOf(ws, patienceMs)
      link.socket = socket
      open.add(link)
      link.handler.open?.(socket)
      if (leaving) link.handler.leave(socket)
    },

    message(ws, message) {
      const { handler, maxBytes, socket } = ws.data
      const refusal = refusalOfMessage(message, maxBytes())
      if (refusal) ws.close(...refusal)
      else if (socket) handler.message(socket, String(message))
    },

    drain(ws) {
      if (ws.getBufferedAmount() === 0) makeRoom(ws.data)
    },

    close({ data }) {
      open.delete(data)
      data.gone.abort()
      makeRoom(data)
    },
  }

  return {
    upgrade,
    websocket,

    /** Close all sockets, each after what it has under way. */
    leave(): void {
      leaving = true
      for (const { handler, socket } of open) if (socket) handler.leave(socket)
    },
  }
}

export type Sockets = ReturnType<typeof createSockets>

function socketOf(ws: ServerWebSocket<Link>, patienceMs: number): Socket {
  const link = ws.data
  const { signal } = link.gone
  return {
    signal,

    send(text) {
      if (signal.aborted) return
      // Bun takes a message beyond its buffer once, and drops the next one.
      if (ws.send(text) > 0) return
      link.room ??= Promise.withResolvers()
      link.patience ??= setTimeout(() => ws.close(CLOSED.tooSlow, 'Too slow.'), patienceMs)
      return link.room.promise
    },

    close: (code, reason) => ws.close(code, reason),
  }
}

function makeRoom(link: Link): void {
  clearTimeout(link.patience)
  link.room?.resolve()
  link.patience = undefined
  link.room = undefined
}
