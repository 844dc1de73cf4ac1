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
  const view = viewOf(base64)
  if (!view) return
  return Array.from({ length: view.byteLength / BYTES }, (_, at) =>
    view.getFloat32(at * BYTES, true),
  )
}

/** Whether base64 is that of a vector. */
export const isVectorText = (base64: string): boolean => viewOf(base64) !== undefined

/** What base64 holds, where that is numbers. */
function viewOf(base64: string): DataView | undefined {
  const bytes = decode(base64)
  if (!bytes || bytes.length === 0 || bytes.length % BYTES !== 0) return
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < bytes.length; at += BYTES)
    if (!Number.isFinite(view.getFloat32(at, true))) return
  return view
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(base64)
  } catch {
    return
  }
}
