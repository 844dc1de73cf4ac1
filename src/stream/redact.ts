import { concatBytes } from './bytes'

const MASK = new TextEncoder().encode('[redacted]')
const NOTHING = new Uint8Array()

/**
 * Takes a secret out of bytes that stream through, wherever they were cut. Nothing is held back but
 * an end that may be the secret's beginning.
 */
export function createRedactor(secret: string) {
  const needle = new TextEncoder().encode(secret)
  let held = NOTHING

  /** How many of the needle's first bytes stand at `at`: all of them, or up to the end. */
  function match(bytes: Uint8Array, at: number): number {
    let length = 0
    while (length < needle.length && bytes[at + length] === needle[length]) length++
    return length
  }

  return {
    push(piece: Uint8Array): Uint8Array {
      if (needle.length === 0) return piece
      const bytes = held.length > 0 ? concatBytes([held, piece]) : piece
      const parts: Uint8Array[] = []
      let from = 0
      let at = bytes.indexOf(needle[0] ?? 0)
      held = NOTHING
      while (at >= 0) {
        const length = match(bytes, at)
        if (length === needle.length) {
          parts.push(bytes.subarray(from, at), MASK)
          from = at + length
          at = bytes.indexOf(needle[0] ?? 0, from)
        } else if (at + length === bytes.length) {
          held = bytes.slice(at)
          parts.push(bytes.subarray(from, at))
          return concatBytes(parts)
        } else at = bytes.indexOf(needle[0] ?? 0, at + 1)
      }
      if (from === 0) return bytes
      parts.push(bytes.subarray(from))
      return concatBytes(parts)
    },

    /** What was held back when nothing followed it. */
    end: (): Uint8Array => held,
  }
}
