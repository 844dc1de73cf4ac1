import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { bodyOf, type Piece } from '#src/stream/pieces'

const bytes = fc.uint8Array({ maxLength: 64 })
const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  bytes,
  bytes.map((base64) => ({ base64 })),
)

const written = (one: Piece): Uint8Array => {
  if (typeof one === 'string') return new TextEncoder().encode(one)
  return one instanceof Uint8Array ? one : new TextEncoder().encode(one.base64.toBase64())
}

test('a body is its pieces one after another, as long as it says, as often as it is sent', () =>
  fc.assert(
    fc.asyncProperty(fc.array(piece), async (pieces) => {
      const body = bodyOf(pieces)
      const expected = Buffer.concat(pieces.map(written)).toString('hex')
      for (let time = 0; time < 2; time++) {
        const sent = await new Response(body.stream()).bytes()
        expect(sent.toHex()).toBe(expected)
        expect(sent.length).toBe(body.length)
      }
    }),
  ))

test.each([0, 1, 2])(
  'large base64 is made in parts that fit together (%d bytes over)',
  async (over) => {
    const large = new Uint8Array(500_000 * 3 + over).map((_, at) => at * 7)
    const chunks: number[] = []
    let text = ''
    for await (const chunk of bodyOf([{ base64: large }]).stream()) {
      chunks.push(chunk.length)
      text += new TextDecoder().decode(chunk)
    }
    expect(text === large.toBase64()).toBe(true)
    expect(Math.max(...chunks)).toBeLessThan(300_000)
  },
)

test('nothing is made that nobody reads', async () => {
  let made = 0
  const counted = new Proxy(new Uint8Array(1_000_000), {
    get(target, name) {
      if (name === 'subarray') made++
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const reader = bodyOf([{ base64: counted }])
    .stream()
    .getReader()
  await reader.read()
  expect(made).toBe(1)
  await reader.cancel()
})
