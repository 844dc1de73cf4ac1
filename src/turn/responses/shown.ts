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

/** A stored response as clients see it: with what it was made to include, and what they ask for now. */
export function shownResponse(stored: Json, include: readonly string[] = []): Json {
  const { include: own, ...response } = stored
  const all = [...((own as readonly string[] | undefined) ?? []), ...include]
  return { ...response, output: shownItems(response.output as readonly Item[], all) }
}
