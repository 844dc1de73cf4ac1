import { ApiError } from '../errors'
import { joinBytes } from '../stream/bytes'
import type { Hasher } from './hasher'
import { type MediaKind, mediaKind, TELLING_BYTES } from './kind'
import type { ObjectStore, ObjectWriter } from './object-store'

interface TakingInParts {
  readonly objects: ObjectStore
  readonly hasher: () => Hasher
  readonly newName: () => string
  /** Turns failures of the store into what a client can understand. */
  readonly reach: <T>(question: Promise<T>) => Promise<T>
}

/** What was taken in. */
export interface TakenIn extends MediaKind {
  readonly name: string
  readonly bytes: number
  readonly hash: string
}

/** Takes in bytes that are here already, and gives them a name. Nothing is left of what is refused. */
export const createTakingIn =
  ({ objects, hasher, newName, reach }: TakingInParts) =>
  /**
   * @throws ApiError when they are no picture or video, or too many
   */
  async (source: Uint8Array | ReadableStream<Uint8Array>, mostBytes: number): Promise<TakenIn> => {
    const { next, leave } = piecesOf(source)
    let writer: ObjectWriter | undefined
    try {
      const first = await readFirst(next)
      const kind = mediaKind(first)
      const name = `${newName()}.${kind.extension}`
      const hash = hasher()
      let size = 0
      writer = await reach(objects.create(name))
      for (let piece: Uint8Array | undefined = first; piece; piece = await next()) {
        size += piece.length
        if (size > mostBytes)
          throw new ApiError('file_too_large', `It is larger than ${mostBytes} bytes.`)
        await hash.update(piece)
        await reach(writer.write(piece))
      }
      const sum = await hash.digest()
      await reach(writer.commit())
      return { ...kind, name, bytes: size, hash: sum }
    } catch (cause) {
      leave()
      await writer?.abort().catch(() => {})
      throw cause
    }
  }

/** Gives the next bytes; undefined when there are no more. */
export type Pieces = () => Promise<Uint8Array | undefined>

function piecesOf(source: Uint8Array | ReadableStream<Uint8Array>): {
  readonly next: Pieces
  readonly leave: () => void
} {
  if (source instanceof ReadableStream) {
    const reader = source.getReader()
    return {
      next: async () => (await reader.read()).value,
      leave: () => void reader.cancel().catch(() => {}),
    }
  }
  let left: Uint8Array | undefined = source
  const next = async () => {
    const bytes = left
    left = undefined
    return bytes
  }
  return { next, leave() {} }
}

/** Reads as many pieces as it takes to tell what they are. */
export async function readFirst(next: Pieces): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  while (size < TELLING_BYTES) {
    const piece = await next()
    if (!piece) break
    pieces.push(piece)
    size += piece.length
  }
  return joinBytes(pieces)
}
