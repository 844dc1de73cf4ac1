import { ApiError, UpstreamFault } from '../errors'
import type { Deadline } from '../net/deadline'
import { asFault } from '../net/http'
import type { Lease } from '../pool/lease'
import type { Pool } from '../pool/pool'
import type { Settings } from '../store/settings'
import { type StreamEnd, streamBody } from '../stream/body'
import { type Head, readHead, readWhole, type Source } from '../stream/source'
import { createChatStream, encodeChatAnswer } from '../turn/chat/encode'
import { createEventSource } from '../turn/chat/event-source'
import { farewell } from '../turn/chat/farewell'
import { mendAnswer } from '../turn/chat/native-answer'
import { createNativeSource } from '../turn/chat/native-source'
import { createNativeStream, type StreamTerms } from '../turn/chat/native-stream'
import type { Usage } from '../turn/usage'
import { redactFault } from '../upstream/fault'
import type { ChatReply } from '../upstream/upstream'
import type { Book, Books } from './book'
import { blame } from './fail-over'
import { judge } from './judge'

/** What goes to the client: a JSON text, or server-sent events that are whole or still running. */
export type ChatAnswer =
  | { readonly form: 'json'; readonly body: string }
  | { readonly form: 'events'; readonly body: Uint8Array | ReadableStream<Uint8Array> }

interface ReaderParts {
  readonly pool: Pool
  readonly books: Books
  readonly now: () => number
}

/** An attempt whose upstream has begun to reply. */
interface Running {
  readonly reply: ChatReply
  readonly stream: boolean
  readonly terms: StreamTerms
  readonly settings: Settings
  readonly endpoint: string
  /** Hold the stream until it is whole, so that a broken one can be made again elsewhere. */
  readonly rescue: boolean
  readonly abort: AbortController
  readonly deadline: Deadline
  readonly lease: Lease
  readonly book: Book
}

/**
 * Turns an upstream's reply into the client's answer. What this throws can still be made good by
 * another account; once it returns, the answer has begun.
 */
export function createReplyReader({ pool, books, now }: ReaderParts) {
  async function answerWhole({
    reply,
    terms,
    abort,
    deadline,
    lease,
    book,
  }: Running): Promise<ChatAnswer> {
    const { text, usage } =
      reply.form === 'events'
        ? await encodeChatAnswer(reply.events, terms)
        : mendAnswer(await readBody(reply.response, abort), terms)
    deadline.end()
    pool.succeed(lease)
    books.answered(book, lease)
    books.close(book, 'done', { status: 200, usage })
    return { form: 'json', body: text }
  }

  async function openNative(response: Response, running: Running): Promise<ChatAnswer> {
    const { terms, abort, deadline, settings } = running
    const type = response.headers.get('content-type') ?? ''
    // Some upstreams answer a stream request with JSON, which is an error even when the status is 200.
    if (!response.body || /json|html/i.test(type)) {
      mendAnswer(await readBody(response, abort), terms)
      throw new UpstreamFault(
        'malformed',
        'The upstream answered a stream request without a stream.',
      )
    }
    const stream = createNativeStream(terms)
    const source = createNativeSource({
      body: response.body,
      stream,
      waiting: () => deadline.waitFor(settings.idle_timeout_ms, 'The upstream fell silent.'),
      waited: deadline.pause,
      hangUp: () => abort.abort(),
      asFault: (cause) => asFault(cause, abort.signal),
    })
    return await open(source, stream.usage, running)
  }

  /** Wait for the first useful bytes, then hand over; from here on nothing is tried again. */
  async function open(source: Source, usage: () => Usage, running: Running): Promise<ChatAnswer> {
    const { abort, deadline, lease, book, settings, endpoint } = running
    const head = await (running.rescue ? readHeld(source) : readHead(source))
    books.answered(book, lease)
    const onEnd = (end: StreamEnd, cause?: unknown) => {
      deadline.end()
      if (end === 'whole') pool.succeed(lease)
      else abort.abort()
      if (end === 'broken' && cause instanceof UpstreamFault)
        blame(
          pool,
          lease,
          judge(cause, { kind: lease.account.kind, model: lease.model, endpoint }),
          cause,
        )
      pool.release(lease)
      books.close(book, OUTCOMES[end], { status: 200, usage: usage(), error: cause })
    }
    if (head.whole) {
      onEnd('whole')
      return { form: 'events', body: head.bytes }
    }
    const secret = await lease.account.secret()
    const body = streamBody({
      source,
      head,
      heartbeatMs: settings.heartbeat_ms,
      now,
      farewell: (cause) => farewell(redactFault(cause, secret)),
      onEnd,
    })
    return { form: 'events', body }
  }

  return (running: Running): Promise<ChatAnswer> => {
    const { reply, stream, terms, deadline } = running
    if (!stream) return answerWhole(running)
    if (reply.form === 'native') return openNative(reply.response, running)
    deadline.pause()
    const encoder = createChatStream(terms)
    return open(createEventSource(reply.events, encoder), encoder.usage, running)
  }
}

/** What a stream that is held may weigh. */
const MOST_HELD = 16 * 1024 * 1024

async function readHeld(source: Source): Promise<Head> {
  try {
    return await readWhole(source, MOST_HELD)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new ApiError('upstream_error', `A key with rescue cannot take it: ${cause.message}`)
  }
}

const OUTCOMES = { whole: 'done', broken: 'broken', gone: 'gone' } as const

async function readBody(response: Response, abort: AbortController): Promise<string> {
  try {
    return await response.text()
  } catch (cause) {
    throw asFault(cause, abort.signal)
  }
}
