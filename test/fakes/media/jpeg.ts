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

/** Grey blocks of 8 x 8 dots, two bits each, and ones to the end of the last byte. */
function blocks(count: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(count / 4))
  bytes[bytes.length - 1] = 0xff >> ((count % 4 || 4) * 2)
  return bytes
}

/** How wide and how high. */
export type Dots = readonly [width: number, height: number]

/** A grey picture of about `size` bytes; `name` makes its bytes its own. */
export function jpeg(
  name: string,
  size = 0,
  [width, height]: Dots = [8, 8],
): Uint8Array<ArrayBuffer> {
  const frame = Uint8Array.of(
    ...[8, height >> 8, height & 0xff, width >> 8, width & 0xff],
    ...[1, 1, 0x11, 0],
  )
  return Buffer.concat([
    Uint8Array.of(0xff, 0xd8),
    segment(0xe0, Uint8Array.of(0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0)),
    segment(0xfe, new TextEncoder().encode(name)),
    ...comments(size),
    segment(0xdb, QUANTISATION),
    segment(0xc0, frame),
    segment(0xc4, codes(0x00)),
    segment(0xc4, codes(0x10)),
    segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
    blocks(Math.ceil(width / 8) * Math.ceil(height / 8)),
    Uint8Array.of(0xff, 0xd9),
  ])
}
