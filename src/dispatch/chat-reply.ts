import { UpstreamFault } from '../errors'
import type { Deadline } from '../net/deadline'
import { asFault } from '../net/http'
import type { Lease } from '../pool/pool'
import type { Settings } from '../store/settings'
import { type StreamEnd, streamBody } from '../stream/body'
import { readHead, type Source } from '../stream/source'
import { createChatStream, encodeChatAnswer } from '../turn/chat/encode'
import { createEventSource } from '../turn/chat/event-source'
import { farewell } from '../turn/chat/farewell'
import { mendAnswer } from '../turn/chat/native-answer'
import { createNativeSource } from '../turn/chat/native-source'
import { createNativeStream, type StreamTerms } from '../turn/chat/native-stream'
import type { Usage } from '../turn/usage'
import type { ChatReply } from '../upstream/upstream'
import type { Book } from './book'
import { judge } from './judge'

/** What goes to the client: a JSON text, or server-sent events that are whole or still running. */
export type ChatAnswer =
  | { readonly form: 'json'; readonly body: string }
  | { readonly form: 'events'; readonly body: Uint8Array | ReadableStream<Uint8Array> }

interface ReplyParts {
  readonly reply: ChatReply
  readonly stream: boolean
  readonly terms: StreamTerms
  readonly settings: Settings
  readonly abort: AbortController
  readonly deadline: Deadline
  readonly lease: Lease
  readonly book: Book
  readonly now: () => number
}

/**
 * Turn an upstream's reply into the client's answer. What this throws can still be made good by
 * another account; once it returns, the answer has begun.
 */
export async function readReply(parts: ReplyParts): Promise<ChatAnswer> {
  const { reply, stream, terms } = parts
  if (!stream) return readWhole(reply, terms, parts)
  return reply.form === 'native'
    ? openNative(reply.response, terms, parts)
    : openEvents(reply.events, terms, parts)
}

async function readWhole(
  reply: ChatReply,
  terms: StreamTerms,
  { abort, deadline, lease, book }: ReplyParts,
): Promise<ChatAnswer> {
  const { text, usage } =
    reply.form === 'events'
      ? await encodeChatAnswer(reply.events, terms)
      : mendAnswer(await readBody(reply.response, abort), terms)
  deadline.end()
  lease.succeed()
  book.firstByte()
  book.close('done', { status: 200, usage })
  return { form: 'json', body: text }
}

const readBody = (response: Response, abort: AbortController): Promise<string> =>
  response.text().catch((cause) => {
    throw asFault(cause, abort.signal)
  })

async function openNative(response: Response, terms: StreamTerms, parts: ReplyParts) {
  const { abort, deadline, settings } = parts
  const type = response.headers.get('content-type') ?? ''
  // Some upstreams answer a stream request with JSON, which is an error even when the status is 200.
  if (!response.body || /json|html/i.test(type)) {
    mendAnswer(await readBody(response, abort), terms)
    throw new UpstreamFault('malformed', 'The upstream answered a stream request without a stream.')
  }
  const stream = createNativeStream(terms)
  const source = createNativeSource({
    body: response.body,
    stream,
    waiting: () => deadline.waitFor(settings.idle_timeout_ms, 'The upstream fell silent.'),
    waited: deadline.pause,
    asFault: (cause) => asFault(cause, abort.signal),
  })
  return open(source, () => stream.usage(), parts)
}

async function openEvents(
  events: Extract<ChatReply, { form: 'events' }>['events'],
  terms: StreamTerms,
  parts: ReplyParts,
) {
  const stream = createChatStream(terms)
  parts.deadline.pause()
  return open(createEventSource(events, stream), () => stream.usage(), parts)
}

/** Wait for the first useful bytes, then hand over; from here on nothing is tried again. */
async function open(
  source: Source,
  usage: () => Usage,
  { abort, deadline, lease, book, settings, now }: ReplyParts,
): Promise<ChatAnswer> {
  const head = await readHead(source)
  book.firstByte()
  const onEnd = (end: StreamEnd, cause?: unknown) => {
    deadline.end()
    if (end === 'whole') lease.succeed()
    if (end === 'broken') blame(cause, lease)
    lease.release()
    if (end !== 'whole') abort.abort()
    book.close(OUTCOMES[end], { status: 200, usage: usage(), error: cause })
  }
  if (head.whole) {
    onEnd('whole')
    return { form: 'events', body: head.bytes }
  }
  const body = streamBody({ source, head, heartbeatMs: settings.heartbeat_ms, now, farewell, onEnd })
  return { form: 'events', body }
}

const OUTCOMES = { whole: 'done', broken: 'broken', gone: 'gone' } as const

function blame(cause: unknown, lease: Lease) {
  if (!(cause instanceof UpstreamFault)) return
  const { cooling, retryAfterMs } = judge(cause, lease.account.kind)
  if (cooling) lease.cool(cooling, retryAfterMs)
}
