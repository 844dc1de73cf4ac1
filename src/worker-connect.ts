import { asFault, type Fetch } from './net/http'
import { type Connect, closingFault, createInbox } from './net/line'

/** The client's end of a WebSocket, as Workers have it. */
interface ClientEnd {
  accept(): void
  send(text: string): void
  close(code: number, reason: string): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void
  addEventListener(type: 'error', listener: (event: { readonly error?: unknown }) => void): void
}

const DONE = 1000

/** WebSockets to upstreams on Cloudflare Workers, where a call of `call`, the runtime's fetch, opens them. */
export const connectOnWorkers =
  (call: Fetch): Connect =>
  async (url, { headers, signal }) => {
    const init = {
      headers: { ...headers, upgrade: 'websocket' },
      redirect: 'manual' as const,
      signal,
    }
    const response = await call(url.replace(/^ws/, 'http'), init).catch((cause) => {
      throw asFault(cause, signal)
    })
    const { webSocket: socket } = response as { readonly webSocket?: ClientEnd | null }
    if (!socket) return response
    const inbox = createInbox()

    function stop(fault?: unknown) {
      inbox.end(fault)
      signal.removeEventListener('abort', onAbort)
      socket?.close(DONE, '')
    }
    const onAbort = () => stop(asFault(signal.reason, signal))
    signal.addEventListener('abort', onAbort, { once: true })

    socket.addEventListener('message', ({ data }) => {
      try {
        inbox.push(data)
      } catch (fault) {
        stop(fault)
      }
    })
    socket.addEventListener('close', ({ code }) => {
      signal.removeEventListener('abort', onAbort)
      inbox.end(closingFault(code))
    })
    socket.addEventListener('error', ({ error }) => inbox.end(asFault(error, signal)))
    socket.accept()
    return { send: (text) => socket.send(text), messages: inbox.messages, close: () => stop() }
  }
