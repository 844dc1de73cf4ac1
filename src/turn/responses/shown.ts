import type { Item } from './schema'

type Json = Readonly<Record<string, unknown>>

const ENCRYPTED = 'reasoning.encrypted_content'

/** Items as clients see them: what is encrypted only where it was asked for. */
export function shownItems(items: readonly Item[], include: readonly string[]): readonly Item[] {
  if (include.includes(ENCRYPTED)) return items
  return items.map((item) => {
    if (item.type !== 'reasoning' || !('encrypted_content' in item)) return item
    const { encrypted_content: _, ...rest } = item
    return rest as Item
  })
}

/** A response as clients see it, as far as what it was made with, or this call, includes. */
export const shownResponse = (response: Json, include: readonly string[]): Json => ({
  ...response,
  output: shownItems(response.output as readonly Item[], include),
})
