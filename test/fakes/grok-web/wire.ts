import { constants, createGzip } from 'node:zlib'
import type { Wire } from './answers'
import type { Step } from './frames'
import type { Call, Records } from './records'

/** Something to send, or to do to the connection. */
type Piece = Uint8Array | 'reset' | 'stall'

/** How the lines of an endpoint name their answer. */
export interface Envelope {
  readonly responseId: string
  /** Frames stand directly under `result`, as in follow-up turns. */
  readonly isFlat: boolean
}

/** The JSON of a step; undefined for what is none. */
export function jsonOf(step: Step, { responseId, isFlat }: Envelope): unknown {
  if ('line' in step) return step.line
  if ('result' in step) return { result: step.result }
  if (!('response' in step)) return undefined
  const response = { ...step.response, responseId }
  return { result: isFlat ? response : { response } }
}

function framed(value: unknown, framing: Wire['framing']): string {
  const text = framing === 'pretty' ? JSON.stringify(value, null, 2) : JSON.stringify(value)
  switch (framing) {
    case 'crlf':
      return `${text}\r\n`
    case 'data':
      return `data: ${text}\n\n`
    case 'events':
      return `event: message\ndata: ${text}\n\n`
    case 'joined':
      return text
    default:
      return `${text}\n`
  }
}

const encoder = new TextEncoder()

/** Steps as texts, bytes and pauses, as the framing has them. */
function* written(steps: readonly Step[], envelope: Envelope, { framing, unended }: Wire) {
  const last = steps.length - 1
  for (const [at, step] of steps.entries()) {
    if ('raw' in step) yield typeof step.raw === 'string' ? encoder.encode(step.raw) : step.raw
    else if ('wait' in step) yield step
    else if ('act' in step) {
      if (step.act === 'end') return
      yield step.act
    } else {
      const text = framed(jsonOf(step, envelope), framing)
      yield encoder.encode(unended && at === last ? text.trimEnd() : text)
    }
  }
  if (framing === 'data' || framing === 'events') yield encoder.encode('data: [DONE]\n\n')
}

/** Cut and join chunks as the wire says, and wait where a step says so. */
async function* chunked(
  steps: readonly Step[],
  envelope: Envelope,
  wire: Wire,
  gone: Promise<unknown>,
): AsyncGenerator<Piece> {
  const { chunks = 'line', gapMs = 0 } = wire
  let held: Uint8Array = new Uint8Array()
  function* cut(most: number) {
    for (; held.length >= most; held = held.subarray(most)) yield held.subarray(0, most)
  }
  function* rest() {
    if (held.length > 0) yield held
    held = new Uint8Array()
  }
  for (const part of written(steps, envelope, wire)) {
    if (typeof part === 'object' && 'wait' in part) {
      yield* rest()
      await Promise.race([typeof part.wait === 'number' ? Bun.sleep(part.wait) : part.wait, gone])
    } else if (typeof part === 'string') {
      yield* rest()
      yield part
    } else if (chunks === 'line') {
      yield part
      if (gapMs > 0) await Bun.sleep(gapMs)
    } else {
      held = Buffer.concat([held, part])
      if (chunks === 'all') continue
      for (const piece of cut(chunks)) {
        yield piece
        if (gapMs > 0) await Bun.sleep(gapMs)
      }
    }
  }
  yield* rest()
}

/** The same, compressed, flushed after each chunk. */
async function* zipped(pieces: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  const zip = createGzip()
  let ready: Uint8Array[] = []
  zip.on('data', (bytes: Uint8Array) => ready.push(bytes))
  const taken = (): Uint8Array => {
    const bytes = Buffer.concat(ready)
    ready = []
    return bytes
  }
  for await (const piece of pieces) {
    if (typeof piece === 'string') {
      yield piece
      continue
    }
    zip.write(piece)
    await new Promise<void>((resolve) => zip.flush(constants.Z_SYNC_FLUSH, resolve))
    yield taken()
  }
  await new Promise<void>((resolve) => zip.once('end', () => resolve()).end())
  yield taken()
}

interface Sent {
  readonly steps: readonly Step[]
  readonly envelope: Envelope
  readonly wire: Wire
  readonly call: Call
  readonly records: Records
}

/** Send an answer, as slow and as broken as its steps are. */
export async function send(sent: Sent): Promise<Response> {
  const { steps, envelope, wire, call, records } = sent
  records.hold(call)
  const accepts = call.headers.get('accept-encoding') ?? ''
  const isZipped = wire.gzip === true && /\bgzip\b/.test(accepts)
  const plain = chunked(steps, envelope, wire, call.gone)
  const pieces = isZipped ? zipped(plain) : plain
  // The head leaves with the first piece: until then the client must not hear anything.
  let next = await pieces.next()
  if (next.value === 'stall') await call.gone
  if (call.leftAt !== undefined) return new Response(null)
  if (next.value === 'reset') {
    records.end(call)
    return new Response(new ReadableStream({ start: (controller) => controller.error() }))
  }
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const { done, value } = next
    if (call.leftAt !== undefined) return
    if (done) {
      records.end(call)
      return controller.close()
    }
    if (value === 'stall') {
      await call.gone
      return
    }
    if (value === 'reset') {
      // Let what was written leave first.
      await Bun.sleep(20)
      records.end(call)
      return controller.error()
    }
    call.firstByteAt ??= Date.now()
    controller.enqueue(value)
    // What is written in one turn of the event loop leaves as one chunk.
    await new Promise((resolve) => setImmediate(resolve))
    next = await pieces.next()
  }
  const cancel = () => records.leave(call)
  const isStream = wire.framing === 'data' || wire.framing === 'events'
  return new Response(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }), {
    headers: {
      'content-type': wire.contentType ?? (isStream ? 'text/event-stream' : 'application/json'),
      ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
    },
  })
}
