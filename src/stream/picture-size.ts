interface Size {
  readonly width: number
  readonly height: number
}

/**
 * How large a picture says it is, by its header: png, jpeg, gif or webp. Undefined for anything else, for
 * a header that is cut off, and for one without width or height.
 */
export function measure(bytes: Uint8Array): Size | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = READERS.map((read) => read(view)).find((found) => found !== undefined)
  return size && size.width > 0 && size.height > 0 ? size : undefined
}

type Reader = (view: DataView) => Size | undefined

const PNG_HEADER = 33

function png(view: DataView): Size | undefined {
  if (view.byteLength < PNG_HEADER || text(view, 1, 3) !== 'PNG' || text(view, 12, 4) !== 'IHDR')
    return
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

function gif(view: DataView): Size | undefined {
  if (view.byteLength < 13 || !/^GIF8[79]a$/.test(text(view, 0, 6))) return
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) }
}

function webp(view: DataView): Size | undefined {
  if (view.byteLength < 30 || text(view, 0, 4) !== 'RIFF' || text(view, 8, 4) !== 'WEBP') return
  switch (text(view, 12, 4)) {
    case 'VP8X':
      return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) }
    case 'VP8L': {
      if (view.getUint8(20) !== 0x2f) return
      const bits = view.getUint32(21, true)
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) }
    }
    case 'VP8 ':
      if (text(view, 23, 3) !== '\x9d\x01\x2a') return
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    default:
      return
  }
}

const START = 0xffd8
/** The mark before each segment, and what may fill the room before one. */
const MARK = 0xff
/** Segments that begin a frame: all from C0 to CF but for tables (C4), extensions (C8) and arithmetic (CC). */
const isFrame = (kind: number): boolean =>
  kind >= 0xc0 && kind <= 0xcf && kind !== 0xc4 && kind !== 0xc8 && kind !== 0xcc
/** Segments without a length. */
const isBare = (kind: number): boolean => kind === 0x01 || (kind >= 0xd0 && kind <= 0xd8)
const SCAN = 0xda
const END = 0xd9

function jpeg(view: DataView): Size | undefined {
  if (view.byteLength < 4 || view.getUint16(0) !== START) return
  let at = 2
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== MARK) return
    const kind = view.getUint8(at + 1)
    if (kind === MARK) {
      at++
      continue
    }
    if (kind === SCAN || kind === END) return
    if (isFrame(kind)) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    at += isBare(kind) ? 2 : 2 + Math.max(2, view.getUint16(at + 2))
  }
  return
}

const READERS: readonly Reader[] = [png, jpeg, gif, webp]

const text = (view: DataView, at: number, length: number): string =>
  String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, length))

const uint24 = (view: DataView, at: number): number =>
  view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
