import { expect, test } from 'bun:test'
import { measure } from '#src/stream/picture-size'
import { jpeg as realJpeg } from '../fakes/media/jpeg'
import { gifHead, jpegHead, png, webpHeads } from '../support/picture-bytes'

const HEADS: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['png', png(300, 200)],
  ['jpeg', jpegHead(300, 200)],
  ['progressive jpeg', jpegHead(300, 200, 8, 0xc2)],
  ['jpeg behind a long comment', jpegHead(300, 200, 60_000)],
  ['gif', gifHead(300, 200)],
  ...webpHeads(300, 200).map((bytes, form) => [`webp, form ${form}`, bytes] as const),
]

test.each(HEADS)('reads the size of a %s', (_, bytes) => {
  expect(measure(bytes)).toEqual({ width: 300, height: 200 })
})

test.each(HEADS)('knows nothing of a %s whose head is cut, and never fails', (_, bytes) => {
  const head = bytes.length > 60_000 ? bytes.length - 20 : 24
  for (let length = 0; length < Math.min(head, bytes.length); length++) {
    const cut = bytes.slice(0, length)
    const found = measure(cut)
    if (found) expect(found).toEqual({ width: 300, height: 200 })
  }
  expect(measure(bytes.slice(0, 9))).toBeUndefined()
})

test('reads a part of a larger buffer', () => {
  const whole = new Uint8Array([...new Uint8Array(7), ...png(3, 4)])
  expect(measure(whole.subarray(7))).toEqual({ width: 3, height: 4 })
})

test('reads a real jpeg', () => {
  expect(measure(realJpeg('x', 200_000))).toEqual({ width: 8, height: 8 })
})

test.each([
  ['without width', png(0, 5)],
  ['without height', gifHead(5, 0)],
  [
    'a text',
    new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"/>'),
  ],
  [
    'a jpeg that ends before its frame',
    Uint8Array.of(0xff, 0xd8, 0xff, 0xd9, 0, 0, 0, 0, 0, 0, 0, 0),
  ],
  [
    'a jpeg with nonsense between its segments',
    Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9),
  ],
  ['a webp of an unknown form', new TextEncoder().encode(`RIFF....WEBPVP9 ${'.'.repeat(30)}`)],
  ['nothing', new Uint8Array()],
])('knows nothing of a picture %s', (_, bytes) => {
  expect(measure(bytes)).toBeUndefined()
})
