import { ApiError, UpstreamFault } from '../errors'
import type { Deadline } from '../net/deadline'
import { asFault } from '../net/http'
import type { Lease } from '../pool/lease'
import type { Pool } from '../pool/pool'
import { type StreamEnd, streamBody } from '../stream/body'
import { type Head, readHead, readWhole, type Source } from '../stream/source'
import { decodeChatAnswer } from '../turn/chat/answer-decoder'
import { createChatDecoder } from '../turn/chat/decoder'
import { createNativeSource } from '../turn/chat/native-source'
import type { DecoderTerms, TurnEncoder } from '../turn/codec'
import { createDecodedSource } from '../turn/decoded-source'
import { createEventSource } from '../turn/event-source'
import { createResponsesDecoder, decodeResponsesAnswer } from '../turn/responses/decoder'
import type { Usage } from '../turn/usage'
import { redactFault, withBegun } from '../upstream/fault'
import type { Ask, UpstreamReply } from '../upstream/upstream'
import type { Book, Books } from './book'
import { blame } from './fail-over'
import { judge, placeOf } from './judge'
import type { Answer, NativeDialect, Turn } from './turn'

interface ReaderParts {
  readonly pool: Pool
  readonly books: Books
  readonly now: () => number
  readonly newId: () => string
}

/** An attempt whose upstream has begun to reply. */
interface Running {
  readonly reply: UpstreamReply
  readonly turn: Turn
  /** Hold the stream until it is whole, so that a broken one can be made again elsewhere. */
  readonly rescue: boolean
  readonly abort: AbortController
  readonly deadline: Deadline
  readonly lease: Lease
  readonly book: Book
}

type BytesReply = Extract<UpstreamReply, { readonly form: 'bytes' }>

const DECODERS = {
  chat: { stream: createChatDecoder, answer: decodeChatAnswer },
  responses: { stream: createResponsesDecoder, answer: decodeResponsesAnswer },
}

/**
 * Turns an upstream's reply into the client's answer. What this throws can still be made good by
 * another account; once it returns, the answer has begun.
 */
