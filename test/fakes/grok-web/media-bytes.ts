/** A marker segment of a JPEG. */
const segment = (marker: number, data: Uint8Array): Uint8Array => {
  const length = data.length + 2
  return Buffer.concat([Uint8Array.of(0xff, marker, length >> 8, length & 0xff), data])
}

/** Comments as long as they may be, until `size` bytes are there. */
function comments(size: number): Uint8Array[] {
  const filled: Uint8Array[] = []
  for (let left = size; left > 4; left -= 60_004)
    filled.push(segment(0xfe, new Uint8Array(Math.min(60_000, left - 4)).fill(0x20)))
  return filled
}

const QUANTISATION = new Uint8Array(65).fill(1)
QUANTISATION[0] = 0
/** A code table with one code of one bit, which stands for 0: no difference, end of block. */
const codes = (kind: number) => Uint8Array.of(kind, 1, ...new Array(15).fill(0), 0)

/** A picture of 8 x 8 grey dots, and about `size` bytes; `name` makes its bytes its own. */
export function jpeg(name: string, size = 0): Uint8Array<ArrayBuffer> {
  return Buffer.concat([
    Uint8Array.of(0xff, 0xd8),
    segment(0xe0, Uint8Array.of(0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0)),
    segment(0xfe, new TextEncoder().encode(name)),
    ...comments(size),
    segment(0xdb, QUANTISATION),
    segment(0xc0, Uint8Array.of(8, 0, 8, 0, 8, 1, 1, 0x11, 0)),
    segment(0xc4, codes(0x00)),
    segment(0xc4, codes(0x10)),
    segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
    Uint8Array.of(0x3f, 0xff, 0xd9),
  ])
}

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
