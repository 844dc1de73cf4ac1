import type { NewItem } from '../store/said-items'
import { itemId } from '../turn/responses/input'
import type { Item } from '../turn/responses/schema'

/** An item with an id, as it is kept. */
export type SaidItem = Item & { readonly id: string }

/** An item that is ready to be written, but for its hash. */
export interface DraftItem {
  readonly side: NewItem['side']
  readonly id: string
  readonly body: string
}

/** Longer ones are a client's mischief, and would be in an index. */
const LONGEST_ID = 200

/** What has half a character would come back as something else. */
const isFit = (id: unknown): boolean =>
  typeof id === 'string' && id !== '' && id.length <= LONGEST_ID && id.isWellFormed()

/** An item under its own id, or under a new one that says what it is. */
export function named(item: Item, newId: () => string): SaidItem {
  if (isFit(item.id)) return item as SaidItem
  return { ...item, id: itemId(item.type ?? 'message', newId) }
}

/** The same words have the same body, whatever id they have. */
export function drafted(side: NewItem['side'], item: Item & { readonly id: string }): DraftItem {
  const { id, ...rest } = item
  return { side, id, body: JSON.stringify(rest) }
}

/** An item as it will come back. */
export const readDraft = ({ id, body }: DraftItem): SaidItem => ({ id, ...JSON.parse(body) })

/** Bodies are told apart by key: nobody finds out whether another key has said the same. */
export async function hashed(
  drafts: readonly DraftItem[],
  keyId: string,
  digest: (text: string) => string | Promise<string>,
): Promise<NewItem[]> {
  const items: NewItem[] = []
  for (const draft of drafts) {
    const hash = digest(`${keyId} ${draft.body}`)
    items.push({ ...draft, hash: typeof hash === 'string' ? hash : await hash })
  }
  return items
}

/** What drafts weigh, in characters. */
export const weightOf = (drafts: readonly DraftItem[]): number =>
  drafts.reduce((sum, { body }) => sum + body.length, 0)
