import { ApiError } from '../errors'
import type { Item } from '../turn/responses/schema'

interface Asked {
  readonly items: readonly Item[]
  /** What the request calls them. */
  readonly field: string
  readonly find: (ids: readonly string[]) => Promise<ReadonlyMap<string, Item>>
}

/**
 * Items of a request with what was said before in the place of those that only refer to it.
 *
 * @throws ApiError when there is no such item
 */
export async function resolveReferences({ items, field, find }: Asked): Promise<readonly Item[]> {
  const ids = items.flatMap(({ type, id }) => (type === 'item_reference' && id ? [id] : []))
  if (ids.length === 0) return items
  const found = await find(ids)
  return items.map((item, at) => {
    if (item.type !== 'item_reference') return item
    return found.get(String(item.id)) ?? unknown(item.id, `${field}[${at}].id`)
  })
}

const unknown = (id: unknown, param: string): never => {
  throw new ApiError('invalid_value', `There is no item '${String(id).slice(0, 100)}'.`, { param })
}
