import { concatBytes } from '../stream/bytes'
import { sniff } from '../stream/sniff'

/** So much of the beginning and of the end of a file tells what it is. */
const LOOK = 64 * 1024

/** Keeps of bytes that come one after the other what tells the sort of their content. */
export function createGlance() {
  const head: Uint8Array[] = []
  let headBytes = 0
  /** Twice as long as what is looked at, so that it is seldom moved. */
  let tail = new Uint8Array(0)
  let tailEnd = 0

  return {
    take(bytes: Uint8Array): void {
      const first = bytes.subarray(0, LOOK - headBytes)
      if (first.length > 0) head.push(first.slice())
      headBytes += first.length
      const last = bytes.subarray(first.length).subarray(-LOOK)
      if (last.length === 0) return
      if (tail.length === 0) tail = new Uint8Array(2 * LOOK)
      if (tailEnd + last.length > tail.length) {
        tail.copyWithin(0, tailEnd - LOOK, tailEnd)
        tailEnd = LOOK
      }
      tail.set(last, tailEnd)
      tailEnd += last.length
    },

    /** The content type by the bytes; where they are mere text, or tell nothing, by what it was called. */
    mime(declared: string): string {
      const end = tail.subarray(0, tailEnd).subarray(-LOOK)
      const found = sniff(concatBytes([...head, end]))?.mime
      if (found && found !== PLAIN) return found
      const isFit = found ? /^(?:text\/|application\/)/.test(declared) : declared !== ''
      return isFit && declared !== UNKNOWN && MIME.test(declared) ? declared : (found ?? UNKNOWN)
    },
  }
}

const PLAIN = 'text/plain'
const UNKNOWN = 'application/octet-stream'
const MIME = /^[a-z]+\/[\w.+-]{1,80}$/
