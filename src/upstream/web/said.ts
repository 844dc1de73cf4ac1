import { asFault } from '../../net/http'
import type { WebDecoder } from './decoder'
import type { WebEvent } from './voice'

const STREAM = { stream: true }

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
      const { value } =
        (await reader?.read().catch((cause) => {
          // Only a title could still come.
          if (decoder.isWhole() && !signal.aborted) return NOTHING
          throw asFault(cause, signal)
        })) ?? NOTHING
      yield* value ? decoder.push(utf8.decode(value, STREAM)) : decoder.end()
      yield
      if (!value) return
    }
  } finally {
    reader?.cancel().catch(() => {})
  }
}

const NOTHING = { value: undefined }
