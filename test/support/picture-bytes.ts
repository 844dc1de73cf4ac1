import { crc32, deflateSync } from 'node:zlib'

type Bytes = Uint8Array<ArrayBuffer>

const latin = (text: string): Bytes => Uint8Array.from(text, (sign) => sign.charCodeAt(0))
const big = (value: number, length: number): Bytes =>
  Uint8Array.from({ length }, (_, at) => Math.floor(value / 2 ** (8 * (length - 1 - at))) & 0xff)
const little = (value: number, length: number): Bytes => big(value, length).reverse()
const joined = (...parts: readonly Uint8Array[]): Bytes => new Uint8Array(Buffer.concat(parts))

function chunk(type: string, data: Uint8Array): Bytes {
  const body = joined(latin(type), data)
  return joined(big(data.length, 4), body, big(crc32(body), 4))
}

/** A white picture; its lines are left out where it only says how large it is. */
export function png(width: number, height: number, isEmpty = width * height > 1e6): Bytes {
  const lines = isEmpty ? new Uint8Array() : new Uint8Array(height * (width + 1)).fill(0xff)
  for (let line = 0; line < height && !isEmpty; line++) lines[line * (width + 1)] = 0
  return joined(
    latin('\x89PNG\r\n\x1a\n'),
    chunk('IHDR', joined(big(width, 4), big(height, 4), Uint8Array.of(8, 0, 0, 0, 0))),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', new Uint8Array()),
  )
}

/** The head of a JPEG, behind as many bytes of comments and with filling before its marks. */
export const jpegHead = (width: number, height: number, comment = 8, frame = 0xc0): Bytes =>
  joined(
    Uint8Array.of(0xff, 0xd8),
    Uint8Array.of(0xff, 0xe0, 0, 4, 0, 0),
    Uint8Array.of(0xff, 0xff, 0xfe),
    big(comment + 2, 2),
    new Uint8Array(comment).fill(0xc0),
    Uint8Array.of(0xff, frame, 0, 11, 8),
    big(height, 2),
    big(width, 2),
    Uint8Array.of(1, 1, 0x11, 0),
    Uint8Array.of(0xff, 0xd9),
  )

export const gifHead = (width: number, height: number): Bytes =>
  joined(latin('GIF89a'), little(width, 2), little(height, 2), Uint8Array.of(0, 0, 0, 0x3b))

const riff = (type: string, data: Uint8Array): Bytes => {
  const body = joined(latin(`WEBP${type}`), little(data.length, 4), data)
  return joined(latin('RIFF'), little(body.length, 4), body)
}

/** The heads of the three forms of WebP: extended, lossless and lossy. */
export const webpHeads = (width: number, height: number): readonly Bytes[] => [
  riff('VP8X', joined(new Uint8Array(4), little(width - 1, 3), little(height - 1, 3))),
  riff(
    'VP8L',
    joined(Uint8Array.of(0x2f), little(width - 1 + (height - 1) * 2 ** 14, 4), new Uint8Array(8)),
  ),
  riff(
    'VP8 ',
    joined(new Uint8Array(3), latin('\x9d\x01\x2a'), little(width, 2), little(height, 2)),
  ),
]

/** What a picture of 8 x 8 begins with: bytes of any number that follow make it as large. */
export const PNG_HEAD = png(8, 8).subarray(0, 33)
