import type { Hasher } from './media/hasher'

/** What Workers have for it, and nothing else has. */
interface DigestStream extends WritableStream<Uint8Array> {
  readonly digest: Promise<ArrayBuffer>
}

const { DigestStream } = crypto as unknown as {
  readonly DigestStream: new (algorithm: string) => DigestStream
}

/** SHA-256 over bytes that come one after the other, on Workers. */
export function workerHasher(): Hasher {
  const stream = new DigestStream('SHA-256')
  // Of a file that is given up nobody asks for it.
  stream.digest.catch(() => {})
  const writer = stream.getWriter()
  return {
    update: (bytes) => writer.write(bytes),
    async digest() {
      await writer.close()
      return new Uint8Array(await stream.digest).toHex()
    },
  }
}
