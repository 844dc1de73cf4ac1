import { asFault } from '../net/http'
import {
  type Connect,
  closingFault,
  createInbox,
  type Line,
  type LineTerms,
  tooLong,
} from '../net/line'
import { noExceptions } from './no-exceptions'

/** What an upstream answered to the wish for a WebSocket. */
interface Handshake {
  readonly statusCode: number
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[]
  /** What came along with the headers of it: all of most refusals. */
  readonly body: Uint8Array<ArrayBuffer>
}

/** As Bun has it, and browsers do not. */
const BunSocket = WebSocket as unknown as new (
  url: string,
  options: Bun.WebSocketOptions,
) => Bun.WebSocket

/**
 * WebSockets of Bun. Beside what it documents, Bun tells its own `ws` by an event `handshake` how an
 * upstream answered: only so a refusal's status and words can be had.
 */
export function machineConnect(): Connect {
  const always = noExceptions()

  function dial(url: string, { headers, proxy, signal }: LineTerms): Bun.WebSocket {
    const way = proxy ?? environmentProxy(url)
    // Pictures do not become smaller, and a bomb of compressed text would.
    const options = { headers, perMessageDeflate: false, ...(way && { proxy: way }) }
    const open = () => new BunSocket(url, options)
    try {
      return proxy ? always(open) : open()
    } catch (cause) {
      throw asFault(cause, signal, proxy)
    }
  }

  return async (url, terms) => {
    const { proxy, signal } = terms
    if (signal.aborted) throw asFault(signal.reason, signal, proxy)
    const socket = dial(url, terms)
    const { promise, resolve, reject } = Promise.withResolvers<Line | Response>()
    const inbox = createInbox({
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
    })
    let refusal: Response | undefined
    let problem: unknown
    let isOpen = false

    function stop(fault: unknown) {
      inbox.end(fault)
      socket.terminate()
    }
    const onAbort = () => stop(asFault(signal.reason, signal, proxy))
    signal.addEventListener('abort', onAbort, { once: true })

    socket.addEventListener('handshake', (event) => {
      refusal = refusalOf((event as MessageEvent<Handshake>).data)
    })
    socket.addEventListener('open', () => {
      isOpen = true
      resolve({
        send: (text) => socket.send(text),
        messages: inbox.messages,
        close: () => stop(undefined),
      })
    })
    socket.addEventListener('message', ({ data }) => {
      try {
        inbox.push(data)
      } catch (fault) {
        stop(fault)
      }
    })
    socket.addEventListener('error', ({ error }) => {
      problem = error
    })
    socket.addEventListener('close', ({ code }) => {
      signal.removeEventListener('abort', onAbort)
      if (isOpen) inbox.end(isTooLong(problem) ? tooLong() : closingFault(code))
      else if (refusal) resolve(refusal)
      else reject(asFault(signal.aborted ? signal.reason : tunnelled(problem), signal, proxy))
    })
    return promise
  }
}

/** What is no WebSocket, as an answer; undefined for one that is. */
function refusalOf({ statusCode, rawHeaders, body }: Handshake): Response | undefined {
  if (statusCode < 200 || statusCode > 599) return
  const headers = new Headers()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    if (PLAIN.test(name + value)) headers.append(name, value)
  }
  const isChunked = headers.get('transfer-encoding')?.toLowerCase().includes('chunked')
  const text = new TextDecoder().decode(body)
  const isEmpty = statusCode === 204 || statusCode === 304
  return new Response(isEmpty ? null : isChunked ? unchunked(text) : text, {
    status: statusCode,
    headers,
  })
}

/** Anything else no header can say. */
const PLAIN = /^[\t\x20-\x7e]+$/

/** A body as it was before it was cut into chunks, whose sizes stand on lines between them. */
const unchunked = (text: string): string => text.replaceAll(/(?:^|\r\n)[\da-f]+(?:;.*)?\r\n/gi, '')

const isTooLong = (problem: unknown): boolean =>
  Object(problem).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'

/** What Bun says of a proxy that opens no tunnel, in the form in which its `fetch` says it. */
function tunnelled(problem: unknown): unknown {
  const [, status] = /: Proxy [a-z ]+: (\d{3})\b/.exec(Object(problem).message) ?? []
  return status ? { code: 'ERR_PROXY_TUNNEL', status: Number(status), cause: problem } : problem
}

/** The proxy that the environment names, which `fetch` looks for by itself and a WebSocket does not. */
function environmentProxy(url: string): string | undefined {
  const names = url.startsWith('wss:')
    ? ['https_proxy', 'HTTPS_PROXY']
    : ['http_proxy', 'HTTP_PROXY']
  const found = [...names, 'all_proxy', 'ALL_PROXY'].map((name) => process.env[name]).find(Boolean)
  return found && !found.includes('://') ? `http://${found}` : found
}
