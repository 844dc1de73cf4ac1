import { describe, expect, test } from 'bun:test'
import type { Item } from '#src/turn/responses/schema'
import { truncate } from '#src/turn/responses/truncate'

const said = (role: string, letters: number) =>
  ({ type: 'message', role, content: 'x'.repeat(letters) }) as Item
const call = (id: string, letters: number) =>
  ({ type: 'function_call', call_id: id, name: 'f', arguments: 'x'.repeat(letters) }) as Item
const output = (id: string) => ({ type: 'function_call_output', call_id: id, output: 'y' }) as Item

const places = (items: readonly Item[], most: number) =>
  truncate(items, most).map((item) => items.indexOf(item))

describe('a conversation that is too long', () => {
  test('stays as it is when it fits', () => {
    const items = [said('user', 400), said('assistant', 400)]
    expect(truncate(items, 1_000)).toBe(items)
  })

  test('loses its oldest items, as few as possible', () => {
    const items = [said('user', 4_000), said('assistant', 4_000), said('user', 4_000)]
    expect(places(items, 2_200)).toEqual([1, 2])
    expect(places(items, 1_100)).toEqual([2])
  })

  test('keeps what the model was told to be, and its last item however long', () => {
    const items = [
      said('system', 400),
      said('developer', 400),
      said('user', 400),
      said('user', 9_000),
    ]
    expect(places(items, 10)).toEqual([0, 1, 3])
  })

  test('has no output without its call', () => {
    const items = [call('a', 4_000), said('user', 40), output('a'), output('b'), said('user', 40)]
    expect(places(items, 200)).toEqual([1, 3, 4])
  })

  test('is not taken for longer than a model sees of its pictures', () => {
    const picture = { type: 'input_image', image_url: `data:image/png;base64,${'A'.repeat(1e6)}` }
    const items = [said('user', 40), { type: 'message', role: 'user', content: [picture] } as Item]
    expect(truncate(items, 2_000)).toBe(items)
  })
})
