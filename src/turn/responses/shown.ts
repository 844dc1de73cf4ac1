import type { Json } from '../../json-value'

const ENCRYPTED = 'reasoning.encrypted_content'

/** An item without what only its upstream can read. */
export function hideThought<T extends Json>(item: T): T {
  if (item.type !== 'reasoning' || !('encrypted_content' in item)) return item
  const { encrypted_content: _, ...rest } = item
  return rest as unknown as T
}

/** Items as clients see them: what is encrypted only where it was asked for. */
export const shownItems = <T extends Json>(
  items: readonly T[],
  include: readonly string[],
): readonly T[] => (include.includes(ENCRYPTED) ? items : items.map(hideThought))

/** A stored Response as clients see it: with what it was made to include, and what they ask for now. */
export function shownResponse(stored: Json, include: readonly string[] = []): Json {
  const { include: own, ...response } = stored
  const all = [...((own as readonly string[] | undefined) ?? []), ...include]
  return { ...response, output: shownItems(response.output as readonly Json[], all) }
}
