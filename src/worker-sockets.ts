import { CLOSED, refusalOfMessage, type Socket, type Upgrade } from './http/socket'

/** The server's end of a pair, as Workers have it. */
interface ServerEnd {
  accept(): void
  send(text: string): void
  close(code: number, reason: string): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close' | 'error', listener: () => void): void
}

declare const WebSocketPair: new () => { readonly 0: unknown; readonly 1: ServerEnd }

/**
 * WebSockets on Cloudflare Workers. The runtime keeps what a client has not read and does not tell how
 * much that is; it also answers pings itself, and never stops without closing.
 */
export const upgradeOnWorkers: Upgrade = (_, { handler, maxBytes }) => {
  const { 0: client, 1: server } = new WebSocketPair()
  const gone = new AbortController()
  const socket: Socket = {
    signal: gone.signal,
    send(text) {
      if (!gone.signal.aborted) server.send(text)
    },
    close(code, reason) {
      if (gone.signal.aborted) return
      gone.abort()
      server.close(code, reason)
    },
  }
  server.accept()
  server.addEventListener('message', ({ data }) => {
    if (gone.signal.aborted) return
    const refusal = refusalOfMessage(data, maxBytes())
    if (refusal) socket.close(...refusal)
    else handler.message(socket, String(data))
  })
  server.addEventListener('close', () => socket.close(CLOSED.normal, ''))
  server.addEventListener('error', () => gone.abort())
  handler.open?.(socket)
  return new Response(null, { status: 101, webSocket: client } as ResponseInit)
}
