import type { Usage } from './usage'

/** What an upstream made of texts. */
export interface Embeddings {
  /** In the order of the texts: numbers, or the same as base64 of 32-bit floats, low byte first. */
  readonly vectors: readonly (readonly number[] | string)[]
  readonly usage: Usage
}

const BYTES = 4

/** A vector as OpenAI writes it in base64: 32-bit floats, low byte first. */
export function writeVector(numbers: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(numbers.length * BYTES))
  for (const [at, number] of numbers.entries()) view.setFloat32(at * BYTES, number, true)
  return new Uint8Array(view.buffer).toBase64()
}

/** The numbers of a vector in base64; undefined where it is none. */
export function readVector(base64: string): readonly number[] | undefined {
  const bytes = decode(base64)
  if (!bytes || bytes.length === 0 || bytes.length % BYTES !== 0) return
  const view = new DataView(bytes.buffer)
  const numbers = Array.from({ length: bytes.length / BYTES }, (_, at) =>
    view.getFloat32(at * BYTES, true),
  )
  return numbers.every(Number.isFinite) ? numbers : undefined
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(base64)
  } catch {
    return
  }
}
