/** A part of a body: text, bytes as they are, or bytes that are written in base64. */
export type Piece = string | Uint8Array | { readonly base64: Uint8Array }

/** A body that is put together while it is sent, as often as it is. */
export interface PiecedBody {
  /** In bytes. */
  readonly length: number
  readonly stream: () => ReadableStream<Uint8Array>
}

/** So much is made at a time. Base64 makes four signs of three bytes, which no cut may part. */
const MOST_BYTES = 3 * 64 * 1024

/** A body of several parts, of which what is large is never copied as a whole. */
export function bodyOf(pieces: readonly Piece[]): PiecedBody {
  const encoder = new TextEncoder()
  const parts = pieces.map((piece) => (typeof piece === 'string' ? encoder.encode(piece) : piece))

  function* made(): Generator<Uint8Array> {
    for (const part of parts)
      if (part instanceof Uint8Array) yield* slices(part)
      else for (const bytes of slices(part.base64)) yield encoder.encode(bytes.toBase64())
  }

  return {
    length: parts.reduce((sum, part) => sum + lengthOf(part), 0),
    stream: () => {
      const next = made()
      return new ReadableStream(
        {
          pull(controller) {
            const { done, value } = next.next()
            if (done) controller.close()
            else controller.enqueue(value)
          },
        },
        { highWaterMark: 0 },
      )
    },
  }
}

const lengthOf = (part: Exclude<Piece, string>): number =>
  part instanceof Uint8Array ? part.length : Math.ceil(part.base64.length / 3) * 4

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += MOST_BYTES) yield bytes.subarray(at, at + MOST_BYTES)
}
