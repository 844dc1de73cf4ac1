import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import { type Dots, jpeg } from './jpeg'

const colourOf = (name: string): Uint8Array =>
  createHash('sha256').update(name).digest().subarray(0, 3)

/** A chunk of a PNG. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [head, tail] = [Buffer.alloc(4), Buffer.alloc(4)]
  head.writeUInt32BE(data.length)
  tail.writeUInt32BE(crc32(named))
  return Buffer.concat([head, named, tail])
}

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/** A PNG of one colour, which `name` decides, and about `size` bytes. */
export function png(name: string, size = 0, dots: Dots = [8, 8]): Uint8Array<ArrayBuffer> {
  const [width, height] = dots
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  // One bit a dot, by a palette.
  header.set([1, 3, 0, 0, 0], 8)
  const rows = new Uint8Array((1 + Math.ceil(width / 8)) * height)
  const words = new TextEncoder().encode(`Comment\0${name}`)
  return Buffer.concat([
    ...[PNG, chunk('IHDR', header), chunk('tEXt', words)],
    ...(size > 0 ? [chunk('fiLl', new Uint8Array(size))] : []),
    ...[chunk('PLTE', colourOf(name)), chunk('IDAT', deflateSync(rows))],
    chunk('IEND', new Uint8Array()),
  ])
}

/** Bits of a lossless WebP, the lowest first. */
function packed(fields: readonly (readonly [value: number, bits: number])[]): Uint8Array {
  const bits = fields.flatMap(([value, count]) =>
    Array.from({ length: count }, (_, at) => (value >> at) & 1),
  )
  const bytes = new Uint8Array(Math.ceil(bits.length / 8))
  for (const [at, bit] of bits.entries()) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (bit << (at & 7))
  return bytes
}

/** A part of a RIFF file, which has an even length. */
function part(type: string, data: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8)
  head.write(type, 'latin1')
  head.writeUInt32LE(data.length, 4)
  return Buffer.concat([head, data, new Uint8Array(data.length % 2)])
}

/** A WebP of one colour, which `name` decides, and about `size` bytes. */
export function webp(name: string, size = 0, dots: Dots = [8, 8]): Uint8Array<ArrayBuffer> {
  const [red = 0, green = 0, blue = 0] = colourOf(name)
  // A code of one symbol needs no bits for a dot: the whole picture is in its codes.
  const only = (symbol: number) => [[0b101, 3] as const, [symbol, 8] as const]
  const picture = packed([
    ...([
      [0x2f, 8],
      [dots[0] - 1, 14],
      [dots[1] - 1, 14],
    ] as const),
    ...([
      [0, 1],
      [0, 3],
      [0, 1],
      [0, 1],
      [0, 1],
    ] as const),
    ...[green, red, blue, 0xff, 0].flatMap(only),
  ])
  const words = Buffer.concat([new TextEncoder().encode(name), new Uint8Array(size)])
  const parts = [Buffer.from('WEBP'), part('VP8L', picture), part('NAME', words)]
  return Buffer.concat([part('RIFF', Buffer.concat(parts))])
}

/** A GIF of 8 x 8 dots of one colour, which `name` decides, and about `size` bytes. */
export function gif(name: string, size = 0): Uint8Array<ArrayBuffer> {
  const words = Buffer.concat([new TextEncoder().encode(name), Buffer.alloc(size, 0x20)])
  const comment: Uint8Array[] = []
  for (let at = 0; at < words.length; at += 255) {
    const piece = words.subarray(at, at + 255)
    comment.push(Uint8Array.of(piece.length), piece)
  }
  // Codes of three bits, which stay so when the table is cleared after each two dots.
  const codes = Array.from({ length: 32 }, () => [4, 0, 0]).flat()
  const data = packed([...codes, 5].map((code) => [code, 3] as const))
  return Buffer.concat([
    Buffer.from('GIF89a', 'latin1'),
    Uint8Array.of(8, 0, 8, 0, 0x80, 0, 0),
    ...[colourOf(name), Uint8Array.of(0, 0, 0)],
    ...[Uint8Array.of(0x21, 0xfe), ...comment, Uint8Array.of(0)],
    Uint8Array.of(0x2c, 0, 0, 0, 0, 8, 0, 8, 0, 0),
    ...[Uint8Array.of(2, data.length), data, Uint8Array.of(0, 0x3b)],
  ])
}

/** The forms that pictures have. */
export type PictureType = 'jpeg' | 'png' | 'webp' | 'gif'

/** A picture in any form. */
export function pictureOf(type: PictureType, name: string, size = 0, dots: Dots = [8, 8]) {
  if (type === 'gif') return gif(name, size)
  return { jpeg, png, webp }[type](name, size, dots)
}

/** The form of a picture, by its first bytes; undefined for what is none. */
export function typeOf(bytes: Uint8Array): PictureType | undefined {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (/^GIF8[79]a/.test(head)) return 'gif'
  return head.startsWith('RIFF') && head.endsWith('WEBP') ? 'webp' : undefined
}
