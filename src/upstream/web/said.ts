import { asFault } from '../../net/http'
import type { WebDecoder } from './decoder'
import type { WebEvent } from './voice'

/** What an answer says; undefined after each piece of it that came. */
export async function* said(
  { body }: Response,
  decoder: WebDecoder,
  signal: AbortSignal,
): AsyncGenerator<WebEvent | undefined> {
  const reader = body?.getReader()
  const utf8 = new TextDecoder()
  try {
    for (;;) {
      const piece = reader && (await readPiece(reader, decoder, signal))
      yield* piece ? decoder.push(utf8.decode(piece, STREAM)) : decoder.end()
      yield
      if (!piece) return
    }
  } finally {
    reader?.cancel().catch(() => {})
  }
}

/** How an answer that comes in pieces is made text. */
export const STREAM = { stream: true }

/** The next bytes of an answer; undefined when there are no more. */
export async function readPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  decoder: WebDecoder,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value
  } catch (cause) {
    // Only a title could still come.
    if (decoder.isWhole() && !signal.aborted) return
    throw asFault(cause, signal)
  }
}
