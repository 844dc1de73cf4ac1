/** A box of an MP4 file. */
function box(type: string, ...contents: Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + contents.reduce((sum, { length }) => sum + length, 0))
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, ...contents])
}

/** The movie header of a film of `seconds`, without tracks. */
function movieHeader(seconds: number): Uint8Array {
  const fields = Buffer.alloc(100)
  fields.writeUInt32BE(1000, 12)
  fields.writeUInt32BE(seconds * 1000, 16)
  fields.writeUInt32BE(0x0001_0000, 20)
  fields.writeUInt16BE(0x0100, 24)
  for (const [at, value] of [
    [36, 0x0001_0000],
    [52, 0x0001_0000],
    [68, 0x4000_0000],
    [96, 1],
  ] as const)
    fields.writeUInt32BE(value, at)
  return box('mvhd', fields)
}

/** A film without tracks, and about `size` bytes; `name` makes its bytes its own. */
export function mp4(name: string, size = 0, seconds = 6): Uint8Array<ArrayBuffer> {
  const brand = Buffer.from('isom\0\0\x02\0isomiso2mp41', 'latin1')
  const filling = box('free', new TextEncoder().encode(name), new Uint8Array(size))
  const bytes = [box('ftyp', brand), box('moov', movieHeader(seconds)), filling, box('mdat')]
  return Buffer.concat(bytes)
}

/** Bytes that need not be in memory. */
export interface Source {
  readonly size: number
  /** The bytes from one place to before another. */
  readonly read: (from: number, to: number) => Uint8Array<ArrayBuffer>
}

/** Bytes that are in memory. */
export const sourceOf = (bytes: Uint8Array<ArrayBuffer>): Source => ({
  size: bytes.length,
  read: (from, to) => bytes.subarray(from, to),
})

const BLOCK = 4096

/** Noise which is the same each time. */
function noise(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BLOCK)
  let state = 0x9e3779b9
  for (let at = 0; at < BLOCK; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

const NOISE = noise()

/**
 * A film of exactly `size` bytes, made where it is read: each block of 4 KiB begins with its number,
 * so that what comes from the wrong place differs. A whole film of 1 GB needs no memory.
 */
export function filmOf(name: string, size: number): Source {
  // A last box of length 0 goes on to the end of the file.
  const start = mp4(name)
  start.fill(0, start.length - 8, start.length - 4)
  if (size < start.length) throw new Error(`a film has at least ${start.length} bytes`)
  const read = (from: number, to: number) => {
    const bytes = new Uint8Array(Math.max(0, Math.min(to, size) - from))
    const view = new DataView(bytes.buffer)
    for (let block = Math.floor(from / BLOCK); block * BLOCK < from + bytes.length; block++) {
      const at = block * BLOCK - from
      bytes.set(
        NOISE.subarray(Math.max(0, -at), Math.min(BLOCK, bytes.length - at)),
        Math.max(0, at),
      )
      for (let stamp = 0; stamp < 4; stamp++)
        if (at + stamp >= 0 && at + stamp < bytes.length)
          view.setUint8(at + stamp, (block >>> (24 - 8 * stamp)) & 0xff)
    }
    if (from < start.length)
      bytes.set(start.subarray(from, Math.min(start.length, from + bytes.length)))
    return bytes
  }
  return { size, read }
}