export function createReplyReader({ pool, books, now, newId }: ReaderParts) {
  const termsOf = (ask: Ask, { translated }: BytesReply): DecoderTerms => ({
    choices: ask.dialect === 'chat' ? (ask.request.value.n ?? 1) : 1,
    newId,
    names: translated?.names ?? NO_NAMES,
  })

  /** The answer is whole: its account did well, and the turn is over. */
  function finish({ deadline, lease, book }: Running, body: string, usage: Usage): Answer {
    deadline.end()
    pool.succeed(lease)
    books.answered(book, lease)
    books.close(book, 'done', { status: 200, usage })
    return { form: 'json', body }
  }

  async function answerWhole(running: Running): Promise<Answer> {
    const { reply, turn, abort, lease } = running
    if (reply.form === 'events') {
      const encoder = turn.dialect.encoder(lease.account)
      let hasBegun = false
      try {
        for await (const event of reply.events) {
          hasBegun = true
          encoder.push(event)
        }
      } catch (cause) {
        throw hasBegun ? withBegun(cause, true) : cause
      }
      return finishEncoded(running, encoder)
    }
    const text = await readBody(reply.response, abort)
    const native = nativeFor(turn, reply)
    if (native) {
      const answer = native.answer(text)
      return finish(running, answer.text, answer.usage)
    }
    const events = DECODERS[reply.dialect].answer(text, termsOf(turn.ask, reply))
    const encoder = turn.dialect.encoder(lease.account)
    for (const event of events) encoder.push(event)
    return finishEncoded(running, encoder)
  }

  function finishEncoded(running: Running, encoder: TurnEncoder): Answer {
    encoder.end()
    return finish(running, encoder.answer(), encoder.usage())
  }

  /** A stream in the client's own dialect passes with little change. */
  async function openNative(
    body: ReadableStream<Uint8Array>,
    native: NativeDialect,
    running: Running,
  ): Promise<Answer> {
    const stream = native.stream()
    const source = createNativeSource({ body, stream, ...readingOf(running) })
    return await open(source, { usage: stream.usage }, running)
  }

  async function openBytes(reply: BytesReply, running: Running): Promise<Answer> {
    const { turn, abort, lease } = running
    const { response, dialect } = reply
    const native = nativeFor(turn, reply)
    const type = response.headers.get('content-type') ?? ''
    // Some upstreams answer a stream request with JSON, which is an error even when the status is 200.
    if (!response.body || /json|html/i.test(type)) {
      DECODERS[dialect].answer(await readBody(response, abort), termsOf(turn.ask, reply))
      throw new UpstreamFault(
        'malformed',
        'The upstream answered a stream request without a stream.',
      )
    }
    if (native) return openNative(response.body, native, running)
    const encoder = turn.dialect.encoder(lease.account)
    const decoder = DECODERS[dialect].stream(termsOf(turn.ask, reply))
    const { body } = response
    const source = createDecodedSource({ body, decoder, encoder, ...readingOf(running) })
    return await open(source, encoder, running)
  }

  /** How an upstream's body is read: as long as it keeps talking. */
  function readingOf({ deadline, abort, turn }: Running) {
    const { idle_timeout_ms: idleMs } = turn.settings
    return {
      waiting: () => deadline.waitFor(idleMs, 'The upstream fell silent.'),
      waited: deadline.pause,
      hangUp: () => abort.abort(),
      asFault: (cause: unknown) => asFault(cause, abort.signal),
    }
  }

  /** Wait for the first useful bytes, then hand over; from here on nothing is tried again. */
  async function open(
    source: Source,
    teller: Pick<TurnEncoder, 'usage'> & Partial<TurnEncoder>,
    running: Running,
  ): Promise<Answer> {
    const { abort, deadline, lease, book, turn } = running
    const { settings, endpoint, dialect } = turn
    const head = await (running.rescue ? readHeld(source) : readHead(source))
    books.answered(book, lease)
    const onEnd = (how: StreamEnd, cause?: unknown) => {
      // Whoever gave it up by the turn's signal has made the upstream break off.
      const end = how === 'broken' && turn.signal.aborted ? 'gone' : how
      deadline.end()
      if (end === 'whole') pool.succeed(lease)
      else abort.abort()
      if (end === 'broken' && cause instanceof UpstreamFault)
        blame(pool, lease, judge(cause, placeOf(lease, endpoint, now())), cause)
      pool.release(lease)
      books.close(book, OUTCOMES[end], { status: 200, usage: teller.usage(), error: cause })
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
      farewell(cause) {
        if (turn.signal.aborted) return NOTHING
        const error = brokenOff(redactFault(cause, secret))
        return utf8.encode(teller.fail?.(error) ?? dialect.failure(error))
      },
      endsBroken: dialect.endsBroken,
      onEnd,
    })
    return { form: 'events', body }
  }

  async function read(running: Running): Promise<Answer> {
    const { reply, turn, lease } = running
    if (!turn.stream) return withDropped(reply, await answerWhole(running))
    if (reply.form === 'bytes') return withDropped(reply, await openBytes(reply, running))
    const encoder = turn.dialect.encoder(lease.account)
    const source = createEventSource({ events: reply.events, encoder, ...readingOf(running) })
    return withDropped(reply, await open(source, encoder, running))
  }

  return async (running: Running): Promise<Answer> => {
    try {
      return await read(running)
    } catch (cause) {
      // Asked for once more it would be answered twice, which only a rescue is worth.
      throw running.turn.key.rescue === 'off' ? cause : withBegun(cause, false)
    }
  }
}

const utf8 = new TextEncoder()
const NOTHING = new Uint8Array()
const NO_NAMES: DecoderTerms['names'] = new Map()

/** How to mend the reply, where it came in the client's dialect untranslated. */
const nativeFor = (
  { ask, dialect }: Turn,
  { dialect: spoken, translated }: BytesReply,
): NativeDialect | undefined =>
  spoken === ask.dialect && translated === undefined ? dialect.native : undefined

function withDropped(reply: UpstreamReply, answer: Answer): Answer {
  const dropped = reply.form === 'bytes' ? reply.translated?.dropped : reply.dropped
  return dropped === undefined || dropped.length === 0 ? answer : { ...answer, dropped }
}

/** What a client learns of an answer that broke off. */
export function brokenOff(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause
  if (!(cause instanceof UpstreamFault))
    return new ApiError('internal_error', 'Groxy failed within the answer.', { cause })
  const code = cause.kind === 'timeout' ? 'upstream_timeout' : 'upstream_error'
  return new ApiError(code, cause.message, { cause })
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
